"""ArcGIS geometries as shapely's shapes and back. shapely is imported when a shape is first made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from gp_protocol.values.curves import straightened

from gp_mockserver.tools.tool_calls import ToolFailed

if TYPE_CHECKING:
    import shapely
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry as Shape

Geometry = dict[str, Any]
Ring = list[list[float]]

MOST_CROSSINGS: Final = 5_000
"""Of the segments of one geometry with each other, beyond the few that neighbors and shared borders have."""

_AT_ONCE: Final = 500
_TOUCHES: Final = 12
"""A segment touches itself and its two neighbors, and those of a ring on the other side of a border."""


def parts_of(geometry: Geometry) -> list[Shape]:
    """What a geometry consists of: points, lines, or one area. z and m are left out, curves become
    straight lines.

    Raises ToolFailed for rings that cross themselves or each other too often (see `check_crossings`), or so
    far out that they cannot be reckoned with.
    """
    import shapely

    if "x" in geometry:
        return [shapely.Point(geometry["x"], geometry["y"])]
    if "xmin" in geometry:
        return [shapely.box(geometry["xmin"], geometry["ymin"], geometry["xmax"], geometry["ymax"])]
    if "points" in geometry:
        return [shapely.Point(point[:2]) for point in geometry["points"]]
    lines = [
        [vertex[:2] for vertex in straightened(part)]
        for key in ("paths", "curvePaths", "rings", "curveRings")
        for part in geometry.get(key, ())
    ]
    if "paths" in geometry or "curvePaths" in geometry:
        return [shapely.LineString(line) for line in lines if len(line) > 1]
    areas = [shapely.Polygon(line) for line in lines if len(line) > 3]
    if len(areas) > 1 or (areas and not areas[0].is_valid):
        check_crossings([area.exterior for area in areas])
    return [even_odd(areas)] if areas else []


def rings_of(area: Shape) -> list[Ring]:
    """The rings of an area as ArcGIS orders them: outer ones clockwise, each followed by its holes."""
    from shapely.geometry.polygon import orient

    return [
        [[x, y] for x, y in ring.coords]
        for polygon in polygons_of(area)
        for whole in (orient(polygon, -1.0),)
        for ring in (whole.exterior, *whole.interiors)
    ]


def polygons_of(area: Shape) -> list[shapely.Polygon]:
    """The polygons of an area, without the lines and points that an operation may have left."""
    import shapely

    parts: list[Shape] = list(shapely.get_parts(shapely.get_parts(area)))
    return [part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty]


def united(areas: list[Shape]) -> Shape:
    """What lies in any of the areas."""
    import shapely

    return areas[0] if len(areas) == 1 else shapely.union_all(areas)


def even_odd(areas: Sequence[Shape]) -> Shape:
    """What lies in an odd number of the areas: rings make a polygon so, however they are oriented."""
    import shapely

    left = [area if area.is_valid else _untangled(area) for area in areas]
    while len(left) > 1:  # by halves: one by one takes the square of their number
        pairs = zip(left[::2], left[1::2], strict=False)
        rest = left[-1:] if len(left) % 2 else []
        left = [*(shapely.symmetric_difference(one, other) for one, other in pairs), *rest]
    return left[0]


def check_crossings(lines: Sequence[Shape]) -> None:
    """Raises ToolFailed for lines that cross themselves or each other more than MOST_CROSSINGS times: what is
    made of them grows with the square of that."""
    import numpy as np
    import shapely

    vertices = [shapely.get_coordinates(line) for line in lines]
    ends = [np.stack((each[:-1], each[1:]), axis=1) for each in vertices]
    segments = np.asarray(shapely.linestrings(np.concatenate(ends)))
    tree = shapely.STRtree(segments)
    left = MOST_CROSSINGS * 2  # each is found from both sides
    for begin in range(0, len(segments), _AT_ONCE):
        looked_at = segments[begin : begin + _AT_ONCE]
        left -= tree.query(looked_at, predicate="intersects").shape[1] - _TOUCHES * len(looked_at)
        if left < 0:
            raise ToolFailed(
                f"met lines or rings that cross each other more than {MOST_CROSSINGS} times, "
                "expected simpler ones: repair the geometry"
            )


def _untangled(area: Shape) -> Shape:
    """An area that is not valid as a valid one; what is nothing but lines comes back as lines."""
    import shapely

    if not isinstance(area, shapely.Polygon) or area.interiors:
        return shapely.make_valid(area)
    try:
        noded = shapely.node(area.exterior)
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        odd = _is_inside(shapely.point_on_surface(faces), area.exterior)
        if odd.any():
            return shapely.union_all(faces[odd])
    except shapely.errors.GEOSException:
        pass  # coordinates too large to be reckoned with, unless make_valid can
    try:
        return shapely.make_valid(area)
    except shapely.errors.GEOSException:
        raise ToolFailed(
            "met a ring with coordinates too large to be reckoned with, expected places on the Earth: "
            "repair the geometry"
        ) from None


def _is_inside(points: NDArray[Any], ring: Shape) -> NDArray[Any]:
    """Which of the points, none of them on the ring, it goes around an odd number of times."""
    import numpy as np
    import shapely

    xs, ys = shapely.get_coordinates(points).T
    odd = np.zeros(len(xs), dtype=bool)
    vertices = shapely.get_coordinates(ring)
    for (x0, y0), (x1, y1) in pairwise(vertices):
        beside = (y0 > ys) != (y1 > ys)
        odd[beside] ^= xs[beside] < (x1 - x0) * (ys[beside] - y0) / (y1 - y0 or 1.0) + x0
    return odd
