"""Where a job stands at an instant: what its record says, with its tool run once the outcome is needed."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import arguments_text

from gp_mockserver.layers.output_services import NotPublished, publish
from gp_mockserver.lifecycle.job_store import JobRecord, StoreFull
from gp_mockserver.lifecycle.jobs import JobState, status_at
from gp_mockserver.lifecycle.timelines import NEVER, Timeline
from gp_mockserver.running.askers import for_a_job
from gp_mockserver.running.job_runs import LARGE, failed, failing_on_inputs, run, tool_call, unless_large
from gp_mockserver.running.references_given import mentions_references
from gp_mockserver.running.task_inputs import BadInputs, read_environment, read_inputs
from gp_mockserver.running.task_outputs import keep_outputs
from gp_mockserver.security.masking import masked
from gp_mockserver.site_directories import scratch_path
from gp_mockserver.sites import ServedTask, Site
from gp_mockserver.stored_files import NoRoom
from gp_mockserver.tools.tool_calls import Outcome

log = logging.getLogger("gp_mockserver")

_NEEDS_OUTCOME = frozenset({JobStatus.EXECUTING, JobStatus.CANCELLING, JobStatus.SUCCEEDED})


async def observe(task: ServedTask, record: JobRecord, now: float) -> tuple[JobRecord, JobState]:
    """The state of a job, and its record as it stands once the tool's outcome, where it is needed, is known.

    A tool that is still running after a moment of real time, the site's `patience`, leaves the job executing.
    """
    record, seen = await look_closer(task, record, now)
    return record, seen.state(now, _arguments(task, record))


async def look_closer(task: ServedTask, record: JobRecord, now: float) -> tuple[JobRecord, JobRecord]:
    """What `observe` returns, but for the state the record that tells it: that of a job that goes on while
    its tool is still running."""
    if not awaits_outcome(record) or status_at(record, now) not in _NEEDS_OUTCOME:
        return record, record
    settled = await settle(task, record)
    if settled is None:
        running = msgspec.structs.replace(record.timeline, ending=NEVER)
        return record, msgspec.structs.replace(record, timeline=running)
    record = msgspec.structs.replace(
        record, timeline=settled.timeline, outputs=settled.outputs, revision=settled.revision
    )
    return record, record


def awaits_outcome(record: JobRecord) -> bool:
    """Whether the job's tool has yet to run; it never does where the timeline ends otherwise than in
    success."""
    return record.outputs is None and record.timeline.ending.status is JobStatus.SUCCEEDED


def _arguments(task: ServedTask, record: JobRecord) -> str:
    """The inputs as `Executing (Tool): …` repeats them, without the tokens of layers among them (*assumed*:
    servers were seen to tell them); a parameter that was not given is `#`."""
    given = msgspec.json.decode(record.submission.parameters)
    text = arguments_text([given.get(parameter.name) or None for parameter in task.descriptor.parameters])
    return masked(text)


async def settle(task: ServedTask, record: JobRecord) -> JobRecord | None:
    """Run the job's tool, or wait for the run that is under way; None where it takes too long."""
    site = task.service.site
    given = record.submission.parameters
    if not task.blocking and len(given) < LARGE and not mentions_references(given):
        await _run_and_settle(task, record)
    else:
        running = site.running.get(record.job_id)
        if running is None:
            with for_a_job():
                running = asyncio.ensure_future(_run_in_turn(task, record))
            site.running[record.job_id] = running
            running.add_done_callback(partial(_has_run, site, record.job_id))
        waited = _here(running)
        done, _ = await asyncio.wait([waited], timeout=site.patience)
        if not done:
            return None
        waited.result()
    return site.store.get(record.job_id, record.submission.submitted_at)


def _has_run(site: Site, job_id: str, running: asyncio.Future[None]) -> None:
    """A run is over. What went wrong once its site was closed, and its folders were gone, concerns nobody."""
    site.running.pop(job_id, None)
    if site.is_closed and not running.cancelled() and (error := running.exception()) is not None:
        log.debug("the outcome of %s came too late", job_id, exc_info=error)


def _here(running: asyncio.Future[None]) -> asyncio.Future[None]:
    """A run, as the event loop at hand can wait for it: a site may be served and asked in process, too."""
    loop = running.get_loop()
    if loop is asyncio.get_running_loop():
        return running

    async def outcome() -> None:
        await asyncio.wait([running])
        running.result()

    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(outcome(), loop))


async def _run_in_turn(task: ServedTask, record: JobRecord) -> None:
    given = record.submission.parameters
    if len(given) < LARGE:
        await _run_and_settle(task, record)
        return
    turn = await task.service.site.large_requests.take_turn([given.decode()])
    try:
        await _run_and_settle(task, record)
    finally:
        turn.end()


async def _run_and_settle(task: ServedTask, record: JobRecord) -> None:
    site = task.service.site
    given = msgspec.json.decode(record.submission.parameters)
    size = len(record.submission.parameters)
    inputs = site.inputs_read.take(record.job_id, task.descriptor, record.submission.parameters)
    if inputs is None:
        try:
            inputs = await unless_large(size, read_inputs, task.descriptor, given, task.service.profile)
        except BadInputs as error:  # accepted all the same, or its task has changed since
            fails = partial(failing_on_inputs, error=error)
            site.store.settle(record.job_id, fails, b"{}", site.clock.now())
            return
    environment = await unless_large(size, read_environment, given, task.service.profile)
    rule = task.rule_for(inputs)
    if rule is not None and rule.tool is not None:
        rule.applied = max(rule.applied, 1)  # it may have been said since the job was submitted
    tool = rule.tool if rule and rule.tool else task.tool
    folder = scratch_path(task.service.name, record.job_id)
    call = tool_call(task, record.job_id, given, inputs, environment, folder)
    outcome = await run(task, tool, call)
    kept = b"{}"
    try:
        if call.scratch_if_made:
            site.stored.keep_job(record.job_id, folder)
    except NoRoom as error:
        outcome = failed(task, call, outcome, str(error))
    if outcome.status is JobStatus.SUCCEEDED:
        try:
            kept = await unless_large(size, keep_outputs, task.descriptor, outcome.outputs)
            publish(task, record.job_id, given, kept, site.clock.now())
        except NotPublished as error:
            kept, outcome = b"{}", failed(task, call, outcome, str(error))
        except ProtocolError as error:
            outcome = failed(task, call, outcome, error.detail, error)
    is_there = False
    try:
        try:
            settled = site.store.settle(record.job_id, partial(_with, outcome), kept, site.clock.now())
        except StoreFull as error:
            outcome = failed(task, call, outcome, str(error))
            settled = site.store.settle(record.job_id, partial(_with, outcome), b"{}", site.clock.now())
        is_there = settled is not None
    finally:
        if not is_there:  # deleted meanwhile, or its tool runs again since this could not be written
            site.layers.take_back(record.job_id)
            site.stored.forget_job(task.service.name, record.job_id)


def _with(outcome: Outcome, timeline: Timeline) -> Timeline:
    return timeline.with_outcome(
        status=outcome.status, messages=outcome.messages, progress=outcome.progress, seconds=outcome.seconds
    )
