"""A report for people at a terminal: a table of findings, and what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gpharness.findings.finding_names import means, title
from gpharness.findings.findings import Finding, Severity
from gpharness.findings.reports.report import Report, Section, counted, in_order
from gpharness.plain_texts import one_line, printable

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: dict[Severity, str] = {"breaking": "bold red", "changed": "yellow", "note": "cyan"}
_LONGEST = 300
_NAMED = 3
"""Conversations that are named where several were skipped for one reason."""


def table_lines(report: Report) -> Iterator[str]:
    """The report as plain lines: a block for each finding, the worst first."""
    for i, section in enumerate(report.sections):
        if i:
            yield ""
        yield _head(section)
        for each in in_order(section):
            yield ""
            yield _finding_head(each)
            for name, value in _rows(each):
                yield f"  {name:<9} {value}"
        yield from _remarks(section)


def print_table(report: Report, console: Console | None = None) -> None:
    """The same on a terminal, in colours; anything else gets the plain lines. rich is imported here."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    if not console.is_terminal:
        for line in table_lines(report):
            console.file.write(_encodable(line, console.encoding) + "\n")
        return
    for i, section in enumerate(report.sections):
        if i:
            console.print()
        console.print(Text(_head(section), style="bold"))
        for each in in_order(section):
            console.print()
            console.print(Text(_finding_head(each), style=_STYLES[each.severity]))
            for name, value in _rows(each):
                # No line of its own is broken: a command is copied from here.
                console.print(Text.assemble((f"  {name:<9} ", "dim"), value), soft_wrap=True)
        for line in _remarks(section):
            console.print(Text(line))


def _head(section: Section) -> str:
    server = f" at {one_line(section.server)}" if section.server else ""
    ran = sum(not case.skipped for case in section.cases)
    skipped = len(section.cases) - ran
    parts = [counted(section.findings)]
    if section.cases:
        parts.append(f"{ran} conversation{'' if ran == 1 else 's'}")
    if skipped:
        parts.append(f"{skipped} skipped")
    if section.known:
        parts.append(f"{len(section.known)} known")
    if section.seconds:
        parts.append(f"{section.seconds:.1f} s")
    return f"{one_line(section.subject)}{server}: {', '.join(parts)}"


def _finding_head(each: Finding) -> str:
    return f"{each.severity}  {each.name}  {title(each)}  [{each.id}]"


def _rows(each: Finding) -> list[tuple[str, str]]:
    where = one_line(" ".join(filter(None, (each.task, each.operation))))
    rows = [
        ("at", where),
        ("in", one_line(each.conversation)),
        ("file", one_line(each.file)),
        ("path", one_line(each.path)),
        ("expected", one_line(each.expected, _LONGEST)),
        ("met", one_line(each.met, _LONGEST)),
        ("repeat", printable(each.request).replace("\n", "\n            ")),
        ("means", means(each)),
    ]
    return [(name, value) for name, value in rows if value]


def _remarks(section: Section) -> Iterator[str]:
    lines = [f"warning: {one_line(each)}" for each in section.warnings]
    lines += [f"no longer found: {one_line(each)}" for each in section.gone]
    skipped: defaultdict[str, list[str]] = defaultdict(list)
    for case in section.cases:
        if case.skipped:
            skipped[case.skipped].append(case.name)
    lines += [f"skipped: {_named(names)}: {one_line(why)}" for why, names in skipped.items()]
    if lines:
        yield ""
        yield from lines


def _named(names: Sequence[str]) -> str:
    """Conversations by name: the first few, and how many there are besides."""
    rest = len(names) - _NAMED
    return ", ".join(map(one_line, names[:_NAMED])) + (f" and {rest} more" if rest > 0 else "")


def _encodable(line: str, encoding: str) -> str:
    return line.encode(encoding, "backslashreplace").decode(encoding)
