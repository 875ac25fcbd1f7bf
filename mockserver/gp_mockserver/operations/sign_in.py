"""Signing in: tokens for programs, a cookie for browsers.

*Assumed*, since no documentation settles it: a token for which no `client` is named is bound to the referer
or address that the request gives, else to the address it comes from; credentials in the query of a POST
count; `expiration` of 0 or less means the site's own; `encrypted` and anything else that is not named here
is ignored. Servers before 10.1 take the older form of the request, `request=getToken`, by GET whatever the
site's rules say.
"""

from __future__ import annotations

import math
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from gp_protocol.suggestions import one_of

from gp_mockserver.security.cookies import token_cookie
from gp_mockserver.security.guard import Guard
from gp_mockserver.wire.replies import BytesReply, FormReply, Redirect, Refusal, Reply
from gp_mockserver.wire.requests import Request

_CLIENTS: Final = ("referer", "ip", "requestip")
_LONGEST_BINDING: Final = 1000
"""Characters of a referer or an address."""
_OLDER_FORM_BY_GET_UNTIL: Final = 10.1


async def generate_token(request: Request) -> Reply | BytesReply | FormReply:
    """ArcGIS REST, *Generate token*: `{"token", "expires"}` for a user and password, or for another token and
    `serverUrl`; a portal adds `ssl`.

    `expires` is in ms since the epoch, `expiration` is asked for in minutes. The older form,
    `tokens?request=getToken` without `f`, answers the bare token. Credentials in the address of a GET are
    refused unless the site takes them, in the older form from version 10.1 on.
    """
    given = request.parameters
    by_name = "username" in given or "password" in given
    is_bare = given.get("request", "").lower() == "gettoken" and by_name and request.form.format == "html"
    guard = _guard(request)
    if request.method != "POST":
        if request.form.format == "html" and not by_name:
            return FormReply()
        is_of_old = is_bare and request.site.profile.number < _OLDER_FORM_BY_GET_UNTIL
        if not (guard.rules.tokens_by_get or is_of_old):
            raise Refusal("method-not-allowed", "met GET, expected POST with the credentials in its body")
    token, expires = _exchanged(request, guard) if _is_exchange(request) else _signed_in(request, guard)
    if is_bare:
        return BytesReply("text/plain;charset=utf-8", token.encode())
    value = {"token": token, "expires": expires}
    if request.address.name == "sharing":
        value["ssl"] = request.caller.find_root().startswith("https:")
    return Reply(value)


def _guard(request: Request) -> Guard:
    """The site's guard; on a site without users one that knows nobody."""
    return request.guard or Guard(request.site)


def _is_exchange(request: Request) -> bool:
    return bool(request.parameters.get("token")) and not request.parameters.get("username")


def _exchanged(request: Request, guard: Guard) -> tuple[str, int]:
    """A token for a server, by another token: *Generate token* of a portal. It is bound as the other one is.

    Any `serverUrl` will do. It ends when the other one does, or earlier where less is asked for (*assumed*):
    a token cannot be made to last by exchanging it again and again.
    """
    token = guard.read(request.parameters["token"].strip(), request)
    until = token.expires
    return guard.issue(
        token.user, token.client, token.bound_to, request.arrived, _minutes(request), until=until
    )


def _signed_in(request: Request, guard: Guard) -> tuple[str, int]:
    given, changes = request.parameters, request.changes
    client, bound_to = _binding(request, guard, changes.token_binding() if changes is not None else "")
    missing = [name for name in ("username", "password") if not given.get(name)]
    if client == "referer" and not bound_to:
        missing.append("referer")
    if client == "ip" and not bound_to:
        missing.append("ip")
    if missing:
        raise Refusal("bad-credentials", *(f"'{name}' must be specified." for name in missing))
    if len(bound_to) > _LONGEST_BINDING:
        expected = f"{_LONGEST_BINDING} characters at most"
        raise Refusal("bad-credentials", f"{client}: met {len(bound_to)} characters, expected {expected}")
    minutes = _minutes(request)
    account = guard.sign_in(given["username"], given["password"])
    until = (request.arrived + changes.token_lifetime()) * 1000 if changes is not None else math.inf
    return guard.issue(account.name, client, bound_to, request.arrived, minutes, until=until)


def _binding(request: Request, guard: Guard, kind: str = "") -> tuple[str, str]:
    """To what the request wants its token bound: `referer` or `ip`, and which; `kind`: to which it is bound
    whatever the request wants. The older form of the request says both in one, `clientid=ref.http://…` or
    `clientid=ip.10.0.0.1`."""
    client, bound_to = _binding_asked_for(request, guard)
    if kind in ("", client):
        return client, bound_to
    given = request.parameters
    if kind == "referer":
        return kind, given.get("referer", "").strip() or request.caller.header("referer") or ""
    return kind, given.get("ip", "").strip() or guard.client_of(request)


def _binding_asked_for(request: Request, guard: Guard) -> tuple[str, str]:
    given = request.parameters
    client = given.get("client", "").strip().lower()
    kind, _, rest = given.get("clientid", "").strip().partition(".")
    if not client and kind.lower() in ("ref", "ip") and rest:
        return ("referer" if kind.lower() == "ref" else "ip"), rest
    if client and client not in _CLIENTS:
        raise Refusal("bad-credentials", f"client: met {client[:80]!r}, expected {one_of(_CLIENTS)}")
    referer, address = given.get("referer", "").strip(), given.get("ip", "").strip()
    if client == "referer" or (referer and not client):
        return "referer", referer
    if client == "ip" or (address and not client):
        return "ip", address
    return "ip", guard.client_of(request)


def _minutes(request: Request) -> float:
    text = request.parameters.get("expiration", "").strip()
    try:
        minutes = float(text or 0)
    except ValueError:
        minutes = math.nan
    if not math.isfinite(minutes):
        raise Refusal("invalid-parameters", f"expiration: met {text[:80]!r}, expected a number of minutes")
    return minutes


async def login(request: Request) -> FormReply | Redirect:
    """The log-in page of the services directory. Posted, it sets the cookie `agstoken`, bound to the client's
    address, and leads to `redirect`, which is a path of this site, or else to the catalogue.

    Browsers do not send it with another site's POST, and the guard takes it from no other origin. A link to
    `submitJob` followed from elsewhere still runs as the user, as on real servers.
    """
    if request.method != "POST":
        return FormReply()
    guard = _guard(request)
    account = guard.sign_in(request.parameters.get("username", ""), request.parameters.get("password", ""))
    token, _ = guard.issue(account.name, "ip", guard.client_of(request), request.arrived)
    return Redirect(_place_within(request), {"set-cookie": token_cookie(request.caller.find_root(), token)})


async def logout(request: Request) -> Redirect:
    """Takes the cookie back and leads to the catalogue."""
    cookie = f"{token_cookie(request.caller.find_root(), '')}; Max-Age=0"
    return Redirect(f"{request.rest_root}/services", {"set-cookie": cookie})


def _place_within(request: Request) -> str:
    """Where `redirect` leads, if that is a path below the site's own; the catalogue otherwise."""
    root = request.caller.find_root()
    home = urlsplit(root).path
    asked = request.parameters.get("redirect", "")
    path = unquote(unquote(asked.partition("?")[0]))
    is_within = (unquote(f"{path}/")).startswith(f"{unquote(home)}/")
    is_plain = path.isprintable() and "\\" not in path and "//" not in path and ".." not in path.split("/")
    if not (is_within and is_plain and asked.startswith("/")):
        return f"{root}/rest/services"
    return f"{root.removesuffix(home)}{quote(asked, safe='/%?&=:;,@+!$()*~-._')}"
