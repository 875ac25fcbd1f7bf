"""What is answered in the place of an operation: bodies, pages, errors, redirects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from gp_protocol.error_envelopes import KNOWN_ERRORS, envelope
from gp_protocol.json_text import encode_json

from gp_mockserver.deviations.actions import Error, Instead, Redirect
from gp_mockserver.deviations.header_texts import filled_value
from gp_mockserver.deviations.pages import page
from gp_mockserver.wire.public_addresses import public_root
from gp_mockserver.wire.replies import unknown_job

if TYPE_CHECKING:
    from starlette.types import Scope

    from gp_mockserver.deviations.selectors import Occasion
    from gp_mockserver.sites import Site

Headers = list[tuple[bytes, bytes]]


class GivenAnswer(msgspec.Struct):
    """A whole answer: HTTP status, headers without a length, body."""

    status: int
    headers: Headers
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """A header's first value; `name` is in lower case."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def without(self, name: bytes) -> Headers:
        """The headers but those of this name."""
        return [each for each in self.headers if each[0].lower() != name]


_HTML = (b"content-type", b"text/html;charset=utf-8")


def is_page(answer: GivenAnswer) -> bool:
    """Whether an answer says that it is HTML."""
    return (answer.header(b"content-type") or b"").lower().startswith(b"text/html")


def answer_instead(action: Instead, site: Site) -> GivenAnswer:
    """What an `answer` action says."""
    if action.page is not None:
        headers, body = [_HTML], page(action.page, action.status)
    elif action.json is not msgspec.UNSET:
        headers, body = [_json(site)], encode_json(action.json)
    else:
        headers, body = ([_HTML] if action.body else []), action.body
    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in action.headers.items()]
    names = {name for name, _ in given}
    return GivenAnswer(action.status, [each for each in headers if each[0] not in names] + given, body)


def error_answer(action: Error, site: Site, occasion: Occasion, *, as_page: bool) -> GivenAnswer:
    """The protocol's error: an envelope at HTTP 200, or a page where a person asks."""
    if isinstance(action.what, str):
        operation = {"submit": "submitJob"}.get(occasion.operation, occasion.operation)
        details = action.details or []
        if action.what == "unknown-job" and occasion.job_id and action.details is None:
            details = [unknown_job(occasion.job_id)]
        error = envelope(
            action.what,
            site.profile,
            *details,
            overrides=site.errors,
            service=occasion.service,
            operation=operation,
        )
        value, status = error.to_json(), KNOWN_ERRORS[action.what].http_status_html
        if action.message is not None:
            value["error"]["message"] = action.message
    else:
        status = action.what
        value = {
            "error": {"code": action.what, "message": action.message or "", "details": action.details or []}
        }
    if as_page:
        status = status if 400 <= status < 600 else 500
        return GivenAnswer(status, [_HTML], page("framework-error", status))
    return GivenAnswer(action.status, [_json(site)], encode_json(value))


def redirect(action: Redirect, fills: Mapping[str, str]) -> GivenAnswer:
    """A redirect to what its template says; nowhere, where that cannot be said in a header."""
    place = filled_value(action.to, fills, "Location")
    return GivenAnswer(action.status, [] if place is None else [(b"location", place)])


def fills_of(site: Site, scope: Scope, job_id: str) -> dict[str, str]:
    """What templates may say of a request; `job_id` is empty where it is about no job."""
    root = public_root(site, scope)
    origin = "/".join(root.split("/")[:3])
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    tail = f"?{query}" if query else ""
    slashed = path.rstrip("/") if path.endswith("/") else f"{path}/"
    fills = {"origin": origin, "root": root, "path": f"{path}{tail}", "slashed": f"{slashed}{tail}"}
    if job_id:
        task = path.rstrip("/").removesuffix("/submitJob").partition("/jobs/")[0]
        fills |= {"job_id": job_id, "job": f"{origin}{task}/jobs/{job_id}"}
    return fills


def _json(site: Site) -> tuple[bytes, bytes]:
    return (b"content-type", site.profile.json_content_type.encode())
