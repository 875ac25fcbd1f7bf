"""Where a site stands for a client that asks it in process: at any host, at one host, or at an address."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Union
from urllib.parse import quote, unquote, urlsplit

from gp_mockserver.app import MockServer
from gp_mockserver.errors import SiteError
from gp_mockserver.sites import PUBLIC_URL, Site, is_public_url

if TYPE_CHECKING:
    from gp_mockserver.server import RunningServer
    from starlette.types import ASGIApp

Headers = list[tuple[bytes, bytes]]
Served = Union[Site, Iterable[Site], "RunningServer", "ASGIApp"]
"""What can be asked in process: sites, and what serves sites already."""

_PORTS: Final = {"http": 80, "https": 443}


class NotHere(Exception):
    """A request goes elsewhere; the text says where to, and what is answered."""


class Place:
    """The part of all addresses at which requests are answered; without an address: all of them.

    `prefix` is what stands before a site's context, such as `/gis`, and is not seen by the application.
    `forwarded` are the headers by which a proxy would tell it.
    """

    def __init__(self, address: str | None, prefix: str = "", forwarded: Headers | None = None) -> None:
        self.address = address
        self.forwarded: Headers = forwarded or []
        self._prefix = prefix.encode()
        self._base = urlsplit(address or "").path.encode()
        parts = urlsplit(address or "")
        self._origin = _origin(parts.scheme, (parts.hostname or "").encode(), parts.port)

    def path_of(self, url: Any) -> bytes:
        """Path and query of an address, as httpx has it, without the prefix. Raises NotHere."""
        target: bytes = url.raw_path
        if self.address is None:
            return target
        if _origin(url.scheme, url.raw_host, url.port) != self._origin:
            raise NotHere(f"{_shown(url)} is not answered in process; {self.address} is")
        if self._base and not self._is_below(target.partition(b"?")[0]):
            raise NotHere(f"{_shown(url)} is not answered in process; what is below {self.address} is")
        return target[len(self._prefix) :]

    def _is_below(self, path: bytes) -> bool:
        after = path[len(self._base) :]
        # A context may have the names of deviations behind a tilde.
        return path.startswith(self._base) and after[:1] in (b"", b"/", b"~")


def served(sites: Served, host: str | None) -> tuple[ASGIApp, Place]:
    """The application that serves sites, and where it stands. Raises SiteError for a host that is none.

    A host with a path is the address of the one site there is, whatever its context is called; several sites
    stand below it, each under its context.
    """
    if host is not None and not is_public_url(host):
        raise SiteError(f"host {host!r}: expected {PUBLIC_URL}")
    address = host.rstrip("/") if host is not None else None
    path = urlsplit(address or "").path
    if isinstance(sites, Site):
        if not path:
            return _server_of([sites]), Place(address)
        prefix, _, context = path.rpartition("/")
        assert address is not None
        site = standing_at(sites, address.removesuffix(f"/{context}"), unquote(context))
        return _server_of([site]), Place(address, prefix)
    forwarded = [(b"x-forwarded-prefix", path.encode())] if path else []
    return _app_of(sites), Place(address, path, forwarded)


def _app_of(sites: Iterable[Site] | RunningServer | ASGIApp) -> ASGIApp:
    if callable(sites):
        return sites
    # Where there is a running server its module is imported, and uvicorn with it; else nobody needs them.
    module: Any = sys.modules.get("gp_mockserver.server")
    if module is not None and isinstance(sites, module.RunningServer):
        app: ASGIApp = sites.app
        return app
    return _server_of(sites)  # type: ignore[arg-type]


def _server_of(sites: Iterable[Site]) -> MockServer:
    """A server of sites which may be another's, too: that one remains theirs."""
    server = MockServer()
    for site in sites:
        if site.context in server.sites:
            raise SiteError(f"context {site.context!r} is taken: give each site a context of its own")
        server.sites[site.context] = site
    return server


def standing_at(site: Site, root: str, context: str) -> Site:
    """The same site with another context, and a root that its addresses in answers start with.

    All else is shared, not copied: its jobs, its clock, what is set on either.
    """
    if (site.public_url, site.context) == (root, context):
        return site
    named = {"context": property(lambda _: context), "public_url": property(lambda _: root)}
    there: Site = object.__new__(type(type(site).__name__, (type(site),), named))
    there.__dict__ = site.__dict__
    return there


def _origin(scheme: str, host: bytes, port: int | None) -> tuple[str, bytes, int | None]:
    return scheme, host.lower(), port or _PORTS.get(scheme)


def _shown(url: Any) -> str:
    """An address without user and query, where secrets may be."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{host}{port}{quote(url.path)}"
