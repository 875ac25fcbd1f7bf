"""Areas by distances along the ground, in any spatial reference, across the 180th meridian and around the
poles.

shapely and pyproj are imported when the first area is made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import SpatialReference
from gp_protocol.values.units import LinearUnit

from gp_mockserver.geometry.coordinate_systems import (
    WGS84,
    ProjectionFailed,
    label,
    meters,
    to_degrees,
    transformed,
)
from gp_mockserver.geometry.shapes import (
    Ring,
    check_crossings,
    even_odd,
    parts_of,
    polygons_of,
    rings_of,
    united,
)
from gp_mockserver.tools.tool_calls import ToolFailed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry as Shape

LARGEST_BUFFER = 10_000_000.0
"""Meters: a quarter of the way round the Earth, as far as a buffer may reach."""

MOST_PARTS = 1000
"""Points, lines and rings to be buffered at once: as many as services answer features by default."""

MOST_VERTICES = 5000
"""Vertices of them all."""

_BEYOND_ALL = 1e12
"""No place has such a coordinate, in whatever unit, and what is reckoned with larger ones may overflow."""

_ROUNDING = 1e-11
"""Degrees: a vertex that is nearer to the 180th meridian lies on it. Cut off, what it makes would be a
sliver, which a projection turns inside out."""

_WIDE = 10
"""Degrees of longitude: an outline whose vertices lie farther apart is near a pole, or across the 180th
meridian."""

_QUADRANT_SEGMENTS = 16
_MANY_VERTICES = 100
_SEGMENTS_OF_A_PIECE = 8
_LINES = ("paths", "curvePaths", "rings", "curveRings")


def buffer(features: FeatureSet, distance: LinearUnit) -> FeatureSet:
    """A polygon around each feature, its outline `distance` away along the ground; attributes are kept.

    Each part of a geometry is buffered in an equidistant projection around its own middle, so that the
    distance holds in any spatial reference; across the 180th meridian the polygon continues on the other
    side, and around a pole it reaches the pole. Features in an unknown spatial reference are buffered in the
    plane, the number of `distance` taken as it is. A feature of which nothing is left (a polygon buffered
    inwards) is left out. Outer rings run clockwise. Raises ProjectionFailed, also for coordinates beyond all
    places, and ToolFailed beyond LARGEST_BUFFER and for more than MOST_PARTS, MOST_VERTICES, or crossings
    (see `check_crossings`).
    """
    import numpy as np

    _check_size(features)
    source = features.spatial_reference
    made = []
    with np.errstate(all="ignore"):  # of coordinates that are refused further on
        for feature in features.features:
            parts = parts_of(feature.get("geometry") or {})
            if source is None:
                rings = rings_of(united([_grown(part, distance.distance) for part in parts]))
            else:
                rings = _ground_buffer(parts, source, meters(distance, source))
            if rings:
                made.append({**feature, "geometry": {"rings": rings}})
    return msgspec.structs.replace(
        features, geometry_type="esriGeometryPolygon", features=made, has_z=False, has_m=False
    )


def rings_from_ground(
    longitudes: Sequence[float], latitudes: Sequence[float], target: SpatialReference
) -> list[Ring]:
    """The rings of a polygon whose closed clockwise outline is given in degrees of WGS 84, in that spatial
    reference.

    An outline across the 180th meridian is cut there; one near a pole, which may cross itself in degrees
    though it does not on the ground, is repaired. Raises ProjectionFailed.
    """
    if max(longitudes) - min(longitudes) > _WIDE:
        import numpy as np

        outline = np.column_stack((longitudes, latitudes))
        return _rings_in(even_odd([_cut_at_180(outline, northern=sum(latitudes) > 0)]), target)
    xs, ys = transformed(longitudes, latitudes, WGS84, target)
    return [[[x, y] for x, y in zip(xs, ys, strict=True)]]


def _check_size(features: FeatureSet) -> None:
    """Raises ToolFailed for more than can be buffered in a moment."""
    parts = vertices = 0
    for feature in features.features:
        geometry = feature.get("geometry") or {}
        points = geometry.get("points") or ()
        lines = [line for key in _LINES for line in geometry.get(key) or ()]
        parts += len(points) + len(lines) or 1
        vertices += len(points) + sum(map(len, lines)) or 1
        if parts > MOST_PARTS or vertices > MOST_VERTICES:
            raise ToolFailed(
                f"met more than {MOST_PARTS} points, lines and rings or {MOST_VERTICES} vertices "
                f"in {len(features.features)} features, expected that many at most: buffer fewer at once"
            )


def _ground_buffer(parts: list[Shape], source: SpatialReference, distance: float) -> list[Ring]:
    if distance > LARGEST_BUFFER:
        raise ToolFailed(
            f"The distance of {distance / 1000:g} kilometers is too large; "
            f"it can be {LARGEST_BUFFER / 1000:g} kilometers at most."
        )
    return _rings_in(united([_grown_on_ground(part, source, distance) for part in parts]), source)


def _grown_on_ground(part: Shape, source: SpatialReference, distance: float) -> Shape:
    """One part's buffer in degrees, made in a projection in which distances from the part's middle are
    true.
    """
    import numpy as np
    import shapely
    from pyproj import Proj

    _check_placed(part, source)
    if part.geom_type == "Polygon" and not part.area:
        part = part.boundary  # of an area of nothing, segmentize leaves nothing
    if part.length:
        part = shapely.segmentize(part, part.length / 64)
    on_ground = shapely.transform(part, lambda v: np.array(to_degrees(*_columns(v), source)).T)
    if on_ground.is_empty:
        return shapely.Polygon()
    west, south, east, north = on_ground.bounds
    turns = 360.0 * round((west + east) / 720)
    middle = (south + north) / 2
    local = Proj(proj="aeqd", lon_0=(west + east) / 2 - turns, lat_0=middle, ellps="WGS84")
    near = shapely.transform(on_ground, lambda v: np.column_stack(local(v[:, 0] - turns, v[:, 1])))
    _check_placed(near, source)
    grown = _grown(near, distance)
    if not grown.length:
        return shapely.Polygon()
    grown = shapely.segmentize(grown, grown.length / 60)
    degrees = shapely.transform(grown, lambda v: np.column_stack(local(v[:, 0], v[:, 1], inverse=True)))
    return even_odd(
        [
            _cut_at_180(shapely.get_coordinates(ring), northern=middle >= 0)
            for polygon in polygons_of(degrees)
            for ring in (polygon.exterior, *polygon.interiors)
        ]
    )


def _check_placed(shape: Shape, source: SpatialReference) -> None:
    """Raises ProjectionFailed for vertices that lie nowhere on the Earth."""
    import numpy as np
    import shapely

    if not (np.abs(shapely.get_coordinates(shape)) < _BEYOND_ALL).all():
        raise ProjectionFailed(
            f"met a vertex so far out that it has no place in spatial reference {label(source)}, expected "
            "places on the Earth."
        )


def _grown(part: Shape, distance: float) -> Shape:
    """A buffer in the plane, without vertices that make less than a two-thousandth of the distance.

    That of an outline with many vertices is made of pieces: in one, all of it that overlaps is compared with
    all else.
    """
    import shapely

    finest = abs(distance) / 2000
    if distance <= 0 or shapely.get_num_coordinates(part) <= _MANY_VERTICES:
        return part.buffer(distance, quad_segs=_QUADRANT_SEGMENTS).simplify(finest)
    if part.geom_type == "LineString":
        check_crossings([part])
    pieces = [piece for line in _outlines(part) for piece in _cut(line)]
    around = shapely.simplify(shapely.buffer(pieces, distance, quad_segs=_QUADRANT_SEGMENTS), finest)
    try:
        return shapely.union_all([*shapely.get_parts(part), *around]).simplify(finest)
    except shapely.errors.GEOSException:
        raise ToolFailed(
            "met a geometry of which no buffer can be made, expected rings and lines that do not cross "
            "themselves: repair it"
        ) from None


def _outlines(part: Shape) -> list[Shape]:
    if part.geom_type == "LineString":
        return [part]
    return [ring for polygon in polygons_of(part) for ring in (polygon.exterior, *polygon.interiors)]


def _cut(line: Shape) -> list[Shape]:
    """A line in pieces of a few segments, each beginning where the last one ends."""
    import shapely

    vertices = shapely.get_coordinates(line)
    starts = range(0, len(vertices) - 1, _SEGMENTS_OF_A_PIECE)
    return [shapely.LineString(vertices[start : start + _SEGMENTS_OF_A_PIECE + 1]) for start in starts]


def _cut_at_180(outline: NDArray[Any], *, northern: bool) -> Shape:
    """The area within a closed outline in degrees: cut at the 180th meridian, led to the pole that it goes
    around.
    """
    import numpy as np
    import shapely
    from shapely.affinity import translate

    longitudes = np.unwrap(outline[:, 0], period=360)
    meridians = 360 * np.floor(longitudes / 360) + 180
    longitudes = np.where(np.abs(longitudes - meridians) < _ROUNDING, meridians, longitudes)
    outline = np.column_stack((longitudes, outline[:, 1]))
    start, end = outline[0], outline[-1]
    if abs(end[0] - start[0]) > 180:
        pole = 90.0 if northern else -90.0
        outline = np.vstack((outline, [[end[0], pole], [start[0], pole], start]))
    else:
        outline[-1] = start  # but for what unwrapping rounded
    area = shapely.Polygon(outline)
    west, _, east, _ = area.bounds
    if west >= -180 and east <= 180:
        return area
    pieces = []
    for turn in range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1):
        world = shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)
        piece = shapely.make_valid(area).intersection(world)
        pieces.append(translate(piece, -360 * turn))
    return united(pieces)


def _rings_in(area: Shape, target: SpatialReference) -> list[Ring]:
    """The rings of an area in degrees, in another spatial reference."""
    import numpy as np
    import shapely

    def moved(vertices: NDArray[Any]) -> NDArray[Any]:
        return np.array(transformed(*_columns(vertices), WGS84, target)).T

    return rings_of(shapely.transform(area, moved))


def _columns(vertices: NDArray[Any]) -> tuple[list[float], list[float]]:
    """The xs and the ys of an array of vertices."""
    return vertices[:, 0].tolist(), vertices[:, 1].tolist()
