"""Results and inputs: `paramName`, `dataType` and `value`, alone or in a list.

Sources: ArcGIS REST, *GP result*, *GP input*, *Execute GP task*, *Results*.
"""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.data_types import DATA_TYPES

from gpharness.checking.job_results import OF_NOTEBOOKS, check_names
from gpharness.checking.looking import NOTHING, Looking, join, met_at
from gpharness.checking.messages import check_messages
from gpharness.checking.values import check_value, fits

_MEMBERS: Final = ("paramName", "dataType", "value")
_FREE: Final = ("GPString", "GPStringHidden")
"""Types whose values may be any object."""
_COMPOSITE: Final = "GPComposite"


def check_run(look: Looking, value: dict[str, Any]) -> None:
    """What execute answers: the list of its results, and its messages."""
    results = value.get("results")
    if results is None:
        look.say("results.missing", "results", met_at(value, "results"), "a list of results")
    elif type(results) is not list:
        look.say("results.shape", "results", results, "a list of results")
    else:
        check_results(look, results, "results")
    check_messages(look, value, are_required=True)


def check_results(look: Looking, results: list[Any], path: str) -> None:
    """A list of results, or of inputs."""
    names = [each.get("paramName") for each in results if type(each) is dict]
    texts = [name for name in names if type(name) is str]
    seen: set[str] = set()
    is_other_name = False
    if look.task is not None and not look.is_of_inputs:
        declared = {each.name for each in look.task.outputs}
        missing = sorted(declared.difference(texts))
        unknown = [name for name in texts if name not in declared]
        is_other_name = bool(unknown and missing) and len(results) <= len(declared)
        if not is_other_name and len(texts) == len(results):
            check_names(look, look.task, texts, path)
    for index, each in enumerate(results):
        place = f"{path}[{index}]"
        if type(each) is dict and type(name := each.get("paramName")) is str:
            if name in seen:
                look.say("value.members", f"{place}.paramName", name, "each name once")
            seen.add(name)
        if type(each) is list:
            look.say("format.not-object", place, each, "an object in the list")
        elif type(each) is not dict:
            look.say("value.members", place, each, "an object with paramName, dataType and value")
        else:
            name = each.get("paramName")
            parameter = _declared(look, name)
            if is_other_name and type(name) is str and name not in declared:
                expected = f"one of {', '.join(missing)}"[:200]
                look.say("value.members", f"{place}.paramName", name, expected)
            check_result(look, each, place, parameter)


def check_one_result(look: Looking, value: dict[str, Any]) -> None:
    """A result or an input by itself."""
    if "containerConfigStoreId" in value and value.keys() <= OF_NOTEBOOKS:
        look.note("value.members", "paramName", NOTHING, "a result, not what notebooks add to a job")
        return
    parameter = look.parameter
    name = value.get("paramName")
    if parameter is None and look.task is not None:
        parameter = _declared(look, name)
        if parameter is None and type(name) is str:
            side = look.task.inputs if look.is_of_inputs else look.task.outputs
            names = ", ".join(each.name for each in side) or "none"
            look.say("value.members", "paramName", name, f"one of {names}"[:200])
    elif parameter is not None and type(name) is str and name != parameter.name:
        look.say("value.members", "paramName", name, parameter.name)
    check_result(look, value, "", parameter)


def _declared(look: Looking, name: Any) -> Parameter | None:
    if look.task is None or type(name) is not str:
        return None
    found = look.task.parameter(name)
    if found is None:
        return None
    side = look.task.inputs if look.is_of_inputs else look.task.outputs
    return found if found in side else None


def check_result(look: Looking, value: dict[str, Any], path: str, parameter: Parameter | None) -> None:
    """One result; `parameter` is what the task declares of it, where that is known."""
    for key in _MEMBERS:
        if key not in value:
            look.say("value.members", join(path, key), NOTHING, f"a result's {key}")
    if path and type(value.get("error")) is dict:
        look.say("envelope.both", join(path, "error"), value["error"], "either an error or a result")
    name, data_type = value.get("paramName"), value.get("dataType")
    if "paramName" in value and (type(name) is not str or not name):
        look.say("value.members", join(path, "paramName"), name, "the name of a parameter")
    if "dataType" in value and (type(data_type) is not str or not data_type):
        look.say("value.members", join(path, "dataType"), data_type, "a data type")
        data_type = None
    if data_type is None:
        return
    made = value.get("value")
    if type(made) is dict and data_type not in _FREE and type(made.get("error")) is dict:
        look.say("envelope.both", join(path, "value.error"), made["error"], "either an error or a value")
    if _is_right_type(look, data_type, made, join(path, "dataType"), parameter):
        check_value(look, data_type, made, join(path, "value"), parameter)


def _is_right_type(look: Looking, data_type: str, value: Any, path: str, parameter: Parameter | None) -> bool:
    """Whether the value can be held to the type that its result names."""
    if data_type == _COMPOSITE and value in (None, {}):
        return False  # nothing was made that could have a type
    if data_type == _COMPOSITE:
        look.say("value.type", path, data_type, "the type that the value has, one of the composite's members")
        return False
    if data_type not in DATA_TYPES:
        hint = did_you_mean(data_type, DATA_TYPES)
        if hint or " " in data_type or not data_type.isprintable():
            look.say("value.members", path, data_type, f"a data type; {hint}" if hint else "a data type")
        else:
            look.note("value.members", path, data_type, "a data type of 12.0 or older")
        return False
    if parameter is None or data_type == parameter.data_type:
        return True
    if parameter.data_type not in DATA_TYPES:
        return True
    if parameter.data_type == _COMPOSITE:
        members = [each.data_type for each in parameter.parameter_infos or ()]
        if not members or data_type in members:
            others = [each for each in members if each != data_type and fits(each, value)]
            if not others or type(value) is str or fits(data_type, value):
                return True
            members = others
        look.say("value.members", path, data_type, f"one of {', '.join(members)}")
        return False
    look.say("value.members", path, data_type, parameter.data_type)
    return False
