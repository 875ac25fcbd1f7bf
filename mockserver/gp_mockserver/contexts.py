"""The contexts that sites can have: the first segment of their addresses."""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.errors import shown

from gp_mockserver.control.control_rules import ADMIN
from gp_mockserver.errors import SiteError

_LONGEST: Final = 200


def check_context(context: Any) -> None:
    """Raises SiteError for what is no segment of an address that every client can ask for: with a slash, a
    tilde or characters that are not seen, a dot or two alone, more than 200 characters, the control API's."""
    if not isinstance(context, str):
        raise SiteError(f"context: met {shown(context)}, expected a text, such as 'arcgis'")
    if context == ADMIN:
        raise SiteError(f"context {context!r} is the control API's: choose another, such as 'arcgis'")
    if len(context) > _LONGEST:
        met = f"{context[:20]!r}…: met {len(context)} characters"
        raise SiteError(f"context {met}, expected at most {_LONGEST}")
    if context in ("", ".", "..") or set(context) & set("/~") or any(map(_is_unseen, context)):
        raise SiteError(f"context {context!r}: expected one segment of an address, such as 'arcgis'")


def _is_unseen(character: str) -> bool:
    """Whether it is a control or format character, or half of one."""
    if character.isascii():
        return not character.isprintable()
    from unicodedata import category

    return category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
