"""What picture is asked for: its size, the ground it shows, its spatial reference and its format.

Source: ArcGIS REST, *Export Map*: `size`, `bbox`, `bboxSR`, `imageSR`, `dpi`, `format`, `transparent`, the
same ones that *GP result* takes. A box of another shape than the picture is made wider or higher about its
center. *Assumed*: 400 by 400 pixels at 96 dots per inch where nothing else is said, as documented for maps;
that a GP result without `bbox` shows all its features; that `bbox` may be an extent as JSON, which an older
JavaScript client of Esri sends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.json_text import encode_json
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import one_of
from gp_protocol.values.spatial_references import Extent, decode_extent, encode_spatial_reference
from gp_protocol.values.units import LinearUnit

from gp_mockserver.geometry.coordinate_systems import ProjectionFailed, check_known, meters, reported_if_known
from gp_mockserver.geometry.spatial import project_extent
from gp_mockserver.layers.layer_descriptions import with_size
from gp_mockserver.running.task_inputs import read_spatial_reference_parameter
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.requests import Flags

MOST_PIXELS: Final = 4096
"""Of a picture's width, and of its height."""
FORMATS: Final[Mapping[str, str]] = {
    "png": "image/png",
    "png8": "image/png",
    "png24": "image/png",
    "png32": "image/png",
    "jpgpng": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
}
"""The media type of each value of `format`."""
FORMATS_SAID: Final = "PNG32,PNG24,PNG,JPG,BMP,GIF"
"""`supportedImageFormatTypes` of a map service."""

_SIZE = 400
_DPI = 96.0
_INCH = 0.0254
_FARTHEST = 1e12
_SMALLEST = 1e-9
"""A tenth of a millimeter in degrees: a box that is given may not be narrower, or lower (*assumed*)."""
_AROUND = 0.05


class Picture(msgspec.Struct, frozen=True):
    """A picture to be drawn. `extent` has the shape of the picture, and the picture's spatial reference where
    that is known; `scale` is that of the map, the 5000 of 1 : 5000."""

    width: int
    height: int
    extent: Extent
    dpi: float = _DPI
    format: str = "png"
    transparent: bool = False

    @property
    def content_type(self) -> str:
        return FORMATS[self.format]

    @property
    def scale(self) -> float:
        reference = self.extent.spatial_reference
        ground = 1.0
        if reference is not None:
            with suppress(ProjectionFailed):
                ground = meters(LinearUnit(1, "esriUnknownUnits"), reference)
        across = (self.extent.xmax - self.extent.xmin) * ground
        return across * self.dpi / (self.width * _INCH)

    def parameters(self) -> dict[str, str]:
        """The request parameters that ask for exactly this picture."""
        box, reference = self.extent, self.extent.spatial_reference
        asked = {
            "bbox": f"{box.xmin!r},{box.ymin!r},{box.xmax!r},{box.ymax!r}",
            "size": f"{self.width},{self.height}",
            "dpi": f"{self.dpi:g}",
            "format": self.format,
            "transparent": str(self.transparent).lower(),
        }
        if reference is None:
            return asked
        with suppress(ProjectionFailed):
            check_known(reference)
            said = encode_json(encode_spatial_reference(reference)).decode() if reference.wkt else ""
            asked |= dict.fromkeys(
                ("bboxSR", "imageSR"), said or str(reference.wkid or reference.latest_wkid)
            )
        return asked


def read_picture(parameters: Mapping[str, str], home: Extent) -> Picture:
    """The picture that a request asks for; `home` is the ground that it shows where there is no `bbox`, and
    its spatial reference is that of the map. Raises Refusal."""
    width, height = _size(parameters.get("size", ""))
    map_reference = home.spatial_reference
    image_reference = read_spatial_reference_parameter("imageSR", parameters.get("imageSR")) or map_reference
    box = _box(parameters.get("bbox", ""))
    if box is None:
        box = _with_margin(home) if _is_near(home) else home
    elif box.spatial_reference is None:
        own = read_spatial_reference_parameter("bboxSR", parameters.get("bboxSR")) or map_reference
        box = msgspec.structs.replace(box, spatial_reference=own)
    had_a_size = box.xmax > box.xmin and box.ymax > box.ymin
    if image_reference is not None:
        try:
            box = project_extent(box, image_reference)
        except ProjectionFailed as error:
            raise Refusal("bad-value", f"bbox: {error}") from None
        box = msgspec.structs.replace(box, spatial_reference=reported_if_known(image_reference))
    if not _is_near(box):
        raise Refusal("bad-value", f"bbox: met coordinates beyond {_FARTHEST:g}, expected nearer ones")
    shown = _shaped(with_size(box), width, height)
    if not (_has_size(shown) and (_has_size(box) or not had_a_size)):
        raise Refusal(
            "bad-value",
            f"bbox: met a box of {box.xmax - box.xmin:g} by {box.ymax - box.ymin:g} in the picture's spatial "
            f"reference, expected one of at least {_SMALLEST:g} by {_SMALLEST:g}",
        )
    return Picture(
        width,
        height,
        shown,
        _dpi(parameters.get("dpi", "")),
        _format(parameters.get("format", "")),
        _flag(parameters.get("transparent", "")),
    )


def _size(text: str) -> tuple[int, int]:
    if not text.strip():
        return _SIZE, _SIZE
    try:
        width, height = (int(float(part)) for part in text.split(","))
    except (ValueError, OverflowError):
        width = height = 0
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise Refusal(
            "bad-value",
            f"size: met {text[:40]!r}, expected width,height in pixels, each from 1 to {MOST_PIXELS}",
        )
    return width, height


def _box(text: str) -> Extent | None:
    if not text.strip():
        return None
    try:
        if text.lstrip().startswith("{"):
            box = decode_extent(decode_json(text))
        else:
            xmin, ymin, xmax, ymax = (float(part) for part in text.split(","))
            box = Extent(xmin, ymin, xmax, ymax)
    except ProtocolError as error:
        raise Refusal("bad-value", error.at("bbox").detail) from None
    except ValueError:
        box = None
    if box is None or box.xmin > box.xmax or box.ymin > box.ymax:
        raise Refusal("bad-value", f"bbox: met {text[:80]!r}, expected xmin,ymin,xmax,ymax")
    return box


def _is_near(box: Extent) -> bool:
    return max(abs(box.xmin), abs(box.ymin), abs(box.xmax), abs(box.ymax)) <= _FARTHEST


def _has_size(box: Extent) -> bool:
    return box.xmax - box.xmin >= _SMALLEST and box.ymax - box.ymin >= _SMALLEST


def _with_margin(box: Extent) -> Extent:
    """The box and a little around it, so that symbols at its edge are seen whole."""
    x, y = (box.xmax - box.xmin) * _AROUND, (box.ymax - box.ymin) * _AROUND
    return msgspec.structs.replace(
        box, xmin=box.xmin - x, ymin=box.ymin - y, xmax=box.xmax + x, ymax=box.ymax + y
    )


def _shaped(box: Extent, width: int, height: int) -> Extent:
    """The box, as much wider or higher as it takes to have the shape of the picture."""
    across, up = box.xmax - box.xmin, box.ymax - box.ymin
    pixel = max(across / width, up / height)
    more_x, more_y = (pixel * width - across) / 2, (pixel * height - up) / 2
    return msgspec.structs.replace(
        box, xmin=box.xmin - more_x, xmax=box.xmax + more_x, ymin=box.ymin - more_y, ymax=box.ymax + more_y
    )


def _dpi(text: str) -> float:
    if not text.strip():
        return _DPI
    try:
        dpi = float(text)
    except ValueError:
        dpi = math.nan
    if not 1 <= dpi <= 2400:
        raise Refusal("bad-value", f"dpi: met {text[:40]!r}, expected a number from 1 to 2400")
    return dpi


def _format(text: str) -> str:
    word = text.strip().lower() or "png"
    if word not in FORMATS:
        raise Refusal("bad-value", f"format: met {text[:40]!r}, expected {one_of(FORMATS)}")
    return word


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("", *Flags):
        raise Refusal("bad-value", f'transparent: met "{text[:40]}", expected true or false')
    return word == "true"
