"""What a report tells: a section for each contract or file, in it what was run and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

import msgspec

from gpharness.findings.findings import SEVERITIES, Finding, Severity, is_failure, worst_first


class Case(msgspec.Struct, frozen=True):
    """One conversation, or one other thing that was tried. `skipped` says why it was not."""

    name: str
    task: str = ""
    seconds: float = 0.0
    skipped: str = ""


class Section(msgspec.Struct):
    """What came of one contract, or of one file."""

    subject: str
    """The contract's name, or the file's."""
    findings: list[Finding] = []
    server: str = ""
    """The address that was held to it, without credentials: `shown_server` takes them out."""
    cases: list[Case] = []
    known: list[Finding] = []
    """Found, and left out of `findings` since a baseline knows them."""
    gone: list[str] = []
    """Of the baseline, a line for each that was not found any more."""
    warnings: list[str] = []
    seconds: float = 0.0


class Report(msgspec.Struct):
    """All of it. `at` is an instant as 2026-11-26T20:15:00Z, `by` the program and its version."""

    command: str
    sections: list[Section]
    at: str = ""
    by: str = ""

    @property
    def findings(self) -> list[Finding]:
        """Those of every section."""
        return [each for section in self.sections for each in section.findings]

    @property
    def is_failure(self) -> bool:
        """Whether the command ends with status 1."""
        return is_failure(self.findings)


def counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many there are of each severity, the worst first; those of which there is none, too."""
    told = [each.severity for each in findings]
    return {severity: told.count(severity) for severity in SEVERITIES}


def counted(findings: Iterable[Finding]) -> str:
    """The same in words: `2 breaking, 1 note`, or `no findings`."""
    some = [f"{count} {_word(word, count)}" for word, count in counts(findings).items() if count]
    return ", ".join(some) or "no findings"


def _word(severity: Severity, count: int) -> str:
    return "notes" if severity == "note" and count != 1 else severity


def in_order(section: Section) -> list[Finding]:
    """A section's findings as reports list them."""
    return worst_first(section.findings)


def shown_server(url: str) -> str:
    """An address without the user, the password, the query and the fragment that it may have."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))
    except ValueError:
        return "an address that cannot be read"
