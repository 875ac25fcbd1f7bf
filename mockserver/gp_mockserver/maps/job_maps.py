"""A job's outputs as the layers of its result map, and pictures of them.

Source: ArcGIS Server help, *Result map services*: a layer for each output of features, rasters or records, in
the order of the task's parameters, from the moment the job has succeeded, for as long as the job is kept.
Layers are called by the parameter's display name (recorded). *Assumed*: that a layer stands in the map also
where its output was not made, and shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import Raster
from gp_protocol.values.spatial_references import SpatialReference

from gp_mockserver.geometry.coordinate_systems import ProjectionFailed
from gp_mockserver.geometry.spatial import project
from gp_mockserver.layers.layer_contents import with_object_ids
from gp_mockserver.layers.layer_descriptions import LayerView, whole_extent
from gp_mockserver.layers.query_work import QueryRefused
from gp_mockserver.layers.symbols import symbol
from gp_mockserver.layers.where_clauses import parse_where
from gp_mockserver.maps.pictures import Picture
from gp_mockserver.running.askers import value_in
from gp_mockserver.running.task_outputs import SCRATCH, read_outputs
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from gp_mockserver.running.tool_threads import ToolThreads

_LAYERS: Final = ("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterDataLayer", "GPRasterData")
_WORDS: Final = ("show", "hide", "include", "exclude")
_WAITING_PICTURES: Final = 100
_DEFINITION = re.compile(r"\s*(\d{1,6})\s*:(.*)", re.DOTALL)

T = TypeVar("T")
FindFile = Callable[[str], Path | None]
"""Finds a file by its path in the job's folder."""


def job_views(
    task: Task, kept: bytes, target: SpatialReference | None, find_file: FindFile
) -> list[LayerView]:
    """The layers of the map of a job that has succeeded, features in `target` where it is given; `find_file`
    finds what the tool wrote into the job's folder."""
    outputs = read_outputs(task, kept)
    views = []
    for number, each in enumerate(map_outputs(task)):
        value = outputs[each.name]
        if isinstance(value, FeatureSet | RecordSet):
            value = with_object_ids(value)
        if isinstance(value, FeatureSet) and target is not None:
            value = project(value, target)
        name = each.display_name or each.name
        if each.data_type.startswith("GPRaster"):
            views.append(raster_view(number, name, value, target, find_file))
        else:
            shown = value if isinstance(value, FeatureSet | RecordSet) else None
            views.append(LayerView(number, name, shown, is_table=each.data_type == "GPRecordSet"))
    return views


def raster_view(
    number: int, name: str, value: Any, target: SpatialReference | None, find_file: FindFile
) -> LayerView:
    """The layer of a raster; with a file if the tool wrote one that can be drawn."""
    from gp_mockserver.maps.rasters import KINDS, raster_box

    file: Path | None = None
    if isinstance(value, Raster) and value.url and value.url.startswith(SCRATCH):
        file = find_file(unquote(value.url.removeprefix(SCRATCH)))
    if file is None or file.suffix.lower() not in KINDS:
        return LayerView(number, name, None, is_raster=True)
    return LayerView(number, name, None, is_raster=True, file=file, box=raster_box(file, target))


def map_outputs(task: Task) -> list[Parameter]:
    """The outputs that are layers of the map; a layer's id is its place among them."""
    return [each for each in task.outputs if each.data_type in _LAYERS]


def shown_views(views: Sequence[LayerView], parameters: Mapping[str, str]) -> list[LayerView]:
    """The layers that `layers` (`show:0,1`, `hide:2`) lets be seen, each with the features that `layerDefs`
    (`{"0": "A > 1"}` or `0:A > 1;1:B < 2`) lets through. Raises Refusal."""
    chosen = _chosen(parameters.get("layers", "").strip())
    definitions = _definitions(parameters.get("layerDefs", "").strip())
    shown = []
    for view in views:
        features = view.features
        if not chosen(view.id) or (features is None and view.file is None):
            continue
        if features is not None and (where := definitions.get(view.id)):
            try:
                fits = parse_where(where, features.fields, len(features.features))
                kept = [each for each in features.features if fits(each["attributes"]) is True]
            except QueryRefused as error:
                raise Refusal("bad-value", f"layerDefs: {error}") from None
            view = msgspec.structs.replace(view, value=msgspec.structs.replace(features, features=kept))
        shown.append(view)
    return shown


def draw_views(views: Sequence[LayerView], picture: Picture) -> bytes:
    """The picture of these layers, whatever spatial reference it is in. Raises Refusal."""
    from gp_mockserver.maps.drawing import FeatureSheet, RasterSheet, draw

    target = picture.extent.spatial_reference
    home = whole_extent(views)
    sheets: list[FeatureSheet | RasterSheet] = []
    try:
        for view in views:
            if view.features is not None:
                features = view.features if target is None else project(view.features, target)
                sheets.append(FeatureSheet(features, symbol(features.geometry_type, view.id)))
            elif view.file is not None:
                sheets.append(RasterSheet(view.file, view.box or home))
        return draw(sheets, picture)
    except ProjectionFailed as error:
        raise Refusal("bad-value", f"imageSR: {error}") from None


async def painted(function: Callable[..., T], *arguments: object) -> T:
    """A function's value, computed by one of the few threads that draw: a picture may take 200 MB."""
    return await value_in(_painters(), function, *arguments)


@cache
def _painters() -> ToolThreads:
    from gp_mockserver.running.tool_threads import ToolThreads

    return ToolThreads(2, _WAITING_PICTURES)


def _chosen(text: str) -> Callable[[int], bool]:
    if not text:
        return lambda number: True
    word, _, listed = text.partition(":")
    try:
        numbers = {int(each) for each in listed.split(",") if each.strip()}
    except ValueError:
        numbers, word = set(), ""
    if word.strip().lower() not in _WORDS:
        raise Refusal("bad-value", f"layers: met {text[:60]!r}, expected such as show:0,1 or hide:2")
    hides = word.strip().lower() in ("hide", "exclude")
    if word.strip().lower() == "include":
        return lambda number: True
    return lambda number: (number in numbers) != hides


def _definitions(text: str) -> dict[int, str]:
    if not text:
        return {}
    if text.startswith("{"):
        try:
            json = decode_json(text)
            return {int(key): str(value) for key, value in json.items() if value}
        except (RemoteProtocolError, ValueError) as error:
            detail = error.at("layerDefs").detail if isinstance(error, RemoteProtocolError) else str(error)
            raise Refusal("bad-value", detail) from None
    found = {}
    for part in text.split(";"):
        match = _DEFINITION.fullmatch(part)
        if match is None:
            raise Refusal("bad-value", f"layerDefs: met {part[:60]!r}, expected such as 0:A > 1")
        found[int(match[1])] = match[2]
    return found
