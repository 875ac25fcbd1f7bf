"""The listening sockets that a site's deviations have had opened, on the server that serves it.

A server listens for all its sites together, so what departs from the protocol before a request is read (a
refused connection, a wrong certificate) needs a socket of its own: `Site.url` is that one's address while
such a deviation is followed, and stays it afterwards.

Others are where redirects lead: to the same site with nothing deviating, on another port; to the same without
TLS; and to a stranger, under another name of this machine, who knows nothing of the site but signs people in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, urlsplit

from gp_mockserver.deviations.actions import Certificate, Stage
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.errors import MockServerError
from gp_mockserver.wire.callers import header
from gp_mockserver.wire.public_addresses import NAMED
from gp_mockserver.wire.public_addresses import origin as origin_asked

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import Receive, Scope, Send

    from gp_mockserver.deviations.injections import Injection
    from gp_mockserver.deviations.steps import Step
    from gp_mockserver.doors.door import Door
    from gp_mockserver.sites import Site

Place = Literal["plain", "insecure", "strange"]
"""Where a redirect leads: see the module's text."""

PORTS: Final[dict[int, Place]] = {46080: "plain", 46081: "insecure", 46082: "strange"}
"""In process, where nobody listens, these ports of any host stand for the doors."""

_IDENTITY_PROVIDER: Final = "identity-provider"
_OTHER_HOSTS: Final = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
_UNCOUNTED: Final = {"refuse": "reset-at-accept", "never-accept": "accept-only"}
"""What stands in for connections that nobody sees where only so many are to fare so."""


class SiteDoors:
    """The doors of one site; each is opened when it is first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._own: Door | None = None
        self._others: dict[Place, Door] = {}
        self._followed: Injection | None = None

    @property
    def root(self) -> str | None:
        """The address of the site's own door, such as `http://127.0.0.1:50123`; None while it has none."""
        self.update()
        if self._own is None:
            return None
        if self._followed is not None:
            self._followed.address_is_known = True
        return self._own.url

    def update(self) -> None:
        """Let the door do what the first deviation says that is followed now and is about connections.

        Raises DeviationError for what the server cannot do.
        """
        found = self._wanted()
        injection, step = found if found is not None else (None, None)
        followed = self._followed
        if injection is followed or (injection is None and followed is not None and not followed.is_cleared):
            return
        if self._own is None and (step is None or self._server_opens_none()):
            return
        try:
            self._follow(injection, step)
        except MockServerError as error:
            raise DeviationError(f"deviation {injection.label if injection else '-'!r}: {error}") from None

    def _follow(self, injection: Injection | None, step: Step | None) -> None:
        door = self._own or self._open("serve")
        self._own = door
        if self._followed is not None:
            self._followed.leave_door()
            self._followed = None
        if injection is None or step is None:
            door.change("serve")
            return
        times = injection.where.times
        if isinstance(step.action, Certificate):
            door.change("certificate", times=times, context=self._context(step.action, door))
        else:
            door.change(step.name if times is None else _UNCOUNTED.get(step.name, step.name), times=times)
        self._followed = injection
        injection.door = door

    def _context(self, certificate: Certificate, door: Door) -> SSLContext:
        from datetime import UTC, datetime, timedelta

        from gp_mockserver.doors import certificate_context

        host = certificate.host or _reached_as(urlsplit(door.url).hostname or "localhost")
        until = datetime.now(UTC) - timedelta(days=certificate.days) if certificate.days else None
        return certificate_context(host, until, authority=self.authority)

    @property
    def authority(self) -> bytes:
        """Who issues the wrong certificates: its key and its certificate, in PEM. A client that trusts it
        finds only the fault that was chosen. All sites of a server have one. Raises DoorError where the
        library for it is missing."""
        from gp_mockserver.doors import new_authority

        server = self._site.server
        if server is None:
            return new_authority()
        if server.authority is None:
            server.authority = new_authority()
        return server.authority

    def _wanted(self) -> tuple[Injection, Step] | None:
        for injection in self._site.deviations:
            for step in injection.steps:
                if step.stage is Stage.NETWORK and not injection.is_over:
                    return injection, step
        return None

    def _server_opens_none(self) -> bool:
        server = self._site.server
        return server is None or server.open_door is None

    def _open(self, mode: str) -> Door:
        server = self._site.server
        assert server is not None
        assert server.open_door is not None
        return server.open_door(mode)

    def origin(self, place: Place, scope: Scope) -> str:
        """Scheme, host and port of another door, as the client that asks reaches it; in process its port is
        made up."""
        asked = urlsplit(origin_asked(scope))
        host = asked.hostname or "localhost"
        if place == "strange":
            host = _OTHER_HOSTS.get(host, "localhost")
        if ":" in host:
            host = f"[{host}]"
        if self._server_opens_none():
            port = next(number for number, each in PORTS.items() if each == place)
            scheme = "http" if place == "insecure" else asked.scheme
        else:
            if (door := self._others.get(place)) is None:
                door = self._others[place] = self._open(
                    "serve-without-tls" if place == "insecure" else "serve"
                )
            port, scheme = door.port, urlsplit(door.url).scheme
        return f"{scheme}://{host}:{port}"

    def place_of(self, scope: Scope) -> Place | None:
        """By which of the other doors a request came; None: by none of them."""
        if self._server_opens_none():
            _, _, digits = (header(scope, b"host") or b"").rpartition(b":")
            return PORTS.get(int(digits)) if digits.isdigit() else None
        port = scope["server"][1] if scope.get("server") else None
        return next((place for place, door in self._others.items() if door.port == port), None)

    def close(self) -> None:
        """Close them all."""
        for each in (self._own, *self._others.values()):
            if each is not None:
                each.close()
        self._own = None
        self._others.clear()


def _reached_as(host: str) -> str:
    """The name of a host that stands for all of a machine's."""
    return "localhost" if host in ("0.0.0.0", "::") else host


def other_origins(site: Site, scope: Scope, template: str) -> dict[str, str]:
    """What the names in braces stand for that a template of an address has, of those for other places."""
    doors = site.doors
    context = quote(scope.get(NAMED, site.context))
    found: dict[str, str] = {}
    if "{other}" in template:
        found["other"] = doors.origin("plain", scope)
    if "{insecure}" in template:
        found["insecure"] = doors.origin("insecure", scope)
    if "{elsewhere}" in template or "{identity_provider}" in template:
        found["elsewhere"] = doors.origin("strange", scope)
        found["identity_provider"] = f"{found['elsewhere']}/{context}/{_IDENTITY_PROVIDER}"
    return found


async def answer_as_stranger(path: str, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer of a host that has never heard of the site, and has a page to sign in on; `path` begins
    after the context."""
    from gp_mockserver.deviations.pages import page
    from gp_mockserver.wire.answers import html_answer
    from gp_mockserver.wire.sending import send_answer

    is_known = path.startswith(_IDENTITY_PROVIDER)
    status = 200 if is_known else 404
    text = page(_IDENTITY_PROVIDER if is_known else "status", status)
    await send_answer(scope, receive, send, html_answer(status, text))
