"""The results and the inputs of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.errors import ProtocolError, RemoteProtocolError
from gp_protocol.job_states import FINAL, JobStatus
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import PLAIN, DataType, OutputOptions, ParameterSpec, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet

from gp_mockserver.operations.jobs import own_job
from gp_mockserver.running.job_progress import observe
from gp_mockserver.running.job_runs import unless_large
from gp_mockserver.running.task_inputs import (
    default_value,
    read_environment,
    read_inputs,
    read_output_options,
    read_spatial_reference_parameter,
)
from gp_mockserver.running.task_outputs import read_outputs, said
from gp_mockserver.running.task_outputs import result as result_value
from gp_mockserver.site_directories import scratch_path
from gp_mockserver.wire.replies import Refusal, Reply
from gp_mockserver.wire.requests import Request


async def result(request: Request) -> Reply:
    """ArcGIS REST, *GP result*: one output of a job that has succeeded."""
    (value,) = await _results(request, [_named(request, request.task.descriptor.outputs)])
    return Reply(value)


async def all_results(request: Request) -> Reply:
    """ArcGIS REST, *Results* (11.1): a list of every output."""
    values = await _results(request, request.task.descriptor.outputs)
    return Reply(values)


async def input(request: Request) -> Reply:
    """ArcGIS REST, *GP input*: one input of a job, in any state of the job."""
    (value,) = _inputs(request, [_named(request, request.task.descriptor.inputs)])
    return Reply(value)


async def all_inputs(request: Request) -> Reply:
    """ArcGIS REST, *Inputs* (11.1): a list of every input."""
    values = _inputs(request, request.task.descriptor.inputs)
    return Reply(values)


def _named(request: Request, parameters: tuple[Parameter, ...]) -> Parameter:
    wanted = request.address.name
    names = [parameter.name for parameter in parameters]
    if wanted not in names:
        which = request.address.operation
        raise Refusal(
            "unknown-result",
            f"{which} {wanted[:80]!r} does not exist; {did_you_mean(wanted, names)}".rstrip("; "),
        )
    return parameters[names.index(wanted)]


async def _results(request: Request, wanted: Sequence[Parameter]) -> list[dict[str, Any]]:
    site, task = request.site, request.task
    record = own_job(request, site.store.get(request.address.job_id, request.arrived))
    record, state = await observe(task, record, request.arrived)
    if state.status is not JobStatus.SUCCEEDED:
        name = "result-of-failed-job" if state.status in FINAL else "result-not-ready"
        raise Refusal(name, f"job {record.job_id} is {state.status}, expected esriJobSucceeded")
    given = msgspec.json.decode(record.submission.parameters)
    environment = read_environment(given, request.profile)
    asked = read_spatial_reference_parameter("outSR", request.parameters.get("outSR"))
    options = read_output_options(request, request.service.descriptor.maximum_records, given)
    folder = scratch_path(request.service.name, record.job_id)
    kept = record.outputs or b"{}"

    def results() -> list[dict[str, Any]]:
        outputs = read_outputs(task.descriptor, kept)
        target = asked or environment.output_reference(read_inputs(task.descriptor, given, request.profile))
        return [
            result_value(each, outputs[each.name], options, spatial_reference=target, file_url=file_url)
            for each in wanted
        ]

    def file_url(name: str) -> str:
        return f"{request.rest_root}/directories/{quote(folder)}/{name}"

    return await unless_large(len(kept) + len(record.submission.parameters), results)


def _inputs(request: Request, wanted: Sequence[Parameter]) -> list[dict[str, Any]]:
    record = own_job(request, request.site.store.get(request.address.job_id, request.arrived))
    given = msgspec.json.decode(record.submission.parameters)
    options = read_output_options(request, None)
    return [_input(request, parameter, given.get(parameter.name, ""), options) for parameter in wanted]


def _input(request: Request, parameter: Parameter, text: str, options: OutputOptions) -> dict[str, Any]:
    kind = data_type(parameter.data_type)
    spec: ParameterSpec = parameter
    try:
        value = kind.decode_input(text, parameter) if text.strip() else None
        value = default_value(parameter) if value is None else value
        if isinstance(value, CompositeValue):
            kind, spec, value = data_type(value.data_type), PLAIN, value.value
        value = _written(kind, value, spec, options)
    except ProtocolError:
        value = _as_given(text)
    if kind.name.endswith("GPStringHidden") and request.profile.has("rule", "blank GPStringHidden in inputs"):
        value = kind.empty_output
    return said(parameter, kind.name, value)


def _written(kind: DataType, value: Any, spec: ParameterSpec, options: OutputOptions) -> Any:
    """Texts and sets as outputs have them; anything else as inputs do, which have more forms."""
    if value is None or kind.is_text or isinstance(value, FeatureSet | RecordSet):
        return kind.encode_output(value, options)
    return kind.encode_input_json(value, spec)


def _as_given(text: str) -> Any:
    """An input that its type cannot read, or has no form for, as the client sent it."""
    try:
        return decode_json(text) if text.lstrip()[:1] in "{[" else text
    except RemoteProtocolError:
        return text
