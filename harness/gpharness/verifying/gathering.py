"""Findings on their way into a report: one fault is told once, with how often it was met."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gpharness.findings.findings import Finding
from gpharness.verifying.looks import Look

_Key = tuple[str, ...]


class Gathered:
    """The findings of a verification. A protocol finding is one per name, operation and task; of what differs
    from the contract each place is one."""

    def __init__(self) -> None:
        self._found: dict[_Key, Finding] = {}
        self._times: dict[_Key, int] = {}

    def take(self, looks: Iterable[Look]) -> None:
        """What was found in looks."""
        for look in looks:
            self.add(map(look.placed, look.findings))

    def add(self, findings: Iterable[Finding]) -> None:
        for each in findings:
            key: _Key = (each.name, each.operation, each.task)
            if each.kind != "protocol":
                key = (*key, each.path, each.conversation)
            self._found.setdefault(key, each)
            self._times[key] = self._times.get(key, 0) + 1

    def has(self, *names: str) -> bool:
        """Whether something was found by one of these names, or by one that begins so."""
        return any(key[0].startswith(names) for key in self._found)

    def drop(self, name: str, task: str) -> None:
        """Take back what was found by this name about a task, or about the service that it is of."""
        service = task.rpartition("/")[0]
        for key in [key for key in self._found if key[0] == name and key[2] in (task, service)]:
            del self._found[key]

    @property
    def findings(self) -> list[Finding]:
        """All of them; what was met more than once says how often."""
        found = []
        for key, each in self._found.items():
            times = self._times[key]
            if times > 1 and each.kind == "protocol":
                met = f"{each.met} ({times} times)".strip()
                each = msgspec.structs.replace(each, met=met)
            found.append(each)
        return found
