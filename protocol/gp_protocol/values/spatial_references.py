"""Spatial references and extents.

Sources: ArcGIS REST, *GP data types* (GPSpatialReference, GPCoordinateSystem, GPExtent, GPEnvelope from
11.4), *FeatureSet object* and *Execute GP task* (`env:outSR`, `context`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, shown
from gp_protocol.values.literals import read_double

_LARGEST_WKID = 2_147_483_647
_FORMS = '{"wkid": 4326} or another form of a spatial reference'
_SAME_AS = {102100: 3857, 102113: 3857, 900913: 3857}


class SpatialReference(msgspec.Struct, frozen=True):
    """A spatial reference by id, by text, by name or by a file. One of these is given, the others are None.

    `wkid` and `latest_wkid` may stand together and may have a vertical one (`vcs_wkid`, `latest_vcs_wkid`).
    """

    wkid: int | None = None
    latest_wkid: int | None = None
    vcs_wkid: int | None = None
    latest_vcs_wkid: int | None = None
    wkt: str | None = None
    wkt2: str | None = None
    name: str | None = None
    vcs_name: str | None = None
    projection_file: str | None = None
    projection_file_item_id: str | None = None

    def __post_init__(self) -> None:
        if not (
            self.wkid
            or self.latest_wkid
            or self.wkt
            or self.wkt2
            or self.name
            or self.projection_file
            or self.projection_file_item_id
        ):
            raise LocalProtocolError(met="nothing", expected="a wkid, a wkt, a name or a projection file")

    def agrees_with(self, other: SpatialReference) -> bool:
        """Whether both mean the same system, as far as ids and texts alone can tell (102100 is 3857)."""
        ids = {_SAME_AS.get(wkid, wkid) for wkid in (self.wkid, self.latest_wkid) if wkid}
        others = {_SAME_AS.get(wkid, wkid) for wkid in (other.wkid, other.latest_wkid) if wkid}
        return bool(ids & others) or self == other


class Extent(msgspec.Struct, frozen=True):
    """A box, in the units of its spatial reference (None where the type has none or it is unknown)."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    zmin: float | None = None
    zmax: float | None = None
    mmin: float | None = None
    mmax: float | None = None
    spatial_reference: SpatialReference | None = None

    def __post_init__(self) -> None:
        for name in _ORDINATES:
            number = getattr(self, name)
            try:
                if number is not None or name in _PLANE:
                    msgspec.structs.force_setattr(self, name, read_double(number))
            except ProtocolError as error:
                raise LocalProtocolError.of(error.at(name)) from None


_PLANE = ("xmin", "ymin", "xmax", "ymax")
_ORDINATES = (*_PLANE, "zmin", "zmax", "mmin", "mmax")
_TEXT_FORMS = (
    ("wkt", "wkt"),
    ("wkt2", "wkt2"),
    ("name", "name"),
    ("projectionFile", "projection_file"),
    ("projectionFileItemID", "projection_file_item_id"),
)
_FORM_KEYS = ("wkid", "latestWkid", *(key for key, _ in _TEXT_FORMS))


def decode_spatial_reference(value: Any) -> SpatialReference | None:
    """Read an object, a bare wkid or the digits of one; None where it is blank, `{}` or says nothing.

    Of several forms in one object the first valid one wins: ids, wkt, wkt2, name, projectionFile,
    projectionFileItemID. Unknown keys (tolerances, origins) are passed over.
    """
    if value is None or value == "" or value == {}:
        return None
    if isinstance(value, dict):
        wkid, latest = _wkid(value, "wkid"), _wkid(value, "latestWkid")
        if wkid or latest:
            return SpatialReference(wkid, latest, _wkid(value, "vcsWkid"), _wkid(value, "latestVcsWkid"))
        for key, attribute in _TEXT_FORMS:
            text = value.get(key)
            if isinstance(text, str) and text.strip():
                vertical = value.get("vcsName") if key == "name" else None
                named: dict[str, Any] = {attribute: text}
                return SpatialReference(**named, vcs_name=vertical if isinstance(vertical, str) else None)
        known = [value[key] for key in _FORM_KEYS if key in value]
        if known and not any(known):
            return None
        raise RemoteProtocolError(met=shown(value), expected=_FORMS)
    if isinstance(value, str):
        digits = value.strip()
        if not digits:
            return None
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
            raise RemoteProtocolError(met=shown(value), expected=f"a wkid such as 4326, or {_FORMS}")
        value = int(digits)
    wkid = _wkid({"wkid": value}, "wkid")
    return SpatialReference(wkid=wkid) if wkid else None


def encode_spatial_reference(value: SpatialReference) -> dict[str, Any]:
    """The form of outputs: ids where there are any, always with a wkid, else `{"wkt"}`; a name or a file is
    no output."""
    encoded = encode_any_spatial_reference(value)
    if "wkid" in encoded or "wkt" in encoded:
        return encoded
    if "latestWkid" in encoded:
        return {"wkid": encoded["latestWkid"], **encoded}
    raise LocalProtocolError(
        met=shown(value),
        expected="a spatial reference by wkid or wkt",
        remedy="look its wkid or wkt up first",
    )


def encode_any_spatial_reference(value: SpatialReference) -> dict[str, Any]:
    """The form of inputs, where every way to name a spatial reference is legal."""
    wkid, latest = value.wkid, value.latest_wkid
    encoded: dict[str, Any] = {}
    if wkid is not None:
        encoded["wkid"] = wkid
    if latest is not None:
        encoded["latestWkid"] = latest
    if encoded:
        if value.vcs_wkid is not None:
            encoded["vcsWkid"] = value.vcs_wkid
        if value.latest_vcs_wkid is not None:
            encoded["latestVcsWkid"] = value.latest_vcs_wkid
        return encoded
    for key, attribute in _TEXT_FORMS:
        text = getattr(value, attribute)
        if text:
            encoded[key] = text
            break
    if "name" in encoded and value.vcs_name:
        encoded["vcsName"] = value.vcs_name
    return encoded


def decode_extent(value: Any, *, with_reference: bool = True) -> Extent:
    """Read `xmin ymin xmax ymax`, z and m where given, and a spatial reference under either of its
    spellings.

    A GPEnvelope has no spatial reference: without `with_reference` one is passed over.
    """
    if not isinstance(value, dict):
        raise RemoteProtocolError(met=shown(value), expected="an object with xmin, ymin, xmax and ymax")
    numbers: dict[str, Any] = {}
    for name in _ORDINATES:
        number = value.get(name)
        try:
            if number is not None or name in _PLANE:
                numbers[name] = read_double(number)
        except RemoteProtocolError as error:
            raise error.at(name) from None
    if not with_reference:
        return Extent(**numbers)
    key = "spatial_reference" if "spatial_reference" in value else "spatialReference"
    try:
        reference = decode_spatial_reference(value.get(key))
    except RemoteProtocolError as error:
        raise error.at(key) from None
    return Extent(**numbers, spatial_reference=reference)


def encode_extent(value: Extent, *, reference_key: str | None) -> dict[str, Any]:
    """An extent with its spatial reference under `reference_key`.

    GPExtent says `spatial_reference`, `context` and envelope geometries say `spatialReference`, and a
    GPEnvelope has none (None): there an extent that carries one raises `LocalProtocolError`.
    """
    encoded: dict[str, Any] = {
        name: number for name in _ORDINATES if (number := getattr(value, name)) is not None
    }
    if value.spatial_reference is not None:
        if reference_key is None:
            raise LocalProtocolError(
                path="spatial_reference",
                met=shown(value.spatial_reference),
                expected="none: a GPEnvelope carries no spatial reference",
                remedy="use a GPExtent",
            )
        encoded[reference_key] = encode_spatial_reference(value.spatial_reference)
    return encoded


def _wkid(value: dict[str, Any], key: str) -> int | None:
    number = value.get(key)
    if number is None or number == "" or number == 0:
        return None
    if type(number) is float and number.is_integer():
        number = int(number)
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= 10:
        number = int(number)
    if type(number) is not int or not 0 < number <= _LARGEST_WKID:
        raise RemoteProtocolError(path=key, met=shown(number), expected="a well-known id such as 4326")
    return number
