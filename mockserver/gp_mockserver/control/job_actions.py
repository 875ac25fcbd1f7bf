"""Jobs: listed, looked at without polling them, held, released, moved and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from gp_protocol.errors import shown
from gp_protocol.job_states import JobStatus
from gp_protocol.suggestions import did_you_mean, one_of
from msgspec import Meta

from gp_mockserver.control.answers import Done, JobInfo, JobList
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.job_infos import job_info, job_line
from gp_mockserver.control.refusals import ControlError, nothing_there
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.job_moves import HOLD, CannotMove, about_to_succeed, held, holding, moved
from gp_mockserver.lifecycle.job_records import Amendment
from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord

if TYPE_CHECKING:
    from gp_mockserver.sites import ServedTask, Site

_FINAL_BUT_SUCCESS = frozenset(
    {JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.CANCELLED, JobStatus.EXPECTED_FAILURE}
)
_STATUSES = tuple(str(status) for status in JobStatus)
_BETWEEN = 200
"""Jobs that are looked at before other requests have their turn."""

GateName = Annotated[str, Meta(pattern="^.{1,100}$", description="the name of a gate")]


class JobsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which jobs are listed: `limit` of them at most, from number `start` on (1)."""

    task: str | None = None
    status: str | None = None
    user: str | None = None
    limit: Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 to 1000")] = 100
    start: Annotated[int, Meta(ge=1, le=10**9, description="a whole number from 1 on")] = 1


class HoldJobForm(msgspec.Struct, forbid_unknown_fields=True):
    """The gate at which the job is to be held."""

    gate: GateName = HOLD


class ReleaseJobForm(msgspec.Struct, forbid_unknown_fields=True):
    """The gate to open: the one at which the job is held, unless it is named."""

    gate: GateName | None = None


class MoveJobForm(msgspec.Struct, forbid_unknown_fields=True):
    """The status that the job is to have now, and, for one that fails, its error messages."""

    status: Literal[
        "esriJobSubmitted",
        "esriJobWaiting",
        "esriJobExecuting",
        "esriJobSucceeded",
        "esriJobFailed",
        "esriJobTimedOut",
        "esriJobCancelling",
        "esriJobCancelled",
        "expectedFailure",
    ]
    messages: list[str] = []


async def jobs(ask: Ask, query: JobsQuery) -> JobList:
    """The jobs as their timelines have them: a tool that has not run yet is not run for this."""
    if query.status is not None and query.status not in _STATUSES:
        hint = did_you_mean(query.status, _STATUSES)
        raise SiteFileError("?status", shown(query.status), one_of(_STATUSES), hint)
    if query.task is not None:
        _check_task(ask, query.task)
    found, total = [], 0
    looked_at = 0
    for site in ask.sites:
        now = site.clock.now()
        for job_id in reversed(site.store.ids()):
            looked_at += 1
            if looked_at % _BETWEEN == 0:
                await asyncio.sleep(0)
            record = site.store.get(job_id, now)
            if record is None or query.task not in (None, record.submission.task):
                continue
            if query.user not in (None, record.submission.user):
                continue
            if query.status is not None and record.state(now).status != query.status:
                continue
            total += 1
            if query.start <= total < query.start + query.limit:
                found.append(job_line(site, record, now))
    return JobList(found, total)


async def job(ask: Ask) -> JobInfo:
    """Its tool runs if its outcome is needed to tell how it stands."""
    site, record = _job(ask)
    return await _told(ask, site, record.job_id)


async def hold(ask: Ask, form: HoldJobForm) -> JobInfo:
    site, record = _job(ask)
    _amend(site, record.job_id, lambda job, now: held(job, now, form.gate)[0])
    return await _told(ask, site, record.job_id)


async def release(ask: Ask, form: ReleaseJobForm) -> JobInfo:
    site, record = _job(ask)
    gate = form.gate or holding(record, site.clock.now())
    if gate is None:
        raise ControlError(
            409, f"job {record.job_id} is not held", remedy="name a gate to open it before the job gets there"
        )
    try:
        site.release(record.job_id, gate)
    except ValueError as error:
        raise ControlError(409, str(error), path="gate", met=shown(gate)) from None
    return await _told(ask, site, record.job_id)


async def move(ask: Ask, form: MoveJobForm) -> JobInfo:
    site, record = _job(ask)
    status, errors = JobStatus(form.status), tuple(form.messages)
    if errors and status is not JobStatus.FAILED:
        raise SiteFileError("messages", f"messages of a job that becomes {status}", "those of one that fails")
    if status is JobStatus.CANCELLING:
        try:
            site.store.cancel(record.job_id, site.clock.now())
        except CancelRefused as error:
            raise ControlError(409, str(error), path="status", met=shown(form.status)) from None
    elif status is JobStatus.SUCCEEDED:
        await _succeed(site, record)
    else:
        _amend(site, record.job_id, lambda job, now: _settled(moved(job, now, status, errors), job, status))
    return await _told(ask, site, record.job_id)


async def delete(ask: Ask) -> Done:
    site, record = _job(ask)
    site.store.delete(record.job_id, site.clock.now())
    return Done(f"job {record.job_id} is deleted")


async def _succeed(site: Site, record: JobRecord) -> None:
    """Run the job's tool first: a job that has succeeded has results."""
    from gp_mockserver.running.job_progress import settle

    job_id = record.job_id
    if record.outputs is None:
        task = _task_of(site, record)
        if task is None:
            raise ControlError(409, f"job {job_id} has no task any more that could make its results")
        _amend(site, job_id, about_to_succeed, only_if=JobStatus.SUCCEEDED)
        current = site.store.get(job_id, site.clock.now())
        if current is not None and current.outputs is None:
            await settle(task, current)
        current = site.store.get(job_id, site.clock.now())
        if current is not None and current.timeline.ending.status is JobStatus.FAILED:
            _amend(site, job_id, lambda job, now: moved(job, now, JobStatus.FAILED))
            raise ControlError(
                409,
                f"job {job_id} has failed: its tool did, or its inputs are bad, so that there are no results",
                remedy="GET the job for its messages",
            )
    _amend(site, job_id, lambda job, now: moved(job, now, JobStatus.SUCCEEDED))


def _settled(amendment: Amendment, record: JobRecord, status: JobStatus) -> Amendment:
    """The amendment, by which a job's tool has no say any more if it ends without success."""
    if status in _FINAL_BUT_SUCCESS and record.outputs is None:
        return msgspec.structs.replace(amendment, outputs=b"{}")
    return amendment


def _amend(
    site: Site,
    job_id: str,
    change: Callable[[JobRecord, float], Amendment],
    *,
    only_if: JobStatus | None = None,
) -> None:
    """Amend a job. With `only_if`, it has to be able to become that first."""
    now = site.clock.now()

    def amendment(record: JobRecord) -> Amendment:
        if only_if is not None:
            moved(record, now, only_if)
        return change(record, now)

    try:
        amended = site.store.amend(job_id, amendment, now)
    except CannotMove as error:
        raise ControlError(409, str(error)) from None
    if amended is None:
        raise nothing_there(f"job {job_id} has been deleted meanwhile")


def _job(ask: Ask) -> tuple[Site, JobRecord]:
    """The job in the address, and its site."""
    job_id = ask.parts["job"]
    for site in ask.sites:
        record = site.store.get(job_id, site.clock.now())
        if record is not None:
            return site, record
    where = f"site {ask.about.context!r}" if ask.about is not None else "no site of this server"
    has = "has no" if ask.about is not None else "has a"
    raise nothing_there(f"{where} {has} job {job_id[:80]!r}: it never was, was deleted, or has expired")


async def _told(ask: Ask, site: Site, job_id: str) -> JobInfo:
    from gp_mockserver.running.job_progress import observe

    now = site.clock.now()
    record = site.store.get(job_id, now)
    if record is None:
        raise nothing_there(f"job {job_id} has been deleted meanwhile")
    task = _task_of(site, record)
    if task is None:
        return job_info(site, None, record, record.state(now), now, ask.url_of(site))
    record, state = await observe(task, record, now)
    return job_info(site, task, record, state, now, ask.url_of(site))


def _task_of(site: Site, record: JobRecord) -> ServedTask | None:
    service, _, label = record.submission.task.rpartition("/")
    served = site.services.get(service)
    return None if served is None else served.tasks.get(label)


def _check_task(ask: Ask, path: str) -> None:
    known = [
        task.path
        for site in ask.sites
        for service in site.services.values()
        for task in service.tasks.values()
    ]
    if path not in known:
        raise SiteFileError("?task", shown(path), "the path of a task", did_you_mean(path, known))
