"""The inputs of a run: Python's values, checked against the task's descriptor and written strictly.

All is checked before anything is sent: names, what is missing, types, choice lists, filters. What each data
type accepts stands in its module: `scalars`, `places`, `features`, `references`, `compound`.

Source: ArcGIS REST, *GP data types*, *Execute GP task* and *GP task*. *Assumed*: that an empty text counts as
*not given* on the server, as published clients use it; where that would bring in a default, it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo, ParameterType, Task
from gp_protocol.descriptions.parameter_checks import check_value, value_of_name
from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES, data_type
from gp_protocol.values.literals import check_long

from gp_client.errors import InvalidInput, NotSupported
from gp_client.inputs.compound import value_from
from gp_client.inputs.refusals import discreet, refusal, unreadable
from gp_client.inputs.scalars import plain_json

_DEEPEST = 200
_LOOKED_INTO = 20
_RESERVED: Final = frozenset({"f", "token", "callback"})


def encode_inputs(
    task: Task,
    given: Mapping[str, Any],
    *,
    url: str = "",
    version: float | None = None,
    may_miss: bool = False,
) -> dict[str, str]:
    """The form's texts by parameter name, for what is given; None is left out, and so takes its default.

    `version` is the server's, where it is known: it decides how large a GPLong may be. `url` goes into
    errors. With `may_miss` required inputs may be missing. Raises InvalidInput, and NotSupported for a
    parameter of a data type that is not known here unless its value is JSON.
    """
    if not isinstance(given, Mapping):
        raise InvalidInput(
            parameter="inputs", met=shown(given), expected="a mapping of values by parameter name", url=url
        )
    _check_names(task, given, url)
    values = {name: value for name, value in given.items() if value is not None}
    if not may_miss:
        _check_missing(task, values, url)
    return {
        parameter.name: _encoded(parameter, values[parameter.name], url, version)
        for parameter in task.inputs
        if parameter.name in values
    }


def python_value(parameter: Parameter, value: Any, *, url: str = "", version: float | None = None) -> Any:
    """A value as the protocol's own type (the table in `gp_protocol.values.data_types`), checked against the
    parameter's choice list and filter; None stays None.

    Of a data type that is not known here the value stays as it is, if it is JSON. Raises InvalidInput,
    NotSupported.
    """
    if value is None:
        return None
    if parameter.data_type not in DATA_TYPES:
        return _of_unknown_type(parameter, value, url)
    if parameter.data_type == "GPValueTable":
        _check_columns(parameter, url)
    try:
        if _is_deep(value):
            raise LocalProtocolError(
                met="lists within lists", expected=f"a value of at most {_DEEPEST} of them within each other"
            )
        found = value_from(parameter.data_type, value_of_name(parameter, value), parameter)
        if found is None:
            raise LocalProtocolError(
                met=shown(value), expected=f"a {parameter.data_type}", remedy="leave it out, or give None"
            )
        _check_blank(parameter, found)
        check_value(parameter, found)
        _check_longs(parameter, found, version)
    except ProtocolError as error:
        raise refusal(parameter.name, value, error, url) from None
    except Exception as error:
        # What a caller hands in may be any object, and raise anything where it is looked at.
        raise unreadable(parameter.name, value, error, expected=_a_value(parameter), url=url) from error
    return found


def _is_deep(value: Any) -> bool:
    """Whether lists and mappings lie within each other more than any value needs; of each only the first
    ones are looked into."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level[:_LOOKED_INTO]
            if isinstance(each, list | tuple | dict)
            for inner in islice(each.values() if isinstance(each, dict) else each, _LOOKED_INTO)
        ]
        if not level:
            return False
    return True


def _encoded(parameter: Parameter, value: Any, url: str, version: float | None) -> str:
    found = python_value(parameter, value, url=url, version=version)
    try:
        if parameter.data_type not in DATA_TYPES:
            return found if isinstance(found, str) else encode_json(found).decode()
        return data_type(parameter.data_type).encode_input(found, parameter)
    except ProtocolError as error:
        raise refusal(parameter.name, value, error, url) from None
    except Exception as error:
        raise unreadable(parameter.name, value, error, expected=_a_value(parameter), url=url) from error


def _a_value(parameter: Parameter) -> str:
    return f"a value for a {parameter.data_type}"


def _check_names(task: Task, given: Mapping[str, Any], url: str) -> None:
    names = [parameter.name for parameter in task.inputs]
    wrong = [name for name in given if name not in names]
    if not wrong:
        for name in given:
            if name in _RESERVED and given[name] is not None:
                raise NotSupported(
                    f"{name}: the protocol has a parameter of that name itself, so it cannot be sent",
                    feature="reserved parameter name",
                    url=url,
                )
        return
    raise InvalidInput(
        parameter=", ".join(str(name) for name in wrong[:10]),
        met="no input of the task " + shown(task.label),
        expected=some_of(names) if names else "no inputs at all",
        remedy=_remedy(task, wrong[0]),
        url=url,
    )


def _remedy(task: Task, wrong: Any) -> str:
    if not isinstance(wrong, str):
        return "names are texts"
    if any(parameter.name == wrong for parameter in task.outputs):
        return "it is an output"
    by_label = {parameter.display_name: parameter.name for parameter in task.inputs if parameter.display_name}
    if wrong in by_label:
        return f"that is its label; did you mean {shown(by_label[wrong])}?"
    names = [parameter.name for parameter in task.inputs]
    return did_you_mean(wrong, names) or did_you_mean(wrong.replace(" ", "_"), names)


def _check_missing(task: Task, values: Mapping[str, Any], url: str) -> None:
    missing = [
        parameter
        for parameter in task.inputs
        if parameter.parameter_type is ParameterType.REQUIRED
        and parameter.name not in values
        and not _has_default(parameter)
    ]
    if missing:
        raise InvalidInput(
            parameter=", ".join(parameter.name for parameter in missing),
            met="nothing",
            expected="a value for each, as they are required and have no default: "
            + ", ".join(f"{parameter.name} ({parameter.data_type})" for parameter in missing),
            url=url,
        )


def _has_default(parameter: Parameter) -> bool:
    """Whether a default gives a value; that of features mostly gives a schema and no features."""
    default = parameter.default_value
    if default is None or default in ("", {}, []):
        return False
    if not isinstance(default, Mapping):
        return True
    if parameter.data_type in ("GPFeatureRecordSetLayer", "GPRecordSet"):
        return any(default.get(key) for key in ("features", "featureSet", "layers", "url", "itemID"))
    return default.get("url") != ""


def _check_blank(parameter: Parameter, value: Any) -> None:
    if not isinstance(value, str) or value.strip():
        return
    default = parameter.default_value
    if default not in (None, "", value):
        raise LocalProtocolError(
            met=shown(value),
            expected="a text that is not blank: the server would take its default, " + shown(default),
            remedy="give another text, or None for the default",
        )
    if parameter.parameter_type is ParameterType.REQUIRED:
        raise LocalProtocolError(met=shown(value), expected="a text that is not blank, as it is required")


def _check_longs(parameter: Parameter | ParameterInfo, value: Any, version: float | None) -> None:
    """Hold every GPLong within a value to the limits of the version."""
    if version is None or value is None:
        return
    kind = parameter.data_type
    infos = parameter.parameter_infos or ()
    if isinstance(value, CompositeValue):
        if value.data_type == "GPLong":
            check_long(value.value, version)
    elif kind == "GPLong":
        check_long(value, version)
    elif kind == "GPValueTable":
        for number, row in enumerate(value):
            for column, (info, cell) in enumerate(zip(infos, row, strict=False)):
                _longs_at(f"[{number}][{column}]", info, cell, version)
    elif kind.startswith("GPMultiValue:") and kind.endswith((":GPLong", ":GPComposite")):
        element = ParameterInfo("", kind.partition(":")[2])
        for number, each in enumerate(value):
            _longs_at(f"[{number}]", element, each, version)


def _longs_at(place: str, info: ParameterInfo, value: Any, version: float) -> None:
    try:
        _check_longs(info, value, version)
    except ProtocolError as error:
        raise error.at(place) from None


def _check_columns(parameter: Parameter, url: str) -> None:
    for column in parameter.parameter_infos or ():
        if column.data_type not in DATA_TYPES:
            raise NotSupported(
                f"{parameter.name}: its column {shown(column.name)} is of unknown type, {column.data_type}",
                feature=column.data_type,
                url=url,
            )


def _of_unknown_type(parameter: Parameter, value: Any, url: str) -> Any:
    try:
        return plain_json(value)
    except Exception:
        # What a caller hands in may be any object, and raise anything where it is looked at.
        pass
    raise NotSupported(
        f"{parameter.name}: met {discreet(value)}; the data type {parameter.data_type} is not known here, so "
        "give its JSON",
        feature=parameter.data_type,
        url=url,
    )
