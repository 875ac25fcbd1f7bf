"""The values of outputs, compared by their data type rather than as JSON.

Source: ArcGIS REST, *GP data types*. Decided here: the order of a GPMultiValue and of a table's rows counts,
a date is data and has no tolerance, a distance in another unit is another value even where it is as long, and
of what was not made the form counts (`{}`, `[]`, null), since clients are particular about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from gp_protocol.values.parameter_specs import ColumnSpec, ParameterSpec

from gpharness.comparing.addresses import address_differences
from gpharness.comparing.differences import Difference, shown, some, sort_of
from gpharness.comparing.feature_sets import feature_set_differences
from gpharness.comparing.numbers import is_number, same_number
from gpharness.comparing.plain_values import (
    Compare,
    list_differences,
    member_differences,
    other_sort,
    plain_differences,
)
from gpharness.comparing.spatial_references import same_reference
from gpharness.contracts.contract import Varies

Spec = ParameterSpec | ColumnSpec | None
_MULTIPLE: Final = "GPMultiValue:"
_ADDRESSES: Final = ("url", "href")
_ITEMS: Final = ("itemID", "itemId", "portalItemID")


def compare_values(
    expected: Any, met: Any, data_type: str, varies: Varies, parameter: Spec = None
) -> list[Difference]:
    """How an output's value, as JSON, differs from the contract's. Paths begin at the value.

    `parameter` is the descriptor's, for the columns of a GPValueTable. A data type that nobody knows is
    compared as plain JSON. Of a value with very many differences the first ones are told.
    """
    return some(value_differences(expected, met, data_type, varies, parameter))


def value_differences(
    expected: Any, met: Any, data_type: str, varies: Varies, parameter: Spec = None
) -> Iterator[Difference]:
    """The same, one by one."""
    if data_type.startswith(_MULTIPLE):
        if not isinstance(expected, list) or not isinstance(met, list):
            return plain_differences(expected, met, varies)
        return list_differences(expected, met, _element(data_type.removeprefix(_MULTIPLE), varies, parameter))
    if data_type == "GPValueTable":
        return _table_differences(expected, met, varies, parameter)
    return _BY_TYPE.get(data_type, plain_differences)(expected, met, varies)


def _element(data_type: str, varies: Varies, spec: Spec) -> Compare:
    """What compares the elements of a list. A composite one says its own type."""
    inner = spec.parameter_infos[0] if spec is not None and spec.parameter_infos else None

    def compare(expected: Any, met: Any) -> Iterator[Difference]:
        if data_type == "GPComposite" and _says_type(expected) and _says_type(met):
            return _typed_differences(expected, met, varies)
        return value_differences(expected, met, data_type, varies, inner)

    return compare


def _says_type(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("dataType"), str) and "value" in value


def _typed_differences(expected: dict[str, Any], met: dict[str, Any], varies: Varies) -> Iterator[Difference]:
    one, other = expected["dataType"], met["dataType"]
    if one != other:
        yield Difference("dataType", shown(one), shown(other), "changed.value-type")
    else:
        for each in value_differences(expected["value"], met["value"], one, varies):
            yield each.at("value")


def _table_differences(expected: Any, met: Any, varies: Varies, spec: Spec) -> Iterator[Difference]:
    if not isinstance(expected, list) or not isinstance(met, list):
        return plain_differences(expected, met, varies)
    columns = tuple(spec.parameter_infos or ()) if spec is not None else ()

    def row(one: Any, other: Any) -> Iterator[Difference]:
        return _row_differences(one, other, columns, varies)

    return list_differences(expected, met, row)


def _row_differences(
    expected: Any, met: Any, columns: Sequence[ColumnSpec], varies: Varies
) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(met, dict):
        by = {each.name: _cell(each, varies) for each in columns}
        yield from member_differences(expected, met, varies, by)
    elif isinstance(expected, list) and isinstance(met, list) and len(expected) == len(met) == len(columns):
        for place, (one, other, column) in enumerate(zip(expected, met, columns, strict=True)):
            yield from (each.at(f"[{place}]") for each in _cell(column, varies)(one, other))
    else:
        yield from plain_differences(expected, met, varies)


def _cell(column: ColumnSpec, varies: Varies) -> Compare:
    def compare(expected: Any, met: Any) -> Iterator[Difference]:
        if column.data_type == "GPComposite" and _says_type(expected) and _says_type(met):
            return _typed_differences(expected, met, varies)
        return value_differences(expected, met, column.data_type, varies, column)

    return compare


def _layer_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """Features, or the address of a service that holds them, or a picture of them."""
    if _has(expected, "mapImage") and _has(met, "mapImage"):
        inner = {"mapImage": lambda one, other: _reference_differences(one, other, varies)}
        yield from member_differences(expected, met, varies, inner)
    elif _has(expected, "url") and _has(met, "url"):
        yield from _reference_differences(expected, met, varies)
    elif isinstance(expected, str) and isinstance(met, str):
        yield from plain_differences(expected, met, varies)
    else:
        yield from feature_set_differences(expected, met, varies)


def _has(value: Any, key: str) -> bool:
    return isinstance(value, dict) and key in value


def _reference_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """A file, a raster, a service or a picture: its address, and what is said besides."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    by: dict[str, Compare] = {
        key: lambda one, other: address_differences(one, other, varies) for key in _ADDRESSES
    }
    by |= {key: lambda one, other: _item_differences(one, other, varies) for key in _ITEMS}
    by["extent"] = lambda one, other: _extent_differences(one, other, varies)
    yield from member_differences(expected, met, varies, by)


def _item_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    if not varies.ids or not isinstance(expected, str) or not isinstance(met, str):
        yield from plain_differences(expected, met, varies)


def _reference_system_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    if not same_reference(expected, met):
        if isinstance(expected, dict) == isinstance(met, dict):
            yield Difference("", shown(expected), shown(met))
        else:
            yield other_sort(expected, met)


def _extent_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    reference: Mapping[str, Compare] = {
        key: lambda one, other: _reference_system_differences(one, other, varies)
        for key in ("spatialReference", "spatial_reference")
    }
    yield from member_differences(expected, met, varies, dict(reference))


def _exact_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """A whole number, whatever its writing: `5.0` is 5."""
    if is_number(expected) and is_number(met):
        if expected != met:
            yield Difference("", shown(expected), shown(met))
    else:
        yield from plain_differences(expected, met, varies)


def _double_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """A number, whose tolerance counts also where neither is written with a fraction."""
    if is_number(expected) and is_number(met):
        if not same_number(expected, met, varies.floats) and not same_number(
            _as_float(expected), met, varies.floats
        ):
            yield Difference("", shown(expected), shown(met))
    else:
        yield from plain_differences(expected, met, varies)


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return number


def _unit_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """A number and its unit. Where the unit is another one, that is the difference."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    units, others = expected.get("units"), met.get("units")
    if units != others:
        yield Difference("units", shown(expected), shown(met))
        return
    by: dict[str, Compare] = {
        key: lambda one, other: _double_differences(one, other, varies)
        for key in ("distance", "area", "time")
    }
    yield from member_differences(expected, met, varies, by)


def _field_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    yield from member_differences(expected, met, varies, absent={"alias": expected.get("name")})


def _hidden_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """A text that is not to be seen: the contract does not have it, and no report says it."""
    one, other = _hidden(expected), _hidden(met)
    if one != other:
        is_text = isinstance(expected, str) and isinstance(met, str)
        yield Difference("", one, other, "changed.value" if is_text else "changed.value-type")


def _hidden(value: Any) -> str:
    if isinstance(value, str):
        return "a hidden text" if value else "an empty text"
    return sort_of(value)


_BY_TYPE: Final[Mapping[str, Callable[[Any, Any, Varies], Iterator[Difference]]]] = {
    "GPStringHidden": _hidden_differences,
    "GPLong": _exact_differences,
    "GPDate": _exact_differences,
    "GPDouble": _double_differences,
    "GPLinearUnit": _unit_differences,
    "GPArealUnit": _unit_differences,
    "GPTimeUnit": _unit_differences,
    "GPFeatureRecordSetLayer": _layer_differences,
    "GPRecordSet": _layer_differences,
    "GPRasterDataLayer": _layer_differences,
    "GPRasterData": _reference_differences,
    "GPDataFile": _reference_differences,
    "GPSpatialReference": _reference_system_differences,
    "GPCoordinateSystem": _reference_system_differences,
    "GPExtent": _extent_differences,
    "GPEnvelope": _extent_differences,
    "Field": _field_differences,
}
