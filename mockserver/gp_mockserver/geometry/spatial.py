"""Features and extents between spatial references, and features met with an extent.

Importing this module costs nothing: pyproj and shapely are imported when a geometry first moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import Extent, SpatialReference

from gp_mockserver.geometry.coordinate_systems import (
    ProjectionFailed,
    label,
    reported,
    transformed,
    transformer,
)
from gp_mockserver.geometry.shapes import Geometry, parts_of

Move = Callable[[float, float], tuple[float, float]]


def project(features: FeatureSet, target: SpatialReference) -> FeatureSet:
    """The features in another spatial reference, z and m kept.

    True curves stay curves: their control points are projected. Features whose spatial reference is unknown
    come back as they are, and so do those that are in the target already. Raises ProjectionFailed.
    """
    source = features.spatial_reference
    if source is None or source == target:
        return features
    target = reported(target)
    if source.agrees_with(target):
        return features if source == target else msgspec.structs.replace(features, spatial_reference=target)
    geometries = [feature.get("geometry") for feature in features.features]
    moved = iter(_projected([geometry for geometry in geometries if geometry], source, target))
    return msgspec.structs.replace(
        features,
        spatial_reference=target,
        features=[
            {**feature, "geometry": next(moved)} if geometry else feature
            for feature, geometry in zip(features.features, geometries, strict=True)
        ],
    )


def project_extent(extent: Extent, target: SpatialReference) -> Extent:
    """The box around an extent's outline in another spatial reference; unchanged where its own is unknown."""
    source = extent.spatial_reference
    if source is None or source.agrees_with(target):
        return extent
    xmin, ymin, xmax, ymax = transformer(source, target).transform_bounds(
        extent.xmin, extent.ymin, extent.xmax, extent.ymax, densify_pts=21
    )
    if not all(map(math.isfinite, (xmin, ymin, xmax, ymax))):
        raise ProjectionFailed(f"The extent has no place in spatial reference {label(target)}.")
    return msgspec.structs.replace(
        extent, xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax, spatial_reference=reported(target)
    )


def extent_intersects(feature: dict[str, Any], extent: Extent) -> bool:
    """Whether a feature overlaps a box in its own spatial reference; one without a geometry does not."""
    geometry = feature.get("geometry")
    if not geometry or not (vertices := _vertices(geometry)):
        return False
    xs, ys = zip(*vertices, strict=True)
    west, south, east, north = min(xs), min(ys), max(xs), max(ys)
    if west > extent.xmax or east < extent.xmin or south > extent.ymax or north < extent.ymin:
        return False
    if west >= extent.xmin and east <= extent.xmax and south >= extent.ymin and north <= extent.ymax:
        return True
    import shapely

    box = shapely.box(extent.xmin, extent.ymin, extent.xmax, extent.ymax)
    return any(part.intersects(box) for part in parts_of(geometry))


def within_extent(value: Any, extent: Extent) -> Any:
    """A feature set without the features that do not overlap the extent (`context.extent`); anything else
    as it is.
    """
    if not isinstance(value, FeatureSet):
        return value
    if value.spatial_reference is not None:
        extent = project_extent(extent, value.spatial_reference)
    kept = [feature for feature in value.features if extent_intersects(feature, extent)]
    return value if len(kept) == len(value.features) else msgspec.structs.replace(value, features=kept)


def _projected(
    geometries: list[Geometry], source: SpatialReference, target: SpatialReference
) -> Iterable[Geometry]:
    """All vertices of all geometries in one call of the projection library."""
    vertices = [vertex for geometry in geometries for vertex in _vertices(geometry)]
    if not vertices:
        return geometries
    xs, ys = zip(*vertices, strict=True)
    moved = zip(*transformed(xs, ys, source, target), strict=True)
    return [_moved(geometry, lambda x, y: next(moved)) for geometry in geometries]


def _vertices(geometry: Geometry) -> list[tuple[float, float]]:
    """Every x, y of a geometry in the order in which `_moved` comes to them."""
    found: list[tuple[float, float]] = []

    def note(x: float, y: float) -> tuple[float, float]:
        found.append((x, y))
        return x, y

    _moved(geometry, note)
    return found


def _moved(geometry: Geometry, move: Move) -> Geometry:
    """A geometry with each x, y put where `move` says; an empty point stays empty."""

    def vertex(ordinates: list[float]) -> list[float]:
        return [*move(ordinates[0], ordinates[1]), *ordinates[2:]]

    changed: Geometry = {}
    if "x" in geometry:
        changed["x"], changed["y"] = move(geometry["x"], geometry["y"])
    if "xmin" in geometry:
        corners = [move(geometry[x], geometry[y]) for x in ("xmin", "xmax") for y in ("ymin", "ymax")]
        xs, ys = zip(*corners, strict=True)
        changed |= {"xmin": min(xs), "ymin": min(ys), "xmax": max(xs), "ymax": max(ys)}
    if points := geometry.get("points"):
        changed["points"] = [vertex(point) for point in points]
    for key in ("paths", "rings"):
        if paths := geometry.get(key):
            changed[key] = [[vertex(point) for point in path] for path in paths]
    for key in ("curvePaths", "curveRings"):
        if paths := geometry.get(key):
            changed[key] = [
                [_moved_curve(step, vertex) if isinstance(step, dict) else vertex(step) for step in path]
                for path in paths
            ]
    return {**geometry, **changed}


def _moved_curve(
    curve: dict[str, list[Any]], vertex: Callable[[list[float]], list[float]]
) -> dict[str, list[Any]]:
    """One curve: its points are lists; an ellipse also has the angle and the length of its longer half
    axis.
    """
    ((kind, parts),) = curve.items()
    moved = [vertex(part) if isinstance(part, list) else part for part in parts]
    if kind == "a" and len(parts) == 7:
        center, angle, axis = parts[1], parts[4], parts[5]
        tip = vertex([center[0] + axis * math.cos(angle), center[1] + axis * math.sin(angle)])
        dx, dy = tip[0] - moved[1][0], tip[1] - moved[1][1]
        moved[4], moved[5] = math.atan2(dy, dx), math.hypot(dx, dy)
    return {kind: moved}
