"""One captured body, held to the protocol.

Pure: nothing is read or written. Whatever the bytes are, nothing is raised for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_client.reading.pages import Page, json_in_page, page_in
from gp_protocol.suggestions import did_you_mean, one_of
from msgspec import UNSET

from gpharness.checking.descriptions import check_catalogue, check_info, check_service, check_task
from gpharness.checking.envelopes import check_envelope
from gpharness.checking.jobs import check_cancelled, check_job, check_submission
from gpharness.checking.json_bodies import read_body
from gpharness.checking.kinds import KINDS, OTHERS, kind_of
from gpharness.checking.looking import Looking, Phrase
from gpharness.checking.results import check_one_result, check_results, check_run
from gpharness.checking.tokens_and_uploads import check_token, check_upload
from gpharness.findings.findings import Finding

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter, Task

_LISTS: Final = ("results", "inputs")
_JSON_FORMATS: Final = ("", "json", "pjson")
_SUBMIT_FORM: Final = re.compile(r"submit\s*job", re.IGNORECASE)
_FORM: Final = re.compile(rb"<form\b", re.IGNORECASE)

_CHECKS: Final[Mapping[str, Callable[[Looking, dict[str, Any]], None]]] = {
    "info": check_info,
    "catalogue": check_catalogue,
    "service": check_service,
    "task": check_task,
    "submit": check_submission,
    "job": check_job,
    "cancel": check_cancelled,
    "result": check_one_result,
    "input": check_one_result,
    "execute": check_run,
    "token": check_token,
    "upload": check_upload,
}


__all__ = ["KINDS", "Checked", "check_body"]


class Checked(msgspec.Struct):
    """`kind` is what the body was taken for: `error` for an error envelope, whatever was asked for. `value`
    is its decoded JSON, UNSET where it has none that is beyond doubt."""

    kind: str
    value: Any = UNSET
    findings: list[Finding] = []


def check_body(
    body: bytes,
    kind: str,
    *,
    version: str | None = None,
    task: Task | None = None,
    parameter: Parameter | None = None,
    asked: Mapping[str, str] = {},
    headers: Sequence[tuple[str, str]] = (),
    job_id: str = "",
) -> Checked:
    """What is wrong with a body of one of KINDS, as findings of the protocol; legal oddities are notes.

    `version` is the server's, as `gp_protocol.versions.profile` takes it. `task` is the task's descriptor:
    with it names and types of results are held to what it declares; `parameter` is the one that a single
    result is of. `asked` are the request's parameters; without any nothing is called unasked. `headers` only
    tell the charset of bytes that are no UTF-8. A well-formed error is no finding. Raises ValueError for a
    kind that is none of KINDS, LocalProtocolError for a version that is none.
    """
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise ValueError(f"{kind!r} is no kind of body; {hint or one_of(KINDS)}")
    profile = None
    if version is not None:
        from gp_protocol.versions import profile as profile_of

        profile = profile_of(version)
    look = Looking(
        kind,
        is_guessed=kind == "auto",
        profile=profile,
        task=task,
        parameter=parameter,
        asked=asked,
        job_id=job_id,
    )
    if look.asked("f").lower() not in _JSON_FORMATS and body[:1] != b"{":
        return Checked(kind)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    page = page_in(body, content_type)
    if page is not None:
        inner = json_in_page(body) if kind in ("upload", "auto") else None
        if inner is None:
            _say_page(look, page, body)
            return Checked(kind, findings=look.findings)
        look.say("upload.answer", "", Phrase("JSON within a page's textarea"), "JSON by itself")
        body, look.kind = inner, "upload"
    value = read_body(look, body, content_type)
    if value is UNSET:
        return Checked(kind, findings=look.findings)
    if look.kind == "auto":
        look.kind = kind_of(value)
    _check(look, value)
    return Checked(look.kind, value, look.findings)


def _say_page(look: Looking, page: Page, body: bytes) -> None:
    met = Phrase(f"an HTML page{f' “{page.title}”' if page.title else ''}")
    if look.kind == "token":
        look.say("token.answer", "", met, "a token")
    elif look.kind == "submit" and _SUBMIT_FORM.search(page.title) and _FORM.search(body):
        look.say("submit.answer", "", met, "the job that was submitted")
    else:
        look.say("format.html", "", met, "JSON")


def _check(look: Looking, value: Any) -> None:
    if type(value) is list:
        _check_list(look, value)
        return
    if not isinstance(value, dict):
        look.say("format.not-object", "", value, "an object")
        return
    outcome = check_envelope(look, value)
    if outcome == "error":
        look.kind = "error"
    elif outcome == "good":
        if look.kind in _LISTS:
            look.say("results.shape", "", value, "a list of results")
        elif look.kind in _CHECKS:
            _CHECKS[look.kind](look, value)
        elif look.kind == "error":
            look.say("envelope.shape", "", value, 'an error as {"error": {"code", "message", "details"}}')
        elif not OTHERS & value.keys() and "currentVersion" not in value:
            say = look.note if value == {"success": True} else look.say
            say("format.not-object", "", value, "an object that a geoprocessing service answers")


def _check_list(look: Looking, value: list[Any]) -> None:
    if look.kind in _LISTS:
        check_results(look, value, "")
        return
    only = value[0] if len(value) == 1 else None
    if look.kind in ("result", "input") and isinstance(only, dict) and "error" not in only:
        look.say("value.members", "", Phrase("a list of one"), "the object itself")
        return
    look.say("format.not-object", "", Phrase(f"a list of {len(value)}"), "an object")
