"""What follows from a finding about a description is not told as well: who is told that a task is gone, that
it is executed otherwise, wants one input more or is refused, knows that its runs are refused, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gpharness.contracts.contract import Conversation
from gpharness.findings.findings import Finding
from gpharness.probing.operations import place_of

_CAUSES: Final = ("drift.task-removed", "drift.execution-type")
_INPUTS_MISSED: Final = ("drift.parameter-added", "drift.parameter-required")
"""Causes where they break: the recorded inputs lack one that is required now."""
_STARTS: Final = ("submit", "execute")
_REFUSALS: Final = ("changed.outcome", "changed.error", "changed.answer")


class Explained:
    """The services and tasks whose refusals are explained."""

    def __init__(self) -> None:
        self._subjects: set[str] = set()

    def note(self, findings: Iterable[Finding]) -> None:
        """Keep what a description shows."""
        self._subjects.update(each.task for each in findings if _is_cause(each))

    def add(self, subject: str) -> None:
        """A service or a task whose description is refused."""
        self._subjects.add(subject)

    def covers(self, task: str) -> bool:
        """Whether a task, or its service, is one of them."""
        return task in self._subjects or task.rpartition("/")[0] in self._subjects

    def without_consequences(self, conversation: Conversation, findings: list[Finding]) -> list[Finding]:
        """The findings of a conversation that say more than that it is refused."""
        if not any(map(self.covers, _subjects(conversation))):
            return findings
        is_request = conversation.kind == "request"
        return [
            each
            for each in findings
            if each.name not in _REFUSALS or not (is_request or each.operation in _STARTS)
        ]


def _is_cause(found: Finding) -> bool:
    return found.name in _CAUSES or (found.name in _INPUTS_MISSED and found.severity == "breaking")


def _subjects(conversation: Conversation) -> list[str]:
    """Its task, and the tasks or services that it asks."""
    found = [conversation.task] if conversation.task else []
    for asked in conversation.asked:
        place = place_of(f"https://host/{asked.path.lstrip('/')}", "https://host")
        found.append(place.task or (place.service and f"{place.service}/"))
    return [each for each in found if each]
