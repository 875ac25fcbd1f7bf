"""A finding: one thing in which a server departs from the protocol, or from what a contract promises."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal

import msgspec

Severity = Literal["breaking", "changed", "note"]
"""breaking: a client that works with the protocol, or with the contract, fails or gets a wrong answer.
changed: not what was promised, though clients mostly live with it. note: legal, but odd enough to be told."""

Kind = Literal["protocol", "descriptor", "behaviour"]
"""protocol: the server departs from the protocol, or did not answer reliably. descriptor: a service or a task
is described otherwise than the contract has it. behaviour: the same inputs lead to something else."""

SEVERITIES: Final[tuple[Severity, ...]] = ("breaking", "changed", "note")


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """`name` is one of `gpharness.findings.finding_names`; `path` leads to the place in the answer
    (`results[0].value.features`), empty for the answer as a whole. `expected` and `met` are phrases without
    secrets."""

    name: str
    severity: Severity
    operation: str = ""
    """A word of the catalogue of deviations (`submit`, `job`, `result`), or the kind that was checked."""
    path: str = ""
    expected: str = ""
    met: str = ""
    kind: Kind = "protocol"
    task: str = ""
    """`Folder/Service/Label`, or a service's name, or empty."""
    conversation: str = ""
    """The contract's conversation that was repeated."""
    request: str = ""
    """A curl command that repeats the request, without its credentials."""
    file: str = ""
    """The file that was checked."""

    @property
    def id(self) -> str:
        """The same from run to run: what it is and where, whatever was met there."""
        place = (self.name, self.operation, self.task, self.conversation, self.path)
        return sha256("\0".join(place).encode(errors="surrogatepass")).hexdigest()[:12]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """In the order of a report."""
    return sorted(
        findings,
        key=lambda each: (SEVERITIES.index(each.severity), each.name, each.task, each.operation, each.path),
    )


def is_failure(findings: Iterable[Finding]) -> bool:
    """Whether a command ends with status 1 for them: notes are none."""
    return any(each.severity != "note" for each in findings)
