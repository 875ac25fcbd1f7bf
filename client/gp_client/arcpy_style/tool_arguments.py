"""A tool's arguments, as scripts write them, as the client's values.

Source: ArcPy, *Use tools in Python*: arguments are in the order of the parameters or named; `"#"`, `""` and
None stand for the default. What is a text in ArcPy may be one here: numbers, truths, dates, several values
with semicolons, paths of feature classes and files. *Assumed*: a date without a time zone is UTC; a distance
without units has those of the parameter's default, else meters.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.errors import ProtocolError
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.feature_sets import RecordSet as Rows
from gp_protocol.values.references import DataFile, ItemReference, Raster

from gp_client.arcpy_style.dataset_paths import file_path
from gp_client.arcpy_style.execute_errors import ExecuteError, calling, failed
from gp_client.arcpy_style.feature_sets import RecordSet, value_of
from gp_client.arcpy_style.results import Result
from gp_client.arcpy_style.spatial_references import SpatialReference
from gp_client.arcpy_style.value_texts import aware, date, number, rows, several, truth

if TYPE_CHECKING:
    from gp_client.clients import Service

FEATURES = ("GPFeatureRecordSetLayer", "GPRecordSet")
_FILES = ("GPDataFile", "GPRasterDataLayer", "GPRasterData")
_PLACES = ("GPExtent", "GPEnvelope", "GPSpatialReference", "GPCoordinateSystem")
_MEASURES = ("GPDate", "GPLinearUnit", "GPArealUnit", "GPTimeUnit", "GPValueTable", "GPComposite", *_PLACES)
"""The data types whose values have several forms: ArcPy's own is not what was given."""
_EXTENT = re.compile(
    r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+nan){0,4}(?:\s+(?P<reference>(?!nan\b)\S.*))?", re.I | re.DOTALL
)


def by_name(
    tool: str, parameters: Sequence[Parameter], given: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments by parameter, defaults left out. Raises ExecuteError for too many, twice given and unknown
    ones."""
    names = [each.name for each in parameters]
    if len(given) > len(names):
        raise ExecuteError(
            f"ERROR: {tool}: met {len(given)} arguments, expected at most {len(names)}: {', '.join(names)}"
        )
    arguments = dict(zip(names, given, strict=False))
    for name, value in named.items():
        if name in arguments:
            raise ExecuteError(f"ERROR: {tool}: the argument {name} is given twice")
        arguments[name] = value
    return {name: value for name, value in arguments.items() if not _is_default(value)}


def client_value(parameter: Parameter, value: Any, service: Service) -> Any:
    """An argument as a value of the client's; a local file that a service is to have is uploaded to it.

    What cannot be made out is left to the client, whose error names the parameter.
    """
    kind = parameter.data_type
    try:
        return _features(parameter, value) if kind in FEATURES else _other(parameter, value, service)
    except ExecuteError as error:
        if error.error is not None and kind in _FILES:  # it is about an upload, not about the argument
            raise
        label = parameter.display_name or parameter.name
        raise ExecuteError.of(_at(label, str(error)), error.error) from None


def as_meant(parameter: Parameter, value: Any) -> Any:
    """What a value, or a default in JSON, stands for, as one of the client's; as it is where it stands for
    none."""
    from gp_client.inputs.compound import value_from

    if value is None or parameter.data_type.removeprefix("GPMultiValue:") not in _MEASURES:
        return value
    try:
        return value_from(parameter.data_type, value, parameter)
    except ProtocolError:
        return value


def _other(parameter: Parameter, value: Any, service: Service) -> Any:
    kind = parameter.data_type
    if isinstance(value, Result):
        value = value[0]
    if isinstance(value, RecordSet):
        return value.JSON
    if kind in _FILES:
        return _file(kind, value, service)
    if isinstance(value, os.PathLike):
        return str(value)
    if kind.startswith("GPMultiValue:"):
        member = kind.partition(":")[2]
        if isinstance(value, str):
            value = _json_list(value) or several(value)
        if isinstance(value, Sequence):
            return [_one(member, each) for each in value]
        return value
    made = _one(kind, value, parameter.default_value)
    columns = [each.data_type for each in parameter.parameter_infos or ()]
    if kind == "GPValueTable" and isinstance(made, Sequence) and not isinstance(made, str):
        return [_row(columns, each) for each in made]
    return made


def _one(kind: str, value: Any, default: Any = None) -> Any:
    """A single value."""
    if isinstance(value, SpatialReference):
        return value.value
    if isinstance(value, str):
        read = _TEXTS.get(kind)
        value = read(value) if read is not None else value
    elif kind == "GPString" and isinstance(value, int | float):
        return str(value)
    if kind in ("GPDate", "GPComposite"):
        return aware(value)
    if kind == "GPLinearUnit":
        return _with_units(value, default)
    if kind == "Field" and isinstance(value, str):
        example = json.dumps({"name": value[:40], "type": "esriFieldTypeString"}, ensure_ascii=False)
        raise ExecuteError(f"ERROR: met {value[:40]!r}, expected a field with its type, as JSON: {example}")
    return value


def _with_units(distance: Any, default: Any) -> Any:
    """A distance that is a mere number, with its units."""
    found = number(distance, float) if isinstance(distance, str) else distance
    if not isinstance(found, Number) or isinstance(found, bool):
        return distance
    from gp_client.inputs.scalars import linear_unit_from

    try:
        return found, linear_unit_from(default).units
    except ProtocolError:
        return found, "esriMeters"


def _row(columns: Sequence[str], row: Any) -> Any:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != len(columns):
        return row
    return [_one(kind, cell) for kind, cell in zip(columns, row, strict=True)]


def _features(parameter: Parameter, value: Any) -> Any:
    """Features or rows, or where they stand: a name of the task's own, the path of a file, or whatever the
    client itself takes."""
    from gp_client.inputs.features import feature_set_from, record_set_from

    if isinstance(value, str | os.PathLike | RecordSet | Result) and not _is_choice(parameter, value):
        value = value_of(value)
    if parameter.data_type == "GPFeatureRecordSetLayer":
        return calling(feature_set_from, value, parameter.default_value, choices=parameter.choice_list)
    if isinstance(value, FeatureSet):
        rows = [{"attributes": each.get("attributes") or {}} for each in value.features]
        value = Rows(value.fields, rows)
    return calling(record_set_from, value, parameter.default_value, choices=parameter.choice_list)


def _is_choice(parameter: Parameter, value: Any) -> bool:
    return isinstance(value, str) and value in (parameter.choice_list or ())


def _extent(text: str) -> Any:
    """`xmin ymin xmax ymax`, as ArcPy writes an extent, a spatial reference behind them where there is one;
    z and m, which ArcPy writes as NaN, are left out."""
    found = _EXTENT.fullmatch(text.strip()) if len(text) < 100_000 else None
    if found is None:
        return _json(text)
    numbers = [number(each, float) for each in found.groups()[:4]]
    if any(isinstance(each, str) for each in numbers):
        return text
    if not found["reference"]:
        return tuple(numbers)
    return {
        **dict(zip(("xmin", "ymin", "xmax", "ymax"), numbers, strict=True)),
        "spatialReference": found["reference"],
    }


def _json_or_wkid(text: str) -> Any:
    found = number(text, int)
    return found if isinstance(found, int) else _json(text)


def _json(text: str) -> Any:
    if text.strip().startswith(("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _json_list(text: str) -> Any:
    found = _json(text)
    return found if isinstance(found, list) else None


_TEXTS: Mapping[str, Callable[[str], Any]] = {
    "GPBoolean": truth,
    "GPLong": lambda text: number(text, int),
    "GPDouble": lambda text: number(text, float),
    "GPDate": date,
    "GPExtent": _extent,
    "GPEnvelope": _extent,
    "GPSpatialReference": _json_or_wkid,
    "GPCoordinateSystem": _json_or_wkid,
    "GPLinearUnit": _json,
    "GPArealUnit": _json,
    "GPTimeUnit": _json,
    "Field": _json,
    "GPComposite": _json,
    "GPValueTable": lambda text: _json_list(text) or rows(text),
}


def _file(kind: str, value: Any, service: Service) -> Any:
    if isinstance(value, DataFile | Raster | ItemReference | Mapping):
        return value
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or text.lower().startswith(("http://", "https://")):
        return value
    if text.strip().startswith("{"):
        return _json(text)
    path: Path = file_path(text)
    if not path.is_file():
        raise failed(732, f"Dataset {text} does not exist or is not supported: there is no file {path}")
    try:
        item: ItemReference = calling(service.upload, path)
    except OSError as error:
        raise failed(732, f"Dataset {text} cannot be read: {error.strerror or error}") from None
    return DataFile(item_id=item.item_id) if kind == "GPDataFile" else Raster(item_id=item.item_id)


def _is_default(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in ("", "#"))


def _at(label: str, text: str) -> str:
    """ArcGIS's form of an error about a parameter: `ERROR 000732: Input Points: Dataset …`."""
    code, colon, rest = text.partition(": ")
    return f"{code}: {label}: {rest}" if colon and code.startswith("ERROR") else f"ERROR: {label}: {text}"
