"""Draws features as a picture. Pillow is imported when the first picture is drawn.

Each layer is drawn on a sheet of its own, without blending within it, and the sheets are laid upon each
other. Small pictures are drawn twice as large and shrunk, which makes their edges smooth. The same features
and the same picture give the same bytes, as long as the library is the same.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import Extent

from gp_mockserver.layers.extents import straight_parts
from gp_mockserver.maps.clipping import Box, Point, clipped_ring, clipped_segment
from gp_mockserver.maps.pictures import Picture
from gp_mockserver.maps.rasters import lay_raster

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_SMOOTH: Final = 1024 * 1024
"""Pixels: larger pictures are drawn as they are."""
_POINTS_PER_INCH: Final = 72
_MARGIN: Final = 64
"""Pixels beyond the picture's edge that are still drawn, so that outlines end outside."""

Color = tuple[int, ...]


class _Pen(NamedTuple):
    """A symbol in pixels; a fill or an outline of None is not drawn."""

    fill: Color | None
    line: Color | None
    width: int
    radius: float


class FeatureSheet(NamedTuple):
    """Features, in the picture's spatial reference, and their symbol."""

    features: FeatureSet
    symbol: dict[str, Any]


class RasterSheet(NamedTuple):
    """A picture file and the ground that it covers, in its own spatial reference."""

    file: Path
    box: Extent


def draw(sheets: Sequence[FeatureSheet | RasterSheet], picture: Picture) -> bytes:
    """The picture of these layers; the first one lies on top, as ArcGIS maps have it."""
    from PIL import Image

    smooth = 2 if picture.width * picture.height <= _SMOOTH else 1
    size = (picture.width, picture.height)
    base = Image.new("RGBA", size, (255, 255, 255, 0 if picture.transparent else 255))
    for layer in reversed(sheets):
        if isinstance(layer, RasterSheet):
            lay_raster(base, layer.file, layer.box, picture)
            continue
        pen = _pen(layer.symbol, picture.dpi / _POINTS_PER_INCH * smooth)
        color = (pen.line or pen.fill or (0, 0, 0))[:3]
        sheet = Image.new("RGBA", (size[0] * smooth, size[1] * smooth), (*color, 0))
        _draw_features(sheet, layer.features, _to_pixels(picture, smooth), pen)
        base.alpha_composite(sheet if smooth == 1 else sheet.reduce(smooth))
    return _encoded(base, picture)


def draw_swatch(described: dict[str, Any]) -> bytes:
    """The picture of a symbol in a legend: a PNG of 20 by 20 pixels."""
    line = {"paths": [[[2, 2], [18, 18]]]}
    box = {"xmin": 2, "ymin": 2, "xmax": 18, "ymax": 18}
    geometries: dict[str, dict[str, Any]] = {"esriSMS": {"x": 10, "y": 10}, "esriSLS": line, "esriSFS": box}
    shown = FeatureSet(features=[{"attributes": {}, "geometry": geometries[described["type"]]}])
    picture = Picture(20, 20, Extent(0, 0, 20, 20), transparent=True)
    return draw([FeatureSheet(shown, described)], picture)


def _encoded(image: Image, picture: Picture) -> bytes:
    """The bytes of a picture; what can be seen through lies on white where the format has no such thing."""
    if picture.format in ("jpg", "bmp"):
        image = _on_white(image)
    elif picture.format == "png8":
        image = image.quantize(256)
    elif picture.format == "gif":
        image = _with_one_clear_color(image)
    elif not picture.transparent and picture.format != "png32":
        image = image.convert("RGB")
    written = io.BytesIO()
    image.save(written, {"jpg": "JPEG", "gif": "GIF", "bmp": "BMP"}.get(picture.format, "PNG"))
    return written.getvalue()


def _with_one_clear_color(image: Image) -> Image:
    """The picture as GIF has it: 255 colors, and one that is nothing where more than half is seen through."""
    clear = image.getchannel("A").point(lambda alpha: 255 if alpha < 128 else 0)
    reduced = _on_white(image).quantize(255)
    if clear.getextrema()[1]:
        reduced.paste(255, mask=clear)
        reduced.info["transparency"] = 255
    return reduced


def _on_white(image: Image) -> Image:
    from PIL import Image as Images

    white = Images.new("RGBA", image.size, (255, 255, 255, 255))
    white.alpha_composite(image)
    return white.convert("RGB")


def _pen(described: dict[str, Any], pixels: float) -> _Pen:
    """`pixels` to a point."""
    line = described if described["type"] == "esriSLS" else described["outline"]
    fill = None if described["type"] == "esriSLS" else tuple(described["color"])
    width = max(1, round(line["width"] * pixels))
    return _Pen(fill, tuple(line["color"]), width, max(1.0, described.get("size", 0) * pixels / 2))


def _to_pixels(picture: Picture, smooth: int) -> Callable[[Iterable[Any]], list[Point]]:
    """From coordinates to pixels of the sheet; vertices that fall upon the one before are left out."""
    box = picture.extent
    scale_x = picture.width * smooth / (box.xmax - box.xmin)
    scale_y = picture.height * smooth / (box.ymax - box.ymin)

    def to_pixels(vertices: Iterable[Any]) -> list[Point]:
        found: list[Point] = []
        last: tuple[int, int] | None = None
        for vertex in vertices:
            x, y = (vertex[0] - box.xmin) * scale_x, (box.ymax - vertex[1]) * scale_y
            if not math.isfinite(x + y):
                continue
            place = (round(x * 2), round(y * 2))
            if place != last:
                found.append((x, y))
                last = place
        return found

    return to_pixels


def _draw_features(
    sheet: Image, features: FeatureSet, to_pixels: Callable[[Iterable[Any]], list[Point]], pen: _Pen
) -> None:
    from PIL import ImageDraw

    canvas = ImageDraw.Draw(sheet)
    seen = (-_MARGIN, -_MARGIN, sheet.width + _MARGIN, sheet.height + _MARGIN)
    for feature in features.features:
        geometry = feature.get("geometry")
        if not geometry:
            continue
        if "x" in geometry or "points" in geometry:
            points = geometry.get("points") or [(geometry["x"], geometry["y"])]
            for point in points:
                _draw_points(canvas, to_pixels([point]), pen, seen)
            continue
        if "xmin" in geometry:
            west, south, east, north = (geometry[key] for key in ("xmin", "ymin", "xmax", "ymax"))
            parts = [[(west, south), (west, north), (east, north), (east, south), (west, south)]]
        else:
            parts = list(straight_parts(geometry))
        lines = [to_pixels(part) for part in parts]
        if pen.fill is not None:
            _fill(sheet, canvas, lines, pen.fill, seen)
        for line in lines:
            _draw_line(canvas, line, pen, seen)


def _draw_points(canvas: ImageDraw, points: list[Point], pen: _Pen, seen: Box) -> None:
    for x, y in points:
        if seen[0] <= x <= seen[2] and seen[1] <= y <= seen[3]:
            corners = (x - pen.radius, y - pen.radius, x + pen.radius, y + pen.radius)
            canvas.ellipse(corners, fill=pen.fill, outline=pen.line, width=pen.width)


def _draw_line(canvas: ImageDraw, line: list[Point], pen: _Pen, seen: Box) -> None:
    for begin, end in pairwise(line):
        if segment := clipped_segment(begin, end, seen):
            canvas.line(segment, fill=pen.line, width=pen.width)


def _fill(sheet: Image, canvas: ImageDraw, rings: list[list[Point]], fill: Color, seen: Box) -> None:
    """Fill an area: what lies within an odd number of its rings."""
    inside = [ring for ring in (clipped_ring(ring, seen) for ring in rings) if len(ring) > 2]
    if len(inside) == 1:
        canvas.polygon(inside[0], fill=fill)
    elif inside:
        _fill_odd(sheet, inside, fill)


def _fill_odd(sheet: Image, rings: list[list[Point]], fill: Color) -> None:
    """The rings drawn one by one as areas of single bits, each turning over what those before it left."""
    from PIL import Image, ImageChops, ImageDraw

    whole = _pixels_of([point for ring in rings for point in ring], sheet.size)
    mask = Image.new("1", (whole[2] - whole[0], whole[3] - whole[1]))
    for ring in rings:
        own = _pixels_of(ring, sheet.size)
        area = Image.new("1", (own[2] - own[0], own[3] - own[1]))
        ImageDraw.Draw(area).polygon([(x - own[0], y - own[1]) for x, y in ring], fill=1)
        place = (own[0] - whole[0], own[1] - whole[1])
        before = mask.crop((*place, place[0] + area.width, place[1] + area.height))
        mask.paste(ImageChops.logical_xor(before, area), place)
    sheet.paste(fill, (whole[0], whole[1]), mask)


def _pixels_of(points: list[Point], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box of the sheet's pixels around points: left, top, right, bottom, at least one pixel."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left = min(max(math.floor(min(xs)), 0), size[0] - 1)
    top = min(max(math.floor(min(ys)), 0), size[1] - 1)
    right, bottom = min(math.ceil(max(xs)) + 1, size[0]), min(math.ceil(max(ys)) + 1, size[1])
    return left, top, max(right, left + 1), max(bottom, top + 1)
