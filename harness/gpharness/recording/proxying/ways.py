"""Where a request that came to the proxy is to go, or why it goes nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

_PORTS: Final = {"http": 80, "https": 443}
HOW_TO_TUNNEL: Final = (
    "CONNECT asks for a tunnel to an https server, and nothing that passes in one can be recorded. Start the "
    "proxy in front of that server instead, gpharness record --proxy --upstream "
    "https://gis.example.gov/server, "
    "and give the client the proxy's own address (http://127.0.0.1:…/server) in the place of the server's."
)


class BadUpstream(Exception):
    """An upstream, or an allowed host, that is none; the text says what was met and expected."""


class Way(msgspec.Struct, frozen=True):
    """`origin` is where to: scheme and host. `is_own`: the client asked the proxy itself, which stands in
    front of that server."""

    origin: str
    host: str
    is_own: bool


class NoWay(msgspec.Struct, frozen=True):
    """An answer of the proxy's own."""

    status: int
    title: str
    text: str


class Ways:
    """`upstream` is the server to stand in front of; without one clients are to use the proxy as theirs for
    plain HTTP. `allowed` are hosts (`name` or `name:port`) that may be asked then; without any it is the
    first that somebody asks for.

    Raises BadUpstream.
    """

    def __init__(self, upstream: str | None = None, allowed: Sequence[str] = ()) -> None:
        self.upstream = None if upstream is None else _checked(upstream)
        self.own: set[str] = set()
        """The proxy's own hosts, with their ports, once they are known."""
        self._allowed = [_host(each) for each in allowed]

    @property
    def root(self) -> str | None:
        """The address of the server's context, if the upstream has one."""
        return self.upstream if self.upstream and urlsplit(self.upstream).path else None

    def way(self, target: bytes, host: str) -> Way | NoWay:
        """The way of a request with that target, absolute or not, and that Host header."""
        scheme, mark, rest = target.decode("latin-1").partition("://")
        is_absolute = bool(mark) and scheme.lower() in _PORTS
        scheme = scheme.lower() if is_absolute else "http"
        if is_absolute:
            host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
        host = host.strip().lower()
        name = _with_port(host, scheme)
        if self.upstream is not None:
            parts = urlsplit(self.upstream)
            is_own = name in self.own or not host
            theirs = _with_port(parts.netloc.lower(), parts.scheme)
            if is_own or theirs in (name, _with_port(host, parts.scheme)):
                return Way(f"{parts.scheme}://{parts.netloc}", parts.netloc, is_own)
            return NoWay(
                403,
                "Another server",
                f"This proxy stands in front of {self.upstream} and asks no other server: met {host}.",
            )
        if not host or name in self.own:
            return NoWay(
                400,
                "No server named",
                "This is a proxy for plain HTTP: set it as your client's (HTTP_PROXY), or start it in front "
                "of a server with --upstream.",
            )
        if not self._is_allowed(name, host):
            return NoWay(
                403,
                "Another server",
                f"This proxy asks {', '.join(self._allowed)} alone: met {host}. "
                f"Allow it with --allow {host}.",
            )
        return Way(f"{scheme}://{host}", host, False)

    def _is_allowed(self, name: str, host: str) -> bool:
        if not self._allowed:
            self._allowed.append(name)
        return name in self._allowed or name.rpartition(":")[0] in self._allowed


def _with_port(host: str, scheme: str) -> str:
    last = host.rpartition("]")[2]
    return host if ":" in last else f"{host}:{_PORTS.get(scheme, 80)}"


def _host(text: str) -> str:
    host = text.strip().lower().rpartition("://")[2].partition("/")[0]
    if not host or "@" in host or any(each.isspace() for each in host):
        raise BadUpstream(
            f"--allow {text!r}: expected a host, such as gis.example.gov or gis.example.gov:6080"
        )
    return host


def _checked(upstream: str) -> str:
    text = upstream.strip().rstrip("/")
    expected = "expected an http or https address such as https://gis.example.gov/server"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadUpstream(f"--upstream {upstream!r}: {error}; {expected}") from None
    if parts.scheme.lower() not in _PORTS or not parts.hostname or port == 0:
        raise BadUpstream(f"--upstream {upstream!r}: {expected}")
    if "@" in parts.netloc or parts.query or parts.fragment or any(each.isspace() for each in text):
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        raise BadUpstream(f"--upstream {shown}: with a user, a query or a blank; {expected}")
    path, below, _ = parts.path.partition("/rest/services")
    path = path.removesuffix("/rest") if not below else path
    return f"{parts.scheme.lower()}://{parts.netloc}{path.rstrip('/')}"
