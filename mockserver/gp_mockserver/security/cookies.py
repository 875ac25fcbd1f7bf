"""The cookie `agstoken`, in which a browser keeps its token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

TOKEN_COOKIE: Final = "agstoken"


def token_cookie(root: str, token: str) -> str:
    """The value of `Set-Cookie` that has a browser send the token to the site at `root` and to no other.

    It is out of reach of scripts, and goes with no other site's POST. An empty token, with `; Max-Age=0`
    after it, takes the cookie back.
    """
    address = urlsplit(root)
    secure = "; Secure" if address.scheme == "https" else ""
    return f"{TOKEN_COOKIE}={token}; Path={address.path}; HttpOnly; SameSite=Lax{secure}"


def cookie_token(header: Callable[[str], str | None]) -> str | None:
    """The token of the cookie `agstoken`, if there is one."""
    for part in (header("cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == TOKEN_COOKIE and value:
            return value.strip('"')
    return None
