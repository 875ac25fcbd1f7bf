"""Outputs made from nothing but their descriptor, for tasks that nobody wrote a tool for.

A generated value is of its parameter's type, within its choice list and filter, shaped by its default value
(the schema of features and records, the units and the size of numbers), near the input features where there
are any, and the same whenever the seed and the inputs are the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo
from gp_protocol.descriptions.filters import (
    CodedValueFilter,
    CompositeFilter,
    Filter,
    ListFilter,
    RangeFilter,
)
from gp_protocol.errors import ProtocolError
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.feature_sets import RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from gp_mockserver.tools.generated_features import (
    DEFAULT_FIELDS,
    draw_attributes,
    draw_features,
    find_place,
    sayable,
)

Part = Parameter | ParameterInfo
"""A parameter, or what its `parameterInfos` say of a column, an element or a member."""

_LATEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR: Final = 365 * 24 * 3600
_LARGEST_LONG: Final = 2_147_483_647
_FAR: Final = 1e9


def generate(parameter: Parameter, *, seed: int, inputs: Mapping[str, Any], key: bytes) -> Any:
    """A plausible value of an output, or None.

    `inputs` are the decoded inputs by parameter name; `key` is what tells one set of inputs from another,
    such as the bytes of the request. None is the answer for files and rasters, which need an address and
    content: the caller, who serves files, places one. It is also the answer for a type that is not in the
    table.
    """
    rng = random.Random(b"%d\0%s\0%s" % (seed, parameter.name.encode(), key))
    return _draw(parameter, parameter.filter, _Draw(rng, inputs))


class _Draw(msgspec.Struct, frozen=True):
    """One generation: where chance comes from, and what the task was given."""

    rng: random.Random
    inputs: Mapping[str, Any]


def _draw(part: Part, chosen: Filter | None, draw: _Draw) -> Any:
    name = part.data_type
    if isinstance(chosen, CodedValueFilter) and chosen.values:
        return _read(name, draw.rng.choice(chosen.values).value)
    if part.choice_list and name in _CHOSEN:
        return _read(name, draw.rng.choice(part.choice_list))
    if name.startswith("GPMultiValue:"):
        return _elements(part, chosen, draw)
    make = _MAKERS.get(name)
    return None if make is None else make(part, chosen, draw)


def _read(name: str, json: Any) -> Any:
    """A value of the descriptor's own JSON, None where it is not of its own type."""
    kind = DATA_TYPES.get(name)
    try:
        return None if kind is None else kind.decode_input(json)
    except ProtocolError:
        return None


def _text(part: Part, chosen: Filter | None, draw: _Draw) -> str:
    if isinstance(part.default_value, str) and part.default_value:
        return part.default_value
    return f"{part.name or 'Text'} {draw.rng.randint(1, 99)}"


def _expression(part: Part, chosen: Filter | None, draw: _Draw) -> str:
    return f"OBJECTID <= {draw.rng.randint(1, 99)}"


def _boolean(part: Part, chosen: Filter | None, draw: _Draw) -> bool:
    return draw.rng.random() < 0.5


def _double(part: Part, chosen: Filter | None, draw: _Draw) -> float:
    return _number(part.default_value, chosen, draw)


def _long(part: Part, chosen: Filter | None, draw: _Draw) -> int:
    low, high = _range(part.default_value, chosen)
    lowest, highest = max(-_LARGEST_LONG, -int(-low // 1)), min(_LARGEST_LONG, int(high // 1))
    return draw.rng.randint(lowest, highest) if lowest <= highest else lowest


def _number(default: Any, chosen: Filter | None, draw: _Draw) -> float:
    low, high = _range(default, chosen)
    return min(max(round(draw.rng.uniform(low, high), 3), low), high)


def _range(default: Any, chosen: Filter | None) -> tuple[float, float]:
    """Where numbers are drawn from: the filter's range, else about the default's size, else 0 to 100."""
    size = default if isinstance(default, int | float) and not isinstance(default, bool) else 0
    low, high = sorted((0.0, 2.0 * size)) if 0 < abs(size) < 1e300 else (0.0, 100.0)
    if isinstance(chosen, RangeFilter):
        span = high - low
        least, most = _bound(chosen.minimum, -1), _bound(chosen.maximum, 1)
        low, high = low if least is None else least, high if most is None else most
        if low > high:
            low, high = (high - span, high) if least is None else (low, low + span)
    return low, high


def _bound(end: float | None, sign: int) -> float | None:
    """An end of a range as a number; one that only says how far the type reaches is none."""
    return None if end is None or end * sign > _FAR else float(end)


def _date(part: Part, chosen: Filter | None, draw: _Draw) -> datetime:
    default = _read("GPDate", part.default_value)
    if isinstance(default, datetime):
        return default
    return _LATEST - timedelta(seconds=draw.rng.randrange(_YEAR))


def _linear(part: Part, chosen: Filter | None, draw: _Draw) -> LinearUnit:
    default = _read("GPLinearUnit", part.default_value) or LinearUnit(500, "esriMeters")
    return LinearUnit(_number(default.distance, chosen, draw), default.units)


def _areal(part: Part, chosen: Filter | None, draw: _Draw) -> ArealUnit:
    default = _read("GPArealUnit", part.default_value) or ArealUnit(5, "esriSquareKilometers")
    return ArealUnit(_number(default.area, chosen, draw), default.units)


def _time(part: Part, chosen: Filter | None, draw: _Draw) -> TimeUnit:
    default = _read("GPTimeUnit", part.default_value) or TimeUnit(30, "esriTimeUnitsMinutes")
    return TimeUnit(_number(default.time, chosen, draw), default.units)


def _field(part: Part, chosen: Filter | None, draw: _Draw) -> Field:
    kinds = chosen.words if isinstance(chosen, ListFilter) and chosen.words else ("esriFieldTypeDouble",)
    return _read("Field", part.default_value) or Field("VALUE", draw.rng.choice(kinds))


def _features(part: Part, chosen: Filter | None, draw: _Draw) -> Any:
    kinds = chosen.words if isinstance(chosen, ListFilter) and chosen.type == "featureClass" else ()
    return draw_features(_schema(part), kinds, find_place(draw.inputs), draw.rng)


def _records(part: Part, chosen: Filter | None, draw: _Draw) -> Any:
    schema = _schema(part)
    fields = schema.fields if schema is not None and schema.fields else DEFAULT_FIELDS
    count = draw.rng.randint(1, 5)
    rows = [{"attributes": draw_attributes(fields, n, draw.rng)} for n in range(1, count + 1)]
    return RecordSet(fields=fields, features=rows)


def _schema(part: Part) -> Any:
    """The empty feature set or record set that the default value is."""
    default = part.default_value
    if not isinstance(default, Mapping):
        return None
    listed = default.get("fields") or default.get("Fields") or []
    return _read(part.data_type, {**default, "fields": listed, "features": []})


def _reference(part: Part, chosen: Filter | None, draw: _Draw) -> SpatialReference:
    place = find_place(draw.inputs)
    default = sayable(_read(part.data_type, part.default_value))
    near = place.spatial_reference if place is not None else None
    return default or near or SpatialReference(wkid=draw.rng.choice((4326, 3857)))


def _extent(part: Part, chosen: Filter | None, draw: _Draw) -> Extent:
    default = _read(part.data_type, part.default_value)
    place = default if isinstance(default, Extent) else find_place(draw.inputs)
    if place is not None:
        return msgspec.structs.replace(place, spatial_reference=sayable(place.spatial_reference))
    west, south = draw.rng.randint(-170, 160), draw.rng.randint(-80, 70)
    return Extent(west, south, west + 10, south + 10, spatial_reference=SpatialReference(wkid=4326))


def _envelope(part: Part, chosen: Filter | None, draw: _Draw) -> Extent:
    return msgspec.structs.replace(_extent(part, chosen, draw), spatial_reference=None)


def _elements(part: Part, chosen: Filter | None, draw: _Draw) -> list[Any]:
    kind = part.data_type.partition(":")[2]
    if part.choice_list and kind in _CHOSEN:
        count = draw.rng.randint(1, len(part.choice_list))
        picked = sorted(draw.rng.sample(range(len(part.choice_list)), count))
        values = [_read(kind, part.choice_list[index]) for index in picked]
    else:
        element = _element(part)
        inner = chosen if element.filter is None else element.filter
        values = [_draw(element, inner, draw) for _ in range(draw.rng.randint(1, 3))]
    return [value for value in values if value is not None]


def _element(part: Part) -> ParameterInfo:
    kind = part.data_type.partition(":")[2]
    infos = part.parameter_infos or ()
    if len(infos) == 1 and infos[0].data_type == kind:
        return infos[0]
    return ParameterInfo(part.name, kind, parameter_infos=part.parameter_infos)


def _table(part: Part, chosen: Filter | None, draw: _Draw) -> list[Any]:
    columns = part.parameter_infos or ()
    count = draw.rng.randint(1, 4) if columns else 0
    return [[_draw(column, column.filter, draw) for column in columns] for _ in range(count)]


def _composite(part: Part, chosen: Filter | None, draw: _Draw) -> CompositeValue | None:
    filters = chosen.filters if isinstance(chosen, CompositeFilter) else ()
    members = list(enumerate(part.parameter_infos or ()))
    draw.rng.shuffle(members)
    for index, member in members:
        inner = filters[index] if member.filter is None and index < len(filters) else member.filter
        value = _draw(member, inner, draw)
        if isinstance(value, CompositeValue):
            return value
        if value is not None:
            return CompositeValue(member.data_type, value)
    return None


_CHOSEN: Final = frozenset({"GPString", "GPStringHidden", "GPSQLExpression", "GPLong", "GPDouble"})

_MAKERS: Final[Mapping[str, Callable[[Part, Filter | None, _Draw], Any]]] = {
    "GPBoolean": _boolean,
    "GPLong": _long,
    "GPDouble": _double,
    "GPString": _text,
    "GPStringHidden": _text,
    "GPSQLExpression": _expression,
    "GPDate": _date,
    "GPLinearUnit": _linear,
    "GPArealUnit": _areal,
    "GPTimeUnit": _time,
    "GPFeatureRecordSetLayer": _features,
    "GPRecordSet": _records,
    "Field": _field,
    "GPValueTable": _table,
    "GPComposite": _composite,
    "GPSpatialReference": _reference,
    "GPCoordinateSystem": _reference,
    "GPExtent": _extent,
    "GPEnvelope": _envelope,
}
