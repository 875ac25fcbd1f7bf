"""`arcpy.SpatialReference`: what a script names a coordinate system by.

Source: ArcPy, *SpatialReference*. A name alone, such as `"WGS 1984"`, is not provided: a factory code, WKT
or a `.prj` file is. What a code is called, and a code's WKT, PROJ knows, which the extra `geo` brings.
"""

from __future__ import annotations

import re
from typing import Any

from gp_protocol.errors import ProtocolError
from gp_protocol.values.spatial_references import SpatialReference as Reference

from gp_client.arcpy_style.dataset_paths import file_path
from gp_client.arcpy_style.execute_errors import ExecuteError, failed
from gp_client.inputs.places import spatial_reference_from

_NAME = re.compile(r'\s*\w+\s*[\[(]\s*"([^"]*)"')


class SpatialReference:
    """A coordinate system by its factory code (4326), its WKT, or a `.prj` file. `value` is what the client
    knows it as. Raises ExecuteError."""

    def __init__(self, item: Any, vcs: None = None) -> None:
        if vcs is not None:
            raise ExecuteError("ERROR: SpatialReference: vcs is not provided by gp_client.arcpy")
        self.value: Reference = _reference(item)

    @property
    def factoryCode(self) -> int:
        """The well-known id; 0 where only the WKT is known."""
        return self.value.wkid or self.value.latest_wkid or 0

    @property
    def name(self) -> str:
        """Its name, as WKT has it: `WGS_1984_Web_Mercator_Auxiliary_Sphere`."""
        found = _NAME.match(self.exportToString())
        return found[1] if found else ""

    def exportToString(self) -> str:
        """Its WKT, in Esri's dialect where it was given by its code."""
        return self.value.wkt or self.value.wkt2 or _wkt(self.factoryCode)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpatialReference) and self.value.agrees_with(other.value)

    def __hash__(self) -> int:
        return 0  # equal ones may have different codes

    def __repr__(self) -> str:
        value = self.value
        return f"<arcpy.SpatialReference {self.factoryCode or value.wkt or value.wkt2 or value.name}>"


def _reference(item: Any) -> Reference:
    if isinstance(item, SpatialReference):
        return item.value
    if isinstance(item, str) and item.strip().lower().endswith(".prj"):
        try:
            item = file_path(item.strip()).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise failed(732, f"{item} does not exist or is not supported: {error}") from None
    try:
        return spatial_reference_from(item)
    except ProtocolError as error:
        expected = "a factory code such as 4326, WKT, or the path of a .prj file"
        raise ExecuteError(f"ERROR: SpatialReference: met {error.met}, expected {expected}") from None


def _wkt(code: int) -> str:
    try:
        import pyproj
    except ImportError:
        raise ExecuteError(
            f"ERROR: the name and the WKT of {code} need pyproj: pip install 'gpharness[geo]'"
        ) from None
    for authority in ("EPSG", "ESRI"):
        try:
            return str(pyproj.CRS.from_authority(authority, code).to_wkt("WKT1_ESRI"))
        except pyproj.exceptions.CRSError:
            continue
    raise ExecuteError(f"ERROR: SpatialReference: nothing is known of the factory code {code}")
