"""The built-in site's services and tasks as their descriptors, in the shape of Esri's sample services of
these kinds.
"""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterInfo,
    ParameterType,
    Task,
    parameter_name,
)
from gp_protocol.descriptions.filters import ListFilter
from gp_protocol.versions import FEATURES, Profile

_JOB_OUTCOMES: Final = {
    "Succeeds": "Succeeds after about two seconds.",
    "SucceedsWithWarnings": "Succeeds after about two seconds, with warnings among its messages.",
    "Fails": "Fails after about two seconds.",
    "TimesOut": "Is stopped by the server after about two seconds, as a job that ran for too long.",
    "NeverEnds": "Executes until it is cancelled.",
    "WaitsInQueue": "Waits for about two seconds before it executes, then succeeds.",
    "StepProgress": "Reports step progress, with percentages, for about five seconds.",
}
_MILLER: Final = {"wkid": 54003, "latestWkid": 54003}
_WGS84: Final = {"wkid": 4326, "latestWkid": 4326}
_OBJECT_ID: Final = ("OBJECTID", "esriFieldTypeOID")
_SHAPE: Final = (("Shape_Length", "esriFieldTypeDouble"), ("Shape_Area", "esriFieldTypeDouble"))


def viewshed_task(label: str, execution_type: ExecutionType) -> Task:
    """What can be seen from points. The default's spatial reference is that of points that come without
    one.
    """
    observers = _schema("esriGeometryPoint", _MILLER, _OBJECT_ID, ("OffsetA", "esriFieldTypeSmallInteger"))
    visible = _schema(
        "esriGeometryPolygon", _MILLER, _OBJECT_ID, ("gridcode", "esriFieldTypeInteger"), *_SHAPE
    )
    return Task(
        name=label,
        display_name=label,
        description="Finds the ground that can be seen from each observation point, up to a distance.",
        execution_type=execution_type,
        parameters=(
            Parameter(
                name="Input_Observation_Point",
                data_type="GPFeatureRecordSetLayer",
                display_name="Input Observation Point",
                description="The points from which the ground is looked at.",
                default_value=observers,
                filter=ListFilter("featureClass", ("esriGeometryPoint", "esriGeometryMultipoint")),
            ),
            Parameter(
                name="Viewshed_Distance",
                data_type="GPLinearUnit",
                display_name="Viewshed Distance",
                description="How far is looked at most.",
                default_value={"distance": 15000, "units": "esriMeters"},
            ),
            output_parameter("Viewshed_Result", "GPFeatureRecordSetLayer", "Viewshed Result", visible),
        ),
    )


def buffer_task(label: str, execution_type: ExecutionType) -> Task:
    """Real buffers along the ground."""
    made = (("BUFF_DIST", "esriFieldTypeDouble"), ("ORIG_FID", "esriFieldTypeInteger"), *_SHAPE)
    return Task(
        name=label,
        display_name=label,
        description="Makes a polygon around each input feature, at a distance along the ground.",
        execution_type=execution_type,
        parameters=(
            Parameter(
                name="Input_Points",
                data_type="GPFeatureRecordSetLayer",
                display_name="Input Points",
                description="The features to buffer: points, or lines and polygons as well.",
                default_value=_schema("esriGeometryPoint", _WGS84, _OBJECT_ID),
            ),
            Parameter(
                name="Distance",
                data_type="GPLinearUnit",
                display_name="Distance",
                description="The distance between a feature and the outline of its buffer.",
                default_value={"distance": 1, "units": "esriMiles"},
            ),
            output_parameter(
                "Output_Polygons",
                "GPFeatureRecordSetLayer",
                "Output Polygons",
                _schema("esriGeometryPolygon", _WGS84, _OBJECT_ID, *made),
            ),
        ),
    )


def echo_task(label: str, execution_type: ExecutionType, version: Profile) -> Task:
    """An optional input and an output of every data type that the version knows."""
    names = _type_names(version)
    return Task(
        name=label,
        display_name=label,
        description="Answers each input that is given as the output of the same type.",
        execution_type=execution_type,
        parameters=(
            *(_echo_parameter("In", name, Direction.INPUT, ParameterType.OPTIONAL) for name in names),
            *(_echo_parameter("Out", name, Direction.OUTPUT, ParameterType.DERIVED) for name in names),
        ),
    )


def output_of_each_type(version: Profile) -> tuple[Parameter, ...]:
    """An optional output of every data type that the version knows, called as those of the echo task are."""
    names = _type_names(version)
    return tuple(_echo_parameter("Out", name, Direction.OUTPUT, ParameterType.OPTIONAL) for name in names)


def _type_names(version: Profile) -> list[str]:
    single = [row.name for row in FEATURES if row.kind == "type" and row.name != "GPMultiValue"]
    several = [f"GPMultiValue:{name}" for name in single if name != "GPValueTable"]
    return [name for name in single + several if version.has("type", name)]


def outcome_task(label: str) -> Task:
    """A task of `Simulation/JobOutcomes`."""
    return Task(
        name=label,
        display_name=label,
        description=_JOB_OUTCOMES[label],
        execution_type=ExecutionType.ASYNCHRONOUS,
        parameters=(
            Parameter(
                name="Note",
                data_type="GPString",
                display_name="Note",
                description="Any text; it comes back in the summary.",
                parameter_type=ParameterType.OPTIONAL,
                default_value="",
            ),
            output_parameter("Summary", "GPString", "Summary", ""),
        ),
    )


def odd_names_task(label: str) -> Task:
    """A name that is not the label, and parameter names as publishing makes them of labels."""
    layers = ("Roads", "Rivers", "Parcels")
    distance, report = "Distance [value or field]", "Informe Patrón"
    return Task(
        name="".join(label.split()),
        display_name=label,
        description="Names as real servers have them: the address has the label, parameters have accents.",
        execution_type=ExecutionType.ASYNCHRONOUS,
        parameters=(
            Parameter(
                name=parameter_name(distance),
                data_type="GPString",
                display_name=distance,
                description="A distance, or the name of a field that holds one.",
                default_value="100 Meters",
            ),
            Parameter(
                name="Layers",
                data_type="GPMultiValue:GPString",
                display_name="Layers",
                description="The layers to extract.",
                default_value=list(layers),
                choice_list=layers,
            ),
            output_parameter(parameter_name(report), "GPString", report, ""),
        ),
    )


def zip_task(label: str) -> Task:
    """A file in, a file out."""
    return Task(
        name=label,
        display_name=label,
        description="Makes a zip file that says which file was given.",
        execution_type=ExecutionType.ASYNCHRONOUS,
        parameters=(
            Parameter(
                name="Input_File",
                data_type="GPDataFile",
                display_name="Input File",
                description="A file, by its address or as an uploaded item.",
                parameter_type=ParameterType.OPTIONAL,
            ),
            output_parameter("Output_File", "GPDataFile", "Output File", None),
        ),
    )


def output_parameter(name: str, data_type: str, display_name: str, default: Any) -> Parameter:
    """A derived output."""
    return Parameter(
        name=name,
        data_type=data_type,
        display_name=display_name,
        direction=Direction.OUTPUT,
        parameter_type=ParameterType.DERIVED,
        default_value=default,
    )


def features_schema(geometry_type: str) -> dict[str, Any]:
    """The default value of an output of features in WGS 84 that have an id and a name."""
    return _schema(geometry_type, _WGS84, _OBJECT_ID, ("Name", "esriFieldTypeString"))


def _schema(
    geometry_type: str, spatial_reference: dict[str, int], *fields: tuple[str, str]
) -> dict[str, Any]:
    """The default value of a parameter that takes features: an empty set that says what they are like."""
    return {
        "displayFieldName": "",
        "geometryType": geometry_type,
        "spatialReference": spatial_reference,
        "fields": [{"name": name, "type": kind, "alias": name} for name, kind in fields],
        "features": [],
        "exceededTransferLimit": False,
    }


_COLUMNS: Final = (
    ParameterInfo("Name", "GPString", "Name"),
    ParameterInfo("Amount", "GPDouble", "Amount"),
    ParameterInfo("Count", "GPLong", "Count"),
)
_MEMBERS: Final = (
    ParameterInfo("", "GPLong"),
    ParameterInfo("", "GPLinearUnit"),
    ParameterInfo("", "GPString"),
)
_INFOS: Final = {
    "GPValueTable": _COLUMNS,
    "GPComposite": _MEMBERS,
    "GPMultiValue:GPComposite": (ParameterInfo("", "GPComposite", parameter_infos=_MEMBERS),),
}


def _echo_parameter(prefix: str, name: str, direction: Direction, parameter_type: ParameterType) -> Parameter:
    own = f"{prefix}_{name.replace(':', '_')}"
    return Parameter(
        name=own,
        data_type=name,
        display_name=own.replace("_", " "),
        direction=direction,
        parameter_type=parameter_type,
        default_value=_nothing(name),
        parameter_infos=_INFOS.get(name),
    )


def _nothing(data_type: str) -> Any:
    """The default of an input that has none, as published clients can read it."""
    if data_type.startswith("GPMultiValue:") or data_type == "GPValueTable":
        return []
    if data_type in ("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData", "GPRasterDataLayer"):
        return {}
    return "" if data_type in ("GPString", "GPSQLExpression") else None
