"""A job as its server tells it, and the addresses in it.

Source: ArcGIS REST, *GP job*; what real servers leave out or write otherwise is read as far as nothing can
be mistaken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec
from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.job_states import FINAL, JobStatus, job_status
from gp_protocol.messages import Message, MessageType, Progress, ProgressType

from gp_client.errors import JobAddress, ProtocolViolation
from gp_client.wire.addresses import job_url, same_host

_LONGEST_ID = 200
_MOST_LISTED = 5000
_MOST_MESSAGES = 100_000
_OWN = re.compile(r"/?(?:results|inputs)/[^/?#]+(?![/])", re.IGNORECASE)


class JobState(msgspec.Struct, frozen=True):
    """A job at one look. `status` is the word of the server; `results` and `inputs` are absolute addresses by
    name, empty where the job told none; `raw` is the whole answer."""

    id: str
    status: JobStatus
    messages: tuple[Message, ...] = ()
    progress: Progress | None = None
    results: Mapping[str, str] = {}
    inputs: Mapping[str, str] = {}
    raw: Any = None

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.status in FINAL

    @property
    def succeeded(self) -> bool:
        return self.status is JobStatus.SUCCEEDED


def read_submission(json: dict[str, Any], task_url: str, asked: str) -> JobAddress:
    """The job that an answer to submitJob names. Raises ProtocolViolation."""
    job_id = json.get("jobId")
    if not isinstance(job_id, str) or not _is_segment(job_id):
        met = shown(job_id) if "jobId" in json else f"an answer with {', '.join(map(str, json)) or 'nothing'}"
        raise ProtocolViolation(pointer="/jobId", met=met[:200], expected="the id of a new job", url=asked)
    return JobAddress(job_id, job_url(task_url, job_id))


def _is_segment(text: str) -> bool:
    """Whether a text can be one segment of a path and leads nowhere else."""
    return (
        0 < len(text) <= _LONGEST_ID
        and text.strip(".") != ""
        and text.isprintable()
        and not any(sign in "/\\?#%; " for sign in text)
    )


def read_job(json: dict[str, Any], address: JobAddress) -> JobState:
    """A job's answer. Raises ProtocolViolation, with the place in it."""
    job_id = json.get("jobId", address.id)
    if not isinstance(job_id, str) or job_id.lower() != address.id.lower():
        raise _violation("/jobId", shown(job_id), f"the job that was asked for, {address.id}", address)
    try:
        status = job_status(json["jobStatus"])
    except KeyError:
        raise _violation(
            "/jobStatus", "no status", "a job status such as esriJobExecuting", address
        ) from None
    except RemoteProtocolError as error:
        raise _violation("/jobStatus", error.met, error.expected, address) from None
    return JobState(
        address.id,
        status,
        read_messages(json.get("messages")),
        _read_progress(json.get("progress")),
        _addresses(json, "results", address) if status is JobStatus.SUCCEEDED else {},
        _addresses(json, "inputs", address) if status in FINAL else {},
        json,
    )


def read_messages(value: Any) -> tuple[Message, ...]:
    """Messages, whatever shape they came in: none of it decides anything. Of very many the last ones."""
    if not isinstance(value, list):
        return ()
    found = []
    for each in value[-_MOST_MESSAGES:]:
        kind, text = (each.get("type"), each.get("description")) if isinstance(each, dict) else ("", each)
        if text is None:
            continue
        found.append(Message(_message_type(kind), text if isinstance(text, str) else str(text)))
    return tuple(found)


_TYPES = {kind.value.lower().removeprefix("esrijobmessagetype"): kind for kind in MessageType}


def _message_type(word: Any) -> MessageType:
    if not isinstance(word, str):
        return MessageType.INFORMATIVE
    bare = word.lower().removeprefix("esrijobmessagetype").removeprefix("esrigpmessagetype")
    return _TYPES.get(bare, MessageType.INFORMATIVE)


def _read_progress(value: Any) -> Progress | None:
    """Progress as far as it can be read; a percentage is a number between 0 and 100."""
    if not isinstance(value, dict):
        return None
    percent = value.get("percent", value.get("percentage"))
    if isinstance(percent, str):
        digits = percent.strip().removesuffix("%").strip()
        percent = float(digits) if digits.isdecimal() and len(digits) < 4 else None
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        percent = None
    message = value.get("message")
    kind = ProgressType.DEFAULT if percent is None else ProgressType.STEP
    return Progress(
        kind, message if isinstance(message, str) else "", None if percent is None else int(percent)
    )


def _addresses(json: dict[str, Any], key: str, address: JobAddress) -> dict[str, str]:
    """The absolute address of each result or input that a job lists; of inputs, those that can be read."""
    listed = json.get(key)
    if listed is None or (key == "inputs" and not isinstance(listed, dict)):
        return {}
    if not isinstance(listed, dict) or len(listed) > _MOST_LISTED:
        met = shown(listed) if not isinstance(listed, dict) else f"{len(listed)} of them"
        raise _violation(f"/{key}", met, 'an object of {"paramUrl"}', address)
    found = {}
    for name, entry in listed.items():
        pointer = f"/{key}/{name.replace('~', '~0').replace('/', '~1')}"
        try:
            found[name] = _param_url(entry, pointer, address)
        except ProtocolViolation:
            if key == "results":
                raise
    return found


def _param_url(entry: Any, pointer: str, address: JobAddress) -> str:
    """Where a `paramUrl` leads: to one result or input of this job, at the server that was asked, however it
    is written; or it is a violation."""
    given = entry.get("paramUrl") if isinstance(entry, dict) else None
    if not isinstance(given, str) or not given.strip():
        raise _violation(pointer, shown(entry), '{"paramUrl": "results/…"}', address)
    asked = urlsplit(address.url)
    written = quote(given.strip(), safe="/:?&=%#[]@!$'()*+,;~\\")
    if _OWN.match(written):
        written = written.lstrip("/")
    try:
        url = urljoin(f"{address.url}/", written)
        parts = urlsplit(url)
        is_here = same_host(url, address.url)
    except ValueError:
        is_here = False
    tail = parts.path[len(asked.path) + 1 :] if is_here else ""
    leads_there = (
        is_here and unquote(parts.path[: len(asked.path) + 1]).lower() == unquote(asked.path).lower() + "/"
    )
    if not leads_there or not _OWN.fullmatch(tail) or not _is_plain(tail.partition("/")[2]):
        raise _violation(f"{pointer}/paramUrl", shown(given), "an address below the job's own", address)
    return (
        parts._replace(scheme=asked.scheme, netloc=asked.netloc).geturl()
        if parts.scheme != asked.scheme
        else url
    )


def _is_plain(segment: str) -> bool:
    """Whether one segment of a path stays one, however often it is unquoted."""
    for _ in range(3):
        if segment.strip(".") == "" or any(sign in segment for sign in "/\\;"):
            return False
        segment = unquote(segment)
    return True


def _violation(pointer: str, met: str, expected: str, address: JobAddress) -> ProtocolViolation:
    return ProtocolViolation(pointer=pointer, met=met, expected=expected, url=address.url, job=address)
