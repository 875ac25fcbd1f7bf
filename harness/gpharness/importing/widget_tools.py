"""The geoprocessing tools in an app's configuration, wherever they stand in it.

What is known of these configurations: the Geoprocessing widget of Web AppBuilder (its page *Geoprocessing
widget*: `taskUrl`, `isSynchronous`, `inputParams`, `outputParams`, `serverInfo`), whose app refers to it or
embeds it; the Analysis widget of Experience Builder (`toolList`, each custom tool with the task's descriptor
as `toolInfo` and the address by way of one of the app's `utilities`). Other widgets are taken by what they
have in common with these: an address below `GPServer`, and parameters with data types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

_ADDRESS: Final = re.compile(
    r"(?P<root>(?:https?:)?(?://[^/?#]*)?[^?#]*?)/rest/services/(?P<service>[^?#]+?)/GPServer"
    r"(?:/(?P<task>[^/?#]+))?(?:/(?:execute|submitJob))?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_DEEPEST: Final = 64
_URL_KEYS: Final = (
    *("taskUrl", "taskURL", "url", "toolUrl", "serviceUrl", "serviceURL", "gpUrl", "gpServiceUrl"),
    *("geoprocessingUrl", "gpTaskUrl", "href"),
)
_INPUTS: Final = ("inputParams", "inputParameters", "inputs")
_OUTPUTS: Final = ("outputParams", "outputParameters", "outputs")


class Tool(msgspec.Struct):
    """A tool as a configuration has it. `where` is its place there, such as `widgets[3].config`."""

    where: str
    root: str = ""
    """The address of the server's context; empty where it is not told."""
    service: str = ""
    task: str = ""
    label: str = ""
    """What the app calls it."""
    raw: Mapping[str, Any] = {}
    """The members that describe the task."""
    server: Mapping[str, Any] = {}
    """What is told of its service."""
    inputs: list[Any] = []
    outputs: list[Any] = []
    both: list[Any] = []
    """Parameters of which each tells its direction itself."""


class Found(msgspec.Struct):
    """What stands in a configuration. `unused` are lines for people."""

    tools: list[Tool] = []
    unused: list[str] = []


def tools_in(data: Any) -> Found:
    """All tools of a widget's configuration or of a whole app's."""
    finding = _Finding(data)
    finding.look(data, "", 0)
    finding.tell_addresses(data)
    return finding.found


class _Finding:
    def __init__(self, data: Any) -> None:
        self.found = Found()
        utilities = data.get("utilities") if isinstance(data, Mapping) else None
        self._utilities: Mapping[str, Any] = utilities if isinstance(utilities, Mapping) else {}
        self._used: set[str] = set()

    def look(self, node: Any, where: str, depth: int) -> None:
        """Look at a part of the configuration, and at all below it that is no part of a tool."""
        if depth > _DEEPEST:
            return
        if isinstance(node, list):
            for number, each in enumerate(node):
                self.look(each, f"{where}[{number}]", depth + 1)
        if not isinstance(node, Mapping):
            return
        if self._take(node, where):
            return
        self._note_reference(node, where)
        for name, each in node.items():
            if isinstance(each, list | Mapping):
                self.look(each, f"{where}.{name}" if where else str(name), depth + 1)

    def _take(self, node: Mapping[str, Any], where: str) -> bool:
        """Take a tool, if the part of the configuration is one."""
        config = node.get("config")
        if isinstance(config, Mapping) and isinstance(config.get("toolInfo"), Mapping):
            return self._add(node, config, config["toolInfo"], f"{where}.config.toolInfo")
        if isinstance(node.get("toolInfo"), Mapping) and _has_parameters(node["toolInfo"]):
            return self._add(node, node, node["toolInfo"], f"{where}.toolInfo".lstrip("."))
        if "toolName" in node and str(node.get("type", "")).lower() in _PORTALS_OWN:
            name = node["toolName"]
            self.found.unused.append(
                f"{where}: {name} is one of the portal's own tools, whose address the app does not have"
            )
            return True
        if _has_parameters(node):
            return self._add(node, node, node, where)
        return False

    def _add(
        self, outer: Mapping[str, Any], config: Mapping[str, Any], raw: Mapping[str, Any], where: str
    ) -> bool:
        tool = Tool(where or "the configuration", raw=raw)
        tool.label = _text(outer, "toolName") or _text(outer, "label")
        server = raw.get("serverInfo") or config.get("serverInfo")
        tool.server = server if isinstance(server, Mapping) else {}
        tool.inputs, tool.outputs = _list(raw, _INPUTS), _list(raw, _OUTPUTS)
        tool.both = _list(raw, ("parameters",))
        for address, task in self._addresses(outer, config, raw, tool.server):
            if (found := _ADDRESS.fullmatch(address.strip())) is not None:
                tool.root = found["root"]
                tool.service = "/".join(unquote(each) for each in found["service"].split("/") if each)
                tool.task = unquote(found["task"] or "") or task
                self._used.add(address)
                break
        tool.task = tool.task or _text(raw, "displayName") or _text(raw, "name") or tool.label
        if not tool.task:
            self.found.unused.append(f"{tool.where}: neither an address nor a name of the task")
            return True
        self.found.tools.append(tool)
        return True

    def _addresses(
        self,
        outer: Mapping[str, Any],
        config: Mapping[str, Any],
        raw: Mapping[str, Any],
        server: Mapping[str, Any],
    ) -> Iterator[tuple[str, str]]:
        """The addresses that a tool may have, the likeliest first, each with the task that goes with it."""
        for part in (raw, config, outer):
            for key in _URL_KEYS:
                if isinstance(address := part.get(key), str) and address:
                    yield address, ""
        utility = config.get("utility") or outer.get("utility")
        if isinstance(utility, Mapping):
            told = self._utilities.get(str(utility.get("utilityId", "")))
            if isinstance(told, Mapping) and isinstance(address := told.get("url"), str):
                yield address, _text(utility, "task")
        if isinstance(address := server.get("url"), str) and address:
            yield address, ""

    def _note_reference(self, node: Mapping[str, Any], where: str) -> None:
        """Note a widget whose configuration stands in another file."""
        config, uri = node.get("config"), str(node.get("uri", ""))
        if isinstance(config, str) and ("geoprocessing" in uri.lower() or "analysis" in uri.lower()):
            name = node.get("label") or node.get("name") or uri
            self.found.unused.append(
                f"{where}: the configuration of {name} stands in {config}: import that file, too"
            )

    def tell_addresses(self, data: Any) -> None:
        """Note the addresses of geoprocessing services of which no parameters are told."""
        told = {(tool.service.lower(), tool.task.lower()) for tool in self.found.tools}
        services = {service for service, _ in told}
        noted: set[str] = set()
        for where, text in _texts(data, "", 0):
            found = _ADDRESS.fullmatch(text.strip())
            if found is None or text in self._used:
                continue
            service, task = unquote(found["service"]).lower(), unquote(found["task"] or "").lower()
            is_told = (service, task) in told or (not task and service in services)
            plain = text.partition("?")[0]
            if not is_told and plain not in noted:
                noted.add(plain)
                self.found.unused.append(f"{where}: {plain}: its parameters are not told")


_PORTALS_OWN: Final = ("standard", "rasterfunction", "raster_function", "raster-function", "rfx")


def _has_parameters(node: Mapping[str, Any]) -> bool:
    """Whether a part of a configuration describes a task's parameters."""
    listed = [*_list(node, _INPUTS), *_list(node, _OUTPUTS), *_list(node, ("parameters",))]
    return any(isinstance(each, Mapping) and isinstance(each.get("dataType"), str) for each in listed) or (
        isinstance(node.get("taskUrl"), str) and ("inputParams" in node or "outputParams" in node)
    )


def _list(node: Mapping[str, Any], keys: tuple[str, ...]) -> list[Any]:
    return next((node[key] for key in keys if isinstance(node.get(key), list)), [])


def _text(node: Mapping[str, Any], key: str) -> str:
    value = node.get(key)
    return value.strip() if isinstance(value, str) else ""


def _texts(node: Any, where: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, str):
        if "/gpserver" in node.lower():
            yield where, node
    elif isinstance(node, list):
        for number, each in enumerate(node):
            yield from _texts(each, f"{where}[{number}]", depth + 1)
    elif isinstance(node, Mapping):
        for name, each in node.items():
            yield from _texts(each, f"{where}.{name}" if where else str(name), depth + 1)
