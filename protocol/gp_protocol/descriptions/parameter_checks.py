"""Whether a value is one that its parameter accepts: choice list and filter, also inside values of many
parts.

A filter judges only what it can see: a layer, a file or a raster that is named by its address may be
anything, an empty feature set has no geometry that could be wrong. A choice list beside a codedValue filter
lists the names of that filter's values: such a value goes by its name or, where it is a scalar, by itself. Of
a layer the filter has but a schema, so it goes by its name alone.

Source: ArcGIS REST, *GP task* (a value outside the choice list or the filter is an error; choice list, coded
value domain). *Assumed*: that a name stands for its value also where values are no texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gp_protocol.descriptions.filters import (
    CodedValue,
    CodedValueFilter,
    CompositeFilter,
    Filter,
    ListFilter,
    RangeFilter,
)
from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo


def check_value(parameter: Parameter | ParameterInfo, value: Any) -> None:
    """Hold a decoded value to the parameter's choice list and filter, and to those of its parts.

    The elements of a GPMultiValue are held to the parameter's own as well as to their `parameterInfos`, the
    cells of a GPValueTable to their column's, a GPComposite to those of the member that the value is of.
    None, and the empty text of an optional parameter, are not given and so not checked. Raises
    RemoteProtocolError; its path starts at the value: `[2]`, `[0].Width`.
    """
    infos = parameter.parameter_infos or ()
    if isinstance(value, list):
        if parameter.data_type == "GPValueTable":
            for number, row in enumerate(value):
                for column, (info, cell) in enumerate(zip(infos, row, strict=False)):
                    place = f".{info.name}" if info.name else f"[{column}]"
                    _at(f"[{number}]{place}", check_value, info, cell)
        else:
            for number, element in enumerate(value):
                _at(f"[{number}]", _check_element, parameter, infos, element)
    else:
        _check_one(parameter, infos, value)


def value_of_name(parameter: Parameter | ParameterInfo, given: Any) -> Any:
    """What a codedValue filter has under the name that is given, in its type's JSON form; all else as it is.

    The names of texts and layers are themselves what is sent and stay. Names in a list count too.
    """
    coded = parameter.filter
    element_type = parameter.data_type.removeprefix("GPMultiValue:")
    if not isinstance(coded, CodedValueFilter) or element_type in _BY_NAME:
        return given
    values = {each.name: each.value for each in coded.values if each.name}
    if isinstance(given, str):
        return values.get(given, given)
    if isinstance(given, list | tuple):
        return [values.get(each, each) if isinstance(each, str) else each for each in given]
    return given


_BY_NAME = (
    *("GPString", "GPStringHidden", "GPSQLExpression"),
    *("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData", "GPRasterDataLayer"),
)


def _check_element(
    parameter: Parameter | ParameterInfo, infos: Sequence[ParameterInfo], element: Any
) -> None:
    """The `parameterInfos` of a GPMultiValue are its element's, or its composite elements' members."""
    is_element = len(infos) == 1 and infos[0].data_type == parameter.data_type.partition(":")[2]
    _check_one(parameter, (infos[0].parameter_infos or ()) if is_element else infos, element)
    if is_element:
        check_value(infos[0], element)


def _check_one(parameter: Parameter | ParameterInfo, members: Sequence[ParameterInfo], value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(parameter.filter, CodedValueFilter):
        _check_coded(parameter.filter, parameter.choice_list or (), value)
    else:
        if parameter.choice_list:
            _check_choice(parameter.choice_list, value)
        if parameter.filter is not None:
            _check_filter(parameter.filter, members, value)
    if isinstance(value, CompositeValue):
        for member in members:
            if member.data_type == value.data_type:
                check_value(member, value.value)


def _at(place: str, check: Callable[..., None], *arguments: Any) -> None:
    try:
        check(*arguments)
    except RemoteProtocolError as error:
        raise error.at(place) from None


def _check_choice(choices: Sequence[str], value: Any) -> None:
    if not _may_be_chosen(value) or _is_choice(choices, value):
        return
    raise RemoteProtocolError(
        met=shown(value), expected=some_of(choices), remedy=did_you_mean(str(value), map(str, choices))
    )


def _may_be_chosen(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_choice(choices: Sequence[str], value: Any) -> bool:
    if isinstance(value, str):
        return value in choices
    return any(_number(choice) == value for choice in choices)


def _number(choice: Any) -> float | None:
    try:
        return float(choice)
    except (TypeError, ValueError):
        return None


def _check_filter(given: Filter, members: Sequence[ParameterInfo], value: Any) -> None:
    match given:
        case RangeFilter():
            _check_range(given, value)
        case ListFilter():
            _check_list(given, value)
        case CodedValueFilter():
            _check_coded(given, (), value)
        case CompositeFilter():
            _check_composite(given, members, value)


def _check_range(given: RangeFilter, value: Any) -> None:
    number = value
    if isinstance(value, LinearUnit):
        number = value.distance
    elif isinstance(value, ArealUnit):
        number = value.area
    elif isinstance(value, TimeUnit):
        number = value.time
    if isinstance(number, bool) or not isinstance(number, int | float):
        return
    low, high = given.minimum, given.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        ends = f"from {low}" if high is None else f"up to {high}" if low is None else f"from {low} to {high}"
        raise RemoteProtocolError(met=shown(number), expected=f"a number {ends}")


def _check_list(given: ListFilter, value: Any) -> None:
    seen: str | None = None
    if given.type == "featureClass" and isinstance(value, FeatureSet) and value.features:
        seen = value.geometry_type
    elif given.type == "file" and isinstance(value, DataFile) and value.url:
        _, dot, seen = urlsplit(value.url).path.rpartition("/")[2].rpartition(".")
        seen = seen if dot else None
    elif given.type == "field" and isinstance(value, Field):
        seen = value.type
    if seen is not None and _bare(seen) not in map(_bare, given.words):
        what = {
            "featureClass": "a geometry type",
            "file": "a file with an extension",
            "field": "a field type",
        }
        raise RemoteProtocolError(
            met=shown(seen),
            expected=f"{what[given.type]}, {some_of(given.words)}",
            remedy=did_you_mean(seen, given.words),
        )


def _bare(word: str) -> str:
    return word.casefold().removeprefix("esrigeometry").removeprefix("esrifieldtype").removeprefix(".")


def _check_coded(given: CodedValueFilter, choices: Sequence[str], value: Any) -> None:
    """Hold a value to a codedValue filter and the choice list beside it: what stands in either is right."""
    url = getattr(value, "url", None)
    if any(_is_coded(coded, value, url) for coded in given.values):
        return
    if choices and _may_be_chosen(value) and _is_choice(choices, value):
        return
    if isinstance(value, str | int | float) or url is not None:
        names = list(dict.fromkeys([*choices, *(coded.name or shown(coded.value) for coded in given.values)]))
        raise RemoteProtocolError(
            met=shown(url or value),
            expected=f"a value {some_of(names)}",
            remedy=did_you_mean(value, map(str, names)) if isinstance(value, str) else "",
        )


def _is_coded(coded: CodedValue, value: Any, url: Any) -> bool:
    if isinstance(value, str) and value == coded.name:
        return True
    if isinstance(coded.value, Mapping):
        return url is not None and coded.value.get("url") == url
    return bool(coded.value == value) and isinstance(coded.value, bool) == isinstance(value, bool)


def _check_composite(given: CompositeFilter, members: Sequence[ParameterInfo], value: Any) -> None:
    if not isinstance(value, CompositeValue):
        return
    for member, chosen in zip(members, given.filters, strict=False):
        if chosen is not None and member.data_type == value.data_type:
            _check_filter(chosen, member.parameter_infos or (), value.value)
