"""The pages that stand in a service's way: of proxies, firewalls, sign-ins, and of the REST framework itself.

They are made up, of the shape that such pages have; nothing in them is any product's own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.errors import SiteFileError

_SHELL = (
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
    "<body>\n{body}\n</body>\n</html>\n"
)


def _page(title: str, body: str) -> bytes:
    return _SHELL.format(title=title, body=body).encode()


def text_page(title: str, text: str) -> bytes:
    """A page that says one thing."""
    from html import escape

    return _page(escape(title), f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>")


_SIGN_IN = _page(
    "Sign in",
    '<h1>Sign in</h1>\n<form method="post" action="/signin">\n'
    '<label>User name <input name="username"></label>\n'
    '<label>Password <input name="password" type="password"></label>\n'
    '<button type="submit">Sign in</button>\n</form>',
)

PAGES: Final[dict[str, bytes]] = {
    "sign-in": _SIGN_IN,
    "identity-provider": _page(
        "Your organization",
        '<h1>Continue with your organization</h1>\n<form method="post" action="/saml2/sso">\n'
        '<input name="SAMLRequest" type="hidden" value="">\n<button type="submit">Continue</button>\n</form>',
    ),
    "maintenance": _page(
        "Maintenance", "<h1>We will be back soon</h1>\n<p>The site is down for scheduled maintenance.</p>"
    ),
    "framework-error": _page(
        "Error: Unable to complete operation.",
        "<h1>ArcGIS REST Framework</h1>\n<h2>Error</h2>\n<p>Code: 500</p>\n"
        "<p>Unable to complete operation.</p>",
    ),
    "resource": _page(
        "Task",
        "<h1>Task</h1>\n<p>Execution type: esriExecutionTypeAsynchronous</p>\n"
        '<form method="post"><input name="f" value="html"><button type="submit">Submit job</button></form>',
    ),
    "form": _page(
        "Submit job",
        '<h1>Submit job</h1>\n<form method="get">\n<input name="Input" value="">\n'
        '<select name="f"><option>html</option><option>json</option></select>\n'
        '<button type="submit">Submit job</button>\n</form>',
    ),
    "firewall": _page(
        "Request blocked", "<h1>Request blocked</h1>\n<p>A policy of this network forbids the request.</p>"
    ),
}
"""Pages by name. `status` is another, which is made from the answer's HTTP status."""


def page(name: str, status: int) -> bytes:
    """A page by its name; `status` is the bare page of a web server for that HTTP status.

    Raises SiteFileError for an unknown name.
    """
    if name == "status":
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "Error"
        return _page(f"{status} {phrase}", f"<center><h1>{status} {phrase}</h1></center>\n<hr>")
    if name not in PAGES:
        known = [*PAGES, "status"]
        raise SiteFileError("page", repr(name[:80]), one_of(known), did_you_mean(name, known))
    return PAGES[name]
