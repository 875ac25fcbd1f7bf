"""Which feature of an answer is which feature of the contract."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from gpharness.comparing.differences import Difference
from gpharness.comparing.geometries import geometry_differences, geometry_mark
from gpharness.comparing.matching import Mark, matched
from gpharness.comparing.numbers import is_number
from gpharness.comparing.plain_values import member_differences
from gpharness.comparing.texts import blanked
from gpharness.contracts.contract import Varies

_AXES: Final = 2
Feature = dict[str, Any]
Pairs = dict[int, int]


class Features(NamedTuple):
    """The contract's features and those that were met."""

    expected: Sequence[Feature]
    met: Sequence[Feature]


class Traits(NamedTuple):
    """What counts in a feature: not its `varied` attributes (object ids), not the `ignored` ones, which have
    been told of, and not its geometry if there is `no_geometry`."""

    varied: frozenset[str]
    ignored: frozenset[str]
    no_geometry: bool
    varies: Varies

    def of(self, feature: Feature) -> Feature:
        """The feature without what does not count."""
        kept = {k: v for k, v in feature.items() if k not in ("attributes", "geometry")}
        out = self.varied | self.ignored
        attributes = feature.get("attributes")
        if isinstance(attributes, dict):
            kept["attributes"] = {k: v for k, v in attributes.items() if k not in out}
        elif "attributes" in feature:
            kept["attributes"] = attributes
        if "geometry" in feature and not self.no_geometry:
            kept["geometry"] = feature["geometry"]
        return kept


def one_feature(expected: Feature, met: Feature, traits: Traits) -> Iterator[Difference]:
    """How a feature differs from the one that it is paired with."""
    geometry = {"geometry": lambda one, other: geometry_differences(one, other, traits.varies)}
    absent: dict[str, Any] = {"geometry": None, "attributes": {}}
    return member_differences(traits.of(expected), traits.of(met), traits.varies, geometry, absent)


def pairs_of(features: Features, traits: Traits) -> tuple[Pairs, set[int]]:
    """Pairs by index, and those of the contract's indexes whose pair is equal."""
    one = [traits.of(each) for each in features.expected]
    other = [traits.of(each) for each in features.met]
    pairs: Pairs = {}
    _pair_by(_exact, features.expected, features.met, pairs)
    _pair_by(_exact, one, other, pairs)
    left, over = _left(one, other, pairs)
    if left and over:
        columns = _columns([one[i] for i in left], [other[i] for i in over])
        near = matched(
            [_mark(one[i], columns, traits.varies) for i in left],
            [_mark(other[i], columns, traits.varies) for i in over],
            lambda i, j: next(one_feature(one[left[i]], other[over[j]], traits), None) is None,
            traits.varies.floats,
        )
        pairs.update({left[i]: over[j] for i, j in near.items()})
    equal = set(pairs)
    for key in (_ids(traits.varied), _member("geometry"), _member("attributes")):
        _pair_by(key, features.expected, features.met, pairs)
    left, over = _left(one, other, pairs)
    pairs.update(zip(left, over, strict=False))
    return pairs, equal


Key = Callable[[Feature], Hashable]


def _left(one: Sequence[Feature], other: Sequence[Feature], pairs: Pairs) -> tuple[list[int], list[int]]:
    taken = set(pairs.values())
    return (
        [i for i in range(len(one)) if i not in pairs],
        [i for i in range(len(other)) if i not in taken],
    )


def _pair_by(key: Key, one: Sequence[Feature], other: Sequence[Feature], pairs: Pairs) -> None:
    """Pairs those that are left and have the same key, in their order; None is no key."""
    left, over = _left(one, other, pairs)
    heap: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in reversed(over):
        heap[key(other[index])].append(index)
    heap.pop(None, None)
    for index in left if heap else ():
        if found := heap.get(key(one[index])):
            pairs[index] = found.pop()


_packed = msgspec.msgpack.Encoder(order="sorted").encode


def _encode(value: Any) -> bytes | str:
    """What only an equal value has, too. MessagePack is fast, and cannot say every number and text."""
    try:
        return _packed(value)
    except (OverflowError, ValueError):
        return json.dumps(value, sort_keys=True)


def _exact(feature: Feature) -> Hashable:
    return _encode(feature)


def _member(name: str) -> Key:
    return lambda feature: _encode(feature[name]) if feature.get(name) else None


def _ids(varied: Iterable[str]) -> Key:
    """By an object id, where there is one."""
    names = sorted(varied) or ["OBJECTID"]

    def key(feature: Feature) -> Hashable:
        attributes = feature.get("attributes") or {}
        return next((str(attributes[name]) for name in names if name in attributes), None)

    return key


class _Columns(NamedTuple):
    """The attributes whose values have to be the same, and those whose numbers may differ a little."""

    exact: list[str]
    near: list[str]


def _columns(one: Sequence[Feature], other: Sequence[Feature]) -> _Columns:
    near: defaultdict[str, set[Any]] = defaultdict(set)
    names: set[str] = set()
    for feature in (*one, *other):
        attributes = feature.get("attributes")
        if isinstance(attributes, dict):
            names.update(attributes)
            for name, value in attributes.items():
                if type(value) is float:
                    near[name].add(value)
    telling = sorted(near, key=lambda name: (-len(near[name]), name))[:_AXES]
    return _Columns(sorted(names - set(near)), telling)


def _mark(feature: Feature, columns: _Columns, varies: Varies) -> Mark:
    attributes = feature.get("attributes")
    if not isinstance(attributes, dict):
        attributes = {}
    exact = tuple(_kept(attributes.get(name), varies) for name in columns.exact)
    geometry = geometry_mark(feature.get("geometry"))
    numbers = [attributes.get(name) for name in columns.near]
    told = tuple(map(is_number, numbers))
    anchors = tuple(_as_float(each) for each in numbers if is_number(each))
    return Mark((exact, told, geometry.shape), (*geometry.anchors, *anchors))


def _kept(value: Any, varies: Varies) -> Hashable:
    """What two equal values have alike."""
    if isinstance(value, str):
        return blanked(value, varies)
    return value if type(value) is int or type(value) is bool else None


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
