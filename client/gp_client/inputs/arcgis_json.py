"""Sets in ArcGIS JSON, and in the protocol's own types, from a caller who may have put Python's values in.

Source: ArcGIS REST, *FeatureSet object* and *GP data types*. Everything here raises `LocalProtocolError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.feature_sets import FeatureSet, RecordSet, decode_feature_set, fields_of_default
from gp_protocol.values.geometries import geometry_type_of, read_geometry_type
from gp_protocol.values.spatial_references import decode_spatial_reference

from gp_client.inputs.columns import plain_attributes
from gp_client.inputs.geojson import is_geojson
from gp_client.inputs.scalars import as_list, known_keys, plain_json

_FEATURE_KEYS = frozenset({"attributes", "geometry"})
_SET_KEYS = (
    *("displayFieldName", "fieldAliases", "geometryType", "hasZ", "hasM", "spatialReference", "fields"),
    *("features", "exceededTransferLimit", "layers", "layerDefinition", "featureSet", "transform"),
    *("objectIdFieldName", "globalIdFieldName", "uniqueIdField", "geometryProperties", "serverGens"),
)
"""Those of a set, of a feature collection, and of what a layer answers to a query."""

_T = TypeVar("_T")
_Set = TypeVar("_Set", FeatureSet, RecordSet)

_DEFAULT_READERS: Mapping[str, Callable[[Any], Any]] = {
    "geometryType": read_geometry_type,
    "spatialReference": decode_spatial_reference,
    "fields": lambda fields: fields_of_default({"fields": fields}),
    "Fields": lambda fields: fields_of_default({"Fields": fields}),
}


def of_arcgis(value: Mapping[Any, Any], default: dict[str, Any]) -> FeatureSet:
    """A feature set, a feature collection of one layer, one feature or one geometry, in ArcGIS JSON.

    The geometry type that the set does not tell is that of its geometries, rather than the default's.
    """
    members = dict(value)
    if not members.keys() & {"features", "featureSet", "layers"}:
        if "geometry" in members or "attributes" in members:
            members = {"features": [members]}
        elif geometry_type_of(members) is not None:
            members = {"features": [{"attributes": {}, "geometry": members}]}
        else:
            remedy = did_you_mean(
                str(next(iter(members), "")), ("features", "geometry", "type", "url", "itemID")
            )
            raise LocalProtocolError(
                met=shown(members),
                expected="features or a geometry in ArcGIS JSON, or GeoJSON",
                remedy=remedy,
            )
    members = plain_members(members)
    if (
        not members.get("geometryType")
        and isinstance(members.get("features"), list)
        and (kind := _type_of_first(members["features"]))
    ):
        members["geometryType"] = kind
    return ours(decode_feature_set, members, default)


def plain_members(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """A set as JSON, with what Python's values its attributes have made plain."""
    known_keys(value, _SET_KEYS, others_pass=True)
    _check_whole(value)
    if value.get("transform") is not None:
        raise LocalProtocolError(
            path="transform",
            met="quantized coordinates",
            expected="coordinates in the units of the spatial reference",
            remedy="query the layer without quantizationParameters",
        )
    members = {key: plain_json(member) for key, member in value.items() if key != "features"}
    if "features" in value:
        features = as_list(value["features"])
        members["features"] = (
            value["features"]
            if features is None
            else [_at(f"features[{index}]", _plain_feature, each) for index, each in enumerate(features)]
        )
    return members


def _check_whole(value: Mapping[Any, Any], path: str = "") -> None:
    """Refuse what chooses among the features that are given: it would be left behind on the way."""
    for key in ("filter", "time"):
        if value.get(key) not in (None, ""):
            raise LocalProtocolError(
                path=f"{path}{key}",
                met=shown(value[key]),
                expected="features, of which all are meant",
                remedy=f"give only those that are meant, or a LayerReference with this {key}",
            )
    layers = value.get("layers")
    for number, layer in enumerate(layers if isinstance(layers, list | tuple) else ()):
        if isinstance(layer, Mapping):
            _check_whole(layer, f"layers[{number}].")


def _plain_feature(feature: Any) -> Any:
    if not isinstance(feature, Mapping):
        return feature
    made = dict(feature)
    if not made.keys() <= _FEATURE_KEYS:
        known_keys(made, ("attributes", "geometry"), others_pass=True)
        if "properties" in made and "attributes" not in made:
            raise LocalProtocolError(
                met='"properties"',
                expected='"attributes", as ArcGIS JSON has it',
                remedy='say "type": "FeatureCollection" where the whole is GeoJSON',
            )
    if isinstance(made.get("attributes"), Mapping):
        made["attributes"] = _at("attributes", plain_attributes, made["attributes"])
    geometry = made.get("geometry")
    if geometry is not None:
        interface = getattr(geometry, "__geo_interface__", None)
        if isinstance(interface, Mapping) or is_geojson(geometry):
            raise LocalProtocolError(
                path="geometry",
                met="a geometry of GeoJSON",
                expected="one of ArcGIS JSON, as in the features around it",
                remedy='make features of GeoJSON: {"type": "Feature", "geometry": …, "properties": …}',
            )
        made["geometry"] = _at("geometry", plain_json, geometry)
    return made


def plain_set(value: _Set) -> _Set:
    """A set whose attributes are JSON; itself where they are."""
    features = []
    for index, feature in enumerate(value.features):
        attributes = feature.get("attributes")
        if isinstance(attributes, Mapping):
            plain = _at(f"features[{index}].attributes", plain_attributes, attributes)
            if plain is not attributes:
                feature = {**feature, "attributes": plain}
        features.append(feature)
    if all(made is given for made, given in zip(features, value.features, strict=True)):
        return value
    return msgspec.structs.replace(value, features=features)


def usable_default(default: Any) -> dict[str, Any]:
    """What a parameter's default tells of features, without the members that cannot be read: these are the
    server's fault and nothing that an input could help."""
    usable = {}
    if isinstance(default, Mapping):
        for key, read in _DEFAULT_READERS.items():
            member = default.get(key)
            try:
                if member and read(member):
                    usable[key] = member
            except ProtocolError:
                continue
    return usable


def _type_of_first(features: list[Any]) -> str | None:
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
        if isinstance(geometry, Mapping) and (kind := geometry_type_of(dict(geometry))):
            return kind
    return None


def ours(read: Callable[..., _T], *arguments: Any) -> _T:
    """What a reader of the protocol makes of a value of ours: what it finds wrong is ours too."""
    try:
        return read(*arguments)
    except ProtocolError as error:
        raise LocalProtocolError.of(error) from None


def _at(path: str, read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except LocalProtocolError as error:
        raise error.at(path) from None
