"""What goes wrong between two parties that speak the protocol, and whose fault it is.

    Exception
    └── ProtocolError            names the place, the value met, what was expected and what to do
        ├── LocalProtocolError   we were asked to say what the protocol cannot say
        └── RemoteProtocolError  the other party said what the protocol does not allow

Constructors and the `encode_…` functions raise `LocalProtocolError`, the `decode_…` functions
`RemoteProtocolError`.
"""

from __future__ import annotations

import json
import reprlib
from typing import Any, Self

_LONGEST_SHOWN = 80


class ProtocolError(Exception):
    """A value that the protocol does not allow.

    `path` says where it stands (`Viewshed_Distance.units`, `In_Points.features[0].geometry.x`; empty for
    the value itself), `met` is the value as a short text, `expected` and `remedy` are phrases; `remedy` may
    be empty.
    """

    def __init__(self, *, met: str, expected: str, remedy: str = "", path: str = "") -> None:
        super().__init__(met, expected, remedy, path)
        self.path = path
        self.met = met
        self.expected = expected
        self.remedy = remedy

    @property
    def detail(self) -> str:
        """The whole error in one line, fit for the `details` of an error answer."""
        place = f"{self.path}: " if self.path else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}met {self.met}, expected {self.expected}{remedy}"

    def at(self, prefix: str) -> Self:
        """The same error, its path led in by `prefix`, the name of what holds the value."""
        glue = "." if self.path and not self.path.startswith("[") else ""
        return type(self)(
            met=self.met, expected=self.expected, remedy=self.remedy, path=f"{prefix}{glue}{self.path}"
        )

    def __str__(self) -> str:
        return self.detail

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.met, self.expected, self.remedy, self.path)


class LocalProtocolError(ProtocolError):
    """We were asked to say what the protocol cannot say."""

    @classmethod
    def of(cls, error: ProtocolError) -> LocalProtocolError:
        """The same finding, when the value was ours and not the other party's."""
        return cls(met=error.met, expected=error.expected, remedy=error.remedy, path=error.path)


class RemoteProtocolError(ProtocolError):
    """The other party said what the protocol does not allow."""


def shown(value: object) -> str:
    """A value as a short one-line text that any encoding can carry: JSON where it is JSON, else its
    `repr`."""
    if isinstance(value, str):
        cut = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
        text = json.dumps(cut, ensure_ascii=False)
    elif value is None or isinstance(value, bool):
        text = json.dumps(value)
    else:
        text = reprlib.repr(value)
    if len(text) > 2 * _LONGEST_SHOWN:
        text = text[: 2 * _LONGEST_SHOWN] + "…"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _rebuilt(kind: type[ProtocolError], met: str, expected: str, remedy: str, path: str) -> ProtocolError:
    return kind(met=met, expected=expected, remedy=remedy, path=path)
