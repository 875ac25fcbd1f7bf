"""What a script catches: `arcpy.ExecuteError`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gp_protocol.errors import ProtocolError

from gp_client.errors import GPError

P = ParamSpec("P")
T = TypeVar("T")


class ExecuteError(GPError):
    """A tool did not do what it was asked. Its text is what `arcpy.GetMessages(2)` says.

    `error` is the client's own error, None where the façade or the script itself refused; `kind` is that
    error's. A script raises it with whatever arguments it likes, or none, as any Exception.
    """

    kind = "usage"
    _error: GPError | None = None

    def __init__(self, *arguments: object) -> None:
        super().__init__(str(Exception(*arguments)))
        self.args = arguments

    @classmethod
    def of(cls, text: str, error: GPError | None) -> ExecuteError:
        """One that stands for an error of the client's."""
        made = cls(text)
        if error is not None:
            made.url, made.job, made._error = error.url, error.job, error
            made.__dict__["kind"] = error.kind
        return made

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


def execute_error(error: GPError) -> ExecuteError:
    """A client's error as scripts expect it."""
    return error if isinstance(error, ExecuteError) else ExecuteError.of(f"ERROR: {error}", error)


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
