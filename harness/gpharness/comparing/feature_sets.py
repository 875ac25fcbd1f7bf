"""Feature sets and record sets: multisets of features, their fields by name.

Features are paired by all that they hold, then by all but their object ids where those may vary, then within
the tolerance. What is left is paired by object id, by geometry, by attributes, and last by place, to say how
the two differ. Where the spatial reference or the type of the geometries differs, that is said and the
geometries are left aside: all of them would differ.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Final

from gpharness.comparing.differences import Difference, shown
from gpharness.comparing.feature_pairs import Features, Traits, one_feature, pairs_of
from gpharness.comparing.plain_values import member_differences, other_sort, plain_differences
from gpharness.comparing.spatial_references import same_reference
from gpharness.contracts.contract import Varies

_NOT_SAID: Final = {
    "displayFieldName": "",
    "exceededTransferLimit": False,
    "hasZ": False,
    "hasM": False,
}
"""What a member that is missing stands for."""
_OWN_WAY: Final = frozenset(
    {"features", "fields", "Fields", "spatialReference", "geometryType", "hasZ", "hasM"}
)
_OBJECT_IDS: Final = frozenset({"objectid", "fid", "oid", "objectid_1", "__objectid"})
_ALL_VARIED: Final = ("esriFieldTypeOID", "esriFieldTypeGlobalID")


def feature_set_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """How two feature sets or record sets differ, as JSON. A feature collection (`layerDefinition` and
    `featureSet`) is one, too."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    if isinstance(expected.get("featureSet"), dict) and isinstance(met.get("featureSet"), dict):
        inner = {"featureSet": lambda one, other: feature_set_differences(one, other, varies)}
        outer = {"layerDefinition": lambda one, other: _layer_differences(one, other, varies)}
        yield from member_differences(expected, met, varies, {**inner, **outer})
        return
    if _sets(expected) != _sets(met):
        yield Difference("", _form(expected), _form(met), "changed.value-type")
        return
    if not _sets(expected):
        yield from member_differences(expected, met, varies, absent=_NOT_SAID)
        return
    known = {key: value for key, value in expected.items() if key not in _OWN_WAY}
    found = {key: value for key, value in met.items() if key not in _OWN_WAY}
    yield from member_differences(known, found, varies, absent=_NOT_SAID)
    ignored = yield from _head_differences(expected, met)
    yield from _field_differences(expected, met, varies)
    yield from _feature_differences(expected, met, ignored, varies)


def _sets(value: dict[str, Any]) -> bool:
    """Whether there are features that can be told apart."""
    features = value.get("features")
    return isinstance(features, list) and all(
        isinstance(each, dict) and isinstance(each.get("attributes") or {}, dict) for each in features
    )


def _form(value: dict[str, Any]) -> str:
    return "features" if _sets(value) else f"an object of {', '.join(map(str, value)) or 'nothing'}"[:120]


def _layer_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    known, found = ({k: v for k, v in each.items() if k != "fields"} for each in (expected, met))
    yield from member_differences(known, found, varies)
    yield from _field_differences(expected, met, varies)


def _head_differences(expected: dict[str, Any], met: dict[str, Any]) -> Generator[Difference, None, bool]:
    """What is said of all geometries. Returns whether the geometries are to be left aside."""
    ignored = False
    for flag in ("hasZ", "hasM"):
        one, other = expected.get(flag) or False, met.get(flag) or False
        if one != other:
            yield Difference(flag, shown(one), shown(other), "changed.value-type")
            ignored = True
    one, other = expected.get("geometryType"), met.get("geometryType")
    if one != other:
        yield Difference("geometryType", shown(one), shown(other), "changed.value-type")
        ignored = True
    one, other = _reference(expected), _reference(met)
    if not same_reference(one, other):
        yield Difference("spatialReference", shown(one), shown(other), "changed.value-type")
        ignored = True
    return ignored


def _reference(value: dict[str, Any]) -> Any:
    """That of the set, or else that of its first geometry which has one."""
    if value.get("spatialReference"):
        return value["spatialReference"]
    for feature in value["features"]:
        geometry = feature.get("geometry")
        if isinstance(geometry, dict) and geometry.get("spatialReference"):
            return geometry["spatialReference"]
    return None


def _fields(value: dict[str, Any]) -> Any:
    return value["fields"] if "fields" in value else value.get("Fields")


def _by_name(fields: Any) -> dict[str, dict[str, Any]] | None:
    if not isinstance(fields, list):
        return None
    return {str(each["name"]): each for each in fields if isinstance(each, dict) and "name" in each}


def _field_differences(expected: dict[str, Any], met: dict[str, Any], varies: Varies) -> Iterator[Difference]:
    one, other = _fields(expected), _fields(met)
    known, found = _by_name(one), _by_name(other)
    if known is None or found is None:
        if one is None and other is not None:
            yield Difference("fields", "nothing", shown(other), "changed.value-type", "note")
        elif one != other:
            yield other_sort(one, other, "fields")
        return
    for name in dict.fromkeys([*known, *found]):
        path = f"fields[{name}]"
        if name not in found:
            yield Difference(path, _field_text(known[name]), "nothing", "changed.value-type")
        elif name not in known:
            yield Difference(path, "nothing", _field_text(found[name]), "changed.value-type", "note")
        else:
            yield from (each.at(path) for each in _one_field(known[name], found[name], varies))


def _field_text(field: dict[str, Any]) -> str:
    return f"the field {shown(field.get('name'))} of type {shown(field.get('type'))}"


def _one_field(expected: dict[str, Any], met: dict[str, Any], varies: Varies) -> Iterator[Difference]:
    types = {"type": lambda one, other: _type_differences(one, other)}
    alias = {"alias": expected.get("name")}
    yield from member_differences(expected, met, varies, types, alias)


def _type_differences(expected: Any, met: Any) -> Iterator[Difference]:
    if expected != met:
        yield Difference("", shown(expected), shown(met), "changed.value-type")


def _feature_differences(
    expected: dict[str, Any], met: dict[str, Any], no_geometry: bool, varies: Varies
) -> Iterator[Difference]:
    one, other = expected["features"], met["features"]
    varied = _varied(expected, met, varies)
    ignored = yield from _columns(expected, met)
    ignored |= _retyped(expected, met)
    traits = Traits(varied, ignored, no_geometry, varies)
    features = Features(one, other)
    pairs, equal = pairs_of(features, traits)
    for index, place in sorted(pairs.items()):
        if index not in equal:
            found = one_feature(one[index], other[place], traits)
            yield from (each.at(f"features[{index}]") for each in found)
    taken = set(pairs.values())
    for index, feature in enumerate(one):
        if index not in pairs:
            yield Difference(f"features[{index}]", _feature_text(feature), "nothing")
    for place, feature in enumerate(other):
        if place not in taken:
            yield Difference(f"features[{place}]", "nothing", _feature_text(feature))
    order = [pairs[index] for index in sorted(pairs)]
    if not varies.feature_order and order != sorted(order):
        yield Difference("features", "the contract's order", "the same features in another order")


def _feature_text(feature: dict[str, Any]) -> str:
    return f"the feature {shown(feature.get('attributes') or feature.get('geometry'))}"


def _varied(expected: dict[str, Any], met: dict[str, Any], varies: Varies) -> frozenset[str]:
    """The names of the attributes that are ids given by the server."""
    if not varies.ids:
        return frozenset()
    names = {name for value in (expected, met) if isinstance(name := value.get("objectIdFieldName"), str)}
    typed = False
    for value in (expected, met):
        for name, field in (_by_name(_fields(value)) or {}).items():
            typed = True
            if field.get("type") in _ALL_VARIED:
                names.add(name)
    if not typed:
        names |= {name for name in _names(expected) | _names(met) if name.lower() in _OBJECT_IDS}
    return frozenset(names)


def _names(value: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for feature in value["features"]:
        found.update(feature.get("attributes") or ())
    return found


def _columns(expected: dict[str, Any], met: dict[str, Any]) -> Generator[Difference, None, frozenset[str]]:
    """Attributes that all features of one side lack, once each. Returns their names, which are then left
    aside; those whose field is missing, too, have been told of."""
    if not expected["features"] or not met["features"]:
        return frozenset()
    known, found = _names(expected), _names(met)
    fields, others = _by_name(_fields(expected)) or {}, _by_name(_fields(met)) or {}
    for name in sorted(known - found):
        if name not in fields or name in others:
            path, value = _first_with(name, expected["features"])
            yield Difference(path, shown(value), "nothing", "changed.value-type")
    for name in sorted(found - known):
        if name not in others or name in fields:
            path, value = _first_with(name, met["features"])
            yield Difference(path, "nothing", shown(value), "changed.value-type", "note")
    return frozenset(known ^ found)


def _retyped(expected: dict[str, Any], met: dict[str, Any]) -> frozenset[str]:
    """Attributes that were numbers and are texts now, or texts that are numbers, as their field's other type
    has it, of which has been told."""
    one, other = (_by_name(_fields(each)) or {} for each in (expected, met))
    return frozenset(
        name
        for name in one.keys() & other.keys()
        if one[name].get("type") != other[name].get("type")
        and (sorts := [_sorts(name, each) for each in (expected, met)])[0].isdisjoint(sorts[1])
    )


def _sorts(name: str, value: dict[str, Any]) -> set[bool]:
    """Whether an attribute is a text, in any and in all features that have it."""
    held = ((each.get("attributes") or {}).get(name) for each in value["features"])
    return {isinstance(each, str) for each in held if each is not None}


def _first_with(name: str, features: list[Any]) -> tuple[str, Any]:
    """The path to the first attribute of that name, and its value."""
    holders = ((i, each["attributes"]) for i, each in enumerate(features) if each.get("attributes"))
    return next((f"features[{i}].attributes.{name}", each[name]) for i, each in holders if name in each)
