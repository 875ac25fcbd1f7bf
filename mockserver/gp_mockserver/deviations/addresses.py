"""Deviations by address, for clients that can set neither headers nor ask the control API.

`/arcgis~results-late~slow-each@job/rest/services/…` is the site `arcgis`, its jobs and its clock, with those
deviations for whoever asks there. Counts (`nth`, `times`) are kept for each such address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gp_protocol.json_text import encode_json

from gp_mockserver.deviations.actions import Stage
from gp_mockserver.deviations.course import ServeSite, deviate
from gp_mockserver.deviations.injections import Deviations
from gp_mockserver.deviations.pages import text_page
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.wire.answers import Answer, html_answer
from gp_mockserver.wire.callers import header
from gp_mockserver.wire.public_addresses import NAMED
from gp_mockserver.wire.sending import send_answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.sites import Site

_MAX_ADDRESSES = 1000
_MAX_NAMES = 10


async def serve_named(
    sites: Mapping[str, Site],
    context: str,
    path: str,
    scope: Scope,
    receive: Receive,
    send: Send,
    serve_site: ServeSite,
) -> None:
    """Answer a request whose context has names behind it; a page says what is wrong with them."""
    own, *names = context.split("~")
    site = sites.get(own)
    try:
        if site is None:
            known = ", ".join(sites) or "none"
            raise DeviationError(f"no site is served under {own[:80]!r}: there is {known}")
        named = _deviations(site, context, names)
    except DeviationError as error:
        await send_answer(scope, receive, send, _told(str(error), scope))
        return
    scope = {**scope, NAMED: context}
    sets = [site.deviations, named] if site.deviating else [named]
    await deviate(site, sets, path, scope, receive, send, serve_site)


def _told(text: str, scope: Scope) -> Answer:
    """What is wrong with an address: JSON to programs, a page to browsers."""
    if b"text/html" in (header(scope, b"accept") or b""):
        return html_answer(400, text_page("Bad address", text))
    body = encode_json({"error": {"code": 400, "message": "Invalid URL", "details": [text]}})
    length = (b"content-length", str(len(body)).encode())
    return Answer(200, [(b"content-type", b"application/json;charset=utf-8"), length], body)


def _deviations(site: Site, context: str, names: list[str]) -> Deviations:
    """What one address follows; made when it is first asked for, the ones longest unasked forgotten."""
    known = site.deviations_by_address
    if (found := known.pop(context, None)) is None:
        if len(names) > _MAX_NAMES:
            raise DeviationError(f"{len(names)} deviations in one address: at most {_MAX_NAMES}")
        found = Deviations(site, is_of_address=True)
        for name in names:
            made = found.inject(name)
            if any(step.stage is Stage.NETWORK for step in made.steps):
                raise DeviationError(
                    f"deviation {name!r} needs a socket of its own: inject it, and ask for the site's address"
                )
        if len(known) >= _MAX_ADDRESSES:
            del known[next(iter(known))]
    known[context] = found
    return found
