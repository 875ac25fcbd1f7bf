"""Messages that a script asks for and those that it adds.

Source: ArcPy, *GetMessages* and its like, *AddMessage*, *AddWarning*, *AddError*. They are those of the last
tool; what a script adds is printed, errors to stderr, and stands behind them until the next tool. As with
ArcPy, AddError raises nothing.
"""

from __future__ import annotations

import sys

from gp_client.arcpy_style.script_messages import (
    ERROR,
    INFORMATIVE,
    WARNING,
    joined,
    max_severity,
    message_of,
    numbered,
    severity_of,
)
from gp_client.arcpy_style.script_runs import current


def GetMessages(severity: int | None = None) -> str:
    """The texts of all messages, or of those of a severity (0 informative, 1 warning, 2 error), one below
    the other."""
    return joined(current().messages(), severity)


def GetMessage(index: int) -> str:
    """One of them. Raises IndexError."""
    return current().messages()[index].description


def GetAllMessages() -> list[list[int | str]]:
    """`[type, code, text]` of each."""
    return numbered(current().messages())


def GetMessageCount() -> int:
    return len(current().messages())


def GetSeverity(index: int) -> int:
    """The severity of one of them. Raises IndexError."""
    return severity_of(current().messages()[index])


def GetMaxSeverity() -> int:
    """The greatest of their severities; 0 where there is no message."""
    return max_severity(current().messages())


def AddMessage(message: object) -> None:
    _add(INFORMATIVE, message)


def AddWarning(message: object) -> None:
    _add(WARNING, message)


def AddError(message: object) -> None:
    _add(ERROR, message)


def _add(severity: int, message: object) -> None:
    text = str(message)
    current().added.append(message_of(severity, text))
    print(text, file=sys.stderr if severity == ERROR else sys.stdout, flush=True)
