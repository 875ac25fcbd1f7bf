"""The box around features, and their vertices one by one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gp_protocol.values.curves import straightened
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import Extent


def extent_of(features: FeatureSet) -> Extent | None:
    """The box around all features in their own spatial reference; None where none has a geometry."""
    west = south = math.inf
    east = north = -math.inf
    for feature in features.features:
        for x, y in vertices(feature.get("geometry")):
            west, east = min(west, x), max(east, x)
            south, north = min(south, y), max(north, y)
    if west > east:
        return None
    return Extent(west, south, east, north, spatial_reference=features.spatial_reference)


def vertices(geometry: Any) -> Iterator[tuple[float, float]]:
    """The vertices of a geometry, x and y; a true curve gives those of the segments that it becomes."""
    if not isinstance(geometry, Mapping):
        return
    if "x" in geometry:
        yield geometry["x"], geometry["y"]
    elif "xmin" in geometry:
        yield geometry["xmin"], geometry["ymin"]
        yield geometry["xmax"], geometry["ymax"]
    else:
        yield from ((point[0], point[1]) for point in geometry.get("points") or ())
        for part in straight_parts(geometry):
            yield from ((vertex[0], vertex[1]) for vertex in part)


def straight_parts(geometry: Mapping[str, Any]) -> Iterable[list[Any]]:
    """The paths or rings of a geometry, true curves as straight segments."""
    for key in ("paths", "rings"):
        yield from geometry.get(key) or ()
    for key in ("curvePaths", "curveRings"):
        yield from (straightened(part) for part in geometry.get(key) or ())
