"""Who sends a request, and how they reached the server: its headers, addresses and ports, as far as anybody
asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from gp_mockserver.large_requests import SMALL
from gp_mockserver.sites import Site
from gp_mockserver.wire.public_addresses import public_root

if TYPE_CHECKING:
    from starlette.types import Scope


class Caller(msgspec.Struct):
    """One end of a request to a site; what it says is looked up when it is asked."""

    site: Site
    scope: Scope
    headers: Mapping[bytes, bytes]
    """Each header's first value; names are in lower case."""
    length: int = 0
    """Bytes of the request's parameters, as far as they are read."""
    held: int = 0
    """How many of them the site's account of large requests has."""

    def hold(self, length: int) -> bool:
        """Say how many bytes have been read; whether the site has room for them."""
        self.length = length
        if length > SMALL:
            if not self.site.large_requests.hold(self.held, length):
                return False
            self.held = length
        return True

    @classmethod
    def of(cls, site: Site, scope: Scope) -> Caller:
        return cls(site, scope, dict(reversed(scope["headers"])))

    def let_go(self) -> None:
        """Say that what was read is no longer held."""
        if self.held:
            self.site.large_requests.release(self.held)
            self.held = 0

    def find_root(self) -> str:
        """The site's address as the caller should see it, such as `https://gis.example.com/arcgis`."""
        return public_root(self.site, self.scope)

    def header(self, name: str) -> str | None:
        """A header's first value; `name` is in lower case."""
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def every(self, name: bytes) -> list[bytes]:
        """All values of a header."""
        return [value for each, value in self.scope["headers"] if each == name]

    @property
    def host(self) -> str:
        """The other end's address, empty where it is not known."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def port(self) -> int | None:
        """The port on which the server took the request, where that is known."""
        server = self.scope.get("server")
        return server[1] if server else None


def header(scope: Scope, wanted: bytes) -> bytes | None:
    """A header's first value; `wanted` is in lower case."""
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value)
    return None
