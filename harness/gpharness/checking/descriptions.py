"""What servers say of themselves: the server, its catalogue, a service, a task.

Sources: ArcGIS REST, *Geoprocessing service* and *GP task*; recorded descriptors of 9.3 to 12.0, of ArcGIS
Online and of notebook servers. What came with a version is only missed where the version is known, or where
the body itself tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gp_protocol.descriptions.descriptors import Direction, ExecutionType, ParameterType
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.data_types import DATA_TYPES

from gpharness.checking.filters import check_filter, check_typed
from gpharness.checking.looking import NOTHING, Looking, Phrase, is_number, is_whole, join, met_at

if TYPE_CHECKING:
    from enum import StrEnum

_MEMBERS: Final = "descriptor.members"
_SERVICE: Final = "GPServer"


def check_info(look: Looking, value: dict[str, Any]) -> None:
    """`rest/info`."""
    _check_version(look, value)
    for key in ("fullVersion", "soapUrl", "secureSoapUrl", "owningSystemUrl", "owningTenant"):
        _check_text(look, value, key, "", is_needed=False)
    if value.get("authInfo") is None:
        if "currentVersion" not in value:
            look.say(_MEMBERS, "currentVersion", NOTHING, "the server's version")
        return
    security = value["authInfo"]
    if type(security) is not dict:
        look.say(_MEMBERS, "authInfo", security, "an object with isTokenBasedSecurity")
        return
    flag = security.get("isTokenBasedSecurity")
    if flag is not None and type(flag) is not bool:
        look.say(_MEMBERS, "authInfo.isTokenBasedSecurity", flag, "true or false")
    _check_text(look, security, "tokenServicesUrl", "authInfo", is_needed=False)
    validity = security.get("shortLivedTokenValidity")
    if validity is not None and not is_number(validity):
        look.say(_MEMBERS, "authInfo.shortLivedTokenValidity", validity, "a number of minutes")


def check_catalogue(look: Looking, value: dict[str, Any]) -> None:
    """`rest/services`, or a folder there."""
    _check_version(look, value)
    services = value.get("services")
    if type(services) is not list:
        look.say(_MEMBERS, "services", met_at(value, "services"), "a list of services")
    for index, service in enumerate(services if type(services) is list else ()):
        path = f"services[{index}]"
        if type(service) is not dict:
            look.say(_MEMBERS, path, service, "an object with name and type")
            continue
        for key in ("name", "type"):
            _check_text(look, service, key, path)
        name, kind = service.get("name"), service.get("type")
        if type(name) is str and not all(name.split("/")):
            look.say(_MEMBERS, f"{path}.name", name, "the service's name, after its folder's if it has one")
        if kind == "" or (type(kind) is str and kind != _SERVICE and kind.lower() == _SERVICE.lower()):
            look.say(_MEMBERS, f"{path}.type", kind, f"the service's type, such as {_SERVICE}")
        _check_text(look, service, "url", path, is_needed=False)
    folders = value.get("folders")
    if folders is None and "folders" not in value:
        return
    if type(folders) is not list or not all(type(each) is str and each for each in folders):
        look.say(_MEMBERS, "folders", folders, "a list of names")


def check_service(look: Looking, value: dict[str, Any]) -> None:
    """A geoprocessing service."""
    _check_version(look, value)
    tasks = value.get("tasks")
    if type(tasks) is not list:
        look.say(_MEMBERS, "tasks", met_at(value, "tasks"), "a list of names")
    else:
        for index, task in enumerate(tasks):
            if type(task) is not str or not task:
                look.say(_MEMBERS, f"tasks[{index}]", task, "a task's name")
        names = [task for task in tasks if type(task) is str]
        if len(set(names)) < len(names):
            look.say(_MEMBERS, "tasks", Phrase("a name that stands twice"), "each name once")
    _check_word(look, value, "executionType", ExecutionType, "", is_needed=False)
    for key in ("serviceDescription", "resultMapServerName"):
        _check_text(look, value, key, "")
    for key in ("capabilities", "cimVersion"):
        _check_text(look, value, key, "", is_needed=False)
    records = value.get("maximumRecords")
    if "maximumRecords" in value and not (is_whole(records) and records >= 0):
        look.say(_MEMBERS, "maximumRecords", records, "a whole number of features")
    elif "maximumRecords" not in value and _has(look, value, 10.1):
        look.say(_MEMBERS, "maximumRecords", NOTHING, "a whole number of features (since 10.1)")
    schema = value.get("schema")
    if schema is not None and type(schema) is not dict:
        look.say(_MEMBERS, "schema", schema, "an object")
    elif schema and "json-schema" in schema:
        inner = schema["json-schema"]
        if type(inner) is not dict or type(inner.get("url")) is not str:
            look.say(_MEMBERS, "schema.json-schema", inner, "an object with url")


def check_task(look: Looking, value: dict[str, Any]) -> None:
    """A task."""
    for key in ("name", "displayName", "category", "helpUrl"):
        _check_text(look, value, key, "")
    if not value.get("name") and type(value.get("name")) is str:
        look.say(_MEMBERS, "name", "", "the tool's name")
    parameters = value.get("parameters")
    are_described = _are_described(look, value)
    _check_word(look, value, "executionType", ExecutionType, "", is_needed=False)
    _check_text(look, value, "description", "", is_needed=are_described)
    if type(parameters) is not list:
        met = met_at(value, "parameters")
        look.say("descriptor.parameters", "parameters", met, "a list of parameters")
        return
    seen: set[str] = set()
    for index, parameter in enumerate(parameters):
        path = f"parameters[{index}]"
        if type(parameter) is not dict:
            look.say("descriptor.parameters", path, parameter, "a parameter's description")
            continue
        name = parameter.get("name")
        if type(name) is str and name in seen:
            look.say("descriptor.parameters", f"{path}.name", name, "each name once")
        elif type(name) is str:
            seen.add(name)
        _check_parameter(look, parameter, path, is_described=are_described)


def _are_described(look: Looking, value: dict[str, Any]) -> bool:
    """Whether task and parameters have descriptions: of all versions, those from 10.1 SP1 on."""
    if look.profile is not None:
        return look.profile.has("task key", "description")
    listed = value.get("parameters")
    parameters = [each for each in listed if type(each) is dict] if type(listed) is list else []
    return "description" in value or any("description" in each for each in parameters)


def _check_parameter(look: Looking, value: dict[str, Any], path: str, *, is_described: bool) -> None:
    _check_text(look, value, "name", path)
    if value.get("name") == "":
        look.say(_MEMBERS, f"{path}.name", "", "the parameter's name")
    for key in ("displayName", "category"):
        _check_text(look, value, key, path)
    _check_text(look, value, "description", path, is_needed=is_described)
    _check_word(look, value, "direction", Direction, path)
    _check_word(look, value, "parameterType", ParameterType, path)
    if value.get("parameterType") == ParameterType.DERIVED and value.get("direction") == Direction.INPUT:
        look.say(_MEMBERS, f"{path}.direction", value["direction"], "an output, as it is derived")
    _check_data_type(look, value, path)
    if "defaultValue" not in value:
        look.say(_MEMBERS, f"{path}.defaultValue", NOTHING, "a default, or null")
    else:
        check_typed(look, value.get("dataType"), value["defaultValue"], f"{path}.defaultValue")
    _check_choices(look, value, path)
    check_filter(look, value.get("filter"), f"{path}.filter")
    _check_text(look, value, "dependency", path, is_needed=False)
    _check_infos(look, value, path)


def _check_data_type(look: Looking, value: dict[str, Any], path: str) -> None:
    word = value.get("dataType")
    place = f"{path}.dataType"
    if type(word) is not str or not word:
        look.say(_MEMBERS, place, met_at(value, "dataType"), "a data type such as GPString")
        return
    if word in DATA_TYPES:
        return
    hint = did_you_mean(word, DATA_TYPES)
    if hint or " " in word or not word.isprintable():
        look.say(_MEMBERS, place, word, f"a data type; {hint}" if hint else "a data type such as GPString")
    else:
        look.note(_MEMBERS, place, word, "a data type of 12.0 or older")


def _check_choices(look: Looking, value: dict[str, Any], path: str) -> None:
    if "choiceList" not in value:
        return
    choices = value["choiceList"]
    if type(choices) is not list:
        look.say(_MEMBERS, f"{path}.choiceList", choices, "a list of texts, or no member of that name")
        return
    for index, choice in enumerate(choices):
        if type(choice) is str:
            continue
        if is_number(choice):
            look.note(_MEMBERS, f"{path}.choiceList[{index}]", choice, "a text")
        else:
            look.say(_MEMBERS, f"{path}.choiceList[{index}]", choice, "a text")
    texts = [choice for choice in choices if type(choice) is str]
    if len(set(texts)) < len(texts):
        look.note(_MEMBERS, f"{path}.choiceList", Phrase("a choice that stands twice"), "each choice once")


def _check_infos(look: Looking, value: dict[str, Any], path: str) -> None:
    infos = value.get("parameterInfos")
    if infos is None:
        return
    place = f"{path}.parameterInfos"
    if type(infos) is not list:
        look.say(_MEMBERS, place, infos, "a list of columns or members")
        return
    for index, info in enumerate(infos):
        inner = f"{place}[{index}]"
        if type(info) is not dict:
            look.say(_MEMBERS, inner, info, "an object with name and dataType")
            continue
        for key in ("name", "displayName"):
            _check_text(look, info, key, inner, is_needed=False)
        _check_data_type(look, info, inner)
        _check_choices(look, info, inner)
        check_filter(look, info.get("filter"), f"{inner}.filter")
        if len(inner) < 200:  # nested once in what servers send
            _check_infos(look, info, inner)


def _check_version(look: Looking, value: dict[str, Any]) -> None:
    version = value.get("currentVersion")
    if "currentVersion" in value and not (is_number(version) and version > 0):
        look.say(_MEMBERS, "currentVersion", version, "a number such as 10.91")
    elif "currentVersion" not in value and look.profile is not None and look.profile.number >= 10.1:
        look.say(_MEMBERS, "currentVersion", NOTHING, "a number such as 10.91")


def _has(look: Looking, value: dict[str, Any], since: float) -> bool:
    """Whether the body, or else who asks, says that the server is of this version or newer."""
    version = value.get("currentVersion")
    if is_number(version):
        return bool(version >= since)
    return look.profile is not None and look.profile.number >= since


def _check_text(look: Looking, value: dict[str, Any], key: str, path: str, *, is_needed: bool = True) -> None:
    if type(value.get(key)) is not str and (is_needed or value.get(key) is not None):
        look.say(_MEMBERS, join(path, key), met_at(value, key), "a text")


def _check_word(
    look: Looking,
    value: dict[str, Any],
    key: str,
    words: type[StrEnum],
    path: str,
    *,
    is_needed: bool = True,
) -> None:
    word = value.get(key)
    if (key not in value and not is_needed) or (type(word) is str and word in tuple(words)):
        return
    look.say(_MEMBERS, join(path, key), met_at(value, key), f"one of {', '.join(words)}")
