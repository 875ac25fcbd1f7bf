"""Requests that are wrong on purpose, so that a contract knows what the server answers to them.

None of them is meant to do anything; a server may make a job of one all the same, and that job is recorded
to its end like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import quote

from gp_client.descriptors import TaskDescription
from gp_protocol.descriptions.descriptors import Parameter, ParameterType

from gpharness.contracts.contract import Answer, Asked, Conversation
from gpharness.recording.names import name_of

UNKNOWN_TASK: Final = "NoSuchTask"
UNKNOWN_NAME: Final = "NoSuchParameter"
UNKNOWN_JOB: Final = "j" + "0" * 32
_AMBIGUOUS: Final = re.compile(r"[?#%{}\x00-\x1f]")
_JSON: Final = {"f": "json"}
_BAD_TEXTS: Final = {
    "GPLong": "not a number",
    "GPDouble": "not a number",
    "GPBoolean": "neither",
    "GPDate": "no date",
    "GPLinearUnit": '{"distance": "far", "units": "esriMiles"}',
    "GPArealUnit": '{"area": "wide", "units": "esriAcres"}',
    "GPTimeUnit": '{"time": "long", "units": "esriTimeUnitsDays"}',
    "GPFeatureRecordSetLayer": '{"features": "none"}',
    "GPRecordSet": '{"features": "none"}',
    "GPDataFile": '{"url": 12}',
    "GPRasterDataLayer": '{"url": 12}',
}


def wrong_requests(
    task_path: str, task: TaskDescription, inputs: Mapping[str, str] | None
) -> Iterator[Conversation]:
    """The wrong requests of a task, `Folder/Service/Label`. `inputs` are such as it runs with, None where
    there are none: then what needs a job of its own is left out."""
    below = path_of_task(task_path)
    is_async = not task.is_synchronous
    kind: Literal["job", "execute"] = "job" if is_async else "execute"
    verb = "submitJob" if is_async else "execute"
    other = "execute" if is_async else "submitJob"
    yield _request(
        name_of(task_path, f"{other} instead of {verb}"),
        Asked(
            other if other == "execute" else "submit",
            f"{below}/{other}",
            Answer(),
            method="POST",
            parameters={**(inputs or {}), **_JSON},
        ),
        task_path,
    )
    for what, texts in _wrong_inputs(task, inputs or {}):
        yield Conversation(
            name=name_of(task_path, what),
            kind=kind,
            task=task_path,
            inputs=dict(texts),
            parameters=dict(_JSON),
        )
    if not is_async:
        return
    yield _request(
        name_of(task_path, "unknown job"),
        Asked("job", f"{below}/jobs/{UNKNOWN_JOB}", Answer(), parameters=dict(_JSON)),
        task_path,
    )
    if inputs is not None:
        name = next((each.name for each in task.outputs), UNKNOWN_NAME)
        yield Conversation(
            name=name_of(task_path, "result before the end"),
            kind="job",
            task=task_path,
            inputs=dict(inputs),
            parameters=dict(_JSON),
            asked=[
                _result(below, name, 0.0),
                *([_result(below, UNKNOWN_NAME, 0.0)] if name != UNKNOWN_NAME else []),
            ],
        )


def unknown_task(service: str) -> Conversation:
    """A task that the service does not have."""
    path = f"/rest/services/{segments(service)}/GPServer/{UNKNOWN_TASK}"
    return _request(
        name_of(service, "unknown task"), Asked("task", path, Answer(), parameters=dict(_JSON)), ""
    )


def path_of_task(task_path: str) -> str:
    """`/rest/services/Folder/Service/GPServer/Label`, below the context."""
    service, _, label = task_path.rpartition("/")
    return f"/rest/services/{segments(service)}/GPServer/{segments(label)}"


def segments(names: str) -> str:
    """Names as a contract has them in paths: as they are, where that is not ambiguous."""
    return "/".join(quote(each, safe="") if _AMBIGUOUS.search(each) else each for each in names.split("/"))


def _result(below: str, name: str, after: float) -> Asked:
    path = f"{below}/jobs/{{job}}/results/{segments(name)}"
    return Asked("result", path, Answer(), parameters=dict(_JSON), after=after)


def _wrong_inputs(
    task: TaskDescription, inputs: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Inputs with one fault, and which."""
    needed = next((each for each in task.inputs if _is_needed(each)), None)
    if needed is not None:
        yield f"{needed.name} missing", {key: text for key, text in inputs.items() if key != needed.name}
    typed = next((each for each in task.inputs if each.data_type in _BAD_TEXTS), None)
    if typed is not None:
        yield f"{typed.name} of a wrong type", {**inputs, typed.name: _BAD_TEXTS[typed.data_type]}
    chosen = next((each for each in task.inputs if each.choice_list), None)
    if chosen is not None:
        yield f"{chosen.name} outside its choice list", {**inputs, chosen.name: _outside(chosen)}


def _is_needed(parameter: Parameter) -> bool:
    """Whether it has to be given; the default of features is mostly a schema without features."""
    default = parameter.default_value
    is_empty = default in (None, "", {}, []) or (isinstance(default, Mapping) and not default.get("features"))
    return parameter.parameter_type is ParameterType.REQUIRED and is_empty


def _outside(parameter: Parameter) -> str:
    return '["no such choice"]' if parameter.data_type.startswith("GPMultiValue") else "no such choice"


def _request(name: str, asked: Asked, task: str) -> Conversation:
    return Conversation(name=name, kind="request", task=task, asked=[asked])
