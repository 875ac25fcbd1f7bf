"""The pages that make a token and sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gp_mockserver.directory.forms import login_form, token_form
from gp_mockserver.directory.page_bodies import Body, Maker, facts
from gp_mockserver.wire.replies import AnyReply, FormReply, Reply
from gp_mockserver.wire.requests import Request


def _tokens(reply: AnyReply, request: Request) -> Body | None:
    """The form of *Generate token*, or the token: the one page on which a token stands."""
    if isinstance(reply, FormReply):
        root = urlsplit(request.rest_root).path.removesuffix("/rest")
        is_portal = request.address.operation == "generateToken" and request.address.name == "sharing"
        place = "sharing/rest/generateToken" if is_portal else "tokens/generateToken"
        return Body("Generate Token", "form.html", {"form": token_form(f"{root}/{place}")})
    if not isinstance(reply, Reply):
        return None
    return Body("Generated Token", "values.html", {"nodes": facts(reply.value, with_tokens=True)})


def _login(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, FormReply):
        return None
    path = urlsplit(request.rest_root).path
    form = login_form(f"{path}/login", request.parameters.get("redirect", ""))
    return Body("Login", "form.html", {"form": form})


SIGN_IN_PAGES: Final[Mapping[str, Maker]] = {
    "tokens": _tokens,
    "generateToken": _tokens,
    "login": _login,
}
