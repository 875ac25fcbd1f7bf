"""Large results that leave as the job keeps them, without being read and written anew."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.json_text import RawJSON
from gp_protocol.values.data_types import OutputOptions
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference

_FEATURES: Final = ("GPFeatureRecordSetLayer", "GPRecordSet")
_TEXTS: Final = ("GPString", "GPStringHidden", "GPSQLExpression")
_CURVES: Final = (b'"curvePaths"', b'"curveRings"')


class _Set(msgspec.Struct, gc=False):
    """What decides whether a set of features or records leaves as it is kept."""

    features: list[RawJSON]
    hasZ: bool = False
    hasM: bool = False
    spatialReference: Any = None


def kept_value(
    parameter: Parameter, kept: bytes, options: OutputOptions, target: SpatialReference | None
) -> RawJSON | None:
    """The JSON of an output among those that a job keeps, where an answer would say just that; else None.

    That is so of texts that are no JSON themselves, and of features within the limit that need not be
    projected, and have neither z, m nor curves to be left out.
    """
    if parameter.data_type not in _FEATURES + _TEXTS or options.return_feature_collection:
        return None
    raw = msgspec.json.decode(kept, type=dict[str, RawJSON]).get(parameter.name, RawJSON(b"null"))
    begin = bytes(memoryview(raw)[:100])
    if parameter.data_type in _TEXTS:
        is_plain_text = begin[:1] == b'"' and begin[1:].lstrip()[:1] not in (b"", b"{", b"[", b"\\")
        return raw if is_plain_text else None
    if begin[:1] != b"{" or any(mark in kept for mark in _CURVES):
        return None
    whole = msgspec.json.decode(raw, type=_Set)
    if whole.hasZ or whole.hasM:
        return None
    if options.maximum_records is not None and len(whole.features) > options.maximum_records:
        return None
    return raw if target is None or _reference(whole) == target else None


def _reference(whole: _Set) -> SpatialReference | None:
    try:
        return decode_spatial_reference(whole.spatialReference)
    except RemoteProtocolError:
        return None
