"""Files and rasters for a task: where they are, as the server reads it.

Source: ArcGIS REST, *GP data types* (GPDataFile, GPRasterData, GPRasterDataLayer). Raises
`LocalProtocolError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.references import (
    DataFile,
    ItemReference,
    LayerReference,
    MapImage,
    Raster,
    decode_data_file,
    decode_raster,
)

from gp_client.inputs.features import is_url, local_file
from gp_client.inputs.scalars import known_keys, parsed

_T = TypeVar("_T")

_FILE = "a file: its URL, a DataFile, or the ItemReference of an upload"
_RASTER = "a raster: its URL, a Raster, or the ItemReference of an upload"


def data_file_from(value: Any) -> DataFile:
    """A DataFile from a URL, what an upload answered, `{"url"}`, `{"itemID"}` or `{"portalItemID"}`."""
    if isinstance(value, DataFile):
        return value
    if isinstance(value, ItemReference):
        return DataFile(item_id=value.item_id)
    if isinstance(value, Raster):
        return DataFile(url=value.url, item_id=value.item_id)
    if isinstance(value, LayerReference):
        return DataFile(url=value.url)
    value = parsed(value)
    if isinstance(value, Mapping):
        known_keys(value, ("url", "itemID", "portalItemID"), others_pass=True)
        return _read(decode_data_file, dict(value))
    return DataFile(url=_url(value, _FILE))


def raster_from(value: Any, choices: Sequence[str] | None = None) -> Raster | str:
    """A Raster likewise; a text may also be one of `choices`, a layer that the task has itself."""
    if isinstance(value, Raster):
        return value
    if isinstance(value, ItemReference):
        return Raster(item_id=value.item_id)
    if isinstance(value, LayerReference):
        return Raster(value.url)
    if isinstance(value, DataFile):
        if not (value.url or value.item_id):
            raise LocalProtocolError(met=shown(value), expected=_RASTER, remedy="upload it to the service")
        return Raster(value.url, item_id=value.item_id)
    if isinstance(value, MapImage):
        raise LocalProtocolError(
            met="a picture of a result", expected=_RASTER, remedy="ask for the raster itself"
        )
    value = parsed(value)
    if isinstance(value, Mapping):
        known_keys(value, ("url", "itemID", "format", "type"), others_pass=True)
        return _read(decode_raster, dict(value))
    if isinstance(value, str) and choices and not is_url(value):
        if value in choices:
            return str(value)
        raise LocalProtocolError(
            met=shown(value), expected=some_of(choices), remedy=did_you_mean(value, map(str, choices))
        )
    return Raster(_url(value, _RASTER))


def _url(value: Any, expected: str) -> str:
    if isinstance(value, str) and is_url(value):
        return value.strip()
    if isinstance(value, str | os.PathLike):
        raise local_file(value, expected)
    raise LocalProtocolError(met=shown(value), expected=expected)


def _read(read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except ProtocolError as error:
        raise LocalProtocolError.of(error) from None
