"""Spatial references and extents as the protocol has them, from what Python has.

Sources: ArcGIS REST, *GP data types* (GPSpatialReference, GPExtent) and *Execute GP task* (`context`); the
names of coordinate systems in GeoJSON as of RFC 7946 and its forerunner of 2008. *Assumed*: that the ids of
EPSG and of Esri are the server's ids. Everything here raises `LocalProtocolError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.values.spatial_references import (
    Extent,
    SpatialReference,
    decode_extent,
    decode_spatial_reference,
)

from gp_client.inputs.scalars import as_list, bare, double_from, known_keys, parsed

_EXPECTED = "a wkid such as 4326, a SpatialReference, a dict, a WKT text or a pyproj CRS"
_CODE = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|ESRI)[:/](?:[\w.]*[:/])?(\d{1,9})",
    re.IGNORECASE | re.ASCII,
)
_LONGITUDE_FIRST = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:)?OGC:(?:[\d.]*:)?CRS84", re.IGNORECASE | re.ASCII)
_WKT = re.compile(r"\s*(?P<word>[A-Za-z]+)\s*[\[(]")
_WKT_OF_1 = frozenset({"GEOGCS", "PROJCS", "GEOCCS", "COMPD_CS", "LOCAL_CS", "VERT_CS", "VERTCS"})
_REFERENCE_KEYS = (
    "wkid",
    "latestWkid",
    "vcsWkid",
    "latestVcsWkid",
    "wkt",
    "wkt2",
    "name",
    "vcsName",
    "projectionFile",
    "projectionFileItemID",
)
_EXTENT_KEYS = ("xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax")


def spatial_reference_from(value: Any) -> SpatialReference:
    """A SpatialReference from a wkid, `"EPSG:4326"`, a WKT text, a dict of ArcGIS JSON or a pyproj CRS."""
    if isinstance(value, SpatialReference):
        return value
    value = parsed(bare(value))
    if isinstance(value, Mapping):
        known_keys(value, _REFERENCE_KEYS, others_pass=True)
        value = {key: bare(member) for key, member in value.items()}
    elif isinstance(value, str):
        return named_reference(value)
    elif hasattr(value, "to_wkt") and hasattr(value, "to_authority"):
        return _of_pyproj(value)
    elif type(value) is not int:
        raise LocalProtocolError(met=shown(value), expected=_EXPECTED)
    try:
        reference = decode_spatial_reference(value)
    except ProtocolError as error:
        raise LocalProtocolError.of(error) from None
    if reference is None:
        raise LocalProtocolError(met=shown(value), expected=_EXPECTED)
    return reference


def named_reference(name: str) -> SpatialReference:
    """The spatial reference that a text names: digits, `EPSG:n`, `ESRI:n`, an OGC name, or WKT."""
    text = name.strip()
    if _LONGITUDE_FIRST.fullmatch(text):
        return SpatialReference(4326)
    code = _CODE.fullmatch(text)
    digits = code[2] if code else text
    if digits.isascii() and digits.isdigit() and 0 < int(digits[:10]) < 1 << 31:
        return SpatialReference(int(digits[:10]))
    if word := _WKT.match(text):
        if word["word"].upper() in _WKT_OF_1:
            return SpatialReference(wkt=text)
        return SpatialReference(wkt2=text)
    raise LocalProtocolError(met=shown(name), expected=_EXPECTED)


def extent_from(value: Any) -> Extent:
    """An Extent from `(xmin, ymin, xmax, ymax)` or a dict of ArcGIS JSON, its spatial reference under either
    of its spellings and in any form."""
    if isinstance(value, Extent):
        return value
    value = parsed(value)
    if isinstance(value, Mapping):
        return _of_mapping(value)
    numbers = as_list(value)
    if numbers is None or len(numbers) != 4:
        raise LocalProtocolError(
            met=shown(value), expected="an Extent, a dict or (xmin, ymin, xmax, ymax), such as (0, 0, 10, 20)"
        )
    read = []
    for index, number in enumerate(numbers):
        try:
            read.append(double_from(number))
        except LocalProtocolError as error:
            raise error.at(f"[{index}]") from None
    xmin, ymin, xmax, ymax = read
    if xmin > xmax or ymin > ymax:
        raise LocalProtocolError(
            met=shown(value),
            expected="(xmin, ymin, xmax, ymax) with the smaller numbers first",
            remedy="mind the order: west, south, east, north",
        )
    return Extent(xmin, ymin, xmax, ymax)


def _of_mapping(value: Mapping[Any, Any]) -> Extent:
    known_keys(value, (*_EXTENT_KEYS, "spatialReference", "spatial_reference"), others_pass=True)
    numbers = {key: bare(value[key]) for key in _EXTENT_KEYS if key in value}
    found = value.get("spatialReference") or value.get("spatial_reference")
    try:
        extent = decode_extent(numbers)
        if not found:
            return extent
        reference = spatial_reference_from(found)
    except LocalProtocolError as error:
        raise error.at("spatialReference") from None
    except ProtocolError as error:
        raise LocalProtocolError.of(error) from None
    return msgspec.structs.replace(extent, spatial_reference=reference)


def _of_pyproj(crs: Any) -> SpatialReference:
    """By the id that a CRS surely has, else by its text in Esri's dialect."""
    try:
        if getattr(crs, "is_bound", False) and crs.source_crs is not None:
            crs = crs.source_crs
        if getattr(crs, "is_compound", False) and len(crs.sub_crs_list) == 2:
            plane, height = map(_authority_id, crs.sub_crs_list)
            if plane and height:
                return SpatialReference(plane, vcs_wkid=height)
        elif wkid := _authority_id(crs):
            return SpatialReference(wkid)
        wkt = crs.to_wkt("WKT1_ESRI") or crs.to_wkt()
    except Exception as error:
        raise LocalProtocolError(met=shown(crs), expected=f"a CRS with an id or a WKT ({error})") from error
    return named_reference(wkt)


def _authority_id(crs: Any) -> int | None:
    found = crs.to_authority(min_confidence=100)
    if not found:
        return None
    authority, code = found
    if authority == "OGC" and code == "CRS84":
        return 4326
    return int(code) if authority in ("EPSG", "ESRI") and str(code).isdigit() else None
