"""The form of a site file: the one definition by which files are checked and the JSON Schema is made.

Keys that are ArcGIS's have ArcGIS's spelling; services, tasks and parameters may be a real server's answers,
pasted: the `Pasted…` forms are what such answers alone may say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from gp_protocol.descriptions.descriptors import Direction, ExecutionType, ParameterType
from gp_protocol.descriptions.filters import LIST_FILTERS
from gp_protocol.error_envelopes import KNOWN_ERRORS
from gp_protocol.values.data_types import DATA_TYPES
from msgspec import Meta

from gp_mockserver.configuration.deviation_forms import DeviationForm
from gp_mockserver.configuration.durations import Duration
from gp_mockserver.configuration.journal_forms import JournalForm
from gp_mockserver.configuration.layer_forms import LayersForm
from gp_mockserver.configuration.limit_forms import LimitsForm
from gp_mockserver.configuration.security_forms import SecurityForm, UserForm
from gp_mockserver.configuration.timeline_forms import TimelineForm
from gp_mockserver.configuration.upload_forms import HostName, UploadsForm
from gp_mockserver.sites import DEFAULT_PATIENCE
from gp_mockserver.tools.latency import LatencyForm
from gp_mockserver.tools.output_sources import OutputForm

Latencies = Annotated[
    dict[str, Duration | LatencyForm],
    Meta(
        description="a mapping of operations (execute, submitJob, job, …, or * for all others) to latencies"
    ),
]
_TYPE_NAME = "the name of a data type, such as GPString"
DataTypeName = Annotated[str, Meta(description=_TYPE_NAME)]
ShortParameter = Annotated[str, Meta(description=_TYPE_NAME, extra_json_schema={"enum": list(DATA_TYPES)})]
EXECUTION_TYPES = {
    "synchronous": ExecutionType.SYNCHRONOUS,
    "asynchronous": ExecutionType.ASYNCHRONOUS,
    "sync": ExecutionType.SYNCHRONOUS,
    "async": ExecutionType.ASYNCHRONOUS,
}
DIRECTIONS = {"input": Direction.INPUT, "output": Direction.OUTPUT}
PARAMETER_TYPES = {
    "required": ParameterType.REQUIRED,
    "optional": ParameterType.OPTIONAL,
    "derived": ParameterType.DERIVED,
}


def words(short: Mapping[str, str]) -> list[str]:
    """The words that stand for an enum's in a site file: the short ones and ArcGIS's own."""
    return [*short, *dict.fromkeys(map(str, short.values()))]


ExecutionWord = Annotated[str, Meta(extra_json_schema={"enum": words(EXECUTION_TYPES)})]
DirectionWord = Annotated[str, Meta(extra_json_schema={"enum": words(DIRECTIONS)})]
ParameterTypeWord = Annotated[str, Meta(extra_json_schema={"enum": words(PARAMETER_TYPES)})]


class PastedParameter(msgspec.Struct, rename="camel"):
    """A parameter: `direction` is input or output, `parameterType` required, optional or derived, or the
    `esriGPParameter…` words."""

    data_type: DataTypeName
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    direction: DirectionWord | None = None
    parameter_type: ParameterTypeWord | None = None
    default_value: Any = None
    category: str | None = None
    choice_list: list[Any] | None = None
    filter: Any = None
    dependency: str | None = None
    parameter_infos: list[Any] | None = None


class ParameterForm(PastedParameter, rename="camel"):
    """A parameter: its descriptor; `default` is short for `defaultValue`."""

    default: Any = None


class RuleForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Where the inputs are as `when` says, jobs go otherwise: at most one of `fails` (true, or the error
    messages), `timesOut` and `neverEnds`; or other `outputs`, another `function`; a `timeline`.
    """

    when: Annotated[dict[str, Any], Meta(description="a mapping of inputs to what must hold of them")] = {}
    fails: Annotated[bool | str | list[str], Meta(description="true, or a list of error messages")] = False
    times_out: bool = False
    never_ends: bool = False
    outputs: dict[str, OutputForm] | None = None
    function: str | None = None
    timeline: TimelineForm | None = None


class _TaskKeys(msgspec.Struct, rename="camel"):
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    category: str | None = None
    help_url: str | None = None
    execution_type: ExecutionWord | None = None
    item_id: str | None = None


class PastedTask(_TaskKeys, rename="camel"):
    """A task's descriptor."""

    parameters: dict[str, Any] | list[dict[str, Any]] | None = None


class TaskForm(_TaskKeys, rename="camel"):
    """A task: its descriptor, written here in short or pasted, or in a file of its own; and what it does."""

    parameters: dict[str, ShortParameter | ParameterForm] | list[ParameterForm] | None = None
    descriptor: dict[str, Any] | None = None
    descriptor_file: str | None = None
    function: str | None = None
    outputs: dict[str, OutputForm] | None = None
    timeline: TimelineForm | None = None
    rules: list[RuleForm] = []
    latency: Latencies | None = None


class _ServiceKeys(msgspec.Struct, rename="camel"):
    execution_type: ExecutionWord | None = None
    service_description: str | None = None
    result_map_server_name: str | None = None
    maximum_records: int | None = None
    capabilities: str | None = None
    current_version: float | str | None = None
    cim_version: str | None = None
    schema: Any = None


class PastedService(_ServiceKeys, rename="camel"):
    """A service's descriptor; its tasks by name, or described in place of their names."""

    tasks: list[str | dict[str, Any]] | None = None


class ServiceForm(_ServiceKeys, rename="camel"):
    """A service: its descriptor, written here, pasted, or in a file of its own; its tasks; how it is run."""

    tasks: list[str | TaskForm] | None = None
    descriptor: dict[str, Any] | None = None
    descriptor_file: str | None = None
    instances: Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] | None = (
        None
    )
    message_level: Literal["None", "Error", "Warning", "Info"] = "Info"
    latency: Latencies | None = None
    started: bool = True
    validate: bool = True
    uploads: UploadsForm | None = None
    secured: Annotated[bool | list[str], Meta(description="true, or a list of the users who may use it")] = (
        False
    )


class ErrorForm(msgspec.Struct, forbid_unknown_fields=True):
    """What a known error says instead."""

    code: int | msgspec.UnsetType = msgspec.UNSET
    message: str | msgspec.UnsetType = msgspec.UNSET


class JobsForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How long jobs are kept after their end, how many at most, the file in which they outlive a restart, and
    how long in real time a look at a job waits for a tool that is running."""

    max_age: Duration | None = None
    max_jobs: Annotated[int, Meta(ge=1, description="a whole number, 1 or more")] | None = None
    store: Annotated[str, Meta(description="the name of a file in the site file's folder")] | None = None
    patience: Duration = DEFAULT_PATIENCE


PASTED_FORMS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
    ServiceForm: PastedService,
    TaskForm: PastedTask,
    ParameterForm: PastedParameter,
}
"""For each form the part of it that is ArcGIS's; the other keys are ours."""


class SiteForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A site: one mock ArcGIS Server, with its services by name, folder included."""

    services: Annotated[
        dict[str, ServiceForm], Meta(description="a mapping of names, such as Folder/Service, to services")
    ]
    context: str = "arcgis"
    version: Annotated[float | str, Meta(description='a version such as 10.91 or "agol-hosted"')] | None = (
        None
    )
    seed: int = 0
    clock: Annotated[str, Meta(description="real, x60 (any rate), jump or manual")] = "real"
    public_url: str | None = None
    bad_input: Literal["refuse", "fail-job"] = "refuse"
    latency: Latencies | None = None
    errors: dict[str, ErrorForm] = {}
    jobs: JobsForm = msgspec.field(default_factory=JobsForm)
    users: Annotated[dict[str, UserForm], Meta(description="a mapping of names to users")] = {}
    security: SecurityForm | None = None
    limits: LimitsForm = msgspec.field(default_factory=LimitsForm)
    fetch_from: list[HostName] = []
    layers: LayersForm = {}
    journal: JournalForm = msgspec.field(default_factory=JournalForm)
    deviations: list[DeviationForm] = []


_PASTED = {
    "ServiceForm": {
        "properties": {"executionType": {"type": "string", "pattern": "^esri"}},
        "required": ["executionType"],
    },
    "TaskForm": {
        "anyOf": [
            {
                "properties": {"executionType": {"type": "string", "pattern": "^esri"}},
                "required": ["executionType"],
            },
            {"properties": {"parameters": {"type": "array"}}, "required": ["parameters"]},
        ]
    },
    "ParameterForm": {
        "anyOf": [
            {"properties": {key: {"type": "string", "pattern": "^esri"}}, "required": [key]}
            for key in ("direction", "parameterType")
        ]
    },
}
"""What tells a real server's answer, which may have keys that nobody knows, from what people wrote."""
_WRITTEN: dict[str, dict[str, Any]] = {
    "ServiceForm": {"maximumRecords": {"minimum": 1}},
    "TaskForm": {},
    "ParameterForm": {
        "dataType": {"enum": list(DATA_TYPES)},
        "filter": {
            "properties": {"type": {"enum": ["range", *LIST_FILTERS, "codedValue", "composite"]}},
        },
    },
}
"""What holds of the values of what people wrote."""


def site_file_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of site files; `site-schema.json` in this package holds it."""
    from gp_mockserver.operations import OPERATIONS

    operations = {"enum": [*OPERATIONS, "*"]}
    (root,), parts = msgspec.json.schema_components([SiteForm], ref_template="#/$defs/{name}")
    for part in parts.values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
    for name, pasted in _PASTED.items():
        keys = list(parts[name]["properties"])
        written = {"propertyNames": {"enum": keys}, "properties": _WRITTEN[name]}
        parts[name] |= {"if": pasted, "else": written}
        if "latency" in keys:
            parts[name]["properties"]["latency"]["propertyNames"] = operations
    parts["OutputForm"] |= {"minProperties": 1, "maxProperties": 1}
    parts["SiteForm"]["properties"]["latency"]["propertyNames"] = operations
    parts["SiteForm"]["properties"]["errors"]["propertyNames"] = {"enum": list(KNOWN_ERRORS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:gpharness:site-file",
        "title": "gpharness site file",
        **root,
        "$defs": parts,
    }


if __name__ == "__main__":
    print(json.dumps(site_file_schema(), indent=2))
