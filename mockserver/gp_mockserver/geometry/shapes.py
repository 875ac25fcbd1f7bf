"""ArcGIS geometries as shapely's shapes and back. shapely is imported when a shape is first made."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from gp_protocol.values.curves import straightened

if TYPE_CHECKING:
    import shapely
    from shapely.geometry.base import BaseGeometry as Shape

Geometry = dict[str, Any]
Ring = list[list[float]]


def parts_of(geometry: Geometry) -> list[Shape]:
    """What a geometry consists of: points, lines, or one area. z and m are left out, curves become
    straight lines.
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
    areas: list[Shape] = [shapely.Polygon(line) for line in lines if len(line) > 3]
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


def even_odd(areas: list[Shape]) -> Shape:
    """What lies in an odd number of the areas: rings make a polygon so, however they are oriented."""
    import shapely

    valid = [shapely.make_valid(area) for area in areas]
    return reduce(shapely.symmetric_difference, valid)
