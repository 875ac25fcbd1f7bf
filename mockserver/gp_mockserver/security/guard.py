"""The guard at a site's services: who asks, and whether they may.

A token is looked for in the parameter `token` (of the query, then of the form), in the header
`X-Esri-Authorization: Bearer …`, in `Authorization: Bearer …`, and in the cookie `agstoken`; the first one
found counts and the others are not looked at (*assumed*). A token that is wrong, has expired, or is bound to
somebody else is an error on every resource but those that need none at all, such as the log-in page.

What an ArcGIS Server documents: 498 for a bad token, 499 for a missing one, 403 where the user may not
(*Generate token*, Esri's list of platform error codes).
"""

from __future__ import annotations

import math
import posixpath
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from gp_mockserver.errors import SiteError
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.security.accounts import ANY_USER, Account, account_with
from gp_mockserver.security.cookies import cookie_token
from gp_mockserver.security.sign_in_rules import MINUTE, SignInRules
from gp_mockserver.security.tokens import (
    CODE,
    REFRESH,
    Token,
    is_same_machine,
    is_same_referer,
    read_token,
    signing_key,
    write_token,
)
from gp_mockserver.sites import ServedService, Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.replies import Redirect, Refusal
from gp_mockserver.wire.requests import Request

_BEARER_SINCE: Final = 10.8


_WATCHED: Final = frozenset(name for name in OPERATIONS if name.startswith("admin")) | {"file"}


class _Brought(NamedTuple):
    """A token as a request brings it."""

    text: str
    is_cookie: bool = False


class Guard:
    """The accounts of one site, and the only maker and reader of its tokens."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.rules = SignInRules()
        self.accounts: dict[str, Account] = {}
        self._issued = 0

    def add_user(self, account: Account) -> None:
        """Add an account, or put it in the place of the one of its name. Raises SiteError."""
        if not account.name or account.name == ANY_USER or not account.password:
            raise SiteError(f"user {account.name!r}: expected a name other than {ANY_USER!r}, and a password")
        self.accounts[account.name] = account

    def sign_in(self, name: str, password: str) -> Account:
        """The account of that name and password. Raises Refusal."""
        account = account_with(self.accounts, name, password)
        if account is None:
            raise Refusal("bad-credentials")
        return account

    def issue(
        self,
        user: str,
        client: str,
        bound_to: str,
        now: float,
        minutes: float = 0,
        *,
        until: float = math.inf,
    ) -> tuple[str, int]:
        """A new token and its end in ms since the epoch, `until` at the latest; `minutes` of 0 leave its life
        to the site."""
        wanted = minutes * MINUTE if minutes > 0 else self.rules.short_lived
        expires = int(min((now + min(wanted, self.rules.long_lived)) * 1000, until))
        site = self.site
        followed = [*site.deviations_by_address.values(), *([site.deviations] if site.deviating else ())]
        if any(each.looks_at_tokens for each in followed):
            # What ends with a new token has to tell it from the old one, on a clock that stands still, too.
            self._issued = self._issued % 1000 + 1
            expires -= self._issued
        key = self._key(user)
        assert key is not None
        return write_token(Token(user, expires, client, bound_to), key), expires

    def _key(self, user: str) -> bytes | None:
        account = self.accounts.get(user)
        if account is None:
            return None
        return signing_key(self.site.seed, self.site.context, user, account.password)

    def read(self, text: str, request: Request) -> Token:
        """What a token says, if this request may bring it now. Raises Refusal."""
        token = self.read_any(text, request.arrived)
        if token is None or token.client in (CODE, REFRESH):
            raise Refusal(
                "invalid-token", "it is none of this server's, has expired, or its user's password changed"
            )
        if token.client == "referer" and not is_same_referer(
            token.bound_to, request.caller.header("referer") or ""
        ):
            raise Refusal(
                "invalid-token", "it is bound to another referer than this request's Referer header"
            )
        if token.client == "ip" and not is_same_machine(token.bound_to, self.client_of(request)):
            raise Refusal("invalid-token", "it is bound to another client address than this request's")
        return token

    def read_any(self, text: str, now: float) -> Token | None:
        """What a token says that holds at an instant, whoever brings it."""
        token = read_token(text, self._key)
        return token if token is not None and now * 1000 < token.expires else None

    def client_of(self, request: Request) -> str:
        """The address of who asks, as tokens are bound to it."""
        if self.rules.forwarded_for and (said := request.caller.header("x-forwarded-for")):
            return said.partition(",")[0].strip()
        return request.caller.host

    def watches(self, address: Address) -> bool:
        """Whether a request without a token has to be looked at, too."""
        service = address.service
        if service is not None and service.access is not None:
            return True
        return address.operation in _WATCHED

    def admit(self, request: Request) -> Redirect | None:
        """Find out who asks, and whether they may; `request.user` is empty for nobody in particular.

        A browser that has yet to sign in is led to the log-in page. Raises Refusal for anybody else.
        """
        operation = request.address.operation
        missing = Refusal("token-required")
        if brought := self._brought(request):
            # A browser sends its cookie unasked, so an old one is no reason to keep a page from it.
            may_be_wrong = OPERATIONS[operation].is_open or (
                brought.is_cookie and request.form.format == "html"
            )
            try:
                request.user = self.read(brought.text, request).user
            except Refusal as wrong:
                if not may_be_wrong:
                    raise
                missing = wrong
        if operation.startswith("admin"):
            return self._admit(request, None, missing)
        service = request.address.service or self._owner(request)
        if service is not None and service.access is not None:
            return self._admit(request, service, missing)
        return None

    def user_of(self, request: Request) -> str:
        """Who asks, as far as a token says so that holds; empty for anybody else."""
        if request.user or not (brought := self._brought(request)):
            return request.user
        try:
            return self.read(brought.text, request).user
        except Refusal:
            return ""

    def _brought(self, request: Request) -> _Brought | None:
        header = request.caller.header
        if text := request.parameters.get("token", "").strip():
            return _Brought(text)
        if text := _bearer(header("x-esri-authorization")):
            return _Brought(text)
        if (said := header("authorization")) and self._takes_authorization and (text := _bearer(said)):
            return _Brought(text)
        if header("cookie") and (text := cookie_token(header) or "") and _is_from_here(request):
            return _Brought(text, is_cookie=True)
        return None

    @property
    def _takes_authorization(self) -> bool:
        given = self.rules.authorization_header
        return self.site.profile.number >= _BEARER_SINCE if given is None else given

    def _admit(self, request: Request, service: ServedService | None, missing: Refusal) -> Redirect | None:
        """Let pass who may use a service, or, without one, an administrator; `missing` is what somebody
        without a name is told."""
        if self.may_use(service, request.user):
            return None
        if request.user:
            what = service.name if service else "the administrator's resources"
            raise Refusal("forbidden", f"user {request.user!r} may not use {what}")
        is_page = request.form.format == "html" and "html" in OPERATIONS[request.address.operation].formats
        if is_page and request.method != "POST":
            return _to_log_in(request)
        raise missing

    def may_use(self, service: ServedService | None, user: str) -> bool:
        """Whether a user, or nobody in particular, may use a service; without one, an administrator's
        resources."""
        account = self.accounts.get(user)
        if service is not None and service.access is None:
            return True
        if account is None:
            return False
        if account.administrator or service is None:
            return account.administrator
        assert service.access is not None
        return ANY_USER in service.access or user in service.access

    def lists(self, service: ServedService, user: str) -> bool:
        """Whether the catalogue shows a service to a user."""
        return not self.rules.hide_secured or self.may_use(service, user)

    def _owner(self, request: Request) -> ServedService | None:
        """The secured service to which a file belongs."""
        return self.owner_of_file(request.address.name) if request.address.operation == "file" else None

    def owner_of_file(self, path: str) -> ServedService | None:
        """The secured service to which the file at a path below `rest/directories` belongs."""
        path = _plain(path)
        for service in self.site.services.values():
            if service.access is not None and path.startswith(_folders(service.name)):
                return service
        return None

    def auth_info(self, root: str) -> dict[str, Any]:
        """What `rest/info` says of tokens, of a site at this address."""
        service = f"{root}/sharing/rest/generateToken" if self.rules.federated else f"{root}/tokens/"
        return {
            "isTokenBasedSecurity": True,
            "tokenServicesUrl": service,
            "shortLivedTokenValidity": round(self.rules.short_lived / MINUTE),
        }


def _bearer(said: str | None) -> str:
    scheme, _, text = (said or "").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _is_from_here(request: Request) -> bool:
    """Whether a request comes from a page of this site, or from no page: another site's page has no right to
    the cookie, which browsers send along between the ports of a host too.

    A script's address is asked for without an origin; what asks is then told by `Sec-Fetch-Site`
    (*Fetch Metadata Request Headers*, W3C). Following a link is the user's own doing, and shows the
    answer to no page.
    """
    origin = request.caller.header("origin")
    if origin is None:
        is_elsewhere = request.caller.header("sec-fetch-site") in ("cross-site", "same-site")
        return not is_elsewhere or request.caller.header("sec-fetch-dest") == "document"
    here = urlsplit(request.caller.find_root())
    return origin.lower() == f"{here.scheme}://{here.netloc}".lower()


def _to_log_in(request: Request) -> Redirect:
    from gp_mockserver.directory.links import own_path

    return Redirect(f"{request.rest_root}/login?{urlencode({'redirect': own_path(request)})}")


def _folders(service: str) -> tuple[str, str]:
    """The folders of a service's files, as `_plain` has them: of its jobs, and of its synchronous runs."""
    jobs, output = (_plain(f"{each}/{service}_gpserver") for each in ("arcgisjobs", "arcgisoutput"))
    return f"{jobs}/", f"{output}/"


def _plain(path: str) -> str:
    """A path as any file system would take it: neither case, nor dots, nor blanks lead around the guard."""
    segments = posixpath.normpath(path.replace("\\", "/")).casefold().split("/")
    return "/".join(segment.rstrip(". ") for segment in segments)
