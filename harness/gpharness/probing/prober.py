"""A reference client whose every request is written down, for whoever records a server or verifies one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote, urlencode

from gp_client.drivers import run
from gp_client.errors import GPError
from gp_client.sessions import Deadline, Polling, Session, Settings
from gp_client.wire.addresses import services_root
from gp_client.wire.exchange import ask, ask_unsigned, fetch
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.tokens import TokenKeeper

from gpharness.probing.exchanges import Exchange
from gpharness.probing.observed_transport import ObservedTransport

if TYPE_CHECKING:
    import httpx
    from gp_client.clocks import Clock
    from gp_client.drivers import Listener
    from gp_client.steps import Flow
    from gp_client.wire.http_messages import Transport

T = TypeVar("T")

_FORM = "application/x-www-form-urlencoded"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_IN_A_PATH = "/%:@!$&'()*+,;=~?"
_MOMENT = 0.001
_SAFE = ("GET", "HEAD", "OPTIONS")


class Prober:
    """Asks one server, by the flows of the reference client: its retries, redirects and sign-ins are those of
    `gp_client`.

    `url` is the server's context, or any address below it. `http` is an `httpx.Client` or a Transport of the
    caller's own, which stays the caller's to close. `timeout` is for one request, `deadline` for one
    conversation, both in seconds of `clock`; `rate` in requests a second, None: as fast as they come.
    `listener` hears of each exchange, `on_event` of the client's events. Raises InvalidInput for an address
    or credentials that are none.
    """

    def __init__(
        self,
        url: str,
        *,
        http: httpx.Client | Transport | None = None,
        clock: Clock | None = None,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        token_url: str | None = None,
        trusted_hosts: Collection[str] = (),
        timeout: float = 60.0,
        deadline: float | None = 3600.0,
        rate: float | None = 10.0,
        polling: Polling | None = None,
        largest_answer: int = 64 * 1024 * 1024,
        seed: int | None = None,
        listener: Callable[[Exchange], object] | None = None,
        on_event: Listener | None = None,
    ) -> None:
        settings = Settings(
            timeout=timeout,
            deadline=deadline,
            largest_answer=largest_answer,
            polling=polling or Polling(),
            trusted_hosts=tuple(trusted_hosts),
            requests_per_second=rate,
        )
        keeper = TokenKeeper(user=user, password=password, token=token, token_url=token_url)
        self.root = services_root(url)
        """The server's context, such as `https://gis.example.com/arcgis`."""
        self.session = Session(self.root, settings, tokens=keeper, clock=clock, seed=seed)
        carrier: Any = http
        self._given = http
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import HTTPXTransport

            carrier = HTTPXTransport(carrier, largest_answer=largest_answer)
        self.transport = ObservedTransport(
            carrier, self.root, self.session.clock, limit=timeout, listener=listener
        )
        self._on_event = on_event
        self.ends_at = float("inf")
        """The instant of the clock by which all of it is to be over."""

    @property
    def is_over(self) -> bool:
        """Whether that instant has come."""
        return self.clock.now() >= self.ends_at

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything that was asked until now, in its order."""
        return self.transport.exchanges

    @property
    def clock(self) -> Clock:
        return self.session.clock

    @property
    def has_sockets(self) -> bool:
        """Whether requests go out over connections of their own: not to a site in this process, not by way
        of a proxy."""
        import os

        client: Any = self._given
        if client is None:
            return not any(os.environ.get(name) for each in _PROXIES for name in (each, each.upper()))
        library = type(client).__module__.partition(".")[0]
        carrier, mounts = getattr(client, "_transport", None), getattr(client, "_mounts", {})
        is_plain = type(carrier).__name__ == "HTTPTransport" and type(carrier).__module__.startswith(library)
        return is_plain and not any(mounts.values())

    @property
    def may_sign_in(self) -> bool:
        """Whether there are credentials or a token."""
        return self.session.tokens.can_sign_in or self.session.tokens.has_token

    def close(self) -> None:
        """Close the connections that this prober has made itself."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def until(self, seconds: float | None = None) -> Deadline:
        """A deadline from now; None: that of the settings. None is later than the end of all."""
        limit = self.session.settings.deadline if seconds is None else seconds
        whole = float("inf") if limit is None else limit
        return Deadline.after(self.clock, min(whole, max(self.ends_at - self.clock.now(), _MOMENT)))

    def run(self, flow: Flow[T]) -> T:
        """A flow of the reference client. Raises what it raises."""
        return run(flow, self.transport, self.clock, self._on_event)

    def url_of(self, path: str) -> str:
        """The absolute address of a path below the context, with its blanks and letters as they are; an
        absolute one stays."""
        return path if "://" in path else f"{self.root}/{quote(path.lstrip('/'), safe=_IN_A_PATH)}"

    def ask(self, path: str, parameters: Mapping[str, str] | None = None, *, safe: bool = True) -> Any:
        """The JSON that a resource answers, as the client asks for it. Raises GPError."""
        flow = ask(
            self.session,
            self.url_of(path),
            dict(parameters or {}),
            safe=safe,
            deadline=self.until(),
            list_allowed=True,
        )
        return self.run(flow)

    def look(
        self,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        is_file: bool = False,
        is_signed: bool = True,
    ) -> Exchange:
        """One request as it is, `f` only where the parameters have it; signed unless it is to have no token,
        and sent on where a redirect leads; the last exchange of it. What it was answered raises nothing."""
        url = self.url_of(path)
        if is_signed:
            return self._last_of(self._as_it_is(url, dict(parameters or {}), method.upper(), is_file))
        is_safe = method.upper() in _SAFE
        return self._last_of(
            ask_unsigned(self.session, url, dict(parameters or {}), safe=is_safe, deadline=self.until())
        )

    def _as_it_is(self, url: str, parameters: Mapping[str, str], method: str, is_file: bool) -> Flow[object]:
        from gp_client.reading.answers import read_list_answer

        pairs = urlencode(parameters)
        headers, body = {}, b""
        if method in _SAFE and pairs:
            url = f"{url}{'&' if '?' in url else '?'}{pairs}"
        elif pairs:
            headers, body = {"Content-Type": _FORM}, pairs.encode()

        def whole(response: Response) -> object:
            return response

        read: Callable[[Response], object] = whole if is_file else read_list_answer
        request = Request(method, url, headers, body, self.session.settings.timeout)
        return fetch(self.session, request, safe=method in _SAFE, deadline=self.until(), read=read)

    def _last_of(self, flow: Flow[object]) -> Exchange:
        before = len(self.exchanges)
        try:
            self.run(flow)
        except GPError:
            if len(self.exchanges) == before:
                raise
        return self.exchanges[-1]
