"""A service's jobs as an administrator sees them: listed, cancelled, deleted.

Source: ArcGIS Server Administrator API, *Jobs*, *Job*, *Cancel job*, *Delete job* (10.6.1). It lets a job be
cancelled that has only been submitted, which *Cancel GP job* does not. *Assumed*: that a waiting or new job
can be cancelled too, the words for a job that is not there, and how a long list is paged. The status in the
list is the timeline's: a job that nobody has looked at since its end has not run its tool yet.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlsplit

from gp_protocol.job_states import JobStatus

from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord
from gp_mockserver.lifecycle.jobs import JobState
from gp_mockserver.lifecycle.timeline_changes import never_started
from gp_mockserver.running.job_progress import observe
from gp_mockserver.running.job_runs import in_worker
from gp_mockserver.wire.replies import Refusal, Reply
from gp_mockserver.wire.requests import Request

MOST_LISTED: Final = 1000
"""Jobs in one answer."""

_MANY: Final = 10_000
_DIGITS: Final = 9
_BEFORE_ALL: Final = frozenset({JobStatus.NEW, JobStatus.SUBMITTED})
_SUCCESS: Final = {"status": "success"}


async def jobs(request: Request) -> Reply:
    """The service's jobs, the newest first: `num` of them (1000, the most there are in one answer), from
    number `start` on (1)."""
    start = whole_number(request, "start", 1, at_least=1)
    count = min(whole_number(request, "num", MOST_LISTED, at_least=0), MOST_LISTED)
    if len(request.site.store) < _MANY:
        found = _newest(request, start, count)
    else:
        found = await in_worker(_newest, request, start, count)
    return Reply({"jobs": [_described(request, each, each.state(request.arrived)) for each in found]})


async def job(request: Request) -> Reply:
    """One job."""
    record = _own_job(request)
    if record is None:
        return _unknown(request)
    record, state = await observe(request.service.tasks[_label(record)], record, request.arrived)
    return Reply(_described(request, record, state))


async def cancel(request: Request) -> Reply:
    """Cancel a job that has not ended; one that has only been submitted is cancelled at once."""
    store, job_id = request.site.store, request.address.job_id
    record = _own_job(request)
    if record is None:
        return _unknown(request)
    record, state = await observe(request.service.tasks[_label(record)], record, request.arrived)
    try:
        if state.status in _BEFORE_ALL:
            timeline = never_started(record.timeline, record.submitted_at, request.arrived, state.messages)
            store.settle(job_id, timeline, b"{}", request.arrived)
        else:
            store.cancel(job_id, request.arrived)
    except CancelRefused:
        return _error(500, f"Unable to cancel job :[{job_id}]")
    return Reply(_SUCCESS)


async def delete(request: Request) -> Reply:
    """Delete a job in any state, with its files: it is gone at once, and its tool's work is lost."""
    record = _own_job(request)
    if record is None or not request.site.store.delete(record.job_id, request.arrived):
        return _unknown(request)
    return Reply(_SUCCESS)


def whole_number(request: Request, name: str, default: int, *, at_least: int) -> int:
    """A parameter's number, of nine digits at most. Raises Refusal for any other text."""
    text = request.parameters.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) >= at_least):
        raise Refusal("bad-value", f'{name}: met "{text[:80]}", expected a whole number from {at_least} on')
    return int(text)


def _newest(request: Request, start: int, count: int) -> list[JobRecord]:
    found: list[JobRecord] = []
    skipped = 0
    store = request.site.store
    for job_id in reversed(store.ids()):
        if len(found) >= count:
            break
        record = store.get(job_id, request.arrived)
        if record is None or not _is_own(request, record):
            continue
        if skipped < start - 1:
            skipped += 1
        else:
            found.append(record)
    return found


def _own_job(request: Request) -> JobRecord | None:
    record = request.site.store.get(request.address.job_id, request.arrived)
    return record if record is not None and _is_own(request, record) else None


def _is_own(request: Request, record: JobRecord) -> bool:
    """Whether it is a job of a task that the service in the address has."""
    service = request.service
    return record.submission.task.rpartition("/")[0] == service.name and _label(record) in service.tasks


def _label(record: JobRecord) -> str:
    return record.submission.task.rpartition("/")[2]


def _described(request: Request, record: JobRecord, state: JobState) -> dict[str, Any]:
    """Times are milliseconds since the epoch, `endTime` null before the end, `username` null where nobody
    was signed in."""
    root = request.rest_root
    place = f"{quote(request.service.name)}/GPServer/{quote(_label(record))}/jobs/{quote(record.job_id)}"
    return {
        "jobID": record.job_id,
        "submittedTime": int(record.submitted_at * 1000),
        "endTime": None if state.ended_at is None else int(state.ended_at * 1000),
        "status": state.status,
        "username": record.submission.user or None,
        "machinename": (urlsplit(root).hostname or "").upper(),
        "url": f"{root}/services/{place}",
    }


def _unknown(request: Request) -> Reply:
    return _error(404, f"Unable to find job :[{request.address.job_id[:80]}]")


def _error(code: int, message: str) -> Reply:
    return Reply({"status": "error", "messages": [message], "code": code})
