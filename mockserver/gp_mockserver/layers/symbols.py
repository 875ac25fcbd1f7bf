"""How layers look, as ArcGIS symbols: one description for clients that draw and for our own pictures."""

from __future__ import annotations

from typing import Any, Final

_COLORS: Final = (
    (0, 112, 192),
    (214, 93, 14),
    (46, 139, 87),
    (136, 78, 160),
    (199, 37, 78),
    (120, 100, 20),
)
"""Layer by layer, over and over."""
_POINT = "esriGeometryPoint"
_LINE = "esriGeometryPolyline"


def symbol(geometry_type: str, layer: int) -> dict[str, Any]:
    """The symbol of a layer's features: `esriSMS`, `esriSLS` or `esriSFS`; sizes and widths in points."""
    red, green, blue = _COLORS[layer % len(_COLORS)]
    line = {"type": "esriSLS", "style": "esriSLSSolid", "color": [red, green, blue, 255], "width": 1.5}
    if geometry_type == _LINE:
        return line
    if geometry_type in (_POINT, "esriGeometryMultipoint"):
        outline = {**line, "color": [255, 255, 255, 255], "width": 1}
        return {
            "type": "esriSMS",
            "style": "esriSMSCircle",
            "color": [red, green, blue, 255],
            "size": 8,
            "angle": 0,
            "xoffset": 0,
            "yoffset": 0,
            "outline": outline,
        }
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": [red, green, blue, 90], "outline": line}


def drawing_info(geometry_type: str, layer: int) -> dict[str, Any]:
    """The `drawingInfo` of a layer resource."""
    renderer = {"type": "simple", "symbol": symbol(geometry_type, layer), "label": "", "description": ""}
    return {"renderer": renderer, "transparency": 0, "labelingInfo": None}
