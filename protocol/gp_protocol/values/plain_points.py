"""The commonest input, read at the speed of C: a feature set of points with x and y alone, in strict JSON.

`read_plain_points` is a short cut past `gp_protocol.values.feature_sets.decode_feature_set`. It reads a
text to exactly what that function makes of it, or says None of whatever is out of the ordinary, faults
included: that goes the long way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal, Required, TypedDict

import msgspec

from gp_protocol.errors import ProtocolError
from gp_protocol.values.feature_sets import FeatureSet, fields_of_default
from gp_protocol.values.fields import Field, check_attributes
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference

_PLANE = {"x", "y"}
_LARGEST = 1e15
_Id = Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]


class _PlainReference(msgspec.Struct, forbid_unknown_fields=True):
    wkid: _Id
    latestWkid: _Id | None = None


class _PlainFeature(TypedDict, total=False):
    attributes: dict[str, str | int | float | bool | None]
    geometry: Required[dict[str, int | float]]


class _PlainPoints(msgspec.Struct, forbid_unknown_fields=True):
    features: list[_PlainFeature]
    geometryType: Literal["esriGeometryPoint"] | None = None
    spatialReference: _PlainReference | None = None
    fields: list[Field] | None = None


_decode = msgspec.json.Decoder(_PlainPoints, strict=True).decode


def read_plain_points(text: str, default: Any) -> FeatureSet | None:
    """The feature set that the text is, if it is a plain one; `default` is the parameter's default as
    JSON."""
    default = default if isinstance(default, dict) else {}
    if default.get("geometryType", "esriGeometryPoint") != "esriGeometryPoint":
        return None
    try:
        plain = _decode(text)
        fields = tuple(plain.fields) if plain.fields else fields_of_default(default)
        if not all(field.name and (field.length or 0) >= 0 for field in plain.fields or ()):
            return None
        features: list[dict[str, Any]] = []
        for feature in plain.features:
            geometry, attributes = feature["geometry"], feature.get("attributes") or {}
            if geometry.keys() != _PLANE:
                return None
            if not (-_LARGEST < geometry["x"] < _LARGEST and -_LARGEST < geometry["y"] < _LARGEST):
                return None
            if attributes:
                check_attributes(attributes, fields)
            features.append({"attributes": attributes, "geometry": geometry})
    except (msgspec.MsgspecError, ProtocolError, RecursionError, UnicodeError):
        return None
    given = plain.spatialReference
    reference: SpatialReference | None
    if given is not None:
        reference = _reference(given.wkid, given.latestWkid)
    else:
        reference = decode_spatial_reference(default.get("spatialReference"))
    return FeatureSet("esriGeometryPoint", reference, fields, features)


@lru_cache(maxsize=256)
def _reference(wkid: int, latest_wkid: int | None) -> SpatialReference:
    return SpatialReference(wkid, latest_wkid)
