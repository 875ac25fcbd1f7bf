"""Feature classes and tables in files, and in the memory of a run.

`.geojson` is written and read here, in the spatial reference of the features (its `crs` member says which,
where it is not WGS 84), and so is `.json`, which is ArcGIS's own feature set. Shapefiles, GeoPackages, file
geodatabases and whatever else GDAL reads are geopandas's business: the extra `geo`.

Files number their rows themselves: the object ids that a service gave are left out of all but the two.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.messages import Message
from gp_protocol.values.feature_sets import (
    FeatureSet,
    RecordSet,
    decode_record_set,
    encode_feature_set,
    encode_record_set,
)
from gp_protocol.values.parameter_specs import OutputOptions

from gp_client.arcpy_style.dataset_paths import DatasetPath, dataset_path
from gp_client.arcpy_style.execute_errors import ExecuteError, execute_error, failed
from gp_client.arcpy_style.script_messages import WARNING, message_of
from gp_client.arcpy_style.script_runs import current
from gp_client.errors import GPError, NotSupported

Table = FeatureSet | RecordSet
EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)
_JSON = (".json", ".geojson")
_DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".gdb": "OpenFileGDB", ".fgb": "FlatGeobuf"}
_BITS = {"esriFieldTypeSmallInteger": 16, "esriFieldTypeInteger": 32}
_OBJECT_ID = "esriFieldTypeOID"
_SIMPLE = {
    "esriGeometryPoint": "Point",
    "esriGeometryMultipoint": "MultiPoint",
    "esriGeometryPolyline": "LineString",
    "esriGeometryPolygon": "Polygon",
}


def table_json(value: Table) -> dict[str, Any]:
    """A feature set or record set as ArcGIS JSON, with z, m and curves."""
    if isinstance(value, RecordSet):
        return encode_record_set(value, EVERYTHING)
    return encode_feature_set(value, EVERYTHING)


def table_from_json(found: Any, where: str) -> Table:
    """A feature set or record set out of ArcGIS JSON or GeoJSON; `where` is for errors."""
    from gp_client.inputs.features import feature_set_from

    try:
        if _is_table(found):
            return decode_record_set(found)
        value = feature_set_from(found)
    except (GPError, ProtocolError) as error:
        raise ExecuteError.of(
            f"ERROR 000732: Dataset {where} does not exist or is not supported: {error}",
            error if isinstance(error, GPError) else None,
        ) from None
    if not isinstance(value, Table):
        raise failed(732, f"Dataset {where} does not exist or is not supported: it is no feature set")
    return value


def read_dataset(name: str) -> Table:
    """The features or rows that a name means. Raises ExecuteError."""
    path = dataset_path(name)
    if path.file is None:
        found = current().memory.get(path.layer or "")
        if found is None:
            raise failed(732, f"Dataset {name} does not exist or is not supported")
        return found
    if not path.file.exists():
        raise failed(732, f"Dataset {name} does not exist or is not supported: there is no {path.file}")
    return _read_json(path.file, name) if path.kind in _JSON else _read_by_gdal(path)


def write_dataset(value: Table, name: str) -> str:
    """Write features or rows to what a name means; the path, as `result[0]` tells it.

    Raises ExecuteError, where it exists already, too, unless `env.overwriteOutput` is set.
    """
    path = dataset_path(name)
    if not current().environments["overwriteOutput"] and path.exists():
        raise failed(725, f"Output Feature Class: Dataset {name} already exists (see env.overwriteOutput)")
    if path.file is None:
        current().memory[path.layer or ""] = value
        return name
    if not path.file.parent.is_dir():
        raise failed(210, f"Cannot create output {name}: there is no folder {path.file.parent}")
    try:
        if path.kind in _JSON:
            _write_json(value, path.file)
        else:
            _write_by_gdal(value, path)
    except OSError as error:
        raise failed(210, f"Cannot create output {name}: {error.strerror or error}") from None
    except GPError as error:
        raise execute_error(error) from None
    return str(path.file if path.layer is None else path.file / path.layer)


def layers_of(file: Path) -> list[str] | None:
    """The layers of a file that may have several; None where it cannot be read, and so is best left alone."""
    reader = _geopandas("listing layers")
    try:
        return [str(each) for each in reader.list_layers(file)["name"]]
    except Exception:  # GDAL's readers raise errors of many kinds
        return None


def _is_table(found: Any) -> bool:
    if not isinstance(found, dict) or "geometryType" in found or "type" in found:
        return False
    features = found.get("features")
    fields = found.get("fields")
    if not isinstance(features, list) or not isinstance(fields, list):
        return False
    return not any(isinstance(each, dict) and each.get("geometry") for each in features)


def _read_json(file: Path, name: str) -> Table:
    try:
        found = json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise failed(732, f"Dataset {name} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise failed(732, f"Dataset {name} does not exist or is not supported: {error}") from None
    return table_from_json(found, name)


def _write_json(value: Table, file: Path) -> None:
    if file.suffix.lower() == ".geojson":
        if not isinstance(value, FeatureSet):
            raise failed(840, "a table has no geometries: write it to .json")
        from gp_client.outputs.geodata import to_geojson

        written = to_geojson(value)
    else:
        written = table_json(value)
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(written, stream, ensure_ascii=False)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _read_by_gdal(path: DatasetPath) -> Table:
    from gp_client.inputs.features import feature_set_from

    reader = _geopandas(f"reading {path.file}")
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            frame = reader.read_file(path.file, **({"layer": path.layer} if path.layer else {}))
    except Exception as error:  # GDAL's readers raise errors of many kinds
        raise failed(732, f"Dataset {path.given} does not exist or is not supported: {error}") from None
    _pass_on(heard)
    try:
        if not isinstance(frame, reader.GeoDataFrame):
            return _rows_of(frame)
        for column, kind in frame.dtypes.items():
            if getattr(kind, "kind", "") == "M" and getattr(kind, "tz", None) is None:
                frame[column] = frame[column].dt.tz_localize("UTC")
        is_located = frame.crs is not None
        found = feature_set_from(frame if is_located else frame.set_crs(4326))
    except (GPError, ProtocolError) as error:
        raise failed(732, f"Dataset {path.given} is not supported: {error}") from None
    assert isinstance(found, FeatureSet)
    if not is_located:
        unknown = f"WARNING 000635: {path.given} has an unknown spatial reference"
        current().added.append(message_of(WARNING, unknown))
        return msgspec.structs.replace(found, spatial_reference=None)
    return found


def _rows_of(frame: Any) -> RecordSet:
    """A table without geometries. *Assumed*: a column's type is that of its first value."""
    rows = json.loads(frame.to_json(orient="records", date_format="epoch", date_unit="ms"))
    kinds = {"i": "Integer", "u": "Integer", "f": "Double", "M": "Date", "b": "SmallInteger"}
    fields = []
    for column, kind in frame.dtypes.items():
        word = kinds.get(getattr(kind, "kind", "O"), "String")
        if word == "Integer" and getattr(kind, "itemsize", 4) > 4:
            word = "BigInteger"
        fields.append({"name": str(column), "type": f"esriFieldType{word}"})
    for row in rows:
        row.update({name: int(value) for name, value in row.items() if isinstance(value, bool)})
    return decode_record_set({"fields": fields, "features": [{"attributes": row} for row in rows]})


def _write_by_gdal(value: Table, path: DatasetPath) -> None:
    driver = _DRIVERS.get(path.kind)
    if driver is None:
        raise NotSupported(
            f"files of kind {path.kind or 'without an ending'} are not written: "
            f"write one of {', '.join((*_JSON, *_DRIVERS))}",
            feature=f"writing {path.kind}",
        )
    writer = _geopandas(f"writing {path.file}")
    if not isinstance(value, FeatureSet):
        raise failed(840, f"a table is not written to {path.kind}: write it to .json")
    from gp_client.outputs.geodata import to_geopandas

    frame = to_geopandas(_without_ids(value))
    for field in value.fields:
        bits = _BITS.get(field.type)
        column = frame.get(field.name)
        if bits and getattr(column, "dtype", None) == "Int64" and _fits(column, bits):
            frame[field.name] = column.astype(f"Int{bits}")
    options: dict[str, Any] = {"driver": driver, "engine": "pyogrio"}
    if path.layer is not None:
        options["layer"] = path.layer
    if not value.features:
        options["geometry_type"] = _SIMPLE.get(value.geometry_type, "Unknown")
    assert writer is not None
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            frame.to_file(path.file, **options)
    except OSError:
        raise
    except Exception as error:  # GDAL's writers raise errors of many kinds
        raise failed(210, f"Cannot create output {path.given}: {error}") from None
    _pass_on(heard)


def _fits(column: Any, bits: int) -> bool:
    known = column.dropna()
    return known.empty or bool((known.abs() < 2 ** (bits - 1)).all())


def _without_ids(value: FeatureSet) -> FeatureSet:
    ids = {field.name for field in value.fields if field.type == _OBJECT_ID}
    if not ids:
        return value
    fields = tuple(field for field in value.fields if field.name not in ids)
    features = [
        {**each, "attributes": {k: v for k, v in (each.get("attributes") or {}).items() if k not in ids}}
        for each in value.features
    ]
    return msgspec.structs.replace(value, fields=fields, features=features)


def _pass_on(heard: list[warnings.WarningMessage]) -> None:
    """What GDAL warns of, such as cut field names, as messages of the tool."""
    told: list[Message] = [message_of(WARNING, f"WARNING: {each.message}") for each in heard]
    current().added.extend(told)


def _geopandas(doing: str) -> ModuleType:
    try:
        import geopandas
    except ImportError:
        raise ExecuteError.of(
            f"ERROR: {doing} needs geopandas: pip install 'gpharness[geo]'; "
            ".geojson and .json need nothing more",
            NotSupported(f"{doing} needs geopandas", feature="geo"),
        ) from None
    module: ModuleType = geopandas
    return module
