"""What the control API answers where it cannot do what it was asked for."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from gp_protocol.errors import ProtocolError

from gp_mockserver.errors import MockServerError, SiteFileError


class ErrorText(msgspec.Struct):
    """What is wrong: in one sentence; and where, what was met there, what was expected, and what to do, as
    far as that is known."""

    message: str
    path: str = ""
    met: str = ""
    expected: str = ""
    remedy: str = ""


class ErrorAnswer(msgspec.Struct):
    """The body of every answer with a status of 400 or more."""

    error: ErrorText


class ControlError(Exception):
    """A request that the control API refuses, with its HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        path: str = "",
        met: str = "",
        expected: str = "",
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.text = ErrorText(message, path, met, expected, remedy)
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: MockServerError | ProtocolError, status: int = 400) -> ControlError:
        """What another room says of what it was given."""
        if isinstance(error, SiteFileError | ProtocolError):
            told = {name: getattr(error, name) for name in ("path", "met", "expected", "remedy")}
            return cls(status, str(error), **told)
        return cls(status, str(error))


def nothing_there(what: str, hint: str = "") -> ControlError:
    """404 for something that does not exist."""
    return ControlError(404, f"{what}{hint and f'; {hint}'}", remedy=hint)
