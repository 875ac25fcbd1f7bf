"""How the descriptions of a server differ between two contracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpharness.comparing.descriptors import compare_infos, compare_services, compare_tasks
from gpharness.contracts.contract import Contract
from gpharness.findings.findings import Finding


def description_changes(before: Contract, after: Contract) -> list[Finding]:
    """Findings of kind `descriptor`, each once."""
    return list({each.id: each for each in _changes(before, after)}.values())


def _changes(before: Contract, after: Contract) -> Iterator[Finding]:
    if before.server.info and after.server.info:
        yield from compare_infos(before.server.info, after.server.info)
    for name, service in before.services.items():
        if _both_told(service, after.services.get(name)):
            yield from compare_services(service, after.services[name], name)
    for name, task in before.tasks.items():
        if _both_told(task, after.tasks.get(name)):
            yield from compare_tasks(task, after.tasks[name], name)


def _both_told(before: Any, after: Any) -> bool:
    return isinstance(before, dict) and isinstance(after, dict)
