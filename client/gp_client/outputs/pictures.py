"""Pictures of results out of an answer's JSON.

Source: ArcGIS REST, *GP result* (`mapImage`). Of an empty layer servers tell an extent of `NaN`.
"""

from __future__ import annotations

from typing import Any

from gp_protocol.errors import ProtocolError
from gp_protocol.values.references import MapImage, decode_map_image

from gp_client.outputs.warnings import Reading
from gp_client.reading.json_pointers import stepped

_PLANE = ("xmin", "ymin", "xmax", "ymax")
_OTHER_ENDS = ("zmin", "zmax", "mmin", "mmax")


def read_map_image(json: Any, reading: Reading, place: str) -> MapImage:
    """A picture; an extent or a scale that is no number is None, with a remark. Raises ProtocolViolation."""
    if isinstance(json, dict):
        json = dict(json)
        extent = json.get("extent")
        if extent and isinstance(extent, dict):
            if any(_is_nothing(extent.get(key)) for key in _PLANE):
                reading.remark(
                    "type",
                    stepped(place, "extent"),
                    "the extent of the picture is not in numbers and passed over",
                )
                json["extent"] = None
            else:
                json["extent"] = {
                    key: end for key, end in extent.items() if key not in _OTHER_ENDS or not _is_nothing(end)
                }
        if json.get("scale") is not None and _is_nothing(json["scale"]):
            reading.remark(
                "type", stepped(place, "scale"), "the scale of the picture is no number and passed over"
            )
            json["scale"] = None
    try:
        return decode_map_image(json)
    except ProtocolError as error:
        raise reading.violation_of(error, json, place) from None


def _is_nothing(number: Any) -> bool:
    return number is None or (isinstance(number, str) and number.strip().lower() in ("", "nan"))
