"""The outputs of a task for people to read, and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from gpharness.plain_texts import columns, one_line, printable

if TYPE_CHECKING:
    from gp_client.outputs.outputs import Output
    from gp_client.results import Result

MOST_ROWS = 10
MOST_COLUMNS = 8
_LONGEST_TEXT = 2000
_GEOMETRIES = {
    "esriGeometryPoint": ("point", "points"),
    "esriGeometryMultipoint": ("multipoint", "multipoints"),
    "esriGeometryPolyline": ("line", "lines"),
    "esriGeometryPolygon": ("polygon", "polygons"),
    "esriGeometryEnvelope": ("envelope", "envelopes"),
}
Saved = Mapping[str, list[Path]]
"""Where the files of an output stand, by the output's name."""


def result_lines(result: Result, saved: Saved) -> Iterator[str]:
    """A line for each output, and below it the first rows of a table."""
    if not result.outputs:
        yield "the task has no outputs"
    for name, output in result.outputs.items():
        head, rows = _described(output.value)
        if not output.is_made:
            head, rows = "not made", []
        yield f"{one_line(name)} ({one_line(output.data_type)}): {head}"
        yield from columns(rows) if rows else ()
        for path in saved.get(name, ()):
            yield f"  saved as {path}"


def result_json(result: Result, saved: Saved) -> dict[str, Any]:
    """The values are the server's own JSON; `saved` are the files on this machine."""
    return {
        "results": {
            name: _output_json(output, saved.get(name, [])) for name, output in result.outputs.items()
        },
        "messages": [{"type": each.type.value, "description": each.description} for each in result.messages],
        "job": None if result.job is None else {"id": result.job.id, "url": result.job.url},
    }


def _output_json(output: Output, saved: list[Path]) -> dict[str, Any]:
    told = {"dataType": output.data_type, "value": output.raw}
    if output.warnings:
        told["warnings"] = [{"code": each.code, "text": each.text} for each in output.warnings]
    if saved:
        told["saved"] = [str(path) for path in saved]
    return told


def _described(value: Any) -> tuple[str, list[list[str]]]:
    """A value in a line, and its first rows where it is a table."""
    match value:
        case None:
            return "nothing", []
        case FeatureSet():
            one, many = _GEOMETRIES.get(value.geometry_type, ("feature", "features"))
            count = len(value.features)
            more = ", the server has more" if value.exceeded_transfer_limit else ""
            place = reference_text(value.spatial_reference)
            return f"{count} {one if count == 1 else many} in {place}{more}", _rows(value)
        case RecordSet():
            count = len(value.features)
            more = ", the server has more" if value.exceeded_transfer_limit else ""
            return f"{count} {'row' if count == 1 else 'rows'}{more}", _rows(value)
        case [[*_], *_] if all(isinstance(row, list) for row in value):
            shown = [[value_text(cell) for cell in row] for row in value[:MOST_ROWS]]
            width = max(map(len, shown))
            padded = [row + [""] * (width - len(row)) for row in shown]
            return f"{len(value)} {'row' if len(value) == 1 else 'rows'}", _with_rest(padded, len(value))
        case str():
            text = printable(value)
            cut = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
            return cut.replace("\n", "\n  "), []
    return value_text(value), []


def value_text(value: Any) -> str:
    """A value in one line."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return one_line(value, _LONGEST_TEXT)
        case datetime():
            return value.isoformat()
        case LinearUnit():
            return f"{value.distance:g} {value.units.removeprefix('esri')}"
        case ArealUnit():
            return f"{value.area:g} {value.units.removeprefix('esri')}"
        case TimeUnit():
            return f"{value.time:g} {value.units.removeprefix('esriTimeUnits')}"
        case DataFile() | Raster() | LayerReference():
            return one_line(_address(value))
        case ItemReference():
            return f"item {one_line(value.item_id)}"
        case MapImage():
            size = f" ({value.width} x {value.height})" if value.width and value.height else ""
            return one_line(value.href) + size
        case SpatialReference():
            return reference_text(value)
        case Extent():
            box = f"{value.xmin} {value.ymin} {value.xmax} {value.ymax}"
            return f"{box} in {reference_text(value.spatial_reference)}" if value.spatial_reference else box
        case CompositeValue():
            return f"{value_text(value.value)} ({one_line(value.data_type)})"
        case list() | tuple():
            return one_line(", ".join(map(value_text, value)), _LONGEST_TEXT)
        case FeatureSet() | RecordSet():
            return _described(value)[0]
        case msgspec.Struct():
            return one_line(json.dumps(msgspec.to_builtins(value), ensure_ascii=False), _LONGEST_TEXT)
        case dict():
            return one_line(json.dumps(value, ensure_ascii=False, default=str), _LONGEST_TEXT)
    return one_line(str(value), _LONGEST_TEXT)


def reference_text(reference: SpatialReference | None) -> str:
    """A spatial reference in a few words."""
    if reference is None:
        return "an unknown spatial reference"
    wkid = reference.latest_wkid or reference.wkid
    if wkid:
        return f"wkid {wkid}"
    return one_line(reference.name or reference.wkt or reference.wkt2 or "a projection file", 40)


def _address(value: DataFile | Raster | LayerReference) -> str:
    if value.url:
        return value.url
    item = getattr(value, "item_id", None) or getattr(value, "portal_item_id", None)
    return f"item {item}"


def _rows(value: FeatureSet | RecordSet) -> list[list[str]]:
    """The first attributes of the first features, below their names."""
    if not value.features:
        return []
    shown = value.features[:MOST_ROWS]
    names = [field.name for field in value.fields if field.type != "esriFieldTypeGeometry"]
    names = names or list(shown[0].get("attributes") or ())
    names = names[:MOST_COLUMNS]
    if not names:
        return []
    table = [[value_text((each.get("attributes") or {}).get(name)) for name in names] for each in shown]
    return [names, *_with_rest(table, len(value.features))]


def _with_rest(rows: list[list[str]], count: int) -> list[list[str]]:
    """Rows, and a last one that says how many there are besides."""
    if count <= len(rows):
        return rows
    return [*rows, [f"… and {count - len(rows)} more", *[""] * (len(rows[0]) - 1)]]
