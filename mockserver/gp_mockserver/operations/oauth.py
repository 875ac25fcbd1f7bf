"""The portal's OAuth, as far as programs sign in by it with a user's name and password: the authorization
code that is shown on a page (`urn:ietf:wg:oauth:2.0:oob`) and exchanged for a token.

ArcGIS REST, *Authorize* and *Token*. The page between the two is in no documentation: the `arcgis` package
reads `oauth_state` from its script and the code from its title, and this is what it finds here. No other
`redirect_uri` is served. A code holds for ten minutes and, *assumed*, for more than one exchange.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from gp_protocol.json_text import encode_json

from gp_mockserver.security.guard import Guard
from gp_mockserver.security.sign_in_rules import MINUTE
from gp_mockserver.security.tokens import CODE, REFRESH
from gp_mockserver.wire.replies import BytesReply, Refusal
from gp_mockserver.wire.requests import Request

_SHOWN: Final = "urn:ietf:wg:oauth:2.0:oob"
_STATE: Final = "shown"
"""The server keeps nothing between two steps, so that all are in the same state."""
_CODE_MINUTES: Final = 10


async def authorize(request: Request) -> BytesReply:
    """The page that asks for a name and password."""
    given = request.parameters
    if given.get("redirect_uri", _SHOWN) != _SHOWN or given.get("response_type", "code") != "code":
        raise Refusal(
            "invalid-parameters", f"Invalid redirect_uri: expected {_SHOWN} with response_type=code"
        )
    return _page(request, "Sign in", {"oauth_state": _STATE})


async def sign_in(request: Request) -> BytesReply:
    """The page with the code in its title; with the reason, where name and password are wrong."""
    given = request.parameters
    if given.get("oauth_state") != _STATE:
        raise Refusal("invalid-parameters", "oauth_state: expected the one of the authorize page")
    guard = _guard(request)
    try:
        account = guard.sign_in(given.get("username", ""), given.get("password", ""))
    except Refusal:
        wrong = {"oauth_state": _STATE, "messages": ["Invalid username or password."]}
        return _page(request, "Sign in", wrong)
    code, _ = guard.issue(account.name, CODE, "", request.arrived, _CODE_MINUTES)
    return _page(request, f"SUCCESS code={code}", {"oauth_state": _STATE})


async def token(request: Request) -> BytesReply:
    """A token for a code, or for the refresh token that came with an earlier one; `expires_in` in seconds.

    JSON whatever `f` says, since OAuth clients send none.
    """
    given, guard = request.parameters, _guard(request)
    kind, text = CODE, given.get("code", "")
    if given.get("grant_type") in ("refresh_token", "exchange_refresh_token"):
        kind, text = REFRESH, given.get("refresh_token", "")
    granted = guard.read_any(text, request.arrived)
    if granted is None or granted.client != kind:
        return _json(
            {"error": {"code": 400, "error": "invalid_grant", "message": f"Invalid {kind}", "details": []}}
        )
    life = guard.rules.long_lived
    access, expires = guard.issue(granted.user, "", "", request.arrived, life / MINUTE)
    refresh, _ = guard.issue(granted.user, REFRESH, "", request.arrived, life / MINUTE)
    value = {
        "access_token": access,
        "expires_in": int(expires / 1000 - request.arrived),
        "username": granted.user,
        "ssl": request.caller.find_root().startswith("https:"),
        "refresh_token": refresh,
        "refresh_token_expires_in": int(life),
    }
    return _json(value)


def _guard(request: Request) -> Guard:
    return request.guard or Guard(request.site)


def _json(value: Any) -> BytesReply:
    return BytesReply("application/json;charset=utf-8", encode_json(value))


def _page(request: Request, title: str, info: dict[str, Any]) -> BytesReply:
    action = f"{urlsplit(request.caller.find_root()).path}/sharing/oauth2/signin"
    said = "".join(f"<p>{escape(each)}</p>" for each in info.get("messages", ()))
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>{escape(title)}</title>'
        f"<script>var oAuthInfo = {msgspec.json.encode(info).decode()};</script></head><body><main>{said}"
        f'<form method="post" action="{escape(action)}"><input type="hidden" name="oauth_state" '
        f'value="{_STATE}"/><label>User name <input name="username" autocomplete="username"/></label> '
        '<label>Password <input name="password" type="password" autocomplete="current-password"/></label> '
        "<button>Sign in</button></form></main></body></html>\r\n"
    )
    headers = {
        "content-security-policy": "default-src 'none'; form-action 'self'",
        "cache-control": "no-store",
    }
    return BytesReply("text/html;charset=utf-8", page.encode(), headers=headers)
