"""The flows of a run: execute, or submit, poll until the end, and fetch the results.

A submission is never repeated by itself. A poll is. A job that is left behind, for its deadline or for an
interruption, is cancelled unless it is to go on, and the error says where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from gp_protocol.descriptions.descriptors import Parameter, ParameterType
from gp_protocol.errors import shown

from gp_client.descriptors import TaskDescription
from gp_client.errors import (
    JobAddress,
    ProtocolViolation,
    ServerError,
)
from gp_client.following import about, look, succeeded
from gp_client.inputs.beside_options import joined
from gp_client.inputs.inputs import encode_inputs
from gp_client.jobs import JobState, read_messages, read_submission
from gp_client.options import RunOptions
from gp_client.outputs.outputs import Output, read_output
from gp_client.outputs.spelling import as_spelt
from gp_client.results import Result
from gp_client.sessions import Deadline, Session
from gp_client.steps import Flow, Wait
from gp_client.wire.exchange import ask

T = TypeVar("T")

_LATE_RESULTS = 6
"""Looks that a job which succeeded gets for its results to be listed."""
_TOO_EARLY = 4
_WRONG_VERB = "error performing submitjob operation"


def parameters_of(task: TaskDescription, inputs: Mapping[str, Any], options: RunOptions) -> dict[str, str]:
    """What a run sends. Raises InvalidInput, before anything is sent."""
    encoded = encode_inputs(task.descriptor, inputs, url=task.url, version=task.version)
    asked = options.parameters(task.version)
    return joined(task.descriptor, encoded, asked, options.env, url=task.url) if asked else encoded


def execute(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """ArcGIS REST, *Execute task*."""
    url = f"{task.url}/execute"
    parameters = parameters_of(task, inputs, options)
    sources: list[bytes] = []
    json = yield from ask(session, url, parameters, safe=False, deadline=deadline, keep=sources.append)
    listed = json.get("results")
    if not isinstance(listed, list):
        met = shown(listed) if "results" in json else f"an answer with {', '.join(json) or 'nothing'}"
        raise ProtocolViolation(pointer="/results", met=met[:200], expected="a list of results", url=url)
    given = [(_name_in(each, number, url), (number, each)) for number, each in enumerate(listed)]
    outputs = {}
    for parameter in task.descriptor.outputs:
        found = called(parameter.name, given, url, None)
        if found is None:
            outputs[parameter.name] = _not_listed(parameter, url, None)
            continue
        number, answer = found
        output = read_output(
            answer,
            task,
            parameter.name,
            url=url,
            pointer=f"/results/{number}",
            asked_reference=options.asked_reference,
            rows_by_name=bool(options.return_column_name),
        )
        outputs[parameter.name] = as_spelt(output, sources[-1], number)
    messages = session.tokens.without_secrets_in(read_messages(json.get("messages")))
    return Result(outputs, messages, None, json)


def called(name: str, listed: Iterable[tuple[str, T]], url: str, job: JobAddress | None) -> T | None:
    """What stands under a name, exactly so or, where that is not there, in another case. Raises
    ProtocolViolation where several do."""
    alike = [(key, value) for key, value in listed if key.lower() == name.lower()]
    found = [value for key, value in alike if key == name] or [value for _, value in alike]
    if len(found) > 1:
        met, expected = f"{name!r} {len(found)} times", "each result once"
        raise ProtocolViolation(pointer="/results", met=met, expected=expected, url=url, job=job)
    return found[0] if found else None


def _name_in(answer: Any, number: int, url: str) -> str:
    name = answer.get("paramName") if isinstance(answer, dict) else None
    if not isinstance(name, str):
        pointer, expected = f"/results/{number}", '{"paramName", "dataType", "value"}'
        raise ProtocolViolation(pointer=pointer, met=shown(answer), expected=expected, url=url)
    return name


def _not_listed(parameter: Parameter, url: str, job: JobAddress | None) -> Output:
    """An output that a server does not list: none, where it is optional."""
    if parameter.parameter_type is not ParameterType.OPTIONAL:
        raise ProtocolViolation(
            pointer="/results",
            met="no such result",
            expected=f"the output {parameter.name!r}, which the task declares",
            url=url,
            job=job,
        )
    return Output(parameter.name, parameter.data_type, None, None, (), False)


def run(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """Run a task as its service does, and wait for its outputs.

    Where neither the task nor its service says how it runs, it is submitted, and executed where the server
    refuses that as the wrong operation.
    """
    if task.is_synchronous:
        return (yield from execute(session, task, inputs, options, deadline))
    try:
        job = yield from submit(session, task, inputs, options, deadline)
    except ServerError as refused:
        is_synchronous = _WRONG_VERB in refused.message.lower() and refused.job is None
        if task.is_synchronous is None and is_synchronous:
            return (yield from execute(session, task, inputs, options, deadline))
        raise
    return (yield from about(job, _awaited(session, task, job, options, deadline)))


def _awaited(
    session: Session, task: TaskDescription, job: JobAddress, options: RunOptions, deadline: Deadline
) -> Flow[Result]:
    state = yield from succeeded(session, job, deadline)
    return (yield from fetch_results(session, task, job, state, options, deadline))


def submit(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[JobAddress]:
    """ArcGIS REST, *Submit job*."""
    url = f"{task.url}/submitJob"
    parameters = parameters_of(task, inputs, options)
    json = yield from ask(session, url, parameters, safe=False, deadline=deadline)
    address = read_submission(json, task.url, url)
    if address.id in session.jobs_seen:
        raise ProtocolViolation(
            pointer="/jobId", met=f"{address.id} for a second job", expected="an id of its own", url=url
        )
    session.jobs_seen.add(address.id)
    return address


def fetch_results(
    session: Session,
    task: TaskDescription,
    job: JobAddress,
    state: JobState,
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """Every output that the task declares, of a job that succeeded."""
    declared = task.descriptor.outputs
    if declared:
        state = yield from _with_results(session, task, job, state, deadline)
    outputs = {}
    for parameter in declared:
        url = called(parameter.name, state.results.items(), job.url, job)
        if url is None:
            outputs[parameter.name] = _not_listed(parameter, job.url, job)
        else:
            outputs[parameter.name] = yield from fetch_output(
                session, task, parameter.name, url, job, options, deadline
            )
    return Result(outputs, state.messages, job, state.raw)


def _with_results(
    session: Session, task: TaskDescription, job: JobAddress, state: JobState, deadline: Deadline
) -> Flow[JobState]:
    """The job once it lists its results, which some servers take a moment for. Raises ProtocolViolation."""
    polling = session.settings.polling
    wait = 2 * polling.first
    for _ in range(_LATE_RESULTS):
        if not _missing(task, state):
            return state
        if deadline.left(session.clock) <= wait:
            break
        yield Wait(wait)
        wait = min(wait * polling.growth, polling.longest)
        state = yield from look(session, job, deadline)
    if missing := _missing(task, state):
        listed = ", ".join(state.results) or "none"
        raise ProtocolViolation(
            pointer="/results",
            met=f"results of {listed}",
            expected=f"one of {', '.join(missing)}, which the task declares",
            url=job.url,
            job=job,
        )
    return state


def _missing(task: TaskDescription, state: JobState) -> list[str]:
    listed = {name.lower() for name in state.results}
    return [
        each.name
        for each in task.descriptor.outputs
        if each.name.lower() not in listed and each.parameter_type is not ParameterType.OPTIONAL
    ]


def fetch_output(
    session: Session,
    task: TaskDescription,
    name: str,
    url: str,
    job: JobAddress,
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Output]:
    """One result or input of a job."""
    parameters = options.result_parameters(task.version)
    sources: list[bytes] = []
    json = yield from ask(
        session,
        url,
        parameters,
        safe=True,
        deadline=deadline,
        job=job,
        patience=_TOO_EARLY,
        list_allowed=True,
        keep=sources.append,
    )
    output = read_output(
        json,
        task,
        name,
        url=url,
        asked_reference=options.asked_reference,
        rows_by_name=bool(options.return_column_name),
    )
    return as_spelt(output, sources[-1])
