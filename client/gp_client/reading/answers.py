"""A whole HTTP answer as the JSON that it carries, or as the error that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gp_client.errors import (
    AuthError,
    GPError,
    HTTPError,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
    UnexpectedPage,
)
from gp_client.reading.envelopes import AUTH_CODES, error_in
from gp_client.reading.json_faults import CUT_SHORT
from gp_client.reading.quoting import bare_url, quoted
from gp_client.reading.strict_json import BLANK, EMPTY, read_json
from gp_client.wire.http_messages import Response

if TYPE_CHECKING:
    from gp_client.reading.pages import Page

_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 501, 502, 503, 504})
_ENVELOPE_CODES = frozenset({429, 502, 503, 504})
_TOO_SHORT = frozenset({EMPTY, BLANK, CUT_SHORT})
_WITH_RETRY_AFTER = frozenset({429, 503})


def read_answer(response: Response, *, now: float | None = None) -> dict[str, Any]:
    """The JSON object of a good answer; raises the error that it is.

    `now`, in seconds since the epoch, is what a `Retry-After` date counts from where the answer has no date
    of its own.
    """
    value = _read(response, now)
    if type(value) is not dict:
        raise _not_an_object(value, "an object", response)
    return value


def read_list_answer(response: Response, *, now: float | None = None) -> list[Any] | dict[str, Any]:
    """The same where a list is legal, too: `…/results` and `…/inputs` of a job, since 11.1."""
    value = _read(response, now)
    if type(value) is not dict and type(value) is not list:
        raise _not_an_object(value, "a list or an object", response)
    return value


def is_transient(error: GPError) -> bool:
    """Whether the same request may well succeed in a moment. That it is safe to repeat is for the caller to
    know."""
    if isinstance(error, TransportError):
        return not isinstance(error, SubmissionUnknown)
    if isinstance(error, HTTPError):
        is_page = isinstance(error, UnexpectedPage) and error.status == 200
        return is_page or error.status in _TRANSIENT_STATUSES
    if isinstance(error, ProtocolViolation):
        return error.met in _TOO_SHORT
    if isinstance(error, ServerError):
        said = error.message.lower()
        failed = (error.code or 0) >= 500 and "error performing" in said and "operation" in said
        return failed or error.code in _ENVELOPE_CODES
    return False


def retry_after(response: Response, now: float | None = None) -> float | None:
    """Seconds that the answer asks to wait for, told as such or as an HTTP date, which counts from the
    answer's own `Date`, else from `now`; None where it asks for nothing that can be read."""
    said = response.header("retry-after").strip()
    if not said:
        return None
    if said.isdecimal() and said.isascii():
        return float(said[:12])
    try:
        seconds = float(said) if len(said) < 20 else None
    except ValueError:
        seconds = None
    if seconds is not None:
        return seconds if 0 <= seconds < float("inf") else None
    until = _instant(said)
    start = _instant(response.header("date"))
    start = now if start is None else start
    return None if until is None or start is None else max(0.0, until - start)


def _instant(date: str) -> float | None:
    if not date or len(date) > 100:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _read(response: Response, now: float | None) -> Any:
    status = response.status
    if status == 200 and response.content[:1] == b"{":
        value = read_json(response.content, response.header("content-type"), url=response.url)
        error = error_in(value, url=response.url)
        if error is not None:
            raise error
        return value
    if status in (204, 304) or (200 <= status < 300 and (not response.content or response.content.isspace())):
        met = BLANK if response.content else EMPTY
        raise ProtocolViolation(pointer="", met=met, expected="JSON", url=bare_url(response.url))
    return _read_good(response) if 200 <= status < 300 else _raise_bad(response, now)


def _read_good(response: Response) -> Any:
    from gp_client.reading.pages import json_in_page, page_in

    content, content_type = response.content, response.header("content-type")
    page = page_in(content, content_type)
    if page is not None:
        inner = json_in_page(content)
        if inner is None:
            raise _page_error(page, response)
        content = inner
    value = read_json(content, content_type, url=response.url)
    error = error_in(value, url=response.url)
    if error is not None:
        raise error
    return value


def _page_error(page: Page, response: Response) -> GPError:
    """The error that a page with a good status is."""
    content_type = response.header("content-type")
    url = bare_url(response.url)
    named = f"an HTML page{f' “{page.title}”' if page.title else ''}"
    if "json" in content_type.lower():
        return ProtocolViolation(pointer="", met=f"{named} labelled as JSON", expected="JSON", url=url)
    if page.kind == "log-in" or page.code in AUTH_CODES:
        code = page.code if page.code in AUTH_CODES else None
        return AuthError(f"a page to sign in at came in the place of JSON: {named}", code=code, url=url)
    if page.kind == "services-directory":
        met = f"{named} of the Services Directory"
        return ProtocolViolation(pointer="", met=met, expected="JSON, as f=json asks for", url=url)
    return UnexpectedPage(
        f"{named} came in the place of JSON",
        title=page.title,
        status=response.status,
        content_type=quoted(content_type),
        url=url,
        beginning=quoted(page.text),
    )


def _raise_bad(response: Response, now: float | None) -> Any:
    """Raise what an answer is whose HTTP status is not good."""
    from gp_client.reading.json_packing import text_of
    from gp_client.reading.pages import page_in

    status, content = response.status, response.content
    content_type = quoted(response.header("content-type"))
    url = bare_url(response.url)
    wait = retry_after(response, now)
    page = page_in(content, content_type)
    if page is None and status >= 400 and not (wait is not None and status in _WITH_RETRY_AFTER):
        try:
            error = error_in(read_json(content, content_type, url=url), url=url, status=status)
        except ProtocolViolation:
            error = None
        if error is not None:
            raise error
    title = f" “{page.title}”" if page and page.title else ""
    shown = quoted(page.text if page else text_of(content[:8192], content_type))
    if status in AUTH_CODES:
        challenge = quoted(response.header("www-authenticate").partition(" ")[0], 40)
        how = f", which asks for {challenge} sign-in" if challenge else ""
        raise AuthError(f"HTTP status {status}{how}{title}: {shown or 'no body'}", code=status, url=url)
    text = f"HTTP status {status}{title}"
    if 300 <= status < 400:
        text += ", a redirect that is not followed"
    if page is not None:
        raise UnexpectedPage(
            text,
            title=page.title,
            status=status,
            content_type=content_type,
            url=url,
            retry_after=wait,
            beginning=shown,
        )
    raise HTTPError(
        text, status=status, content_type=content_type, url=url, retry_after=wait, beginning=shown
    )


def _not_an_object(value: Any, expected: str, response: Response) -> ProtocolViolation:
    return ProtocolViolation(pointer="", met=_kind_of(value), expected=expected, url=bare_url(response.url))


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
