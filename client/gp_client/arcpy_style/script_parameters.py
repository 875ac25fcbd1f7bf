"""A script's own parameters: the words after its name on the command line.

Source: ArcPy, *GetParameterAsText*, *GetParameter*, *GetArgumentCount*, *SetParameterAsText*. As with ArcPy
outside of a tool dialog, a parameter that is not given, and `#`, is an empty text, and what a script sets
goes nowhere but back to who asks for it.
"""

from __future__ import annotations

from typing import Any

from gp_client.arcpy_style.execute_errors import ExecuteError
from gp_client.arcpy_style.script_runs import current
from gp_client.arcpy_style.value_texts import text_of


def GetParameterAsText(index: int) -> str:
    """A parameter, counted from 0, as a text."""
    return _parameter(index)


def GetParameter(index: int) -> str:
    """A parameter, counted from 0; in a script without a tool it is a text, too."""
    return _parameter(index)


def GetArgumentCount() -> int:
    """How many words the script was given."""
    return len(current().arguments)


def SetParameterAsText(index: int, text: Any) -> None:
    """Set a parameter, which is an output of the script then."""
    current().outputs[_checked(index)] = text_of(text)


def SetParameter(index: int, value: Any) -> None:
    """The same; the value is kept as a text."""
    SetParameterAsText(index, value)


def _parameter(index: int) -> str:
    index = _checked(index)
    if index in current().outputs:
        return current().outputs[index]
    words = current().arguments
    return words[index] if index < len(words) and words[index] != "#" else ""


def _checked(index: int) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise ExecuteError(f"ERROR: met {index!r}, expected the number of a parameter, 0 or more")
    return index
