"""The services of a site that replays contracts: those that the contracts describe, and, of what they only
have conversations with, what these tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from gp_mockserver.sites import Site
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


def serve_described(site: Site, contracts: Iterable[Contract], told: Mapping[str, Told]) -> frozenset[str]:
    """Add every service and task to the site; the paths of the tasks that a descriptor describes."""
    services: dict[str, Any] = {}
    tasks: dict[str, Any] = {}
    for contract in contracts:
        for name, each in contract.services.items():
            services.setdefault(name, each)
        for name, each in contract.tasks.items():
            tasks.setdefault(name, each)
    labels: dict[str, list[str]] = defaultdict(list)
    for path in (*tasks, *told):
        service, _, label = path.rpartition("/")
        if service and label and label not in labels[service]:
            labels[service].append(label)
    for name in services:
        labels.setdefault(name, [])
    described = set()
    for name, own in labels.items():
        if name.count("/") > 1 or "" in name.split("/"):
            continue
        kinds = {kind for label in own for kind in _seen(told, name, label).kinds}
        served = site.add_service(_service(services.get(name), name, kinds))
        for label in own:
            path = f"{name}/{label}"
            task = _task(tasks.get(path), label, served.descriptor.execution_type)
            if task is not None:
                described.add(path)
            served.add_task(task or _told_by(_seen(told, name, label), label))
    return frozenset(described)


def _seen(told: Mapping[str, Told], service: str, label: str) -> Told:
    return told.get(f"{service}/{label}") or Told()


def _service(raw: Any, name: str, kinds: set[str]) -> Service:
    if raw is not None:
        try:
            return parse_service(raw, name)
        except ProtocolError:
            pass
    runs_jobs = "job" in kinds or "execute" not in kinds
    kind = ExecutionType.ASYNCHRONOUS if runs_jobs else ExecutionType.SYNCHRONOUS
    return Service(name=name, execution_type=kind)


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
