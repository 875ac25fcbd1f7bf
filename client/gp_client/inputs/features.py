"""Features and tables for a task, from whatever Python has them in.

A FeatureSet comes from ArcGIS JSON, GeoJSON, `__geo_interface__`, geopandas, shapely, or a list of these; a
RecordSet from rows, ArcGIS JSON or a pandas DataFrame. What stands elsewhere is a LayerReference, an
ItemReference or its URL; what the task has itself is the name out of its choice list. geopandas, shapely and
pandas are never imported: whoever hands in their objects has done so.

Source: ArcGIS REST, *FeatureSet object* and *GP data types*.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.feature_sets import (
    FeatureSet,
    RecordSet,
    decode_record_set,
    fields_of_default,
)
from gp_protocol.values.geometries import geometry_type_of
from gp_protocol.values.references import (
    DataFile,
    ItemReference,
    LayerReference,
    decode_item,
    decode_layer_reference,
)

from gp_client.inputs.arcgis_json import of_arcgis, ours, plain_members, plain_set, usable_default
from gp_client.inputs.columns import typed_rows
from gp_client.inputs.geojson import Drawn, drawn_in, feature_set_of, is_geojson, reference_in
from gp_client.inputs.places import spatial_reference_from
from gp_client.inputs.refusals import refusal, unreadable
from gp_client.inputs.scalars import as_list, is_sequence, known_keys, parsed

_T = TypeVar("_T")

_FEATURES = (
    "features: a FeatureSet, ArcGIS JSON, GeoJSON, a GeoDataFrame, geometries, or a layer by URL, "
    "LayerReference or ItemReference"
)
_RECORDS = (
    "a table: a RecordSet, a list of dicts, a DataFrame, or a table by URL, LayerReference or ItemReference"
)


def feature_set_from(
    value: Any, default: Any = None, *, choices: Sequence[str] | None = None
) -> FeatureSet | LayerReference | ItemReference | str:
    """Features, or where they stand, from anything that Python has them in; see the module.

    `default` is the parameter's default as JSON: it tells the fields, the geometry type and the spatial
    reference of what does not tell its own. A text is one of `choices`, JSON or a URL. GeoJSON is in WGS 84
    unless its `crs` says otherwise. Raises InvalidInput.
    """
    return _read("features", read_features, value, default, choices)


def record_set_from(
    value: Any, default: Any = None, *, choices: Sequence[str] | None = None
) -> RecordSet | LayerReference | ItemReference | str:
    """A table, or where it stands, likewise. Raises InvalidInput."""
    return _read("records", read_records, value, default, choices)


def read_features(
    value: Any, default: Any = None, choices: Sequence[str] | None = None
) -> FeatureSet | LayerReference | ItemReference | str:
    """`feature_set_from`, raising `LocalProtocolError`."""
    if isinstance(value, FeatureSet):
        return plain_set(value)
    if isinstance(value, RecordSet):
        raise LocalProtocolError(
            met="a RecordSet", expected="features with geometries", remedy="give a FeatureSet"
        )
    value = _parsed(value, choices)
    if (reference := reference_from(value, choices, _FEATURES)) is not None:
        return reference
    default = usable_default(default)
    if _is_of("geopandas", "GeoDataFrame", value) or _is_of("geopandas", "GeoSeries", value):
        return _of_geopandas(value, default)
    if isinstance(value, Mapping):
        if is_geojson(value):
            return _drawn(drawn_in(value), value, default)
        return of_arcgis(value, default)
    interface = getattr(value, "__geo_interface__", None)
    if isinstance(interface, Mapping):
        return _of_interface(interface, default)
    elements = as_list(value)
    if elements is not None:
        return _of_elements(elements, default)
    raise LocalProtocolError(met=shown(value), expected=_FEATURES)


def read_records(
    value: Any, default: Any = None, choices: Sequence[str] | None = None
) -> RecordSet | LayerReference | ItemReference | str:
    """`record_set_from`, raising `LocalProtocolError`."""
    if isinstance(value, RecordSet):
        return plain_set(value)
    if isinstance(value, FeatureSet):
        raise LocalProtocolError(
            met="a FeatureSet",
            expected="a table",
            remedy="give its rows: [feature['attributes'] for feature in value.features]",
        )
    value = _parsed(value, choices)
    if (reference := reference_from(value, choices, _RECORDS)) is not None:
        return reference
    default = usable_default(default)
    if isinstance(value, Mapping) and not is_geojson(value) and "features" in value:
        return ours(decode_record_set, plain_members(value), default)
    rows = _rows(value)
    if rows is None:
        raise LocalProtocolError(met=shown(value), expected=_RECORDS)
    fields, written = typed_rows(rows, fields_of_default(default), "[{}]")
    return RecordSet(fields, [{"attributes": row} for row in written])


def reference_from(
    value: Any, choices: Sequence[str] | None, expected: str
) -> LayerReference | ItemReference | str | None:
    """What names features or a table that stand elsewhere; None for what may be these themselves."""
    if isinstance(value, LayerReference | ItemReference):
        if not (value.url if isinstance(value, LayerReference) else value.item_id):
            raise LocalProtocolError(met="a reference to nothing", expected=expected)
        return value
    if isinstance(value, DataFile):
        if value.url:
            return LayerReference(value.url)
        if value.item_id:
            return ItemReference(value.item_id)
        raise LocalProtocolError(met=shown(value), expected=expected, remedy="upload it to the service")
    if isinstance(value, os.PathLike):
        raise local_file(value, expected)
    if isinstance(value, Mapping):
        if value.get("url") is not None:
            known_keys(value, ("url", "filter", "time", "token"))
            return ours(decode_layer_reference, dict(value))
        if value.get("itemID") is not None:
            known_keys(value, ("itemID",))
            return ours(decode_item, dict(value))
        return None
    if not isinstance(value, str):
        return None
    if value in (choices or ()):
        return str(value)
    if is_url(value):
        return LayerReference(value.strip())
    if choices:
        raise LocalProtocolError(
            met=shown(value),
            expected=some_of(choices),
            remedy=did_you_mean(value, map(str, choices)),
        )
    raise local_file(value, expected)


def is_url(text: str) -> bool:
    """Whether a text is an address that a server can fetch from."""
    return text.strip()[:8].lower().startswith(("http://", "https://")) and len(text.split()) == 1


def local_file(value: Any, expected: str) -> LocalProtocolError:
    """The error about a path, or a text that may be one: the server cannot read it."""
    return LocalProtocolError(
        met=shown(os.fspath(value)),
        expected=expected,
        remedy="a file of your own: give what service.upload(path) answers, or its content",
    )


def _of_interface(interface: Mapping[str, Any], default: dict[str, Any]) -> FeatureSet:
    if not is_geojson(interface):
        raise LocalProtocolError(path="__geo_interface__", met=shown(interface), expected="GeoJSON")
    return _drawn(drawn_in(interface), interface, default)


def _of_elements(elements: list[Any], default: dict[str, Any]) -> FeatureSet:
    """A list of geometries or features, all of GeoJSON's kind or all of ArcGIS's."""
    drawn: list[Drawn] = []
    plain: list[Any] = []
    for index, element in enumerate(elements):
        found = element if isinstance(element, Mapping) else getattr(element, "__geo_interface__", None)
        if element is None:
            drawn.append(Drawn(None))
            plain.append({"attributes": {}, "geometry": None})
        elif isinstance(found, Mapping) and is_geojson(found) and found["type"] != "FeatureCollection":
            drawn.extend(_at(f"[{index}]", drawn_in, found))
        elif isinstance(found, Mapping) and ("geometry" in found or "attributes" in found):
            plain.append(dict(found))
        elif isinstance(found, Mapping) and geometry_type_of(dict(found)) is not None:
            plain.append({"attributes": {}, "geometry": dict(found)})
        else:
            remedy = ""
            if is_sequence(element) and len(element) in (2, 3):
                remedy = 'a position is {"type": "Point", "coordinates": [longitude, latitude]}'
            raise LocalProtocolError(
                path=f"[{index}]", met=shown(element), expected="a geometry or a feature", remedy=remedy
            )
    if len(plain) == len(elements) and elements and not all(each is None for each in elements):
        return of_arcgis({"features": plain}, default)
    if len(drawn) == len(elements):
        return _drawn(drawn, {}, default)
    raise LocalProtocolError(
        met="GeoJSON and ArcGIS JSON in one list", expected="a list of either", remedy="convert one of them"
    )


def _drawn(drawn: list[Drawn], holder: Mapping[str, Any], default: dict[str, Any]) -> FeatureSet:
    return feature_set_of(
        drawn,
        reference_in(holder),
        known_fields=fields_of_default(default),
        default_type=str(default.get("geometryType") or ""),
    )


def _of_geopandas(value: Any, default: dict[str, Any]) -> FeatureSet:
    """Its active geometry column; the others are attributes. The index stays behind."""
    if value.crs is None:
        raise LocalProtocolError(
            path="crs", met="None", expected="a CRS", remedy="say what it is: .set_crs(4326) for degrees"
        )
    try:
        reference = spatial_reference_from(value.crs)
    except LocalProtocolError as error:
        raise error.at("crs") from None
    rows: list[dict[Any, Any]] = [{} for _ in range(len(value))]
    geometries = value
    if hasattr(value, "columns"):
        geometries = value.geometry
        for name in value.columns:
            if name == geometries.name:
                continue
            if hasattr(value[name], "geom_type"):
                raise LocalProtocolError(
                    path=str(name), met="a second geometry column", expected="one", remedy="drop it"
                )
            for row, cell in zip(rows, value[name].tolist(), strict=True):
                row[name] = cell
    drawn = [
        Drawn(None if geometry is None or geometry.is_empty else geometry.__geo_interface__, row)
        for geometry, row in zip(geometries, rows, strict=True)
    ]
    return feature_set_of(
        drawn,
        reference,
        known_fields=fields_of_default(default),
        default_type=str(default.get("geometryType") or ""),
    )


def _rows(value: Any) -> list[Mapping[Any, Any]] | None:
    if _is_of("geopandas", "GeoDataFrame", value):
        raise LocalProtocolError(
            met="a GeoDataFrame", expected="a table", remedy="drop its geometry: pandas.DataFrame(…)"
        )
    if _is_of("pandas", "DataFrame", value):
        names = list(value.columns)
        columns = [value.iloc[:, index].tolist() for index in range(len(names))]
        if len(set(names)) != len(names):
            raise LocalProtocolError(met="columns of the same name", expected="names of their own")
        return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if is_geojson(value):
        drawn = drawn_in(value)
        for index, each in enumerate(drawn):
            if each.geometry is not None:
                raise _located(f"features[{index}]")
        return [each.properties for each in drawn]
    rows = as_list(value)
    if rows is None:
        return None
    return [_row(index, row) for index, row in enumerate(rows)]


def _row(index: int, row: Any) -> Mapping[Any, Any]:
    """A row: a mapping of its values, or of these under `attributes`."""
    if not isinstance(row, Mapping):
        raise LocalProtocolError(path=f"[{index}]", met=shown(row), expected="a dict of a row's values")
    attributes = row.get("attributes")
    if isinstance(attributes, Mapping) and row.keys() <= {"attributes", "geometry"}:
        if row.get("geometry") is not None:
            raise _located(f"[{index}]")
        return attributes
    return row


def _located(path: str) -> LocalProtocolError:
    return LocalProtocolError(
        path=path, met="a geometry", expected="a row of a table", remedy="give the attributes alone"
    )


def _is_of(package: str, name: str, value: Any) -> bool:
    """Whether a value is of a class of that package, by name: the package itself is not needed."""
    return any(
        kind.__name__ == name and kind.__module__.partition(".")[0] == package for kind in type(value).__mro__
    )


def _at(path: str, read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except LocalProtocolError as error:
        raise error.at(path) from None


def _parsed(value: Any, choices: Sequence[str] | None) -> Any:
    return value if isinstance(value, str) and value in (choices or ()) else parsed(value)


def _read(
    what: str,
    read: Callable[[Any, Any, Sequence[str] | None], _T],
    value: Any,
    default: Any,
    choices: Sequence[str] | None,
) -> _T:
    try:
        return read(value, default, choices)
    except ProtocolError as error:
        raise refusal(what, value, error) from None
    except Exception as error:
        # What a caller hands in may be any object, and raise anything where it is looked at.
        raise unreadable(what, value, error, expected=what) from error
