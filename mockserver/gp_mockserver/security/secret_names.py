"""Which names say that a value is secret: the one rule for queries, forms, JSON, XML, cookies and headers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

WORDS: Final = (
    *("token", "password", "passwd", "pwd", "passphrase", "secret", "apikey"),
    *("esriauth", "credential", "codeverifier"),
)
"""A name with one of these in it is secret, whatever stands between its letters."""
_WHOLE: Final = frozenset({"authorization", "auth", "pass"})
_HARMLESS: Final = frozenset(
    {"istokenbasedsecurity", "tokenservicesurl", "tokenserviceurl", "shortlivedtokenvalidity"}
    | {"tokenservicesurls", "tokentype", "tokenexpiration", "accesscontrolrequestheaders"}
    | {"accesscontrolallowheaders", "accesscontrolallowcredentials", "accesscontrolexposeheaders"}
)
"""What the protocol itself calls so, of which nothing is secret."""
_OF_HEADERS: Final = ("authorization", "authentication", "cookie", "session")
_FIRST_OF_HEADERS: Final = ("xauth", "xaccess", "xesriauth")
_BETWEEN: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 200
"""Characters of a name that are remembered."""


def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is secret: `token`, `newPassword`, `x-api-key`."""
    return _is_secret(name) if len(name) <= _LONGEST else _looks_secret(name)


def is_secret_header(name: str) -> bool:
    """Whether a header, whose name may be in any case, proves who asks, or may do so."""
    folded = _folded(name)
    return is_secret_name(name) or (
        folded not in _HARMLESS
        and (any(word in folded for word in _OF_HEADERS) or folded.startswith(_FIRST_OF_HEADERS))
    )


def _looks_secret(name: str) -> bool:
    folded = _folded(name)
    if folded in _HARMLESS:
        return False
    return folded in _WHOLE or any(word in folded for word in WORDS)


_is_secret: Final = lru_cache(maxsize=1024)(_looks_secret)


def _folded(name: str) -> str:
    """The letters and digits of a name, in lower case, decoded as often as it may have been encoded."""
    if "%" in name:
        for _ in range(3):
            name = unquote_plus(name)
    return _BETWEEN.sub("", name.lower())
