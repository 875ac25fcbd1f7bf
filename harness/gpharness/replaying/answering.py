"""A recorded answer as the reply to the request at hand: in the form that it asks for, with the addresses of
the replaying site and the id of its job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.wire.answers import check_asked
from gp_mockserver.wire.replies import AnyReply, BytesReply, Reply
from gp_mockserver.wire.requests import Request
from gp_protocol.error_envelopes import read_error
from gp_protocol.json_text import encode_json, encode_pjson
from msgspec import UNSET

from gpharness.contracts.contract import Answer
from gpharness.replaying.recordings import Recording
from gpharness.replaying.rewriting import Rewriting

_OWN_HEADERS: Final = frozenset(
    {"content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "date", "server"}
    | {"vary", "access-control-allow-origin", "access-control-allow-credentials", "strict-transport-security"}
)
"""What the site says itself, by the answer at hand."""
_SCRIPT: Final = "text/javascript;charset=UTF-8"
Change = Callable[[Any], Any]


def reply_of(
    recording: Recording,
    answer: Answer,
    request: Request,
    job: tuple[str, str] = ("", ""),
    change: Change | None = None,
) -> AnyReply:
    """The reply. `job`: the recorded id of the job and that of the one at hand; `change` is made to a JSON
    value before it is said. Raises Refusal for a callback that is no function's name."""
    rewriting = Rewriting(recording.roots, request.caller.find_root(), job)
    headers = _headers(answer, rewriting)
    value = recording.value(answer)
    if value is UNSET:
        return _plain(recording, answer, headers, rewriting)
    value = _rewritten(value, rewriting)
    if change is not None:
        value = change(value)
    if request.form.callback:
        check_asked(request)
    is_html = request.form.format == "html"
    if is_html and read_error(value) is not None:
        return _error_page(value, answer, request)
    is_usual = answer.status == 200 and not headers
    if is_usual and isinstance(value, dict) and _is_plain_for_the_journal(value, request):
        return Reply(value)
    if is_html and answer.status == 200 and request.address.operation in OPERATIONS:
        return (
            Reply(value)
            if request.address.operation not in _ABOUT_JOBS
            else _json(value, {}, answer, request)
        )
    return _json(value, headers, answer, request)


_ABOUT_JOBS: Final = frozenset({"submitJob", "cancel", "job", "adminCancel"})


def _is_plain_for_the_journal(value: Mapping[str, Any], request: Request) -> bool:
    """Whether the journal can note the job that an answer tells of: a deviating one may say anything."""
    return request.address.operation not in _ABOUT_JOBS or isinstance(value.get("jobId", ""), str)


def _headers(answer: Answer, rewriting: Rewriting) -> dict[str, str]:
    kept = {name.lower(): value for name, value in answer.headers.items()}
    return {
        name: rewriting(value.encode("utf-8", "replace")).decode("latin-1")
        for name, value in kept.items()
        if name not in _OWN_HEADERS
    }


def _rewritten(value: Any, rewriting: Rewriting) -> Any:
    """The value, decoded anew only where something in it changes."""
    written = encode_json(value)
    changed = rewriting(written)
    return value if changed == written else msgspec.json.decode(changed)


def _plain(recording: Recording, answer: Answer, headers: dict[str, str], rewriting: Rewriting) -> BytesReply:
    """An answer that is no JSON, in whatever form it was recorded."""
    body = recording.body(answer)
    kind = headers.pop("content-type", "")
    is_text = isinstance(answer.text, str) or any(word in kind for word in ("json", "text", "xml", "script"))
    if not kind:
        kind = "text/html;charset=utf-8" if body.lstrip()[:1] == b"<" else "application/octet-stream"
        kind = "text/plain;charset=utf-8" if is_text and body.lstrip()[:1] != b"<" else kind
    return BytesReply(kind, rewriting(body) if is_text else body, headers=headers, status=answer.status)


def _json(value: Any, headers: Mapping[str, str], answer: Answer, request: Request) -> BytesReply:
    body = encode_pjson(value) if request.form.format == "pjson" else encode_json(value)
    others = {name: each for name, each in headers.items() if name != "content-type"}
    kind = headers.get("content-type") or request.profile.json_content_type
    if request.form.callback:
        kind, body = _SCRIPT, request.form.callback.encode() + b"(" + body + b");"
    return BytesReply(kind, body, headers=others, status=answer.status)


def _error_page(value: Any, answer: Answer, request: Request) -> BytesReply:
    """The page of a recorded error; its HTTP status is the error's own code, as on servers."""
    from gp_mockserver.directory.pages import error_page

    error = read_error(value)
    assert error is not None
    status = answer.status if answer.status >= 400 else error.code if 400 <= error.code < 600 else 200
    page = error_page(error, request.site, request.address, request.caller.find_root(), request)
    return BytesReply("text/html;charset=utf-8", page, status=status)
