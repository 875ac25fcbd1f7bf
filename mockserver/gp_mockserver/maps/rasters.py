"""Rasters on a map: a picture file in the job's folder, laid over the ground that its world file names.

A world file stands beside the picture and is called as it is, with `w` at the end (`.tfw`, `.pngw`, `.wld`):
six lines, the size of a pixel and the place of the upper left one; turned pictures are not known. Without
one the picture covers the whole map (*assumed*). What Pillow cannot read is not drawn.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gp_protocol.values.spatial_references import Extent, SpatialReference

from gp_mockserver.geometry.spatial import project_extent
from gp_mockserver.maps.pictures import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS: Final = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".gif", ".bmp"})
"""The file names' ends of rasters that are drawn."""
_LONGEST = 1000
"""Bytes of a world file that are read."""


def raster_box(file: Path, reference: SpatialReference | None) -> Extent | None:
    """The ground that a picture file covers, by its world file; None where it has none that can be read."""
    from PIL import Image

    suffix = file.suffix
    ends = (f"{suffix[:2]}{suffix[-1]}w", f"{suffix}w", ".wld")
    world = next((each for end in ends if (each := file.with_suffix(end)).is_file()), None)
    if world is None:
        return None
    try:
        with world.open(encoding="ascii") as lines:
            wide, _, _, high, x, y = (float(word) for word in lines.read(_LONGEST).split())
        with Image.open(file) as image:
            width, height = image.size
    except (ValueError, OSError, Image.DecompressionBombError):
        return None
    if not (0 < wide < math.inf and -math.inf < high < 0 and math.isfinite(x + y)):
        return None
    west, north = x - wide / 2, y - high / 2
    return Extent(west, north + high * height, west + wide * width, north, spatial_reference=reference)


def lay_raster(base: Image, file: Path, box: Extent, picture: Picture) -> None:
    """Draw the part of a raster that a picture shows. Raises ProjectionFailed."""
    from PIL import Image

    shown = picture.extent
    if shown.spatial_reference is not None:
        box = project_extent(box, shown.spatial_reference)
    scale_x = picture.width / (shown.xmax - shown.xmin)
    scale_y = picture.height / (shown.ymax - shown.ymin)
    left, right = (box.xmin - shown.xmin) * scale_x, (box.xmax - shown.xmin) * scale_x
    top, bottom = (shown.ymax - box.ymax) * scale_y, (shown.ymax - box.ymin) * scale_y
    x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
    x1, y1 = min(math.ceil(right), picture.width), min(math.ceil(bottom), picture.height)
    if x1 <= x0 or y1 <= y0:
        return
    try:
        with Image.open(file) as image:
            across, down = image.width / (right - left), image.height / (bottom - top)
            part = (
                max((x0 - left) * across, 0),
                max((y0 - top) * down, 0),
                min((x1 - left) * across, image.width),
                min((y1 - top) * down, image.height),
            )
            seen = image.convert("RGBA").resize((x1 - x0, y1 - y0), Image.Resampling.NEAREST, part)
    except (OSError, ValueError, Image.DecompressionBombError):
        return
    base.alpha_composite(seen, (x0, y0))
