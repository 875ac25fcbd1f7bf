"""A report as JSON, for scripts. Its form is that of the Structs below and changes only with `format`;
members may be added to it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from gpharness.findings.finding_names import means, title
from gpharness.findings.findings import Finding, Kind, Severity
from gpharness.findings.reports.report import Case, Report, Section, counts, in_order

FORMAT: Final = 1


class FindingJSON(msgspec.Struct):
    """A finding, its `id` and its meaning. Texts that say nothing are empty, none is left out."""

    id: str
    name: str
    severity: Severity
    kind: Kind
    title: str
    means: str
    operation: str
    path: str
    expected: str
    met: str
    task: str
    conversation: str
    request: str
    file: str


class SectionJSON(msgspec.Struct):
    """What came of one contract or file; findings have the worst first."""

    subject: str
    server: str
    seconds: float
    counts: dict[Severity, int]
    findings: list[FindingJSON]
    known: list[FindingJSON]
    gone: list[str]
    warnings: list[str]
    cases: list[Case]


class ReportJSON(msgspec.Struct):
    """The whole report. `failed` says whether the command ended with status 1."""

    format: int
    command: str
    by: str
    at: str
    failed: bool
    counts: dict[Severity, int]
    sections: list[SectionJSON]


def as_json(report: Report) -> str:
    """The report as indented JSON with a line's end."""
    whole = ReportJSON(
        format=FORMAT,
        command=report.command,
        by=report.by,
        at=report.at,
        failed=report.is_failure,
        counts=counts(report.findings),
        sections=[_section(each) for each in report.sections],
    )
    return msgspec.json.format(msgspec.json.encode(_whole_text(msgspec.to_builtins(whole)))).decode() + "\n"


def report_schema() -> dict[str, Any]:
    """The JSON Schema of such a report."""
    return msgspec.json.schema(ReportJSON)


def _section(section: Section) -> SectionJSON:
    return SectionJSON(
        subject=section.subject,
        server=section.server,
        seconds=round(section.seconds, 3),
        counts=counts(section.findings),
        findings=[_finding(each) for each in in_order(section)],
        known=[_finding(each) for each in section.known],
        gone=section.gone,
        warnings=section.warnings,
        cases=section.cases,
    )


def _finding(each: Finding) -> FindingJSON:
    return FindingJSON(
        each.id,
        each.name,
        each.severity,
        each.kind,
        title(each),
        means(each),
        each.operation,
        each.path,
        each.expected,
        each.met,
        each.task,
        each.conversation,
        each.request,
        each.file,
    )


def _whole_text(value: Any) -> Any:
    """The same, with half surrogates, which UTF-8 cannot hold, as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _whole_text(each) for key, each in value.items()}
    return [_whole_text(each) for each in value] if isinstance(value, list) else value
