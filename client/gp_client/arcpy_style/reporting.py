"""Messages that a script asks for and those that it adds.

Source: ArcPy, *GetMessages* and its like, *AddMessage*, *AddWarning*, *AddError*. They are those of the last
tool; what a script adds is printed, errors to stderr, and stands behind them until the next tool. As with
ArcPy, AddError raises nothing.
"""

from __future__ import annotations

import sys

from gp_client.arcpy_style.execute_errors import ExecuteError
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


def GetMessages(severity: int | str | None = None) -> str:
    """The texts of all messages, or of those of a severity (0 informative, 1 warning, 2 error), one below
    the other. Raises ExecuteError for any other severity."""
    return joined(current().messages(), severity_asked(severity))


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


def severity_asked(severity: object) -> int | None:
    """A severity that a script asks for, which may be a digit. Raises ExecuteError."""
    if severity is None:
        return None
    for each in (INFORMATIVE, WARNING, ERROR):
        if severity == str(each) or (severity == each and not isinstance(severity, bool)):
            return each
    raise ExecuteError(
        f"ERROR: met the severity {severity!r:.40}, expected 0 (informative), 1 (warning) or 2 (error)"
    )


def _add(severity: int, message: object) -> None:
    text = str(message)
    current().added.append(message_of(severity, text))
    print(text, file=sys.stderr if severity == ERROR else sys.stdout, flush=True)
