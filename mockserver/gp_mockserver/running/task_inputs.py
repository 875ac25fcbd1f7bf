"""The inputs of a task, read from a request as a server reads them: leniently, by the task's descriptor.

An empty text is *not given* (published clients send one for every parameter that they leave out), and so are
`null`, `{}` and a reference to nothing; a parameter that is not given takes its default.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, ParameterType, Task
from gp_protocol.descriptions.parameter_checks import check_value, value_of_name
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.data_types import PLAIN, OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.literals import check_long
from gp_protocol.values.spatial_references import Extent, SpatialReference, decode_spatial_reference
from gp_protocol.versions import Profile

from gp_mockserver.geometry.coordinate_systems import ProjectionFailed, by_id_or_wkt, check_known, label
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.requests import Request


class Environment(msgspec.Struct, frozen=True):
    """Where a tool works and answers: `context`, or the older `env:outSR` and `env:processSR`; None was not
    given."""

    out_sr: SpatialReference | None = None
    process_sr: SpatialReference | None = None
    extent: Extent | None = None

    def output_reference(self, inputs: Iterable[Any]) -> SpatialReference | None:
        """Where outputs are answered: outSR, else processSR, else where the first features of the inputs
        lie."""
        if self.out_sr or self.process_sr:
            return self.out_sr or self.process_sr
        for value in inputs:
            if isinstance(value, FeatureSet) and value.features and value.spatial_reference:
                return value.spatial_reference
        return None


_EVERYWHERE = Environment()


class BadInputs(Exception):
    """Inputs that do not fit their parameters: each fault, its path led in by the parameter's name, and the
    required ones that are missing."""

    def __init__(self, faults: list[RemoteProtocolError], missing: list[Parameter]) -> None:
        super().__init__(*faults, *missing)
        self.faults = faults
        self.missing = missing

    @property
    def details(self) -> list[str]:
        """Each fault in one line."""
        return [fault.detail for fault in self.faults]

    def as_refusal(self) -> Refusal:
        """The error that a server answers: 400, with a detail per fault."""
        absent = [
            f"{parameter.name}: met no value, expected a {parameter.data_type}; "
            f"ERROR 000735: {parameter.display_name}: Value is required"
            for parameter in self.missing
        ]
        name = "bad-value" if self.faults else "invalid-parameters"
        refusal = Refusal(name, *self.details, *absent)
        refusal.inputs = self
        return refusal

    def as_messages(self) -> list[str]:
        """The error messages of a job that was accepted and fails on these inputs."""
        absent = [f"ERROR 000735: {parameter.display_name}: Value is required" for parameter in self.missing]
        return ["ERROR 000622: Parameters are not valid.", *self.details, *absent]


def read_inputs(task: Task, given: Mapping[str, str], profile: Profile) -> dict[str, Any]:
    """Every input's value by parameter name, None where there is neither a value nor a default.

    Raises BadInputs with all the faults at once.
    """
    values: dict[str, Any] = {}
    faults: list[RemoteProtocolError] = []
    missing: list[Parameter] = []
    for parameter in task.inputs:
        try:
            value, is_missing = read_input(parameter, given.get(parameter.name, ""), profile)
        except RemoteProtocolError as error:
            faults.append(error.at(parameter.name))
            continue
        if is_missing:
            missing.append(parameter)
        values[parameter.name] = value
    if faults or missing:
        raise BadInputs(faults, missing)
    return values


def features_given(task: Task, given: Mapping[str, str], profile: Profile) -> Iterator[Any]:
    """The inputs that are features, or refer to some, each read when its turn comes; what cannot be read is
    left out."""
    for parameter in task.inputs:
        if parameter.data_type == "GPFeatureRecordSetLayer":
            with contextlib.suppress(RemoteProtocolError):
                yield read_input(parameter, given.get(parameter.name, ""), profile)[0]


def read_input(parameter: Parameter, text: str, profile: Profile) -> tuple[Any, bool]:
    """The value of one input, its default where none is given, and whether it is required and missing.

    Raises RemoteProtocolError, whose path begins at the value.
    """
    value = _read_value(parameter, text, profile) if text.strip() else None
    if value is not None:
        return value, False
    value = default_value(parameter)
    return value, parameter.parameter_type is ParameterType.REQUIRED and _is_nothing(value)


def _read_value(parameter: Parameter, text: str, profile: Profile) -> Any:
    value = data_type(parameter.data_type).decode_input(value_of_name(parameter, text), parameter)
    check_value(parameter, value)
    if parameter.data_type == "GPLong":
        check_long(value, profile.number)
    return value


def default_value(parameter: Parameter) -> Any:
    """The decoded default of an input, None where it has none or where its default does not fit its own
    type."""
    default = parameter.default_value
    if default is None or default == "" or default == {}:
        return None
    try:
        return data_type(parameter.data_type).decode_input(default, parameter)
    except RemoteProtocolError:
        return None


def _is_nothing(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, FeatureSet | RecordSet) and not value.features)


def read_environment(parameters: Mapping[str, str], profile: Profile) -> Environment:
    """The spatial references and the extent that a request asks for. Raises Refusal for one that cannot be
    read."""
    text, out_sr = parameters.get("context"), parameters.get("env:outSR")
    process_sr = parameters.get("env:processSR")
    if not (text or out_sr or process_sr):
        return _EVERYWHERE
    context = _context(text) if text and profile.has("parameter", "context") else {}
    return Environment(
        read_spatial_reference_parameter("context.outSR", context.get("outSR"))
        or read_spatial_reference_parameter("env:outSR", out_sr),
        read_spatial_reference_parameter("context.processSR", context.get("processSR"))
        or read_spatial_reference_parameter("env:processSR", process_sr),
        _extent(context.get("extent")),
    )


def _context(text: str) -> dict[str, Any]:
    if _says_nothing(text):
        return {}
    try:
        members = decode_json(text)
    except RemoteProtocolError as error:
        raise Refusal("bad-value", error.at("context").detail) from None
    if not isinstance(members, dict):
        raise Refusal(
            "bad-value", f"context: met {text[:80]}, expected an object of outSR, processSR and extent"
        )
    return members


def _says_nothing(text: str) -> bool:
    """Whether a text stands for a parameter that is not given; clients send their languages' nulls."""
    return text.strip() in ("", "null", "None")


def read_spatial_reference_parameter(path: str, raw: Any) -> SpatialReference | None:
    """A spatial reference that a request names, by id or wkt whatever its form was, None for an empty one.

    Raises Refusal, also for one that cannot be looked up: a result could not be projected to it.
    """
    if raw is None or (isinstance(raw, str) and _says_nothing(raw)):
        return None
    try:
        is_object = isinstance(raw, str) and raw.lstrip().startswith("{")
        reference = decode_spatial_reference(decode_json(raw) if is_object else raw)
    except RemoteProtocolError as error:
        raise Refusal("bad-value", error.at(path).detail) from None
    if reference is None:
        return None
    try:
        check_known(reference)
    except ProjectionFailed:
        expected = "a spatial reference that can be looked up, such as 4326"
        raise Refusal("bad-value", f"{path}: met {label(reference)}, expected {expected}") from None
    return by_id_or_wkt(reference)


def _extent(raw: Any) -> Extent | None:
    if raw is None or raw == "":
        return None
    try:
        extent: Extent = data_type("GPExtent").decode_input(raw, PLAIN)
        return extent
    except RemoteProtocolError as error:
        raise Refusal("bad-value", error.at("context.extent").detail) from None


def read_output_options(
    request: Request, maximum_records: int | None, submitted: Mapping[str, str] | None = None
) -> OutputOptions:
    """How outputs are written, as a request asks for it; what this version does not know is ignored.

    Where the request does not say whether z, m and true curves are wanted, it is as the job's parameters
    say, `submitted`.
    """
    asked: dict[str, Any] = {}
    if submitted is None and _OUTPUT_FLAGS.keys().isdisjoint(request.parameters):
        return OutputOptions(maximum_records=maximum_records)
    for name, option in _OUTPUT_FLAGS.items():
        default = submitted is not None and name in _HELD and _is_true(submitted.get(name, ""))
        wanted = request.flag(name, default) if name in request.parameters else default
        if wanted and request.profile.has("parameter", name):
            asked[option] = True
    return OutputOptions(maximum_records=maximum_records, **asked)


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


_OUTPUT_FLAGS = {
    "returnZ": "return_z",
    "returnM": "return_m",
    "returnTrueCurves": "return_true_curves",
    "returnFeatureCollection": "return_feature_collection",
    "returnColumnName": "return_column_name",
}
_HELD = frozenset({"returnZ", "returnM", "returnTrueCurves"})
"""What submitJob takes for the results to come."""
