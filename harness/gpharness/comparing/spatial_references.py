"""Spatial references: 102100 and 3857 are one, and a missing one is not the same as any."""

from __future__ import annotations

from typing import Any

from gp_protocol.errors import ProtocolError
from gp_protocol.values.spatial_references import decode_spatial_reference


def same_reference(expected: Any, met: Any) -> bool:
    """Whether two spatial references, as JSON, mean the same. One that cannot be read is the same only as
    itself."""
    if expected == met or repr(expected) == repr(met):
        return True
    try:
        one, other = decode_spatial_reference(expected), decode_spatial_reference(met)
    except ProtocolError:
        return False
    if one is None or other is None:
        return one is other
    return one.agrees_with(other) and (one.vcs_wkid or one.latest_vcs_wkid) == (
        other.vcs_wkid or other.latest_vcs_wkid
    )
