"""Feature sets and record sets, from ArcGIS JSON and into it.

Sources: ArcGIS REST, *FeatureSet object*, *GP data types* and *Execute GP task*; the order of keys and the
repeated `hasZ` and `hasM` as recorded from servers of 10.x and 11.x.

An input may leave much out: its geometry type, spatial reference and fields are then those of the
parameter's default value, else points, an unknown spatial reference and no fields. A spatial reference may
stand in the geometries. Other keys, in the set and in its features, are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gp_protocol.errors import LocalProtocolError, RemoteProtocolError, shown
from gp_protocol.values.fields import Field, check_attributes, decode_fields, encode_fields
from gp_protocol.values.geometries import read_geometry, read_geometry_type, write_geometry
from gp_protocol.values.parameter_specs import OutputOptions
from gp_protocol.values.spatial_references import (
    SpatialReference,
    decode_spatial_reference,
    encode_any_spatial_reference,
    encode_spatial_reference,
)

Feature = dict[str, Any]


class FeatureSet(msgspec.Struct, frozen=True):
    """Features of one geometry type.

    `features` are `{"attributes": {…}, "geometry": …}` in ArcGIS JSON, the geometry None where it is empty.
    `spatial_reference` is None where it is unknown. With `has_z` and `has_m` vertices read x, y, z, m, with
    `has_m` alone x, y, m. `exceeded_transfer_limit` says that a server had more features than it may send.
    """

    geometry_type: str = "esriGeometryPoint"
    spatial_reference: SpatialReference | None = None
    fields: tuple[Field, ...] = ()
    features: list[Feature] = []
    has_z: bool = False
    has_m: bool = False
    display_field_name: str | None = None
    field_aliases: Mapping[str, str] | None = None
    exceeded_transfer_limit: bool = False

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The set as a GeoJSON FeatureCollection in its own spatial reference, for programs that read this
        attribute; m-values and curves are left out."""
        from gp_protocol.values.geojson import encode_feature_collection

        return encode_feature_collection(self, OutputOptions(return_z=True))


class RecordSet(msgspec.Struct, frozen=True):
    """Rows of a table: `features` are `{"attributes": {…}}`."""

    fields: tuple[Field, ...] = ()
    features: list[Feature] = []
    display_field_name: str | None = None
    exceeded_transfer_limit: bool = False


def decode_feature_set(value: Any, default: Any = None, *, tolerant: bool = False) -> FeatureSet:
    """Read a feature set, or a feature collection of one layer.

    `default` is the parameter's default value as JSON. `tolerant` is for what servers answer: there
    attributes are not held against their fields, a field's type may be any word, `features` may be missing,
    and vertices may have more ordinates than `hasZ` and `hasM` announce. Raises `RemoteProtocolError`.
    """
    value = _feature_set_in(value)
    default = default if isinstance(default, dict) else {}
    if "features" not in value and not tolerant:
        raise RemoteProtocolError(
            met=shown(value), expected='a feature set: {"features": [{"geometry": …, "attributes": …}]}'
        )
    geometry_type = value.get("geometryType") or default.get("geometryType") or "esriGeometryPoint"
    if geometry_type != "esriGeometryPoint":
        geometry_type = _at("geometryType", read_geometry_type, geometry_type)
    fields = _fields(value, default, tolerant)
    given = value.get("spatialReference")
    reference = _at("spatialReference", decode_spatial_reference, given) if given else None
    has_z, has_m = value.get("hasZ") is True, value.get("hasM") is True
    features: list[Feature] = []
    last_reference: Any = None
    for index, feature in enumerate(_features(value)):
        path = "attributes"
        try:
            attributes = _attributes(feature)
            if fields and attributes and not tolerant:
                check_attributes(attributes, fields)
            path = "geometry"
            geometry = feature.get("geometry")
            if isinstance(geometry, dict):
                own_reference = geometry.get("spatialReference")
                if own_reference and own_reference != last_reference:
                    path, last_reference = "geometry.spatialReference", own_reference
                    reference = _agreed(reference, decode_spatial_reference(own_reference))
                    path = "geometry"
                has_z, has_m = has_z or geometry.get("hasZ") is True, has_m or geometry.get("hasM") is True
                geometry = read_geometry(geometry, geometry_type, has_z, has_m, any_size=tolerant)
                if geometry is not None and geometry_type == "esriGeometryPoint":
                    has_z, has_m = has_z or "z" in geometry, has_m or "m" in geometry
            elif geometry is not None:
                raise RemoteProtocolError(met=shown(geometry), expected="a geometry object or null")
        except RemoteProtocolError as error:
            raise error.at(path).at(f"features[{index}]") from None
        features.append({"attributes": attributes, "geometry": geometry})
    if reference is None and default.get("spatialReference"):
        reference = _at("spatialReference", decode_spatial_reference, default["spatialReference"])
    aliases = value.get("fieldAliases")
    return FeatureSet(
        geometry_type,
        reference,
        fields,
        features,
        has_z,
        has_m,
        _display_field_name(value),
        aliases if isinstance(aliases, dict) and aliases else None,
        value.get("exceededTransferLimit") is True,
    )


def decode_record_set(value: Any, default: Any = None, *, tolerant: bool = False) -> RecordSet:
    """Read `{"fields", "features"}`; missing fields are those of the default. Raises
    `RemoteProtocolError`."""
    if not isinstance(value, dict) or ("features" not in value and not tolerant):
        raise RemoteProtocolError(
            met=shown(value), expected='a record set: {"features": [{"attributes": …}]}'
        )
    fields = _fields(value, default if isinstance(default, dict) else {}, tolerant)
    features: list[Feature] = []
    for index, feature in enumerate(_features(value)):
        try:
            attributes = _attributes(feature)
            if fields and not tolerant:
                check_attributes(attributes, fields)
        except RemoteProtocolError as error:
            raise error.at("attributes").at(f"features[{index}]") from None
        features.append({"attributes": attributes})
    exceeded = value.get("exceededTransferLimit") is True
    return RecordSet(fields, features, _display_field_name(value), exceeded)


def encode_feature_set(value: FeatureSet, options: OutputOptions) -> dict[str, Any]:
    """A feature set as a server answers it, or the feature collection that the options ask for.

    z, m and true curves leave only where they are asked for. With more features than `maximum_records` none
    leaves, and `exceededTransferLimit` is true. Raises `LocalProtocolError`.
    """
    features, exceeded = _within(value.features, value.exceeded_transfer_limit, options)
    encoded: dict[str, Any] = {"displayFieldName": value.display_field_name or ""}
    if value.field_aliases:
        encoded["fieldAliases"] = dict(value.field_aliases)
    if value.has_z and options.return_z:
        encoded["hasZ"] = True
    if value.has_m and options.return_m:
        encoded["hasM"] = True
    encoded["geometryType"] = value.geometry_type
    if value.spatial_reference is not None:
        encoded["spatialReference"] = encode_spatial_reference(value.spatial_reference)
    encoded["fields"] = encode_fields(value.fields)
    encoded["features"] = [_written(feature, index, value, options) for index, feature in enumerate(features)]
    encoded["exceededTransferLimit"] = exceeded
    if options.return_feature_collection:
        return {"layerDefinition": _layer_definition(value, encoded, options), "featureSet": encoded}
    return encoded


def encode_record_set(value: RecordSet, options: OutputOptions) -> dict[str, Any]:
    """A record set as a server answers it. Raises `LocalProtocolError`."""
    features, exceeded = _within(value.features, value.exceeded_transfer_limit, options)
    encoded: dict[str, Any] = {}
    if value.display_field_name:
        encoded["displayFieldName"] = value.display_field_name
    encoded["fields"] = encode_fields(value.fields)
    rows = []
    for index, feature in enumerate(features):
        try:
            attributes = _attributes(feature)
            check_attributes(attributes, value.fields)
        except RemoteProtocolError as error:
            raise LocalProtocolError.of(error.at("attributes").at(f"features[{index}]")) from None
        rows.append({"attributes": attributes})
    encoded["features"] = rows
    encoded["exceededTransferLimit"] = exceeded
    return encoded


def _within(features: list[Feature], exceeded: bool, options: OutputOptions) -> tuple[list[Feature], bool]:
    limit = options.maximum_records
    return ([], True) if limit is not None and len(features) > limit else (features, exceeded)


def _written(feature: Feature, index: int, value: FeatureSet, options: OutputOptions) -> Feature:
    path = "attributes"
    try:
        attributes = _attributes(feature)
        if attributes and value.fields:
            check_attributes(attributes, value.fields)
        path = "geometry"
        geometry = write_geometry(
            feature.get("geometry"),
            value.geometry_type,
            has_z=value.has_z,
            has_m=value.has_m,
            with_z=options.return_z,
            with_m=options.return_m,
            true_curves=options.return_true_curves,
        )
    except RemoteProtocolError as error:
        raise LocalProtocolError.of(error.at(path).at(f"features[{index}]")) from None
    return {"attributes": attributes, "geometry": geometry}


def _feature_set_in(value: Any) -> dict[str, Any]:
    """The feature set itself, or that of a feature collection with its layer's geometry type and fields."""
    if isinstance(value, dict):
        layers = value.get("layers")
        holder = layers[0] if isinstance(layers, list) and len(layers) == 1 else value
        if not isinstance(holder, dict) or holder.get("featureSet") is None:
            return value
        inner, layer = holder["featureSet"], holder.get("layerDefinition")
        if isinstance(inner, dict) and isinstance(layer, dict):
            known = {key: layer[key] for key in ("geometryType", "fields", "hasZ", "hasM") if key in layer}
            return known | {
                key: member for key, member in inner.items() if key == "features" or member not in (None, [])
            }
        if isinstance(inner, dict):
            return inner
    raise RemoteProtocolError(met=shown(value), expected="a feature set, a layer, a url or an item")


def _fields(value: dict[str, Any], default: dict[str, Any], tolerant: bool) -> tuple[Field, ...]:
    given = value.get("fields")
    if given:
        try:
            return decode_fields(given, tolerant=tolerant)
        except RemoteProtocolError as error:
            raise error.at("fields") from None
    return fields_of_default(default)


_known_defaults: dict[int, tuple[Any, tuple[Field, ...]]] = {}
_MOST_KNOWN: Final = 1000


def fields_of_default(default: dict[str, Any]) -> tuple[Field, ...]:
    """The fields of a default, decoded once: a descriptor keeps its default, and every request needs it."""
    given = default.get("fields") or default.get("Fields")
    if not given:
        return ()
    known = _known_defaults.get(id(given))
    if known is not None and known[0] is given:
        return known[1]
    fields: tuple[Field, ...] = _at("fields", decode_fields, given)
    if len(_known_defaults) >= _MOST_KNOWN:
        _known_defaults.clear()
    _known_defaults[id(given)] = (given, fields)
    return fields


def _features(value: dict[str, Any]) -> list[Any]:
    features = value.get("features")
    if features is None:
        return []
    if not isinstance(features, list):
        raise RemoteProtocolError(path="features", met=shown(features), expected="a list of features")
    return features


def _attributes(feature: Any) -> dict[str, Any]:
    attributes = feature.get("attributes") if isinstance(feature, dict) else feature
    if attributes is None and isinstance(feature, dict):
        return {}
    if not isinstance(attributes, dict):
        raise RemoteProtocolError(met=shown(attributes), expected='an object: {"attributes": {…}}')
    return attributes


def _agreed(reference: SpatialReference | None, own: SpatialReference | None) -> SpatialReference | None:
    if reference is None or own is None:
        return reference or own
    if not reference.agrees_with(own):
        raise RemoteProtocolError(
            met=shown(encode_any_spatial_reference(own)),
            expected=f"the set's {shown(encode_any_spatial_reference(reference))}",
            remedy="project the features to one spatial reference",
        )
    return reference


def _display_field_name(value: dict[str, Any]) -> str | None:
    name = value.get("displayFieldName")
    return name if isinstance(name, str) and name else None


def _at(path: str, read: Any, value: Any) -> Any:
    try:
        return read(value)
    except RemoteProtocolError as error:
        raise error.at(path) from None


_SYMBOLS: Mapping[str, dict[str, Any]] = {
    "esriGeometryPoint": {
        "type": "esriSMS",
        "style": "esriSMSCircle",
        "color": [76, 129, 205, 191],
        "size": 6,
    },
    "esriGeometryPolyline": {
        "type": "esriSLS",
        "style": "esriSLSSolid",
        "color": [76, 129, 205, 255],
        "width": 1,
    },
    "esriGeometryPolygon": {
        "type": "esriSFS",
        "style": "esriSFSSolid",
        "color": [76, 129, 205, 191],
        "outline": {"type": "esriSLS", "style": "esriSLSSolid", "color": [0, 0, 0, 255], "width": 0.75},
    },
}


def _layer_definition(value: FeatureSet, encoded: dict[str, Any], options: OutputOptions) -> dict[str, Any]:
    symbol = _SYMBOLS.get(value.geometry_type)
    if symbol is None:
        similar = "Point" if value.geometry_type == "esriGeometryMultipoint" else "Polygon"
        symbol = _SYMBOLS[f"esriGeometry{similar}"]
    identifier = next((field.name for field in value.fields if field.type == "esriFieldTypeOID"), "")
    return {
        "name": options.layer_name,
        "type": "Feature Layer",
        "geometryType": value.geometry_type,
        "objectIdField": identifier,
        "fields": encoded["fields"],
        "drawingInfo": {"renderer": {"type": "simple", "symbol": symbol}},
        "templates": [],
    }
