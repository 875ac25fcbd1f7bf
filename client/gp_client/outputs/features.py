"""Features and rows out of an answer's JSON: geometries strictly, attributes as delivered.

Source: ArcGIS REST, *FeatureSet object*, *Geometry objects* and *GP data types*. A set without `fields`,
without `exceededTransferLimit` or without `geometryType` is read (its first geometry then tells the type),
also one within a feature collection, and vertices with more ordinates than were announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.values.curves import curve_end
from gp_protocol.values.feature_sets import FeatureSet, RecordSet, decode_feature_set, decode_record_set
from gp_protocol.values.fields import FIELD_TYPES, Field, check_attributes
from gp_protocol.values.geometries import geometry_type_of
from gp_protocol.values.references import (
    ItemReference,
    LayerReference,
    MapImage,
    decode_item,
    decode_layer_reference,
    points_nowhere,
)
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference

from gp_client.errors import ProtocolViolation
from gp_client.outputs.pictures import read_map_image
from gp_client.outputs.warnings import Reading
from gp_client.reading.json_pointers import stepped

_NEWER_FIELDS = (
    "esriFieldTypeBigInteger",
    "esriFieldTypeDateOnly",
    "esriFieldTypeTimeOnly",
    "esriFieldTypeTimestampOffset",
)
_WITHOUT_VALUES = ("esriFieldTypeGeometry", "esriFieldTypeBlob", "esriFieldTypeRaster")
_PARTS = ("points", "paths", "rings", "curvePaths", "curveRings")
_PLAIN = ("x", "y", "z", "m", "xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax")

Layer = FeatureSet | LayerReference | ItemReference | MapImage


def is_newer(field: Field) -> bool:
    """Whether a field is of a type that came with 11.2 or that nobody knows."""
    return field.type in _NEWER_FIELDS or field.type not in FIELD_TYPES


def read_layer(json: Any, spec: Any, reading: Reading, place: str) -> Layer | None:
    """Features, or where they are: a layer of a feature service, an uploaded item, a picture of them."""
    if isinstance(json, dict) and json.get("mapImage") is not None:
        return read_map_image(json["mapImage"], reading, stepped(place, "mapImage"))
    if isinstance(json, dict) and "features" not in json:
        if points_nowhere(json):
            return None
        if (reference := _reference_in(json)) is not None:
            return reference
    holder, json, place = _unwrapped(json, reading, place)
    _check_features(json, reading, place)
    json = _completed(json, reading, place)
    value: FeatureSet = _found(_decode_features, json, reading, place)
    features = json["features"]
    if any(each["geometry"] is not None for each in value.features):
        value = _with_all_ordinates(value, features, reading, place)
        _remark_reference(value.spatial_reference, reading, place)
    _remark_fields(value.fields, reading, stepped(place, "fields"))
    _remark_attributes(value.features, value.fields, reading, stepped(place, "features"))
    exceeded = _is_cut(value.features, (json, holder), reading, place)
    return msgspec.structs.replace(value, exceeded_transfer_limit=exceeded)


def read_records(
    json: Any, spec: Any, reading: Reading, place: str
) -> RecordSet | FeatureSet | LayerReference | ItemReference | MapImage | None:
    """The rows of a table, or where they are. Rows with geometries are features, which is remarked."""
    if isinstance(json, dict) and "features" not in json:
        if points_nowhere(json):
            return None
        if (reference := _reference_in(json)) is not None:
            return reference
    whole, at = json, place
    holder, json, place = _unwrapped(json, reading, place)
    _check_features(json, reading, place)
    if any(each.get("geometry") is not None for each in json["features"]):
        found = _with_geometries(whole, spec, reading, at)
        if found is not None:
            return found
    json = _completed(json, reading, place)
    value: RecordSet = _found(_decode_records, json, reading, place)
    _remark_fields(value.fields, reading, stepped(place, "fields"))
    _remark_attributes(value.features, value.fields, reading, stepped(place, "features"))
    exceeded = _is_cut(value.features, (json, holder), reading, place)
    return msgspec.structs.replace(value, exceeded_transfer_limit=exceeded)


def _with_geometries(json: Any, spec: Any, reading: Reading, place: str) -> Layer | None:
    """The features that came for a table; None where their geometries cannot be read."""
    try:
        found = read_layer(json, spec, reading, place)
    except ProtocolViolation as violation:
        text = f"geometries came with the rows and are left out, as {violation.text}; `raw` has them"
        reading.remark("type", place, text)
        return None
    if isinstance(found, FeatureSet) and all(each["geometry"] is None for each in found.features):
        return None
    reading.remark("type", place, "geometries came with the rows of a table; they are read as features")
    return found


def _decode_features(json: Any) -> FeatureSet:
    return decode_feature_set(json, tolerant=True)


def _decode_records(json: Any) -> RecordSet:
    return decode_record_set(json, tolerant=True)


def _found(read: Any, json: Any, reading: Reading, place: str) -> Any:
    try:
        return read(json)
    except ProtocolError as error:
        raise reading.violation_of(error, json, place) from None


def _reference_in(json: dict[str, Any]) -> LayerReference | ItemReference | None:
    if json.get("url") is not None:
        return decode_layer_reference(json)
    return decode_item(json) if json.get("itemID") is not None else None


def _unwrapped(json: Any, reading: Reading, place: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What holds the set, the set itself and the pointer to it: a feature collection holds one, with its
    layer's geometry type and fields."""
    if not isinstance(json, dict):
        raise reading.violation(place, json, "an object with features, or with the url of a layer")
    holder = json
    layers = json.get("layers")
    if "features" not in json and isinstance(layers, list) and len(layers) == 1:
        holder, place = layers[0], stepped(place, "layers", 0)
    if not isinstance(holder, dict) or "features" in holder or holder.get("featureSet") is None:
        return json, json, place
    inner, layer, place = holder["featureSet"], holder.get("layerDefinition"), stepped(place, "featureSet")
    if not isinstance(inner, dict):
        raise reading.violation(place, inner, "a feature set")
    known = {}
    if isinstance(layer, dict):
        known = {key: layer[key] for key in ("geometryType", "fields", "hasZ", "hasM") if key in layer}
    return holder, known | {k: v for k, v in inner.items() if k == "features" or v not in (None, [])}, place


def _check_features(json: dict[str, Any], reading: Reading, place: str) -> None:
    features = json.get("features")
    if not isinstance(features, list):
        raise reading.violation(stepped(place, "features"), features, "a list of features")
    for number, feature in enumerate(features):
        if not isinstance(feature, dict) or not ("attributes" in feature or "geometry" in feature):
            raise reading.violation(
                stepped(place, "features", number), feature, "a feature, with attributes or a geometry"
            )


def _completed(json: dict[str, Any], reading: Reading, place: str) -> dict[str, Any]:
    """The set with what it leaves out, as far as it can be told, and with fields that can be read."""
    added: dict[str, Any] = {}
    key = "fields" if json.get("fields") or not json.get("Fields") else "Fields"
    fields = json.get(key)
    if isinstance(fields, list):
        at = stepped(place, key)
        fields = [mended_field(each, reading, stepped(at, number)) for number, each in enumerate(fields)]
    if fields:
        added["fields"] = fields
    kind = json.get("geometryType")
    is_null = isinstance(kind, str) and kind.casefold() == "esrigeometrynull"
    if kind in (None, "") or is_null:
        geometries = (feature.get("geometry") for feature in json["features"])
        types = (geometry_type_of(each) for each in geometries if isinstance(each, dict))
        found = next((each for each in types if each is not None), None)
        if found is not None or is_null:
            added["geometryType"] = found
    if is_null:
        reading.remark("type", stepped(place, "geometryType"), f"{kind} is the geometry type of no feature")
    return {**json, **added} if added else json


def mended_field(json: Any, reading: Reading, place: str) -> Any:
    """A field without what cannot be read of its length, `editable` and `nullable`, none of which decides
    about a value; the same object where all can be."""
    if not isinstance(json, dict):
        return json
    mended: dict[str, Any] = {}
    length = json.get("length")
    if length is not None and (type(length) is not int or length < 0):
        mended["length"] = _whole_length(length)
    for key in ("editable", "nullable"):
        truth = json.get(key)
        if truth is not None and truth is not True and truth is not False:
            word = truth.strip().lower() if isinstance(truth, str) else None
            mended[key] = {"true": True, "false": False}.get(word or "")
    for key, value in mended.items():
        taken = "passed over" if value is None else f"taken for {shown(value)}"
        reading.remark("type", stepped(place, key), f"{shown(json[key])} is {taken}")
    return {**json, **mended} if mended else json


def _whole_length(length: Any) -> int | None:
    if type(length) is float and 0 <= length < 1 << 53 and length.is_integer():
        return int(length)
    is_digits = isinstance(length, str) and len(length) < 16 and length.isascii() and length.isdigit()
    return int(length) if is_digits else None


def _with_all_ordinates(value: FeatureSet, raw: list[Any], reading: Reading, place: str) -> FeatureSet:
    """The set, `has_z` and `has_m` as its vertices have them. Raises where an ordinate is a text: only NaN
    may be, where nothing is."""
    longest = 2
    for number, (feature, sent) in enumerate(zip(value.features, raw, strict=True)):
        geometry = feature["geometry"]
        if geometry is None:
            continue
        original = sent["geometry"]
        for key in geometry:
            if key not in _PARTS:
                if key in _PLAIN and isinstance(original.get(key), str):
                    pointer = stepped(place, "features", number, "geometry", key)
                    raise reading.violation(pointer, original[key], "a number")
                continue
            for path, source, keys in _paths(key, geometry[key], original[key]):
                if path is not source:
                    text = _text_in(source)
                    if text is not None:
                        pointer = stepped(place, "features", number, "geometry", *keys, *text[0])
                        raise reading.violation(pointer, text[1], "a number")
                    path = [curve_end(segment) for segment in path]
                longest = max(longest, max(map(len, path), default=2))
    has_z, has_m = value.has_z, value.has_m
    if longest == 4:
        has_z = has_m = True
    elif longest == 3 and not has_z and not has_m:
        has_z = True
    if (has_z, has_m) == (value.has_z, value.has_m):
        return value
    return msgspec.structs.replace(value, has_z=has_z, has_m=has_m)


def _paths(
    key: str, read: list[Any], sent: list[Any]
) -> Iterator[tuple[list[Any], list[Any], tuple[Any, ...]]]:
    if key == "points":
        yield read, sent, (key,)
    else:
        for number, (path, source) in enumerate(zip(read, sent, strict=True)):
            yield path, source, (key, number)


def _text_in(path: list[Any]) -> tuple[tuple[Any, ...], str] | None:
    """The first ordinate of a path that is a text, and where, but for a z or m that is NaN."""
    for number, segment in enumerate(path):
        where: tuple[Any, ...] = (number,)
        if isinstance(segment, dict):
            where = (number, next(iter(segment)), 0)
        for index, ordinate in enumerate(curve_end(segment)):
            if isinstance(ordinate, str) and not (index > 1 and ordinate.lower() == "nan"):
                return (*where, index), ordinate
    return None


def _remark_reference(reference: SpatialReference | None, reading: Reading, place: str) -> None:
    if reference is None:
        reading.remark("spatial-reference", place, "nothing tells the spatial reference of the features")
        return
    asked = _asked(reading.asked_reference)
    if asked is None or asked.agrees_with(reference) or _has_ids(asked) != _has_ids(reference):
        return
    reading.remark(
        "spatial-reference",
        stepped(place, "spatialReference"),
        f"features in {_named(reference)} came, though {_named(asked)} was asked for",
    )


def _asked(given: Any) -> SpatialReference | None:
    if given is None or isinstance(given, SpatialReference):
        return given
    try:
        if isinstance(given, str) and given.lstrip().startswith("{"):
            given = msgspec.json.decode(given)
        return decode_spatial_reference(given)
    except (ProtocolError, msgspec.DecodeError):
        return None


def _has_ids(reference: SpatialReference) -> bool:
    """By id and by text are not to be compared without a library of projections."""
    return bool(reference.wkid or reference.latest_wkid)


def _named(reference: SpatialReference) -> str:
    return shown(reference.latest_wkid or reference.wkid or reference.wkt or reference.wkt2 or reference.name)


def _is_cut(features: list[Any], tellers: Iterable[dict[str, Any]], reading: Reading, place: str) -> bool:
    """Whether the transfer limit was exceeded, with a remark if so."""
    if not any(_is_true(each.get("exceededTransferLimit")) for each in tellers):
        return False
    what = f"{len(features)} came, which are not all" if features else "none was sent"
    reading.remark("transfer-limit", place, f"there are more features than the service sends; {what}")
    return True


def _is_true(flag: Any) -> bool:
    return flag is True or (isinstance(flag, str) and flag.strip().lower() == "true") or flag == 1


def _remark_fields(fields: Sequence[Field], reading: Reading, place: str) -> None:
    for number, field in enumerate(fields):
        if is_newer(field):
            text = f"field {shown(field.name)} is of type {shown(field.type)[1:-1]}, newer than 11.1"
            reading.remark("newer-type", stepped(place, number), f"{text}; its values are as delivered")


def _remark_attributes(features: list[Any], fields: Sequence[Field], reading: Reading, place: str) -> None:
    if not fields:
        return
    known = {field.name for field in fields}
    needed = {field.name for field in fields if field.type not in _WITHOUT_VALUES}
    for number, feature in enumerate(features):
        attributes = feature["attributes"]
        names = attributes.keys()
        if names != known:
            at = stepped(place, number, "attributes")
            for name in sorted(names - known):
                reading.remark("attributes", stepped(at, name), "a value without a field")
            for name in sorted(needed - names):
                reading.remark("attributes", at, f"no value of the field {shown(name)}")
        try:
            check_attributes(attributes, fields)
        except ProtocolError as error:
            at = stepped(place, number, "attributes", error.path)
            reading.remark("attributes", at, f"met {error.met}, expected {error.expected}")
