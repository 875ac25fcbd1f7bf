"""What the built-in site's tasks do. The results depend on the inputs and on the site's seed only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice, pairwise
from threading import Semaphore
from typing import Any, Final

import msgspec
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import LinearUnit

from gp_mockserver.geometry.coordinate_systems import by_id_or_wkt, meters, reported, to_degrees
from gp_mockserver.geometry.ground_buffers import buffer, rings_from_ground
from gp_mockserver.geometry.shapes import Ring
from gp_mockserver.geometry.spatial import project
from gp_mockserver.geometry.viewsheds import viewshed_outline
from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed

FARTHEST_VIEW = 100_000.0
"""Meters: farther than this nothing is seen, whatever distance is asked for."""

SHORTEST_DISTANCE = 0.001
"""Meters: what lies nearer than this is one place, as for a server's XY tolerance."""

MOST_OBSERVERS = 100
"""Observation points in one run."""

_OBJECT_ID: Final = Field("OBJECTID", "esriFieldTypeOID", "OBJECTID")
_SHAPE_FIELDS: Final = (
    Field("Shape_Length", "esriFieldTypeDouble", "Shape_Length"),
    Field("Shape_Area", "esriFieldTypeDouble", "Shape_Area"),
)
_VIEWSHED_FIELDS: Final = (_OBJECT_ID, Field("gridcode", "esriFieldTypeInteger", "gridcode"), *_SHAPE_FIELDS)
_BUFFER_FIELDS: Final = (
    Field("BUFF_DIST", "esriFieldTypeDouble", "BUFF_DIST"),
    Field("ORIG_FID", "esriFieldTypeInteger", "ORIG_FID"),
    *_SHAPE_FIELDS,
)
_BUFFERING: Final = Semaphore(2)
"""Buffers take the processor: more of them at once would only keep the event loop from it."""
_COPIED_AT_ONCE: Final = 1024 * 1024
_NOT_COPIED: Final = ("esriFieldTypeOID", "esriFieldTypeGeometry")


def viewshed(call: ToolCall) -> Mapping[str, Any]:
    """One polygon around each observation point, within the distance, in the spatial reference asked for."""
    points, source = _located_features(call, "Input_Observation_Point")
    distance = meters(_distance(call, "Viewshed_Distance", source), source)
    if distance > FARTHEST_VIEW:
        call.warning(
            f"Viewshed Distance: nothing is seen farther than {FARTHEST_VIEW / 1000:.0f} kilometers."
        )
        distance = FARTHEST_VIEW
    observers = list(islice(_points(points), MOST_OBSERVERS + 1))
    if len(observers) > MOST_OBSERVERS:
        raise ToolFailed(
            f"Input Observation Point: met more than {MOST_OBSERVERS} points, expected that many at most."
        )
    target = reported(call.out_sr or call.process_sr or source)
    polygons = []
    xs, ys = [x for x, _ in observers], [y for _, y in observers]
    for longitude, latitude in zip(*to_degrees(xs, ys, source), strict=True):
        outline = viewshed_outline(call.seed, longitude, latitude, distance)
        polygons.append(rings_from_ground(*outline, target))
    features = [
        {
            "attributes": {"OBJECTID": number, "gridcode": 1, **_measures(rings)},
            "geometry": {"rings": rings},
        }
        for number, rings in enumerate(polygons, start=1)
    ]
    return {
        "Viewshed_Result": FeatureSet(
            geometry_type="esriGeometryPolygon",
            spatial_reference=target,
            fields=_VIEWSHED_FIELDS,
            features=features,
            display_field_name="",
        )
    }


def buffer_points(call: ToolCall) -> Mapping[str, Any]:
    """A buffer around each feature. Its attributes stay, but for its id, which is ORIG_FID now.

    It fails on more than can be buffered in a moment (see `ground_buffers.MOST_PARTS`).
    """
    features, source = _located_features(call, "Input_Points")
    distance = _distance(call, "Distance", source)
    target = reported(call.out_sr or call.process_sr or source)
    with _BUFFERING:
        polygons = project(buffer(_numbered(features), distance), target)
    made = []
    for number, feature in enumerate(polygons.features, start=1):
        attributes = {
            "OBJECTID": number,
            **feature["attributes"],
            "BUFF_DIST": distance.distance,
            **_measures(feature["geometry"]["rings"]),
        }
        made.append({"attributes": attributes, "geometry": feature["geometry"]})
    fields = (_OBJECT_ID, *_copied_fields(features), *_BUFFER_FIELDS)
    return {"Output_Polygons": msgspec.structs.replace(polygons, fields=fields, features=made)}


def echo(call: ToolCall) -> Mapping[str, Any]:
    """Each input as the output of the same type.

    What an output cannot say is not made: an uploaded item (features, records, rasters and files come back as
    their address, if they have one) and a projection file. A spatial reference by name or wkt2 becomes its
    wkid or wkt.
    """
    return {
        f"Out_{parameter.name.removeprefix('In_')}": _as_output(call.inputs[parameter.name])
        for parameter in call.task.inputs
    }


def summarize(call: ToolCall) -> Mapping[str, Any]:
    """The tasks of `Simulation/JobOutcomes`: what makes them different are their timelines."""
    return {"Summary": f"{call.task.label}: {call.inputs['Note'] or 'no note'}"}


def extract_data(call: ToolCall) -> Mapping[str, Any]:
    """A report that says what was given."""
    layers = ", ".join(call.inputs["Layers"] or ["no layers"])
    return {"Informe_Patrón": f"{layers}: {call.inputs['Distance__value_or_field_']}"}


def zip_file(call: ToolCall) -> Mapping[str, Any]:
    """A zip file with the input file; or, where that stands on a host from which nothing is fetched, with a
    text that says where it stands. The same file makes the same bytes.
    """
    import shutil
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    given: DataFile | None = call.inputs["Input_File"]
    source = call.file("Input_File") if given and call.is_in_reach("Input_File") else None
    entry = ZipInfo(call.file_name("Input_File") if source else "input.txt")
    entry.compress_type = ZIP_DEFLATED
    path = call.scratch / "output.zip"
    with ZipFile(path, "w") as archive:
        if source:
            entry.file_size = source.stat().st_size
            with source.open("rb") as file, archive.open(entry, "w") as target:
                shutil.copyfileobj(file, target, _COPIED_AT_ONCE)
        else:
            place = (given.url or given.portal_item_id) if given else None
            archive.writestr(entry, f"{place or 'no file was given'}\n")
    return {"Output_File": path}


def _located_features(call: ToolCall, name: str) -> tuple[FeatureSet, SpatialReference]:
    """An input's features and their spatial reference, from wherever they stand."""
    value = call.features(name)
    label = name.replace("_", " ")
    if not value.features and call.extent is None:
        raise ToolFailed(f"ERROR 000735: {label}: Value is required")
    if value.spatial_reference is None:
        raise ToolFailed(
            f"{label}: met features in an unknown spatial reference, expected a spatialReference."
        )
    return value, value.spatial_reference


def _distance(call: ToolCall, name: str, source: SpatialReference) -> LinearUnit:
    """A distance that is far enough to make an area."""
    distance: LinearUnit = call.inputs[name]
    if meters(distance, source) < SHORTEST_DISTANCE:
        expected = "more than 0" if distance.distance <= 0 else f"{SHORTEST_DISTANCE} meters at least"
        raise ToolFailed(
            f"ERROR 000628: Cannot set input into parameter {name}.",
            f"{name.replace('_', ' ')}: met {distance.distance:g} {distance.units}, expected {expected}.",
        )
    return distance


def _points(features: FeatureSet) -> Iterable[tuple[float, float]]:
    for feature in features.features:
        geometry = feature.get("geometry") or {}
        if "x" in geometry:
            yield geometry["x"], geometry["y"]
        for point in geometry.get("points", ()):
            yield point[0], point[1]


def _copied_fields(features: FeatureSet) -> tuple[Field, ...]:
    made = {field.name for field in (_OBJECT_ID, *_BUFFER_FIELDS)}
    return tuple(
        field for field in features.fields if field.type not in _NOT_COPIED and field.name not in made
    )


def _numbered(features: FeatureSet) -> FeatureSet:
    """The features with the attributes of theirs that a buffer keeps, and ORIG_FID: their id, or their
    place.
    """
    ids = [field.name for field in features.fields if field.type == "esriFieldTypeOID"]
    copied = [field.name for field in _copied_fields(features)]
    numbered = []
    for place, feature in enumerate(features.features):
        given = feature.get("attributes") or {}
        attributes = {name: given.get(name) for name in copied}
        attributes["ORIG_FID"] = next((given[name] for name in ids if given.get(name) is not None), place)
        numbered.append({**feature, "attributes": attributes})
    return msgspec.structs.replace(features, features=numbered)


def _measures(rings: list[Ring]) -> dict[str, float]:
    """Length and area in the units of the spatial reference, as servers give them; holes turn the other
    way.
    """
    length = twice_area = 0.0
    for ring in rings:
        x0, y0 = ring[0]
        for (x1, y1), (x2, y2) in pairwise(ring):
            length += math.hypot(x2 - x1, y2 - y1)
            twice_area += (x2 - x0) * (y1 - y0) - (x1 - x0) * (y2 - y0)
    return {"Shape_Length": length, "Shape_Area": abs(twice_area) / 2}


def _as_output(value: Any) -> Any:
    """An input's value as an output can have it, None where it cannot."""
    match value:
        case ItemReference() | DataFile(url=None) | Raster(url=None):
            return None
        case SpatialReference():
            return by_id_or_wkt(value)
        case Extent(spatial_reference=SpatialReference() as reference):
            return msgspec.structs.replace(value, spatial_reference=by_id_or_wkt(reference))
        case CompositeValue():
            inner = _as_output(value.value)
            return None if inner is None else msgspec.structs.replace(value, value=inner)
        case [[*_], *_]:
            return [[_as_output(cell) for cell in row] for row in value]
        case [*_]:
            elements = (_as_output(element) for element in value)
            return [element for element in elements if element is not None]
        case _:
            return value
