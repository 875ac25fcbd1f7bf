"""A tool's arguments, as scripts write them, as the client's values.

Source: ArcPy, *Use tools in Python*: arguments are in the order of the parameters or named; `"#"`, `""` and
None stand for the default. What is a text in ArcPy may be one here: numbers, truths, dates, several values
with semicolons, paths of feature classes and files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.feature_sets import RecordSet as Rows
from gp_protocol.values.references import DataFile, ItemReference, Raster

from gp_client.arcpy_style.dataset_paths import file_path
from gp_client.arcpy_style.execute_errors import ExecuteError, calling, failed
from gp_client.arcpy_style.feature_sets import RecordSet, value_of
from gp_client.arcpy_style.results import Result
from gp_client.arcpy_style.value_texts import date, number, rows, several, truth

if TYPE_CHECKING:
    from gp_client.clients import Service

FEATURES = ("GPFeatureRecordSetLayer", "GPRecordSet")
_FILES = ("GPDataFile", "GPRasterDataLayer", "GPRasterData")


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
    if kind in FEATURES:
        try:
            return _features(parameter, value)
        except ExecuteError as error:
            label = parameter.display_name or parameter.name
            raise ExecuteError(_at(label, str(error)), error.error) from None
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
            return [_from_text(member, each) for each in value]
        return value
    if kind == "GPLinearUnit" and isinstance(value, str):
        value = _with_units(value, parameter.default_value)
    return _from_text(kind, value)


def _with_units(text: str, default: Any) -> str:
    """A distance with its units. *Assumed*: one without has those of the parameter's default, else meters."""
    if isinstance(number(text, float), str):
        return text
    units = default.get("units") if isinstance(default, Mapping) else None
    return f"{text.strip()} {units if isinstance(units, str) and units else 'esriMeters'}"


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


def _from_text(kind: str, value: Any) -> Any:
    if isinstance(value, str):
        read = _TEXTS.get(kind)
        return read(value) if read is not None else value
    if kind == "GPString" and isinstance(value, int | float):
        return str(value)
    return value


def _extent(text: str) -> Any:
    """`xmin ymin xmax ymax`, as ArcPy writes an extent."""
    numbers = [number(each, float) for each in text.split()[:4]]
    return tuple(numbers) if len(numbers) == 4 and not any(isinstance(n, str) for n in numbers) else text


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
    "GPExtent": lambda text: _extent(text) if not text.strip().startswith("{") else _json(text),
    "GPEnvelope": lambda text: _extent(text) if not text.strip().startswith("{") else _json(text),
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
    return f"{code}: {label}: {rest}" if colon and code.startswith("ERROR ") else f"ERROR: {label}: {text}"
