"""Features as GeoJSON, out of ArcGIS JSON (`f=geojson`, from 10.5 on).

Sources: RFC 7946; ArcGIS REST, *GP result*, *Execute GP task* and *Query (Feature service layer)*. Exterior
rings run counterclockwise here and holes clockwise, the other way round than in ArcGIS JSON; there nothing
but the direction tells a hole, so each is assigned to the smallest exterior ring that it lies in. GeoJSON has
no m-values, and no curves. *Assumed*: a `crs` member where the features lie in another spatial reference
than WGS 84; that envelopes become polygons, and multipatches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, pairwise
from typing import Any, Final

import msgspec

from gp_protocol.values.feature_sets import FeatureSet, encode_feature_set
from gp_protocol.values.parameter_specs import PLAIN_OUTPUT, OutputOptions

GEOGRAPHIC: Final = 4326
"""The wkid of WGS 84, in which GeoJSON is unless it says otherwise."""

Collection = dict[str, Any]
Position = list[float]
Ring = list[Position]

_OBJECT_ID: Final = "esriFieldTypeOID"


def encode_feature_collection(value: FeatureSet, options: OutputOptions = PLAIN_OUTPUT) -> Collection:
    """A feature set as the FeatureCollection that a server answers; see `encode_feature_set`.

    z leaves only where it is asked for, m never. With more features than `maximum_records` none leaves.
    Coordinates stay as they are. Raises `LocalProtocolError`.
    """
    plain = msgspec.structs.replace(
        options, return_m=False, return_true_curves=False, return_feature_collection=False
    )
    return feature_collection(encode_feature_set(value, plain))


def feature_collection(encoded: Mapping[str, Any]) -> Collection:
    """An answered feature set, in ArcGIS JSON without m-values and curves, as a FeatureCollection.

    A feature's `id` is its object id. `exceededTransferLimit` is said where it is true, both as servers say
    it: as a member of the collection and among its `properties`.
    """
    collection: Collection = {"type": "FeatureCollection"}
    reference = encoded.get("spatialReference") or {}
    wkid = reference.get("latestWkid") or reference.get("wkid")
    if wkid and wkid != GEOGRAPHIC:
        collection["crs"] = {"type": "name", "properties": {"name": f"EPSG:{wkid}"}}
    if encoded.get("exceededTransferLimit"):
        collection["exceededTransferLimit"] = True
        collection["properties"] = {"exceededTransferLimit": True}
    identifier = next(
        (field["name"] for field in encoded.get("fields") or () if field["type"] == _OBJECT_ID), None
    )
    effort = _Effort()
    collection["features"] = [_feature(each, identifier, effort) for each in encoded.get("features") or ()]
    return collection


def _feature(feature: Mapping[str, Any], identifier: str | None, effort: _Effort) -> dict[str, Any]:
    attributes = feature.get("attributes") or {}
    written: dict[str, Any] = {"type": "Feature"}
    if identifier is not None and attributes.get(identifier) is not None:
        written["id"] = attributes[identifier]
    written["geometry"] = _geometry(feature.get("geometry") or {}, effort)
    written["properties"] = attributes
    return written


def _geometry(geometry: Mapping[str, Any], effort: _Effort) -> dict[str, Any] | None:
    if geometry.get("x") is not None:
        point = [geometry["x"], geometry["y"], geometry.get("z")]
        return {"type": "Point", "coordinates": _position(point)}
    if geometry.get("xmin") is not None:
        west, south = geometry["xmin"], geometry["ymin"]
        east, north = geometry["xmax"], geometry["ymax"]
        box = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [box]}
    if points := geometry.get("points"):
        return {"type": "MultiPoint", "coordinates": _positions(points)}
    if paths := geometry.get("paths"):
        return _one_or_many("LineString", [_positions(path) for path in paths if len(path) > 1])
    if rings := geometry.get("rings"):
        return _one_or_many("Polygon", _polygons(rings, effort))
    return None


def _one_or_many(kind: str, parts: list[Any]) -> dict[str, Any] | None:
    if not parts:
        return None
    if len(parts) == 1:
        return {"type": kind, "coordinates": parts[0]}
    return {"type": f"Multi{kind}", "coordinates": parts}


def _positions(vertices: Iterable[list[Any]]) -> Ring:
    return [_position(vertex) for vertex in vertices]


def _position(vertex: list[Any]) -> Position:
    """x, y and z; without z where it is null."""
    return vertex[:3] if len(vertex) > 2 and vertex[2] is not None else vertex[:2]


class _Effort:
    """What a collection may still spend on finding the exterior rings of its holes, in vertices looked at:
    that is quadratic, so rings by the hundred thousand could hold a server for hours."""

    def __init__(self) -> None:
        self.left = 3_000_000


class _Shell(msgspec.Struct):
    """An exterior ring with the holes in it. `area`: twice the area that it encloses, without sign."""

    rings: list[Ring]
    box: tuple[float, float, float, float]
    area: float


def _polygons(rings: Iterable[list[Any]], effort: _Effort) -> list[list[Ring]]:
    """Polygons, each its exterior ring and then its holes, out of rings in any order.

    An open ring is closed, one of fewer than four positions is left out, and a hole that lies in
    no exterior ring is a polygon of its own. Past the effort that is allowed a hole is taken to belong to
    the exterior ring before it, which is the order in which ArcGIS writes rings.
    """
    shells: list[_Shell] = []
    holes: list[tuple[Ring, float, int]] = []
    for vertices in rings:
        ring = _positions(vertices)
        if ring and ring[0][:2] != ring[-1][:2]:
            ring.append(ring[0])
        if len(ring) < 4:
            continue
        area = signed_area(ring)
        if area > 0:
            holes.append((ring[::-1], area, len(shells)))
        else:
            shells.append(_Shell([ring[::-1]], _box(ring), -area))
    lost: list[list[Ring]] = []
    for hole, area, place in holes:
        shell = _shell_of(hole, area, shells, place, effort)
        if shell is None:
            lost.append([hole[::-1]])
        else:
            shell.rings.append(hole)
    return [shell.rings for shell in shells] + lost


def _shell_of(hole: Ring, area: float, shells: list[_Shell], place: int, effort: _Effort) -> _Shell | None:
    """The smallest exterior ring that a hole lies in. `place`: how many of them stand before it."""
    if effort.left <= 0:
        return shells[max(place - 1, 0)] if shells else None
    effort.left -= len(shells)
    west, south, east, north = _box(hole)
    around = [
        shell
        for shell in shells
        if shell.area >= area
        and shell.box[0] <= west
        and shell.box[1] <= south
        and shell.box[2] >= east
        and shell.box[3] >= north
    ]
    for shell in sorted(around, key=lambda each: each.area):
        if _lies_in(hole, shell.rings[0], effort):
            return shell
    return None


def _lies_in(hole: Ring, ring: Ring, effort: _Effort) -> bool:
    """Whether a hole lies in a ring, by the first of its vertices, or of its edges' middles, that is not on
    the ring itself; a hole that runs along the ring everywhere fills it and so lies in it."""
    middles = ([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] for a, b in pairwise(hole))
    for x, y, *_ in chain(hole, middles):
        effort.left -= len(ring)
        inside = _is_inside(x, y, ring)
        if inside is not None:
            return inside
        if effort.left <= 0:
            break
    return True


def _is_inside(x: float, y: float, ring: Ring) -> bool | None:
    """Whether a point is inside a closed ring; None on it."""
    inside = False
    x1, y1 = ring[0][0], ring[0][1]
    for vertex in ring[1:]:
        x2, y2 = vertex[0], vertex[1]
        if min(y1, y2) <= y <= max(y1, y2):
            turn = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            if turn == 0 and min(x1, x2) <= x <= max(x1, x2):
                return None
            if (y1 > y) != (y2 > y) and (turn > 0) == (y2 > y1):
                inside = not inside
        x1, y1 = x2, y2
    return inside


def signed_area(ring: Ring) -> float:
    """Twice the area of a closed ring, above 0 where it runs counterclockwise. Taken from its first vertex,
    so that far from the origin no digits are lost."""
    x0, y0 = ring[0][0], ring[0][1]
    area = 0.0
    x1 = y1 = 0.0
    for vertex in ring[1:]:
        x2, y2 = vertex[0] - x0, vertex[1] - y0
        area += x1 * y2 - x2 * y1
        x1, y1 = x2, y2
    return area


def _box(ring: Ring) -> tuple[float, float, float, float]:
    xs = [vertex[0] for vertex in ring]
    ys = [vertex[1] for vertex in ring]
    return min(xs), min(ys), max(xs), max(ys)
