"""Values that stand elsewhere: layers, files, rasters, uploaded items, and images of a result map.

Source: ArcGIS REST, *GP data types*. A URL is any text that is not blank: servers also name file paths.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.literals import read_double, read_long
from gp_protocol.values.spatial_references import Extent, decode_extent, encode_extent


class LayerReference(msgspec.Struct, frozen=True):
    """A layer or table by address.

    `filter` is an SQL where clause; `time` (10.7.1) ms since epoch or a text `from,to` with `null` for an
    open end; `token` is for a secured layer.
    """

    url: str
    filter: str | None = None
    time: int | str | None = None
    token: str | None = None


class ItemReference(msgspec.Struct, frozen=True):
    """A file uploaded to the service, by the item id that the upload answered with."""

    item_id: str


class DataFile(msgspec.Struct, frozen=True):
    """A file: by address, by uploaded item, or (10.8) by an item of the same portal."""

    url: str | None = None
    item_id: str | None = None
    portal_item_id: str | None = None

    def __post_init__(self) -> None:
        if not (self.url or self.item_id or self.portal_item_id):
            raise LocalProtocolError(met="nothing", expected="a url, an item_id or a portal_item_id")


class Raster(msgspec.Struct, frozen=True):
    """A raster: a file with its `format` (`tif`, `jpg`, …), an image service (`type` is `ImageService`) or
    an item."""

    url: str | None = None
    format: str | None = None
    type: str | None = None
    item_id: str | None = None

    def __post_init__(self) -> None:
        if not (self.url or self.item_id):
            raise LocalProtocolError(met="nothing", expected="a url or an item_id")


class MapImage(msgspec.Struct, frozen=True):
    """A picture of the result, drawn by a result map service: size in pixels."""

    href: str
    width: int | None = None
    height: int | None = None
    extent: Extent | None = None
    scale: float | None = None


def decode_layer_reference(value: dict[str, Any]) -> LayerReference:
    """Read `{"url", "filter"?, "time"?, "token"?}`."""
    time = value.get("time")
    if time is not None and (isinstance(time, bool) or not isinstance(time, int | str)):
        raise RemoteProtocolError(path="time", met=shown(time), expected='ms since 1970 or "from,to"')
    return LayerReference(_text(value, "url"), _optional(value, "filter"), time, _optional(value, "token"))


def points_nowhere(value: dict[str, Any]) -> bool:
    """Whether an object is empty, or a reference to nothing: `{"url": ""}` is how a published client says
    that no file was given."""
    for key, member in value.items():
        if key not in _ADDRESSES or (member is not None and member != ""):
            return False
    return True


_ADDRESSES = frozenset({"url", "itemID", "portalItemID", "format"})


def encode_layer_reference(value: LayerReference) -> dict[str, Any]:
    """The form of inputs, with the filter, time and token that are given."""
    return _given(url=value.url, filter=value.filter, time=value.time, token=value.token)


def decode_item(value: dict[str, Any]) -> ItemReference:
    """Read `{"itemID"}`."""
    return ItemReference(_text(value, "itemID"))


def decode_data_file(value: Any) -> DataFile:
    """Read `{"url"}`, `{"itemID"}` or `{"portalItemID"}`; other keys are passed over."""
    for key in _keys_of(value, "url", "itemID", "portalItemID"):
        if key == "url":
            return DataFile(url=_text(value, key))
        if key == "itemID":
            return DataFile(item_id=_text(value, key))
    return DataFile(portal_item_id=_text(value, "portalItemID"))


def encode_data_file(value: DataFile) -> dict[str, Any]:
    """The form of inputs: whichever of the three is given."""
    return _given(url=value.url, itemID=value.item_id, portalItemID=value.portal_item_id)


def decode_raster(value: Any) -> Raster:
    """Read `{"url", "format"?, "type"?}` or `{"itemID"}`."""
    if "url" in _keys_of(value, "url", "itemID"):
        return Raster(_text(value, "url"), _optional(value, "format"), _optional(value, "type"))
    return Raster(item_id=_text(value, "itemID"), format=_optional(value, "format"))


def encode_raster(value: Raster) -> dict[str, Any]:
    """The form of inputs; it is also that of outputs where there is a url."""
    return _given(url=value.url, format=value.format, type=value.type, itemID=value.item_id)


def output_url(encoded: dict[str, Any]) -> dict[str, Any]:
    """The same, if it has a url: an output is somewhere. Raises `LocalProtocolError`."""
    if not encoded.get("url"):
        raise LocalProtocolError(
            met=shown(encoded), expected="a value with a url", remedy="outputs name addresses, not items"
        )
    return encoded


def decode_map_image(value: Any) -> MapImage:
    """Read `{"href", "width", "height", "extent", "scale"}`, of which only href must be there."""
    if not isinstance(value, dict):
        raise RemoteProtocolError(met=shown(value), expected='an object with "href"')
    numbers: dict[str, Any] = {}
    for key, read in (("width", read_long), ("height", read_long), ("scale", read_double)):
        number = value.get(key)
        try:
            numbers[key] = None if number is None else read(number)
        except RemoteProtocolError as error:
            raise error.at(key) from None
    extent = value.get("extent")
    try:
        box = decode_extent(extent) if extent else None
    except RemoteProtocolError as error:
        raise error.at("extent") from None
    return MapImage(_text(value, "href"), extent=box, **numbers)


def encode_map_image(value: MapImage) -> dict[str, Any]:
    """An image as a result map service tells of it."""
    extent = None if value.extent is None else encode_extent(value.extent, reference_key="spatialReference")
    return _given(href=value.href, width=value.width, height=value.height, extent=extent, scale=value.scale)


def _keys_of(value: Any, *keys: str) -> list[str]:
    found = [key for key in keys if value.get(key) not in (None, "")] if isinstance(value, dict) else []
    if not found:
        examples = " or ".join(f'{{"{key}": …}}' for key in keys)
        looks_like_url = isinstance(value, str) and "://" in value
        remedy = f'write {{"url": {shown(value)}}}' if looks_like_url else _nearest_key(value, keys)
        raise RemoteProtocolError(met=shown(value), expected=examples, remedy=remedy)
    return found


def _nearest_key(value: Any, keys: tuple[str, ...]) -> str:
    words = [word for word in list(value)[:20] if word not in keys] if isinstance(value, dict) else ()
    return next((hint for word in words if (hint := did_you_mean(str(word), keys))), "")


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise RemoteProtocolError(path=key, met=shown(text), expected="a text that is not blank")
    return text


def _optional(value: dict[str, Any], key: str) -> str | None:
    text = value.get(key)
    if text is not None and not isinstance(text, str):
        raise RemoteProtocolError(path=key, met=shown(text), expected="a text")
    return text or None


def _given(**members: Any) -> dict[str, Any]:
    return {key: member for key, member in members.items() if member is not None}
