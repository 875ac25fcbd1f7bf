"""Why what a caller gave cannot be sent, without the tokens that it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gp_protocol.errors import ProtocolError, shown
from gp_protocol.values.references import LayerReference

from gp_client.errors import InvalidInput
from gp_client.reading.quoting import masked

_DEEPEST: Final = 5
_MOST: Final = 100


def refusal(parameter: str, value: Any, error: ProtocolError, url: str = "") -> InvalidInput:
    """What a reader found wrong in a value, as our error."""
    met = f"a {type(value).__name__} with a token" if _holds_token(value) else masked(error.met)
    return InvalidInput(
        parameter=parameter,
        path=error.path,
        met=met,
        expected=error.expected,
        remedy=masked(error.remedy),
        url=url,
    )


def unreadable(parameter: str, value: Any, error: Exception, *, expected: str, url: str = "") -> InvalidInput:
    """About an object that raises where it is looked at."""
    why = f"({type(error).__name__}: {error})"
    return InvalidInput(
        parameter=parameter,
        met=masked(f"a {type(value).__name__} that cannot be read {why}")[:300],
        expected=expected,
        url=url,
    )


def discreet(value: Any) -> str:
    """A value as a short text."""
    return f"a {type(value).__name__} with a token" if _holds_token(value) else masked(shown(value))


def _holds_token(value: Any, depth: int = 0) -> bool:
    """Whether there is a token in it whose text may come out anywhere, as in a `repr` that is cut."""
    if isinstance(value, LayerReference):
        return bool(value.token)
    if depth > _DEEPEST or isinstance(value, str):
        return False
    if type(value) in (list, tuple):
        return any(_holds_token(each, depth + 1) for each in value[:_MOST])
    if isinstance(value, Mapping):
        try:
            members = list(value.items())[:_MOST]
        except Exception:
            return False
        return any(
            ("token" in str(key).casefold() and bool(member)) or _holds_token(member, depth + 1)
            for key, member in members
        )
    return False
