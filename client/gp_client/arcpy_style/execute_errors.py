"""What a script catches: `arcpy.ExecuteError`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from gp_protocol.errors import ProtocolError
from gp_protocol.messages import Message

from gp_client.arcpy_style.script_messages import ERROR, joined
from gp_client.errors import GPError, JobError

P = ParamSpec("P")
T = TypeVar("T")


class ExecuteError(GPError):
    """A tool did not do what it was asked. Its text is what `arcpy.GetMessages(2)` says.

    `error` is the client's own error, None where the façade itself refused; `kind` is that error's.
    """

    kind = "usage"

    def __init__(self, text: str, error: GPError | None = None) -> None:
        super().__init__(text, url=error.url if error else "", job=error.job if error else None)
        self._error = error
        if error is not None:
            self.__dict__["kind"] = error.kind

    @property
    def error(self) -> GPError | None:
        return self._error

    def __str__(self) -> str:
        return self.text


class ExecuteWarning(Exception):
    """Never raised: it is there for scripts that name it, as warnings raise nothing by default."""


def failed(code: int, text: str) -> ExecuteError:
    """An error with one of ArcGIS's own codes, which scripts look for."""
    return ExecuteError(f"ERROR {code:06}: {text}")


def execute_error(error: GPError, messages: Sequence[Message] = ()) -> ExecuteError:
    """A client's error as scripts expect it: for a failed job what the job itself says."""
    if isinstance(error, ExecuteError):
        return error
    if isinstance(error, JobError):
        messages = error.messages
    told = joined(messages, ERROR)
    return ExecuteError(f"{told}\n{error}" if told else f"ERROR: {error}", error)


def calling(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call the client; its errors become ExecuteErrors."""
    try:
        return function(*arguments, **named)
    except ExecuteError:
        raise
    except GPError as error:
        raise execute_error(error) from None
    except ProtocolError as error:
        raise ExecuteError(f"ERROR: {error}") from None
