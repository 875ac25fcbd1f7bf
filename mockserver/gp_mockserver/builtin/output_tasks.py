"""Tasks whose outputs clients stumble over: none, several, missing ones, layers and pictures.

The tools stand beside their descriptors; what makes features is imported when one runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, ParameterType, Task
from gp_protocol.versions import Profile

from gp_mockserver.builtin.builtin_descriptors import (
    features_schema,
    output_of_each_type,
    output_parameter,
    viewshed_task,
)
from gp_mockserver.layers import PARAMETER
from gp_mockserver.tools.tool_calls import Tool, ToolCall

_MEASURED_ON: Final = datetime(2026, 1, 1, tzinfo=UTC)


def output_tasks(execution_type: ExecutionType, version: Profile) -> list[tuple[Task, Tool]]:
    """`NoOutput`, `SeveralOutputs` and `MissingOutputs`, each with an optional text `Note`."""
    no_output = _task("NoOutput", "Declares no output.", execution_type)
    several = _task(
        "SeveralOutputs",
        "Declares outputs of several types and makes them all.",
        execution_type,
        output_parameter("Summary", "GPString", "Summary", ""),
        output_parameter("Count", "GPLong", "Count", None),
        output_parameter("Area", "GPDouble", "Area", None),
        output_parameter("Found", "GPBoolean", "Found", None),
        output_parameter("Measured_On", "GPDate", "Measured On", None),
        output_parameter("Places", "GPFeatureRecordSetLayer", "Places", features_schema("esriGeometryPoint")),
    )
    missing = _task(
        "MissingOutputs",
        "Declares an optional output of every data type and makes none.",
        execution_type,
        *output_of_each_type(version),
    )
    nothing: Tool = _make_nothing
    return [(no_output, nothing), (several, _make_several), (missing, nothing)]


def layers_task(label: str, version: Profile) -> Task:
    """The viewshed, with the input that publishing adds for the name of an output feature service."""
    task = viewshed_task(label, ExecutionType.ASYNCHRONOUS)
    if not version.has("parameter", PARAMETER):
        return task
    name = Parameter(
        name=PARAMETER,
        data_type="GPString",
        display_name="Output Feature Service Name",
        description="The feature service to make of the result; without it the result is answered itself.",
        parameter_type=ParameterType.OPTIONAL,
        default_value="",
    )
    return msgspec.structs.replace(task, parameters=(*task.parameters, name))


def _task(label: str, description: str, execution_type: ExecutionType, *outputs: Parameter) -> Task:
    note = Parameter(
        name="Note",
        data_type="GPString",
        display_name="Note",
        description="Any text.",
        parameter_type=ParameterType.OPTIONAL,
        default_value="",
    )
    return Task(
        name=label,
        display_name=label,
        description=description,
        execution_type=execution_type,
        parameters=(note, *outputs),
    )


def _make_nothing(call: ToolCall) -> Mapping[str, Any]:
    call.message(f"{call.task.label}: {call.inputs['Note'] or 'no note'}")
    return {}


def _make_several(call: ToolCall) -> Mapping[str, Any]:
    from gp_protocol.values.feature_sets import FeatureSet
    from gp_protocol.values.fields import Field
    from gp_protocol.values.spatial_references import SpatialReference

    wgs84 = SpatialReference(wkid=4326, latest_wkid=4326)
    fields = (
        Field("OBJECTID", "esriFieldTypeOID", "OBJECTID"),
        Field("Name", "esriFieldTypeString", "Name", length=50),
    )
    places = [("Redlands", -117.1956, 34.0564), ("Zurich", 8.5417, 47.3769)]
    features = [
        {"attributes": {"OBJECTID": number, "Name": name}, "geometry": {"x": x, "y": y}}
        for number, (name, x, y) in enumerate(places, start=1)
    ]
    return {
        "Summary": f"{call.task.label}: {call.inputs['Note'] or 'no note'}",
        "Count": len(places),
        "Area": 12.5,
        "Found": True,
        "Measured_On": _MEASURED_ON,
        "Places": FeatureSet(spatial_reference=wgs84, fields=fields, features=features),
    }
