"""Running a task's tool: once per job, when its outcome is first needed.

A quick tool runs where it is needed. A blocking one (a user's function) runs in a worker thread, and a
request waits for it for a moment only, the site's `patience`: a tool that takes longer than that is, truly,
still executing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType

from gp_mockserver.large_requests import own_turn
from gp_mockserver.lifecycle.timelines import TimedMessage, Timeline
from gp_mockserver.running.askers import value_in
from gp_mockserver.running.references_given import ROOT, refers
from gp_mockserver.running.task_inputs import BadInputs, Environment
from gp_mockserver.running.task_outputs import made_outputs
from gp_mockserver.security.masking import masked
from gp_mockserver.site_directories import run_path
from gp_mockserver.sites import ServedTask
from gp_mockserver.tools.tool_calls import Outcome, Tool, ToolCall, keep_error, run_tool

if TYPE_CHECKING:
    from gp_mockserver.running.tool_threads import ToolThreads
    from gp_mockserver.tools.outcome_rules import OutcomeRule
    from gp_mockserver.wire.requests import Request

MAX_WORKERS: Final = 32
"""Tools that run at once."""
WAITING_TOOLS: Final = 1000
OWN_WORKERS: Final = 2
"""Threads for the server's own work: it all takes the processor, and more of them would only keep the event
loop from it, which waits its turn with them."""
WAITING_CALLS: Final = 250
LARGE = 200_000
"""Characters: with less than that, a thread costs more than it spares the other requests."""

T = TypeVar("T")

log = logging.getLogger("gp_mockserver")


@cache
def _tools() -> ToolThreads:
    from gp_mockserver.running.tool_threads import ToolThreads

    return ToolThreads(MAX_WORKERS, WAITING_TOOLS)


@cache
def _workers() -> ToolThreads:
    from gp_mockserver.running.tool_threads import ToolThreads

    return ToolThreads(OWN_WORKERS, WAITING_CALLS)


def threads_are_busy() -> bool:
    """Whether any thread is running a call."""
    return any(made.cache_info().currsize and made().busy for made in (_tools, _workers))


def tool_call(
    task: ServedTask,
    job_id: str,
    given: Mapping[str, str],
    inputs: Mapping[str, Any],
    environment: Environment,
    scratch_folder: str,
) -> ToolCall:
    """What a tool sees of one run."""
    site = task.service.site
    references = None
    mentioned = ROOT in given
    if (mentioned or task.descriptor.has_distant_defaults) and refers(task.descriptor, inputs):
        from gp_mockserver.running.input_references import InputReferences

        references = InputReferences(task.service, given.get(ROOT, ""), f"{run_path(job_id)}-inputs")
    if mentioned:
        given = {name: text for name, text in given.items() if name != ROOT}
    return ToolCall(
        job_id=job_id,
        task=task.descriptor,
        inputs=inputs,
        given=given,
        seed=site.seed,
        out_sr=environment.out_sr,
        process_sr=environment.process_sr,
        extent=environment.extent,
        make_scratch=lambda: site.directories.make_folder(scratch_folder),
        references=references,
    )


def decide(task: ServedTask, inputs: Mapping[str, Any]) -> OutcomeRule | None:
    """The rule that decides a run, which has applied with that. What a condition raises is kept among the
    site's `tool_errors`, and raised."""
    try:
        rule = task.rule_for(inputs)
    except Exception as error:
        keep_error(task.service.site.tool_errors, task.path, "", error)
        raise
    if rule is not None:
        rule.applied += 1
    return rule


async def run(task: ServedTask, tool: Tool, call: ToolCall) -> Outcome:
    """A tool's outcome. Outputs that the task does not declare, and files that lie elsewhere, make it a
    failure, and count as mistakes in its function, which the site keeps as `tool_errors`."""
    if call.extent is not None:
        tool = _within_extent(tool)
    if task.blocking or call.references is not None:
        if (turn := own_turn.get()) is not None:
            turn.end()
        site = task.service.site
        outcome = await in_tool_thread(_run_and_clean_up, tool, call, lambda: not site.is_closed)
    else:
        outcome = run_tool(tool, call)
    if outcome.error is not None:
        keep_error(task.service.site.tool_errors, task.path, call.job_id, outcome.error)
    if outcome.status is not JobStatus.SUCCEEDED:
        return outcome
    try:
        outputs = made_outputs(task.descriptor, outcome.outputs, call.scratch_if_made)
    except ValueError as error:
        return failed(task, call, outcome, str(error), error)
    return Outcome(outcome.status, outputs, outcome.messages, outcome.progress, outcome.seconds)


def _run_and_clean_up(tool: Tool, call: ToolCall, is_wanted: Callable[[], bool]) -> Outcome:
    try:
        return run_tool(tool, call, is_wanted)
    finally:
        if call.references is not None:
            call.references.close()


def failed(
    task: ServedTask, call: ToolCall, outcome: Outcome, text: str, mistake: Exception | None = None
) -> Outcome:
    """An outcome turned into a failure, since its outputs cannot be served; by `mistake` where that is the
    tool's."""
    if mistake is not None:
        keep_error(task.service.site.tool_errors, task.path, call.job_id, mistake)
    level = logging.DEBUG if task.service.site.is_closed else logging.WARNING
    log.log(level, "%s: the outputs of %s cannot be served: %s", task.path, call.job_id, text)
    message = TimedMessage(type=MessageType.ERROR, text=text, after=outcome.seconds)
    messages = (*outcome.messages, message)
    return msgspec.structs.replace(outcome, status=JobStatus.FAILED, messages=messages, error=mistake)


def failing_on_inputs(timeline: Timeline, error: BadInputs) -> Timeline:
    """The timeline of a job that was accepted although its inputs are bad."""
    told = {message.text for phase in timeline.phases for message in phase.messages}  # of one moved by hand
    texts = [text for text in error.as_messages() if text not in told]
    messages = tuple(TimedMessage(type=MessageType.ERROR, text=text) for text in texts)
    return timeline.with_outcome(status=JobStatus.FAILED, messages=messages)


def note_tool_error(request: Request, job_id: str) -> None:
    """Tell the journal of the mistake in a tool's function that the answer about a job or a run is due to."""
    entry = request.caller.scope.get("gpharness.entry")
    if entry is None:
        return
    for each in request.site.tool_errors:
        if each.job_id == job_id:
            entry.error = masked(each.text)
            return


async def in_worker(function: Callable[..., T], *arguments: Any) -> T:
    """A function's value, computed in one of the few worker threads while the server goes on.

    Raises ThreadsBusy where too many wait for one, and ClientLeft where nobody waits for the value any longer
    by the time that a thread would begin.
    """
    return await value_in(_workers(), copy_context().run, function, *arguments)


async def in_tool_thread(function: Callable[..., T], *arguments: Any) -> T:
    """As `in_worker`, in one of the many threads for what may take long and mostly waits."""
    return await value_in(_tools(), copy_context().run, function, *arguments)


async def unless_large(size: int, function: Callable[..., T], *arguments: Any) -> T:
    """A function's value: computed here, or for data of many characters in a worker thread."""
    return function(*arguments) if size < LARGE else await in_worker(function, *arguments)


def _within_extent(tool: Tool) -> Tool:
    """A tool that sees only the features that overlap the extent of its call."""

    def narrowed(call: ToolCall) -> Mapping[str, Any]:
        from gp_mockserver.geometry.spatial import within_extent

        assert call.extent is not None
        call.inputs = {name: within_extent(value, call.extent) for name, value in call.inputs.items()}
        return tool(call)

    return narrowed
