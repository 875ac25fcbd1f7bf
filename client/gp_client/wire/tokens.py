"""What a client signs in with, and the token that it has for it.

Pages *Generate token* and *Get started with the Services Directory* (token-based authentication): a token is
asked for with a POST of user name and password to the server's token service, which `rest/info` names, or to
the portal's that the server is federated with; it is bound to the Referer header of later requests, and sent
as the parameter `token` of a form, which every version understands. Where there is no form it is sent in the
header `X-Esri-Authorization`, as addresses end up in logs, and in the query only where a server refuses that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gp_protocol.messages import Message

from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    InvalidInput,
    ProtocolViolation,
    ServerError,
)
from gp_client.wire.addresses import Origin, is_trusted, origin_of, shown
from gp_client.wire.masking import Secrets

if TYPE_CHECKING:
    from gp_client.sessions import Deadline, Session
    from gp_client.steps import Flow

Ask = Callable[..., "Flow[dict[str, Any]]"]
"""`exchange.ask_unsigned`, which is told here, as it is made of what this file has."""

_REST = 60.0
"""Seconds for which credentials that were refused are not tried again: servers lock accounts."""
_MARGIN = 60.0
_SHORTEST_IN_MS = 1e11
_PATIENCE = 60.0
_LOOK = 0.05
_IN_A_HEADER = re.compile(r"[\x21-\x7e]+")


class TokenKeeper:
    """The credentials and the token of one client; it may serve many calls at once.

    `generation` counts the tokens that it has had: a request that was refused with an older one only has to
    be sent again. `expiration` is what is asked for, in minutes. Raises InvalidInput for a user without a
    password, or the other way round.
    """

    def __init__(
        self,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        token_url: str | None = None,
        referer: str | None = None,
        expiration: int = 60,
    ) -> None:
        if (user is None) != (password is None):
            met, expected = ("user", "password") if password is None else ("password", "user")
            raise InvalidInput(parameter=expected, met=f"a {met} without a {expected}", expected="both")
        if token is not None and not token.strip():
            raise InvalidInput(parameter="token", met="an empty one", expected="a token, or None")
        if referer is not None and not re.fullmatch(r"[\x21-\x7e]+", referer):
            raise InvalidInput(parameter="referer", met=repr(referer), expected="an address in ASCII")
        if token_url is not None and origin_of(token_url) is None:
            met = repr(shown(token_url))
            raise InvalidInput(parameter="token_url", met=met, expected="the address of a token service")
        self._user = user
        self._password = password
        self._token_url = token_url
        self._referer = referer
        self._expiration = expiration
        self._token = token.strip() if token is not None else ""
        self.generation = 1 if self._token else 0
        self._renew_at = float("inf")
        self._service = ""  # where the token came from
        self._portal_token = ""
        self._is_federated = False  # the server wants tokens of its own from its portal
        self._signing_in_until = 0.0
        self._resting_until = 0.0
        self._refusal: AuthError | None = None
        self._issued = [self._token] if self._token else []
        self._secrets: Secrets | None = None
        self.wants_query = False
        """Whether the server is known to take a token in the query and not in the header."""

    def __repr__(self) -> str:
        has = "a user and a password" if self.can_sign_in else "no user"
        return f"<TokenKeeper with {has} and {'a token' if self._token else 'no token'}>"

    def __reduce__(self) -> Any:
        raise TypeError("a TokenKeeper holds secrets and cannot be pickled")

    @property
    def can_sign_in(self) -> bool:
        """Whether there are a user name and a password."""
        return self._user is not None

    @property
    def has_token(self) -> bool:
        return bool(self._token)

    def parameters_for(self, url: str, root: str) -> dict[str, str]:
        """The parameters that sign a request, empty where the address is not one that the token is for: of
        the root's host, and not over http after https."""
        return {"token": self._token} if self._token and _is_for(url, root) else {}

    def header_with_token(self, url: str, root: str) -> dict[str, str]:
        """The same as a header; empty also for a token that cannot be written in one."""
        if not _IN_A_HEADER.fullmatch(self._token) or not _is_for(url, root):
            return {}
        return {"X-Esri-Authorization": f"Bearer {self._token}"}

    def headers_for(self, url: str, root: str) -> dict[str, str]:
        """The Referer that tokens are bound to, always the same; none to another host."""
        if (self._token or self.can_sign_in) and _is_for(url, root):
            return {"Referer": self._referer or root}
        return {}

    def is_due(self, now: float) -> bool:
        """Whether the token is so near its end that a new one is to be asked for first, and nobody does."""
        return now >= self._renew_at and self.can_sign_in and now >= self._signing_in_until

    def can_renew(self, error: AuthError, used: int, asked: int, now: float) -> bool:
        """Whether a request that was refused when it had the token of generation `used` (0: none) may be
        repeated: with a token that came meanwhile, or with one that `renewed` gets. `asked` is how many were
        asked for because of this request."""
        if used != self.generation:
            return True
        if not self.can_sign_in or (error.code == 403 and "https" in error.text.lower()):
            return False
        is_of_token = error.code in (None, 498, 499) or (error.code == 401 and "token" in error.text.lower())
        if used and not is_of_token:
            return False
        if asked == 0 or (asked == 1 and self._portal_token and not self._is_federated):
            return True
        self._resting_until = now + _REST  # a new token was refused: the next will be, too
        self._refusal = error
        return False

    def renewed(self, session: Session, deadline: Deadline, ask: Ask, used: int, asked: int) -> Flow[None]:
        """Have a token of a later generation than `used`, asking for one unless another call does so or has
        done so. After one that was `asked` for and refused it is the server's own, for the portal's.

        Raises AuthError where it is refused, DeadlineExceeded where another call takes too long over it, and
        what else can come of a request."""
        from gp_client.steps import Wait

        clock = session.clock
        while self.generation == used and clock.now() < self._signing_in_until:
            left = deadline.left(clock)
            if left <= 0:
                raise DeadlineExceeded(
                    f"the deadline of {deadline.seconds:g} seconds is over, while another call signs in"
                )
            yield Wait(min(_LOOK, left))
        if self.generation != used:
            return
        if self._refusal is not None and clock.now() < self._resting_until:
            raise AuthError(self._refusal.text, code=self._refusal.code, details=self._refusal.details)
        self._signing_in_until = clock.now() + min(_PATIENCE, deadline.left(clock))
        try:
            if asked and self._portal_token and not self._is_federated:
                self._is_federated = True
                yield from self._exchange_portal_token(session, deadline, ask)
                return
            yield from self._sign_in(session, deadline, ask)
            if self._is_federated:
                yield from self._exchange_portal_token(session, deadline, ask)
        except GPError as error:
            self._renew_at = float("inf")  # what there is serves until it is refused
            if isinstance(error, AuthError):
                self._refusal, self._resting_until = error, clock.now() + _REST
            raise
        finally:
            self._signing_in_until = 0.0

    def _sign_in(self, session: Session, deadline: Deadline, ask: Ask) -> Flow[None]:
        if not self._service:
            self._service = yield from self._find_service(session, deadline, ask)
        form = {"username": self._user or "", "password": self._password or "", **self._bound_to(session)}
        form["f"] = "json"
        answer = yield from self._asked(session, deadline, ask, form)
        self._keep(answer, session)
        self._portal_token = self._token if "/sharing/" in self._service.lower() else ""
        self._secrets = None

    def _exchange_portal_token(self, session: Session, deadline: Deadline, ask: Ask) -> Flow[None]:
        """The server's own token for the portal's (page *Generate token*: `token` and `serverUrl`)."""
        form = {"token": self._portal_token, "serverUrl": session.root, **self._bound_to(session)}
        form["f"] = "json"
        answer = yield from self._asked(session, deadline, ask, form)
        self._keep(answer, session)

    def _bound_to(self, session: Session) -> dict[str, str]:
        referer = self._referer or session.root
        return {"client": "referer", "referer": referer, "expiration": str(self._expiration)}

    def _asked(
        self, session: Session, deadline: Deadline, ask: Ask, form: dict[str, str]
    ) -> Flow[dict[str, Any]]:
        try:
            answer = yield from ask(session, self._service, form, safe=False, deadline=deadline)
        except (ServerError, AuthError) as error:
            told = error.text
            if isinstance(error, ServerError):
                told = " ".join(each for each in (error.message, *error.details) if each)
            raise self.without_secrets(
                AuthError(
                    f"the token service refused to sign in: {told or 'it does not say why'}; "
                    "check user and password",
                    code=error.code,
                    details=error.details,
                    url=shown(self._service),
                )
            ) from None
        return answer

    def _keep(self, answer: dict[str, Any], session: Session) -> None:
        token = answer.get("token")
        if isinstance(token, str) and not token.strip():
            text = "the token service gave an empty token; check user and password"
            raise AuthError(text, url=shown(self._service))
        if not isinstance(token, str):
            raise ProtocolViolation(
                pointer="/token" if "token" in answer else "",
                met="no token" if "token" not in answer else f"a {type(token).__name__} that is no token",
                expected="a text",
                url=shown(self._service),
            )
        self._token = token.strip()
        self._issued = [*self._issued[-3:], self._token]
        self._secrets = None
        self.generation += 1
        life = _seconds_of(answer.get("expires")) - session.clock.wall()
        self._renew_at = float("inf")
        if 0 < life < float("inf"):  # one that is over already was told by a clock that goes wrong
            self._renew_at = session.clock.now() + life - min(_MARGIN, life / 20)

    def _find_service(self, session: Session, deadline: Deadline, ask: Ask) -> Flow[str]:
        if self._token_url is not None:
            return _checked(self._token_url, session, is_given=True)
        usual = f"{session.root}/tokens/generateToken"
        try:
            info = yield from ask(
                session, f"{session.root}/rest/info", {"f": "json"}, safe=True, deadline=deadline
            )
        except GPError:
            if deadline.left(session.clock) <= 0:
                raise
            return _checked(usual, session)
        told = info.get("authInfo")
        found = told.get("tokenServicesUrl") if isinstance(told, dict) else None
        if isinstance(found, str) and found.strip():
            return _checked(_generate_token(found.strip()), session)
        owner = info.get("owningSystemUrl")
        if isinstance(owner, str) and owner.strip():
            return _checked(f"{owner.strip().rstrip('/')}/sharing/rest/generateToken", session)
        return _checked(usual, session)

    def without_secrets(self, error: GPError) -> Any:
        """The same error; what it says of passwords and tokens is masked."""
        if secrets := self._known_secrets():
            error.args = tuple(map(secrets.masked, error.args))
            for name, value in error.__dict__.items():
                error.__dict__[name] = secrets.masked(value)
        return error

    def without_secrets_in(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages of a job, in which servers write addresses with the token that they were given."""
        secrets = self._known_secrets() if messages else None
        if not secrets:
            return messages
        return tuple(Message(each.type, secrets.masked(each.description)) for each in messages)

    def _known_secrets(self) -> Secrets:
        if self._secrets is None:
            self._secrets = Secrets({self._password or ""}, {*self._issued, self._portal_token})
        return self._secrets


def _is_for(url: str, root: str) -> bool:
    """Whether a token of `root` may be sent to `url`."""
    if url.startswith(root) and url[len(root) : len(root) + 1] in ("", "/", "?"):
        return True
    there, here = origin_of(url), origin_of(root)
    if there is None or here is None or there.host != here.host:
        return False
    return (here.scheme, there.scheme) != ("https", "http")


def _generate_token(service: str) -> str:
    """The address of generateToken by what `tokenServicesUrl` says: that itself, `…/tokens/`, `…/sharing`."""
    plain = service.partition("?")[0].rstrip("/")
    if plain.lower().endswith("/generatetoken"):
        return plain
    return f"{plain}/rest/generateToken" if plain.lower().endswith("/sharing") else f"{plain}/generateToken"


def _checked(service: str, session: Session, *, is_given: bool = False) -> str:
    """A token service that credentials may go to. Raises AuthError for any other."""
    there, here = origin_of(service), origin_of(session.root)
    if there is None or here is None:
        raise AuthError(f"the server names the token service {shown(service)[:200]!r}, which is no address")
    is_same = there.host == here.host
    if not is_same and not is_given and not is_trusted(there, session.settings.trusted_hosts):
        raise AuthError(
            f"the server's token service is on another host, {there}: no password is sent there; "
            f"if that is right, give token_url={shown(service)!r}, or name the host in trusted_hosts"
        )
    if there.scheme == "http" and not (is_same and here.scheme == "http"):
        if is_same and not is_given:  # a proxy before the server took the TLS off
            path = service.partition("://")[2].partition("/")[2]
            return f"{Origin('https', there.host, here.port)}/{path}"
        raise AuthError(f"the token service {shown(service)} is not https: no password is sent there")
    return service


def _seconds_of(expires: Any) -> float:
    """The instant that `expires` tells, in seconds since the epoch: ms by the protocol, seconds and texts by
    some servers; infinite where it tells none."""
    if isinstance(expires, str):
        try:
            expires = float(expires[:40])
        except ValueError:
            return float("inf")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not abs(expires) < 1e300:
        return float("inf")
    return expires / 1000 if expires > _SHORTEST_IN_MS else float(expires)
