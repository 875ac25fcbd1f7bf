"""Feature sets and record sets in results.

Sources: ArcGIS REST, *FeatureSet object*, *GP data types* and *Geometry objects*; recorded answers of 9.3 to
12.0. Legal there: no `fields`, no `displayFieldName`, no `exceededTransferLimit`, a spatial reference in the
geometries alone, geometries that are null or empty, and no feature where there were too many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from gp_protocol.values.geometries import GEOMETRY_TYPES

from gpharness.checking.feature_types import are_in_order
from gpharness.checking.fields import WITHOUT_VALUES, Column, check_attributes, check_fields
from gpharness.checking.geometries import Announced, check_geometry, type_of
from gpharness.checking.looking import Looking, Phrase, join, met_at
from gpharness.checking.references import check_reference, check_references_of_set
from gpharness.checking.sent_sets import sent_sets

CheckMapImage = Callable[[Looking, Any, str], None]

_TYPES: Final = frozenset(GEOMETRY_TYPES)
_OF_LAYER: Final = ("geometryType", "fields", "hasZ", "hasM", "spatialReference")
_REFERENCES: Final = ("url", "itemID", "itemId")
_NO_TYPE: Final = "esriGeometryNull"


def check_features(look: Looking, value: Any, path: str, check_map_image: CheckMapImage) -> None:
    """A feature set, or where its features are."""
    found = _set_in(look, value, path, check_map_image)
    if found is not None:
        _check_set(look, *found, is_table=False)


def check_records(look: Looking, value: Any, path: str, check_map_image: CheckMapImage) -> None:
    """A record set, or where its rows are."""
    found = _set_in(look, value, path, check_map_image)
    if found is not None:
        _check_set(look, *found, is_table=True)


def _set_in(
    look: Looking, value: Any, path: str, check_map_image: CheckMapImage
) -> tuple[dict[str, Any], str] | None:
    """The set itself and its place: one may stand in a feature collection; None where there is no set."""
    if type(value) is not dict:
        if not (look.is_of_inputs and type(value) is str):
            look.say("value.type", path, value, "an object with features")
        return None
    if "features" in value:
        return value, path
    if "mapImage" in value:
        check_map_image(look, value["mapImage"], join(path, "mapImage"))
        return None
    references = [key for key in _REFERENCES if key in value]
    for key in references:
        if value[key] is not None and type(value[key]) is not str:
            look.say("value.type", join(path, key), value[key], "a text")
    if references:
        return None
    layers = value.get("layers")
    if type(layers) is list and len(layers) == 1 and type(layers[0]) is dict:
        return _set_in(look, layers[0], join(path, "layers[0]"), check_map_image)
    inner = value.get("featureSet")
    if type(inner) is dict and "features" in inner:
        layer = value.get("layerDefinition")
        _check_layer(look, layer, join(path, "layerDefinition"))
        known = {key: layer[key] for key in _OF_LAYER if key in layer} if type(layer) is dict else {}
        return {**known, **inner}, join(path, "featureSet")
    return value, path


def _check_layer(look: Looking, layer: Any, path: str) -> None:
    """What a feature collection says of its layer, as far as its features need it."""
    if layer is None:
        return
    if type(layer) is not dict:
        look.say("value.features", path, layer, "an object")
        return
    for key in ("name", "type", "objectIdField"):
        if layer.get(key) is not None and type(layer[key]) is not str:
            look.say("value.features", join(path, key), layer[key], "a text")
    word = layer.get("geometryType")
    if word not in (None, "", _NO_TYPE) and (type(word) is not str or word not in _TYPES):
        look.say("value.features", join(path, "geometryType"), word, f"one of {', '.join(GEOMETRY_TYPES)}")


def _check_set(look: Looking, value: dict[str, Any], path: str, *, is_table: bool) -> None:
    for key in ("hasZ", "hasM"):
        if value.get(key) is not None and type(value[key]) is not bool:
            look.say("value.features", join(path, key), value[key], "true or false")
    if value.get("displayFieldName") is not None and type(value["displayFieldName"]) is not str:
        look.say("value.features", join(path, "displayFieldName"), value["displayFieldName"], "a text")
    _check_aliases(look, value.get("fieldAliases"), join(path, "fieldAliases"))
    columns = check_fields(look, value.get("fields"), join(path, "fields"))
    features = value.get("features")
    if type(features) is not list:
        look.say("value.features", join(path, "features"), met_at(value, "features"), "a list of features")
        return
    exceeded = value.get("exceededTransferLimit")
    place = join(path, "exceededTransferLimit")
    if exceeded is not None and type(exceeded) is not bool:
        look.say("value.transfer-limit", place, exceeded, "true or false")
    elif exceeded and features:
        met = Phrase(f"{len(features)} features and the flag")
        look.say("value.transfer-limit", place, met, "no feature where there are more than the service sends")
    has_geometries = not is_table and any(
        type(each) is dict and each.get("geometry") is not None for each in features
    )
    is_sent = look.is_of_inputs or (look.is_guessed and "exceededTransferLimit" not in value)
    kind = None if is_table else _geometry_type(look, value, path, features, has_geometries, is_sent=is_sent)
    if kind == "":
        return
    announced = Announced(
        kind,
        has_z=value.get("hasZ") is True,
        has_m=value.get("hasM") is True,
        is_packed=value.get("transform") is not None,
        is_sent=is_sent,
    )
    if (
        not look.is_strict
        or (kind is None and has_geometries)
        or not are_in_order(features, columns, announced)
    ):
        if not is_sent and _sends_odd_shapes(look):
            announced = msgspec.structs.replace(announced, is_sent=True)
        _check_each(look, features, columns, announced, join(path, "features"), is_table=is_table)
    if has_geometries:
        check_references_of_set(look, value, features, path)
    elif value.get("spatialReference"):
        check_reference(look, value["spatialReference"], join(path, "spatialReference"))


def _sends_odd_shapes(look: Looking) -> bool:
    """Whether what was asked holds open rings and the like, which a tool may have handed on."""
    of_inputs = Looking("input")
    for _, each in sent_sets(look):
        _check_set(of_inputs, each, "", is_table=False)
    return any("geometry." in found.path for found in of_inputs.findings)


def _check_aliases(look: Looking, aliases: Any, path: str) -> None:
    if aliases is not None and type(aliases) is not dict:
        look.say("value.features", path, aliases, "an object by field")
        return
    for name, alias in (aliases or {}).items():
        if alias is not None and type(alias) is not str:
            look.say("value.features", join(path, name), alias, "a text")


def _geometry_type(
    look: Looking,
    value: dict[str, Any],
    path: str,
    features: list[Any],
    has_geometries: bool,
    *,
    is_sent: bool,
) -> str | None:
    """The type of a set's geometries; None where nothing tells it, empty where what tells it is wrong."""
    word = value.get("geometryType")
    place = join(path, "geometryType")
    if word is None or (word == _NO_TYPE and not has_geometries):
        if not has_geometries:
            return None
        if not look.is_of_inputs:
            say = look.note if is_sent else look.say
            say("value.features", place, met_at(value, "geometryType"), "the type of the geometries")
        geometries = (each.get("geometry") for each in features if type(each) is dict)
        return next((found for each in geometries if (found := type_of(each)) is not None), None)
    if type(word) is not str or word not in _TYPES:
        look.say("value.features", place, word, f"one of {', '.join(GEOMETRY_TYPES)}")
        return ""
    return word


def _check_each(
    look: Looking,
    features: list[Any],
    columns: tuple[Column, ...] | None,
    announced: Announced,
    path: str,
    *,
    is_table: bool,
) -> None:
    for index, feature in enumerate(features):
        if type(feature) is not dict or not ("attributes" in feature or "geometry" in feature):
            look.say("value.features", f"{path}[{index}]", feature, "an object with attributes or a geometry")
            continue
        attributes = feature.get("attributes")
        place = f"{path}[{index}].attributes"
        if not attributes and attributes in (None, {}) and not is_table:
            _check_nothing(look, feature, columns, place)
        elif type(attributes) is not dict:
            look.say("value.features", place, met_at(feature, "attributes"), "an object by field")
        elif columns is not None:
            check_attributes(look, attributes, columns, place)
        geometry = feature.get("geometry")
        if geometry is None:
            continue
        if is_table:
            look.note("value.features", f"{path}[{index}].geometry", geometry, "none in rows of a table")
        elif type(geometry) is not dict:
            look.say("value.features", f"{path}[{index}].geometry", geometry, "a geometry object, or null")
        else:
            check_geometry(look, geometry, announced, f"{path}[{index}].geometry")


def _check_nothing(
    look: Looking,
    feature: dict[str, Any],
    columns: tuple[Column, ...] | None,
    path: str,
) -> None:
    """A feature without attributes, which an input may be though its set has fields."""
    if look.is_of_inputs or not any(column.type not in WITHOUT_VALUES for column in columns or ()):
        return
    say = look.note if look.is_guessed else look.say
    say("value.features", path, met_at(feature, "attributes"), "a value of each field")
