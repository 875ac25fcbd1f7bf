"""Tokens: what is in one, how it is written and read back, and to whom it is bound.

A token carries its user, its end and what it is bound to, signed with a key that follows from the site's
seed and context and from the user's password. So a server needs to remember none of them: a token outlives a
restart, ends when its user's password changes, and is the same again for the same seed, clock and request.
ArcGIS REST (*Generate token*) calls a token an opaque text; nobody should rely on this form.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

MAX_TOKEN = 4096
"""Characters; a longer text is no token of ours."""


class Token(msgspec.Struct, frozen=True, array_like=True):
    """`expires` is in ms since the epoch. `client` says what `bound_to` is: `referer`, `ip`, or empty where
    anybody may bring the token. A `CODE` or a `REFRESH` opens nothing but is exchanged for a token."""

    user: str
    expires: int
    client: str = ""
    bound_to: str = ""


ODD = "+/=.."
"""What tokens end with that hold characters which an address has to escape: a deviation has them so."""
CODE = "code"
REFRESH = "refresh_token"

FindKey = Callable[[str], bytes | None]
"""The key of a user's tokens; None where there is no such user."""


def signing_key(seed: int, context: str, user: str, password: str) -> bytes:
    """The key of a user's tokens on one site."""
    from hashlib import sha256

    return sha256(msgspec.json.encode([seed, context, user, password])).digest()


def write_token(token: Token, key: bytes) -> str:
    """The token as clients get it: letters, digits, `-`, `_` and a dot."""
    payload = _encoded(msgspec.json.encode(token))
    return f"{payload}.{_signature(payload, key)}"


def read_token(text: str, find_key: FindKey) -> Token | None:
    """What a text says, if it is a token that was signed here; it may have `ODD` behind it."""
    from hmac import compare_digest

    payload, dot, signature = text.removesuffix(ODD).partition(".")
    if not dot or len(text) > MAX_TOKEN or not text.isascii():
        return None
    try:
        padding = "=" * (-len(payload) % 4)
        token = msgspec.json.decode(urlsafe_b64decode(payload + padding), type=Token)
    except (ValueError, msgspec.DecodeError):
        return None
    key = find_key(token.user)
    if key is None or not compare_digest(signature, _signature(payload, key)):
        return None
    return token


def _signature(payload: str, key: bytes) -> str:
    from hashlib import sha256
    from hmac import digest

    return _encoded(digest(key, payload.encode(), sha256().name))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def is_same_referer(bound_to: str, met: str) -> bool:
    """Whether a request with the header `Referer: <met>` may bring a token made for the referer `bound_to`.

    It may where the two are the same text, up to case and a slash at the end, and where both are addresses of
    one origin: browsers send a page's whole address, or its origin alone. A referer without a scheme is a
    host. *Assumed*: the documentation says only that they must belong together.
    """
    expected, found = bound_to.strip().rstrip("/").lower(), met.strip().rstrip("/").lower()
    if not found:
        return False
    if expected == found:
        return True
    origin = _origin(found)
    if origin is None:
        return False
    address = expected if "://" in expected else f"{origin[0]}://{expected}"
    return origin == _origin(address)


def _origin(address: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
    except ValueError:
        return None


def is_same_machine(bound_to: str, met: str) -> bool:
    """Whether two addresses of clients are of the same machine; all loopback addresses are."""
    return _machine(bound_to) == _machine(met)


def _machine(address: str) -> str:
    plain = address.strip().strip("[]").lower().removeprefix("::ffff:")
    return "loopback" if plain in ("::1", "localhost") or plain.startswith("127.") else plain
