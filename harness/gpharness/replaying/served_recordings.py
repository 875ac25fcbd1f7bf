"""The services of a site that replays contracts: those that the contracts describe, and, of what they only
have conversations with, what these tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
    parse_service,
    parse_task,
)
from gp_protocol.errors import ProtocolError
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.units import decode_linear_unit

from gpharness.contracts.contract import Contract, Conversation

_MEASURE: Final = re.compile(r"\s*-?\d+(\.\d+)?\s+[A-Za-z]+\s*")


class Told(msgspec.Struct):
    """What the conversations tell of one task."""

    kinds: set[str] = set()
    inputs: dict[str, str] = {}
    """The first text of each that says something."""
    results: dict[str, str] = {}
    """Data types by name."""

    def note(self, conversation: Conversation) -> None:
        """Take in one conversation with the task."""
        self.kinds.add(conversation.kind)
        for name, text in conversation.inputs.items():
            if not self.inputs.get(name):
                self.inputs[name] = text
        for answer in conversation.results.values():
            self._note_result(answer.json)
        if conversation.kind == "execute" and conversation.submission is not None:
            value = conversation.submission.json
            results = value.get("results") if isinstance(value, dict) else None
            for each in results if isinstance(results, list) else ():
                self._note_result(each)

    def _note_result(self, value: Any) -> None:
        if isinstance(value, dict) and isinstance(name := value.get("paramName"), str):
            kind = value.get("dataType")
            self.results[name] = kind if isinstance(kind, str) and kind in DATA_TYPES else "GPString"


def serve_described(site: Site, contracts: Sequence[Contract]) -> frozenset[str]:
    """Add every service and task that the contracts describe to the site; the paths of these tasks."""
    services: dict[str, Any] = {}
    tasks: dict[str, Any] = {}
    for contract in contracts:
        services = {**contract.services, **services}
        tasks = {**contract.tasks, **tasks}
    for name, raw in services.items():
        _serve(site, name, raw, is_synchronous=False)
    described = set()
    for path, raw in tasks.items():
        name, _, label = path.rpartition("/")
        word = str(raw.get("executionType", "")) if isinstance(raw, Mapping) else ""
        served = _serve(site, name, None, is_synchronous=word.lower().endswith("typesynchronous"))
        if served is None or not label:
            continue
        task = _task(raw, label, served.descriptor.execution_type)
        if task is not None:
            served.add_task(task)
            described.add(path)
    return frozenset(described)


def serve_told(site: Site, contracts: Sequence[Contract], told: Mapping[str, Told]) -> None:
    """Add the tasks of which only conversations tell, and those whose descriptors cannot be read."""
    unread = {path: Told() for contract in contracts for path in contract.tasks}
    for path, seen in {**unread, **told}.items():
        name, _, label = path.rpartition("/")
        served = _serve(site, name, None, is_synchronous="execute" in seen.kinds and "job" not in seen.kinds)
        if served is not None and label and served.find_task(label) is None:
            served.add_task(_told_by(seen, label))


def find_served(site: Site, path: str) -> ServedTask | None:
    """The task at `Folder/Service/Label`, if the site has it."""
    name, _, label = path.strip("/").rpartition("/")
    service = site.services.get(name)
    return service.find_task(label) if service is not None else None


def _serve(site: Site, name: str, raw: Any, *, is_synchronous: bool) -> ServedService | None:
    """The service of that name, served if it was not yet; None for a name that no address can have."""
    if name.count("/") > 1 or "" in name.split("/"):
        return None
    if (known := site.services.get(name)) is not None:
        return known
    kind = ExecutionType.SYNCHRONOUS if is_synchronous else ExecutionType.ASYNCHRONOUS
    service = Service(name=name, execution_type=kind)
    if raw is not None:
        with suppress(ProtocolError):
            service = parse_service(raw, name)
    return site.add_service(service)


def _task(raw: Any, label: str, execution_type: ExecutionType) -> Task | None:
    """The task under the label by which it was asked for; None where nothing describes it."""
    if raw is None:
        return None
    try:
        task = parse_task(raw, execution_type)
    except ProtocolError:
        return None
    return task if task.label == label else msgspec.structs.replace(task, display_name=label)


def _told_by(seen: Told, label: str) -> Task:
    """A task of which only conversations tell: every input optional, its type by how its value looks."""
    inputs = [
        Parameter(name, _looks_like(text), parameter_type=ParameterType.OPTIONAL)
        for name, text in seen.inputs.items()
    ]
    outputs = [
        Parameter(name, kind, direction=Direction.OUTPUT, parameter_type=ParameterType.DERIVED)
        for name, kind in seen.results.items()
    ]
    return Task(label, display_name=label, parameters=(*inputs, *outputs))


def _looks_like(text: str) -> str:
    text = text.strip()
    if text.startswith("{"):
        if '"features"' in text:
            return "GPFeatureRecordSetLayer"
        return "GPLinearUnit" if '"distance"' in text else "GPString"
    if _MEASURE.fullmatch(text):
        try:
            decode_linear_unit(text)
        except ProtocolError:
            return "GPString"
        return "GPLinearUnit"
    return "GPString"
