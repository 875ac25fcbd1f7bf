"""The pages that make a token and sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gp_mockserver.directory.forms import Form, login_form, token_form
from gp_mockserver.directory.page_bodies import Body, Maker, facts
from gp_mockserver.security.masking import masked, secrets_of
from gp_mockserver.wire.replies import AnyReply, FormReply, Reply
from gp_mockserver.wire.requests import Request


def _tokens(reply: AnyReply, request: Request) -> Body | None:
    """The form of *Generate token*, or the token: the one page on which a token stands."""
    if isinstance(reply, FormReply):
        root = urlsplit(request.rest_root).path.removesuffix("/rest")
        is_portal = request.address.operation == "generateToken" and request.address.name == "sharing"
        place = "sharing/rest/generateToken" if is_portal else "tokens/generateToken"
        form = token_form(f"{root}/{place}", request.site.sign_in_hint)
        return Body("Generate Token", "form.html", {"form": form})
    if not isinstance(reply, Reply):
        return None
    return Body("Generated Token", "values.html", {"nodes": facts(reply.value, with_tokens=True)})


def _login(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, FormReply):
        return None
    return Body("Login", "form.html", {"form": log_in_form(request)})


_MAX_NAME: Final = 200


def log_in_form(request: Request) -> Form:
    """The log-in form with the name and the way back that the request has, unless a secret is in them."""
    secrets = secrets_of(request.parameters, request.caller.header)

    def given(name: str) -> str:
        text = request.parameters.get(name, "")
        return text if masked(text, secrets) == text else ""

    path = urlsplit(request.rest_root).path
    name = given("username")[:_MAX_NAME]
    return login_form(f"{path}/login", given("redirect"), name, request.site.sign_in_hint)


SIGN_IN_PAGES: Final[Mapping[str, Maker]] = {
    "tokens": _tokens,
    "generateToken": _tokens,
    "login": _login,
}
