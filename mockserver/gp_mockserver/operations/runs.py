"""Running a task: execute, which answers with the results, and submitJob, which starts a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import msgspec
from gp_protocol.error_envelopes import tool_failed_detail
from gp_protocol.errors import ProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message, MessageType, at_level, failed_to_execute_text
from gp_protocol.versions import names_of

from gp_mockserver.lifecycle.job_store import StoreFull
from gp_mockserver.lifecycle.jobs import Submission
from gp_mockserver.lifecycle.timelines import TimedMessage
from gp_mockserver.operations.descriptions import task_url
from gp_mockserver.running.job_runs import (
    LARGE,
    decide,
    failed,
    failing_on_inputs,
    in_worker,
    note_tool_error,
    run,
    tool_call,
    unless_large,
)
from gp_mockserver.running.references_given import check_items, with_root
from gp_mockserver.running.task_inputs import (
    BadInputs,
    read_environment,
    read_inputs,
    read_output_options,
)
from gp_mockserver.running.task_outputs import result
from gp_mockserver.security.cookies import token_cookie
from gp_mockserver.site_directories import output_path, run_path
from gp_mockserver.sites import ServedTask
from gp_mockserver.stored_files import NoRoom
from gp_mockserver.wire.feature_formats import (
    FEATURE_FORMATS,
    feature_reply,
    plain_options,
    reference_asked,
)
from gp_mockserver.wire.replies import BytesReply, FormReply, Redirect, Refusal, Reply
from gp_mockserver.wire.requests import Request

if TYPE_CHECKING:
    from gp_mockserver.tools.outcome_rules import OutcomeRule

_NOT_KEPT = frozenset({"f", "callback", "token"})


async def execute(request: Request) -> Reply | FormReply | BytesReply:
    """ArcGIS REST, *Execute task*: runs a task of a synchronous service; a list of results, and the
    messages."""
    task = request.task
    if not request.service.is_synchronous:
        raise Refusal(
            "execute-on-async", f"{request.service.name} is asynchronous: use submitJob", operation="execute"
        )
    if asks_for_the_form(request):
        return FormReply()
    options = read_output_options(request, request.service.descriptor.maximum_records)
    options = plain_options(request.form, options)
    given = (task.descriptor, request.parameters, request.profile)
    size = _size(request)
    large = size >= LARGE
    environment = await unless_large(size, read_environment, request.parameters, request.profile)
    try:
        inputs = await in_worker(read_inputs, *given) if large else read_inputs(*given)
        check_items(request.service, task.descriptor, inputs)
    except BadInputs as error:
        raise error.as_refusal() from None
    rule = decide(task, inputs)
    await _note_misses(request, size, inputs, rule)
    job_id = request.site.new_job_id()
    timeline = rule.timeline if rule and rule.timeline else task.timeline
    if timeline.ending.status is not JobStatus.SUCCEEDED:
        raise _tool_failed(task, job_id, [message for phase in timeline.phases for message in phase.messages])
    folder = run_path(job_id)
    call = tool_call(task, job_id, with_root(request), inputs, environment, folder)
    outcome = await run(task, rule.tool if rule and rule.tool else task.tool, call)
    if outcome.error is not None:
        note_tool_error(request, job_id)
    if outcome.status is not JobStatus.SUCCEEDED:
        raise _tool_failed(task, job_id, outcome.messages)
    target = reference_asked(request.form, environment.out_sr) or environment.output_reference(
        inputs.values()
    )

    def results() -> list[dict[str, Any]]:
        outputs = outcome.outputs
        return [
            result(each, outputs[each.name], options, spatial_reference=target, file_url=file_url)
            for each in task.descriptor.outputs
        ]

    published: dict[str, str] = {}

    def file_url(name: str) -> str:
        if name not in published:
            published[name] = request.site.directories.publish(
                f"{folder}/{unquote(name)}", output_path(request.service.name)
            )
            request.site.stored.keep_output(published[name])
        return f"{request.rest_root}/directories/{quote(published[name])}"

    try:
        written = await in_worker(results) if large else results()
    except ProtocolError as error:
        refused = failed(task, call, outcome, error.detail, error)
        note_tool_error(request, job_id)
        raise _tool_failed(task, job_id, refused.messages) from None
    except NoRoom as error:
        raise _tool_failed(task, job_id, failed(task, call, outcome, str(error)).messages) from None
    finally:
        if call.scratch_if_made:
            request.site.directories.remove_folder(folder)
    said = [Message(each.type, each.text) for each in outcome.messages]
    messages = at_level(said, request.service.message_level)
    value = {"results": written, "messages": messages}
    if request.form.format in FEATURE_FORMATS:
        return await in_worker(feature_reply, request.form, task.descriptor.name, written, value)
    return Reply(value)


def _size(request: Request) -> int:
    return sum(map(len, request.parameters.values()))


async def _note_misses(
    request: Request, size: int, inputs: Mapping[str, Any] | BadInputs, rule: OutcomeRule | None = None
) -> None:
    """Tell the journal what a run that is accepted came near to and missed."""
    entry = request.caller.scope.get("gpharness.entry")
    task = request.task
    is_right = rule is not None or not task.rules
    if entry is not None and not (
        is_right and not isinstance(inputs, BadInputs) and request.parameters.keys() <= task.taken
    ):
        from gp_mockserver.journal.near_misses import missed_in_run

        looked_at = size if request.task.rules else 0
        entry.near_miss = await unless_large(looked_at, missed_in_run, request, inputs, rule)


def _tool_failed(task: ServedTask, job_id: str, messages: Iterable[TimedMessage]) -> Refusal:
    texts = [message.text for message in messages if message.type is MessageType.ERROR]
    texts.append(failed_to_execute_text(task.descriptor.label))
    return Refusal("tool-failed", tool_failed_detail(task.descriptor.label, job_id=job_id, texts=texts))


async def submit_job(request: Request) -> Reply | FormReply | Redirect:
    """ArcGIS REST, *Submit job*: starts a job of an asynchronous service; its id and first status.

    With `f=html` it redirects to the job's page. A token that a secured service's request had among its
    parameters goes along as the browser's cookie, since it does not stand in an address that we write.
    """
    task, site, profile = request.task, request.site, request.profile
    if request.service.is_synchronous:
        raise Refusal(
            "submit-on-sync", f"{request.service.name} is synchronous: use execute", operation="submitJob"
        )
    if asks_for_the_form(request):
        return FormReply()
    given = (task.descriptor, request.parameters, profile)
    size = _size(request)
    large = size >= LARGE
    try:
        await unless_large(size, read_environment, request.parameters, profile)
        read_output_options(request, None)
        inputs = await in_worker(read_inputs, *given) if large else read_inputs(*given)
        check_items(request.service, task.descriptor, inputs)
        rule = decide(task, inputs)
        timeline = rule.timeline if rule and rule.timeline else task.timeline
        await _note_misses(request, size, inputs, rule)
    except BadInputs as error:
        if site.bad_input == "refuse":
            raise error.as_refusal() from None
        timeline, inputs = failing_on_inputs(task.timeline, error), {}
        await _note_misses(request, size, error)
    job_id = site.new_job_id()
    if (changes := request.changes) is not None:
        timeline, job_id = changes.timeline(task, timeline), changes.job_id(job_id)
    submission = Submission(
        job_id=job_id,
        task=task.path,
        submitted_at=request.arrived,
        parameters=msgspec.json.encode(
            {name: value for name, value in with_root(request).items() if name not in _NOT_KEPT}
        ),
        timeline=timeline,
        user=request.user,
    )
    try:
        site.store.add(submission, request.service.queue)
    except StoreFull as error:
        raise Refusal("server-busy", str(error)) from None
    if inputs and _NOT_KEPT.isdisjoint(inputs):
        site.inputs_read.keep(job_id, task.descriptor, submission.parameters, inputs)
    if request.form.format == "html":
        return Redirect(f"{task_url(request)}/jobs/{submission.job_id}", _token_kept(request))
    value: dict[str, Any] = {"jobId": submission.job_id, "jobStatus": timeline.first_status}
    if profile.submit_answers_all:
        value |= {"results": {}, "inputs": {}, "messages": []}
    return Reply(value)


def _token_kept(request: Request) -> dict[str, str]:
    """The header by which a browser keeps the token that let it submit a job."""
    token = request.parameters.get("token", "").strip()
    if not (token and request.user and request.service.is_secured):
        return {}
    return {"set-cookie": token_cookie(request.caller.find_root(), token)}


def asks_for_the_form(request: Request) -> bool:
    """Whether a browser opened the operation's address, naming neither an input nor anything else that the
    operation takes: that shows a form and runs nothing.

    A form sends the names of all its fields, the empty ones too, so that a task runs without inputs as well;
    and whatever is posted runs it.
    """
    if request.form.format != "html" or request.method == "POST":
        return False
    given = request.parameters
    return _RUNS.isdisjoint(given) and not any(each.name in given for each in request.task.descriptor.inputs)


_RUNS = names_of("parameter") - {"f", "callback", "token"}
