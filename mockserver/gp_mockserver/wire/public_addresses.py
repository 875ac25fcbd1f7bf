"""The address of a site as its clients see it, for the addresses that stand in answers.

A fixed public URL wins; then what proxies say (`X-Forwarded-Proto`, `-Host`, `-Prefix`); then the `Host`
header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from gp_mockserver.sites import Site

if TYPE_CHECKING:
    from starlette.types import Scope

_HOST = re.compile(r"[A-Za-z0-9._~\-\[\]:%]+")
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~\-%]+)*/?")


def public_root(site: Site, scope: Scope) -> str:
    """The site's root without a slash at its end, such as `https://gis.example.com/arcgis`."""
    return f"{site.public_url or origin(scope)}/{quote(scope.get(NAMED, site.context), safe='@,')}"


NAMED = "gpharness.context"
"""Where a request's scope has the context that it asked for, if that names deviations behind the site's."""


def origin(scope: Scope) -> str:
    """Scheme, host and the proxy's prefix, by the headers of a request."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, value)

    def first(name: bytes) -> str:
        return headers.get(name, b"").decode("latin-1").partition(",")[0].strip()

    scheme = first(b"x-forwarded-proto").lower()
    if scheme not in ("http", "https"):
        scheme = scope["scheme"]
    host = first(b"x-forwarded-host") or first(b"host")
    if not _is_host(host):
        name, port = scope["server"] or ("localhost", None)
        host = f"{name}:{port}" if port else name
    prefix = first(b"x-forwarded-prefix")
    if not _PREFIX.fullmatch(prefix):
        prefix = ""
    return f"{scheme}://{host}{prefix.rstrip('/')}"


def _is_host(text: str) -> bool:
    """Whether addresses can have this host; one with brackets only as an IPv6 address."""
    if not _HOST.fullmatch(text):
        return False
    if "[" not in text and "]" not in text:
        return True
    if not _IPV6.fullmatch(text):
        return False
    try:
        return urlsplit(f"http://{text}").hostname is not None
    except ValueError:
        return False
