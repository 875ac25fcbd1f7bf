"""Spatial references brought to life: looked up, named as answers name them, coordinates moved between them.

They are looked up among EPSG's ids, then among Esri's own (54003, 102100, …), in the database that pyproj
brings. pyproj is imported when a coordinate first moves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from gp_protocol.values.spatial_references import SpatialReference
from gp_protocol.values.units import LinearUnit, meters_per

from gp_mockserver.tools.tool_calls import ToolFailed

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

WGS84 = SpatialReference(wkid=4326, latest_wkid=4326)

METERS_PER_DEGREE = 111_319.490_793_273_58
"""A degree of the equator of WGS 84: what `esriDecimalDegrees` are worth as a distance."""

_GOOGLE = 900913
_NAME = re.compile(r"[\w ()/.,&'-]+")


class ProjectionFailed(ToolFailed):
    """A spatial reference is unknown, or coordinates have no place in it; the text names the spatial
    reference.
    """


@lru_cache(maxsize=1024)
def reported(spatial_reference: SpatialReference) -> SpatialReference:
    """A spatial reference as answers name it: beside the wkid its latest id, 3857 for 102100, 2264 for
    102719.
    """
    wkid = spatial_reference.wkid
    if wkid is None or spatial_reference.latest_wkid is not None:
        return spatial_reference
    return msgspec.structs.replace(spatial_reference, latest_wkid=_successor(wkid, _crs(spatial_reference)))


def reported_if_known(spatial_reference: SpatialReference) -> SpatialReference:
    """As `reported` has it; one that cannot be looked up as it is."""
    try:
        return reported(spatial_reference)
    except ProjectionFailed:
        return spatial_reference


def check_known(spatial_reference: SpatialReference) -> None:
    """Raises ProjectionFailed for a spatial reference that cannot be looked up."""
    _crs(spatial_reference)


def meters(distance: LinearUnit, spatial_reference: SpatialReference) -> float:
    """A distance in meters; unknown units are those of the spatial reference, degrees those of the
    equator.
    """
    if distance.units == "esriDecimalDegrees":
        return distance.distance * METERS_PER_DEGREE
    if distance.units != "esriUnknownUnits":
        return distance.distance * meters_per(distance.units)
    system = _crs(spatial_reference)
    unit = METERS_PER_DEGREE if system.is_geographic else system.axis_info[0].unit_conversion_factor
    return distance.distance * unit


def is_geographic(spatial_reference: SpatialReference) -> bool:
    """Whether coordinates are degrees; also true of one that is unknown."""
    try:
        return bool(_crs(spatial_reference).is_geographic)
    except ProjectionFailed:
        return True


def by_id_or_wkt(spatial_reference: SpatialReference) -> SpatialReference | None:
    """A spatial reference in a form that outputs have; None where it stands in a file or is unknown."""
    if spatial_reference.wkid or spatial_reference.latest_wkid or spatial_reference.wkt:
        return spatial_reference
    try:
        system = _crs(spatial_reference)
    except ProjectionFailed:
        return None
    authority = system.to_authority()
    if authority and authority[1].isdigit():
        return reported(SpatialReference(wkid=int(authority[1])))
    return SpatialReference(wkt=system.to_wkt("WKT1_ESRI"))


def esri_wkt(wkid: int) -> str | None:
    """The text of a spatial reference as ArcGIS writes it; None for an unknown one."""
    try:
        return str(_crs(SpatialReference(wkid=wkid)).to_wkt("WKT1_ESRI"))
    except ProjectionFailed:
        return None


def to_degrees(
    xs: Sequence[float], ys: Sequence[float], source: SpatialReference
) -> tuple[Sequence[float], Sequence[float]]:
    """Longitudes and latitudes of WGS 84. Raises ProjectionFailed, also for latitudes beyond the poles."""
    longitudes, latitudes = transformed(xs, ys, source, WGS84)
    if latitudes and not (min(latitudes) >= -90 and max(latitudes) <= 90):
        beyond = next(latitude for latitude in latitudes if not -90 <= latitude <= 90)
        raise ProjectionFailed(
            f"A point of spatial reference {label(source)} has latitude {beyond!r}, expected -90 to 90."
        )
    return longitudes, latitudes


def transformed(
    xs: Sequence[float], ys: Sequence[float], source: SpatialReference, target: SpatialReference
) -> tuple[Sequence[float], Sequence[float]]:
    """Coordinates in another spatial reference, x (longitude) before y. Raises ProjectionFailed."""
    if source.agrees_with(target):
        return xs, ys
    moved_xs, moved_ys = transformer(source, target).transform(xs, ys)
    if not math.isfinite(sum(moved_xs) + sum(moved_ys)):
        for x, y, moved_x, moved_y in zip(xs, ys, moved_xs, moved_ys, strict=True):
            if not math.isfinite(moved_x + moved_y):
                raise ProjectionFailed(
                    f"The point {x!r}, {y!r} of spatial reference {label(source)} "
                    f"has no place in spatial reference {label(target)}."
                )
    return moved_xs, moved_ys


@lru_cache(maxsize=256)
def transformer(source: SpatialReference, target: SpatialReference) -> Transformer:
    """The projection library's way from one to the other. Raises ProjectionFailed for one that is unknown."""
    from pyproj import Transformer

    return Transformer.from_crs(_crs(source), _crs(target), always_xy=True)


@lru_cache(maxsize=1024)
def _crs(spatial_reference: SpatialReference) -> CRS:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    for wkid in (spatial_reference.latest_wkid, spatial_reference.wkid):
        if not wkid:
            continue
        for authority in ("EPSG", "ESRI"):
            try:
                return CRS.from_authority(authority, 3857 if wkid == _GOOGLE else wkid)
            except CRSError:
                continue
    text = spatial_reference.wkt or spatial_reference.wkt2
    try:
        if text:
            return CRS.from_wkt(text)
        if spatial_reference.name and _NAME.fullmatch(spatial_reference.name):
            return CRS.from_string(spatial_reference.name)
    except CRSError:
        pass
    raise ProjectionFailed(f"Spatial reference {label(spatial_reference)} is unknown.")


def _successor(wkid: int, system: CRS) -> int:
    if wkid == _GOOGLE:
        return 3857
    if not system.is_deprecated:
        return wkid
    for successor in system.get_non_deprecated():
        authority = successor.to_authority(min_confidence=100)
        if authority and authority[0] == "EPSG":
            return int(authority[1])
    return wkid


def label(spatial_reference: SpatialReference) -> str:
    """A spatial reference in an error message."""
    label = spatial_reference.wkid or spatial_reference.latest_wkid
    text = spatial_reference.wkt or spatial_reference.wkt2 or spatial_reference.name
    return str(label or (text or "by a projection file")[:60])
