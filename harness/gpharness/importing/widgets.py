"""An app's own configuration as a site file: its geoprocessing widgets say enough to mock their services.

Such a configuration holds a task's descriptor reworked for the app's users; what it does not tell is guessed,
and each guess stands as a comment where it was made.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import MockServerError
from gp_protocol.errors import ProtocolError
from gp_protocol.versions import profile

from gpharness.importing.widget_parameters import Written, parameter_of
from gpharness.importing.widget_tools import Tool, tools_in

_CONTEXT: Final = re.compile(r"[A-Za-z0-9._~-]+")
_UNPRINTED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_MADE_UP: Final = "Widgets"
"""The folder of services whose address is not told."""


class _Task(msgspec.Struct):
    label: str
    members: list[tuple[str, Any, str]]
    """Key, value and guess."""
    parameters: list[Written]
    notes: list[str] = []


class _Service(msgspec.Struct):
    members: list[tuple[str, Any, str]]
    tasks: list[_Task]
    notes: list[str] = []


def site_file_of(data: Any) -> str:
    """The site file, in YAML, of a widget's configuration or of a whole app's: one of Web AppBuilder or of
    Experience Builder, or one like these.

    Raises ValueError where no tool with parameters stands in it.
    """
    found = tools_in(data)
    services: dict[str, _Service] = {}
    unused = list(found.unused)
    roots = Counter(tool.root for tool in found.tools if tool.root)
    root = roots.most_common(1)[0][0] if roots else ""
    for tool in found.tools:
        reason = _add(services, tool, root)
        if reason:
            unused.append(f"{tool.where}: {reason}")
    if not services:
        why = f" ({'; '.join(unused[:3])})" if unused else ""
        raise ValueError(f"a configuration in which no geoprocessing tool with its parameters stands{why}")
    is_reworked = any(tool.inputs or tool.outputs for tool in found.tools)
    return "\n".join([*_head(root, unused, is_reworked), *_lines(services), ""])


def _add(services: dict[str, _Service], tool: Tool, root: str) -> str:
    """Add a tool to the services; why not, where it cannot be."""
    name, notes = tool.service, []
    if not name:
        name = f"{_MADE_UP}/{re.sub('[^A-Za-z0-9_]+', '_', tool.task)}"
        notes.append("guess: the service's name; the configuration does not tell its address")
    segments = name.split("/")
    if len(segments) > 2:
        return f"{name!r} is no name of a service: expected Folder/Name or Name"
    if "/" in tool.task:
        return f"{tool.task!r} is no name of a task: it is one segment of an address"
    if tool.root and tool.root != root:
        notes.append(f"at {tool.root}, another server than the first one's")
    is_synchronous, guess = _execution(tool)
    known = services.get(name)
    if known is not None and any(each.label == tool.task for each in known.tasks):
        return f"{name}/{tool.task} stands in the configuration twice: the first one counts"
    kind = "synchronous" if is_synchronous else "asynchronous"
    if known is None:
        service = _Service([("executionType", kind, guess), *_about_service(tool)], [], notes)
        if not _fits({"services": {name: _data(service)}}):
            return f"{name!r} cannot be served: {_wrong({'services': {name: _data(service)}})}"
        known = services[name] = service
    elif (told := next(value for key, value, _ in known.members if key == "executionType")) != kind:
        known.notes.append(f"guess: {told}, though {tool.task} is told to be {kind}")
    known.tasks.append(_task(tool))
    return ""


def _execution(tool: Tool) -> tuple[bool, str]:
    """Whether a tool's service answers at once, and the guess that this is, if it is one."""
    said = tool.raw.get("isSynchronous", tool.server.get("isSynchronous"))
    if isinstance(said, bool):
        return said, ""
    word = str(tool.raw.get("executionType", "")).lower()
    if word.endswith("asynchronous"):
        return False, ""
    if word.endswith("synchronous"):
        return True, ""
    return False, "it is not told"


def _about_service(tool: Tool) -> list[tuple[str, Any, str]]:
    members: list[tuple[str, Any, str]] = []
    version = tool.server.get("currentVersion") or tool.raw.get("currentVersion")
    if isinstance(version, int | float) and not isinstance(version, bool) and _is_version(version):
        members.append(("currentVersion", version, ""))
    name = tool.server.get("resultMapServerName") or tool.raw.get("resultMapServerName")
    if isinstance(name, str) and name:
        members.append(("resultMapServerName", name, ""))
    elif tool.raw.get("useResultMapServer") is True or tool.server.get("hasResultMapServer") is True:
        members.append(("resultMapServerName", tool.service.rpartition("/")[2], "its name is not told"))
    if tool.server.get("supportsUpload") is True:
        members.append(("capabilities", "Uploads", ""))
    return members


def _is_version(number: float) -> bool:
    try:
        profile(number)
    except ProtocolError:
        return False
    return True


def _task(tool: Tool) -> _Task:
    members: list[tuple[str, Any, str]] = []
    name = tool.raw.get("name") if tool.both else None
    if isinstance(name, str) and name.strip() and name != tool.task:
        members.append(("name", name.strip(), ""))
        members.append(("displayName", tool.task, ""))
    else:
        members.append(("name", tool.task, "" if tool.both else "it is the one in the address"))
    for key in ("description", "helpUrl", "category"):
        if isinstance(text := tool.raw.get(key), str) and text.strip():
            members.append((key, text.strip(), ""))
    task = _Task(tool.task, members, [])
    seen: set[str] = set()
    parts = [(each, "input") for each in tool.inputs] + [(each, "output") for each in tool.outputs]
    for raw, direction in parts or [(each, "") for each in tool.both]:
        written = parameter_of(raw, direction, _wrong_parameter)
        wrong = "it has no name" if written is None else _wrong_parameter(written.members)
        if written is None or wrong or written.members["name"] in seen:
            told = wrong or f"{written.members['name'] if written else ''} stands twice"
            task.notes.append(f"left out: a parameter, since {told}")
            continue
        seen.add(written.members["name"])
        task.parameters.append(written)
    if not any(each.members["direction"] == "output" for each in task.parameters):
        task.notes.append("no output is told: a job of it has no results")
    return task


def _data(service: _Service) -> dict[str, Any]:
    tasks = [
        {
            **{key: value for key, value, _ in task.members},
            "parameters": [each.members for each in task.parameters],
        }
        for task in service.tasks
    ]
    return {**{key: value for key, value, _ in service.members}, "tasks": tasks}


def _wrong_parameter(members: Mapping[str, Any]) -> str:
    """What is wrong with a parameter; empty where a site can have it."""
    task = {"name": "Task", "parameters": [dict(members)]}
    wrong = _wrong({"services": {"Service": {"executionType": "asynchronous", "tasks": [task]}}})
    return wrong.removeprefix("services.Service.tasks[0].parameters[0]").lstrip(".")


def _fits(data: Mapping[str, Any]) -> bool:
    return not _wrong(data)


def _wrong(data: Mapping[str, Any]) -> str:
    try:
        site_from(json.loads(json.dumps(data)), folder=Path()).close()
    except (MockServerError, ProtocolError, ValueError) as error:
        return _one_line(error)
    return ""


# The text


def _head(root: str, unused: Iterable[str], is_reworked: bool) -> list[str]:
    told = f" of {_one_line(root)}" if root else ""
    lines = [
        f"# The geoprocessing services{told}, as an app's configuration tells of them.",
        "# What the configuration does not tell is guessed, and marked so.",
    ]
    if is_reworked:
        lines.append("# Labels and descriptions are those that the app shows; the server's may be others.")
    left = [_one_line(each) for each in unused]
    if left:
        lines += ["#", "# Not used:", *(f"#   {each}" for each in left)]
    context = urlsplit(root if "://" in root else f"https:{root}").path.strip("/").rpartition("/")[2]
    is_told = bool(_CONTEXT.fullmatch(context))
    guess = "" if is_told else "  # guess: it is not told"
    return [*lines, f"context: {_json(context) if is_told else 'arcgis'}{guess}", "services:"]


def _lines(services: Mapping[str, _Service]) -> list[str]:
    lines = []
    for name, service in services.items():
        lines.append(f"  {_json(name)}:")
        lines += [f"    # {_one_line(each)}" for each in service.notes]
        lines += _members(service.members, "    ")
        lines.append("    tasks:")
        for task in service.tasks:
            lines += [f"      # {_one_line(each)}" for each in task.notes]
            first, *rest = _members(task.members, "        ")
            lines += [f"      - {first.strip()}", *rest]
            lines.append("        parameters:" if task.parameters else "        parameters: []")
            for parameter in task.parameters:
                lines += [f"          # guess: {_one_line(each)}" for each in parameter.guesses]
                pairs = [f"{key}: {_json(value)}" for key, value in parameter.members.items()]
                lines += [f"          - {pairs[0]}", *(f"            {each}" for each in pairs[1:])]
    return lines


def _members(members: Iterable[tuple[str, Any, str]], indent: str) -> list[str]:
    return [
        f"{indent}{key}: {_json(value)}{guess and f'  # guess: {_one_line(guess)}'}"
        for key, value, guess in members
    ]


def _json(value: Any) -> str:
    """A value in JSON, which is YAML, too, once what YAML does not print is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _one_line(text: object) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(str(text).split()))[:400]
