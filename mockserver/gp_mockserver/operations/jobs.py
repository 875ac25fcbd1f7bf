"""A job as its address shows it, and its cancel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from gp_protocol.job_states import FINAL, JobStatus
from gp_protocol.messages import at_level
from gp_protocol.versions import Platform

from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord
from gp_mockserver.lifecycle.jobs import JobState, status_at
from gp_mockserver.running.job_progress import look_closer, observe
from gp_mockserver.running.job_runs import note_tool_error
from gp_mockserver.wire.replies import BytesReply, JobReply, Refusal, Reply, unknown_job
from gp_mockserver.wire.requests import Request


async def job(request: Request) -> JobReply | BytesReply:
    """ArcGIS REST, *GP job*. Each request is one poll: its turn is taken when it arrives."""
    site = request.site
    if request.form.format == "kmz":
        from gp_mockserver.operations.results import job_features

        return await job_features(request)
    record = own_job(request, request.turn or site.store.look(request.address.job_id, request.arrived))
    record, state = await observe(request.task, record, request.arrived)
    if site.tool_errors:
        note_tool_error(request, record.job_id)
    if isinstance(site.clock, JumpingClock) and state.next_change is not None:
        site.clock.jump_to(state.next_change)
    value = job_value(request, record, state, with_messages=request.flag("returnMessages", default=True))
    return JobReply(value, record, state)


def job_value(request: Request, record: JobRecord, state: JobState, *, with_messages: bool) -> dict[str, Any]:
    """The JSON of a job: results and inputs once it has succeeded, progress while it executes."""
    task = request.task.descriptor
    value: dict[str, Any] = {"jobId": record.job_id, "jobStatus": state.status}
    if state.status is JobStatus.SUCCEEDED:
        results = {each.name: _place("results", each.name) for each in task.outputs}
        inputs = {each.name: _place("inputs", each.name) for each in task.inputs}
        if request.profile.platform is Platform.ONLINE:  # as recorded
            value |= {"inputs": inputs, "results": results}
        else:
            value |= {"results": results, "inputs": inputs}
    if with_messages:
        value["messages"] = at_level(state.messages, request.service.message_level)
    if state.progress is not None and request.profile.has("job key", "progress"):
        value["progress"] = state.progress
    return value


@lru_cache(maxsize=10_000)
def _place(which: str, name: str) -> Mapping[str, str]:
    """Where a result or an input lies, relative to its job; percent-encoded, since clients append it as it
    is."""
    return {"paramUrl": f"{which}/{quote(name)}"}


async def cancel(request: Request) -> Reply:
    """ArcGIS REST, *Cancel GP job*: only a waiting or executing job can be cancelled; anything else is an
    error and leaves the job as it is. Asking again while it is being cancelled repeats the answer
    (*assumed*)."""
    site = request.site
    record = own_job(request, site.store.get(request.address.job_id, request.arrived))
    await observe(request.task, record, request.arrived)
    try:
        record = own_job(request, site.store.cancel(record.job_id, request.arrived))
    except CancelRefused as error:
        if error.status is not JobStatus.CANCELLING:
            raise Refusal("cancel-refused", str(error)) from None
    status = record.state(request.arrived).status
    return Reply({"jobId": record.job_id, "jobStatus": status})


async def succeeded(request: Request, record: JobRecord) -> JobRecord:
    """The record of a job whose results are asked for. Raises Refusal where it has not succeeded."""
    record, seen = await look_closer(request.task, record, request.arrived)
    status = status_at(seen, request.arrived)
    if status is not JobStatus.SUCCEEDED:
        name = "result-of-failed-job" if status in FINAL else "result-not-ready"
        raise Refusal(name, f"job {record.job_id} is {status}, expected esriJobSucceeded")
    return record


def own_job(request: Request, record: JobRecord | None) -> JobRecord:
    """The record if there is one and it is a job of the task in the address; else the refusal."""
    if record is None or record.submission.task != request.task.path:
        raise Refusal("unknown-job", unknown_job(request.address.job_id))
    return record
