"""The results and the inputs of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.errors import ProtocolError, RemoteProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import PLAIN, DataType, OutputOptions, ParameterSpec, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet

from gp_mockserver.geometry.coordinate_systems import WGS84
from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.maps.result_forms import as_picture, published_layers
from gp_mockserver.operations.jobs import own_job, succeeded
from gp_mockserver.running.job_progress import observe
from gp_mockserver.running.job_runs import LARGE, in_worker, unless_large
from gp_mockserver.running.kept_results import kept_value
from gp_mockserver.running.task_inputs import (
    default_value,
    features_given,
    read_environment,
    read_output_options,
    read_spatial_reference_parameter,
)
from gp_mockserver.running.task_outputs import projected, read_outputs, said
from gp_mockserver.running.task_outputs import result as result_value
from gp_mockserver.security.masking import masked, without_tokens
from gp_mockserver.site_directories import scratch_path
from gp_mockserver.wire.feature_formats import (
    FEATURE_FORMATS,
    FEATURES,
    feature_reply,
    kmz_reply,
    plain_options,
    reference_asked,
)
from gp_mockserver.wire.replies import BytesReply, Refusal, Reply
from gp_mockserver.wire.requests import Request


async def result(request: Request) -> Reply | BytesReply:
    """ArcGIS REST, *GP result*: one output of a job that has succeeded."""
    record = _own_record(request)
    wanted = _named(request, request.task.descriptor.outputs)
    if request.form.format == "image":
        from gp_mockserver.operations.result_maps import result_picture

        return await result_picture(request, wanted)
    (value,) = await _results(request, record, [wanted])
    if request.form.format in FEATURE_FORMATS:
        return await in_worker(feature_reply, request.form, value["paramName"], [value], value)
    return Reply(value)


async def all_results(request: Request) -> Reply:
    """ArcGIS REST, *Results* (11.1): a list of every output."""
    values = await _results(request, _own_record(request), request.task.descriptor.outputs)
    return Reply(values)


async def job_features(request: Request) -> BytesReply:
    """ArcGIS REST, *GP job*, `f=kmz`. *Assumed*: the features of its results, a folder for each, once it has
    succeeded; until then, and for a job without any, its status alone."""
    record = own_job(
        request, request.turn or request.site.store.look(request.address.job_id, request.arrived)
    )
    record, state = await observe(request.task, record, request.arrived)
    wanted = [each for each in request.task.descriptor.outputs if each.data_type.endswith(FEATURES)]
    values = await _results(request, record, wanted) if state.status is JobStatus.SUCCEEDED else []
    return await in_worker(kmz_reply, record.job_id, values, state.status)


async def input(request: Request) -> Reply | BytesReply:
    """ArcGIS REST, *GP input*: one input of a job, in any state of the job."""
    _own_record(request)
    (value,) = _inputs(request, [_named(request, request.task.descriptor.inputs)])
    if request.form.format == "kmz":
        return await in_worker(feature_reply, request.form, value["paramName"], [value], value)
    return Reply(value)


async def all_inputs(request: Request) -> Reply:
    """ArcGIS REST, *Inputs* (11.1): a list of every input."""
    values = _inputs(request, request.task.descriptor.inputs)
    return Reply(values)


def _own_record(request: Request) -> JobRecord:
    """The job in the address. Raises Refusal where there is none, whatever else is wrong with the address."""
    return own_job(request, request.site.store.get(request.address.job_id, request.arrived))


def _named(request: Request, parameters: tuple[Parameter, ...]) -> Parameter:
    wanted = request.address.name
    names = [parameter.name for parameter in parameters]
    if (changes := request.changes) is not None:
        wanted = changes.result_name(wanted, names)
    if wanted not in names:
        which = request.address.operation
        raise Refusal(
            "unknown-result",
            f"{which} {wanted[:80]!r} does not exist; {did_you_mean(wanted, names)}".rstrip("; "),
        )
    return parameters[names.index(wanted)]


async def _results(request: Request, record: JobRecord, wanted: Sequence[Parameter]) -> list[dict[str, Any]]:
    task = request.task
    record = await succeeded(request, record)
    given = msgspec.json.decode(record.submission.parameters)
    environment = read_environment(given, request.profile)
    asked = read_spatial_reference_parameter("outSR", request.parameters.get("outSR"))
    asked = reference_asked(request.form, asked or environment.out_sr) or asked
    options = read_output_options(request, request.service.descriptor.maximum_records, given)
    options = plain_options(request.form, options)
    folder = scratch_path(request.service.name, record.job_id)
    kept = record.outputs or b"{}"

    size = len(kept) + len(record.submission.parameters)
    may_leave_as_kept = (
        size >= LARGE
        and len(wanted) == 1
        and request.form.format == "json"
        and not request.service.descriptor.result_map_server_name
    )

    def results() -> list[dict[str, Any]]:
        target = asked or environment.output_reference(
            features_given(task.descriptor, given, request.profile)
        )
        published: dict[str, Any] = {}
        if request.form.format not in FEATURE_FORMATS:  # which are of what was published
            published |= published_layers(request, record.job_id, given, kept)
        if may_leave_as_kept and wanted[0].name not in published:
            value = kept_value(wanted[0], kept, options, target)
            if value is not None:
                return [said(wanted[0], wanted[0].data_type, value)]
        outputs = read_outputs(task.descriptor, kept) | published
        return [
            result_value(
                each,
                as_picture(request, each, outputs[each.name], target),
                options,
                spatial_reference=target,
                file_url=file_url,
            )
            for each in wanted
        ]

    def file_url(name: str) -> str:
        return f"{request.rest_root}/directories/{quote(folder)}/{name}"

    return await unless_large(size, results)


def _inputs(request: Request, wanted: Sequence[Parameter]) -> list[dict[str, Any]]:
    record = _own_record(request)
    given = msgspec.json.decode(record.submission.parameters)
    options = plain_options(request.form, read_output_options(request, None))
    return [written_input(request, parameter, given.get(parameter.name, ""), options) for parameter in wanted]


def written_input(
    request: Request, parameter: Parameter, text: str, options: OutputOptions
) -> dict[str, Any]:
    """An input as `inputs/<name>` has it, by the text that a client sent; its default where that is none."""
    kind = data_type(parameter.data_type)
    spec: ParameterSpec = parameter
    try:
        value = kind.decode_input(text, parameter) if text.strip() else None
        value = default_value(parameter) if value is None else value
        if isinstance(value, CompositeValue):
            kind, spec, value = data_type(value.data_type), PLAIN, value.value
        if request.form.format == "kmz":
            value = projected(value, WGS84)
        value = _written(kind, value, spec, options)
    except ProtocolError as error:
        if request.form.format == "kmz":
            raise Refusal("bad-value", error.at(parameter.name).detail) from None
        value = _as_given(text)
    if kind.name.endswith("GPStringHidden") and request.profile.has("rule", "blank GPStringHidden in inputs"):
        value = kind.empty_output
    return said(parameter, kind.name, value)


def _written(kind: DataType, value: Any, spec: ParameterSpec, options: OutputOptions) -> Any:
    """Texts and sets as outputs have them; anything else as inputs do, which have more forms."""
    if value is None or kind.is_text or isinstance(value, FeatureSet | RecordSet):
        return kind.encode_output(value, options)
    return without_tokens(kind.encode_input_json(value, spec))


def _as_given(text: str) -> Any:
    """An input that its type cannot read, or has no form for, as the client sent it."""
    try:
        return without_tokens(decode_json(text) if text.lstrip()[:1] in "{[" else text)
    except RemoteProtocolError:
        return masked(text)
