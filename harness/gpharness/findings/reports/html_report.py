"""A report as one page of HTML: no script, nothing from elsewhere, light or dark as the reader's system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from gpharness.findings.finding_names import means, title
from gpharness.findings.findings import SEVERITIES, Finding
from gpharness.findings.reports.report import Report, Section, counted, counts, in_order
from gpharness.plain_texts import printable

_STYLE: Final = """
:root { color-scheme: light dark; --breaking: #b3261e; --changed: #8a5a00; --note: #1f5fa8; --line: #8884;
  --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --breaking: #ff8a80; --changed: #ffc266; --note: #8ab8ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; overflow-wrap: anywhere; }
p.about, li.remark { opacity: .8; }
details { border: 1px solid var(--line); border-left: .35rem solid var(--line); border-radius: .3rem;
  margin: .6rem 0; padding: .4rem .8rem; }
details.breaking { border-left-color: var(--breaking); }
details.changed { border-left-color: var(--changed); }
details.note { border-left-color: var(--note); }
summary { cursor: pointer; overflow-wrap: anywhere; } summary code { margin-left: .5rem; opacity: .8; }
.severity { font-weight: 600; } .breaking .severity { color: var(--breaking); }
.changed .severity { color: var(--changed); } .note .severity { color: var(--note); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .6rem 0; }
dt { opacity: .7; } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: var(--soft); padding: .6rem; overflow-x: auto; margin: 0; white-space: pre-wrap;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem .8rem .2rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top; }
fieldset { border: 0; padding: 0; margin: 1rem 0; } label { margin-right: 1rem; }
body:has(#show-breaking:not(:checked)) details.breaking,
body:has(#show-changed:not(:checked)) details.changed,
body:has(#show-note:not(:checked)) details.note { display: none; }
@media print { fieldset { display: none; } }
"""


def as_html(report: Report) -> str:
    """The page as a text, to be written as UTF-8."""
    heading = f"gpharness {report.command}: {counted(report.findings)}"
    about = ", ".join(filter(None, (report.by, report.at)))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(heading)}</title>",
        f"<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{_text(heading)}</h1>",
        f'<p class="about">{_text(about)}</p>' if about else "",
        *(_choice(report) if report.findings else ()),
        *(line for section in report.sections for line in _section(section)),
        "</body>\n</html>\n",
    ]
    return "\n".join(filter(None, parts))


def _choice(report: Report) -> Iterator[str]:
    yield "<fieldset><legend>Show</legend>"
    for severity, count in counts(report.findings).items():
        box = f'<input type="checkbox" id="show-{severity}" checked>'
        yield f"<label>{box} {severity} ({count})</label>"
    yield "</fieldset>"


def _section(section: Section) -> Iterator[str]:
    yield f"<section>\n<h2>{_text(section.subject)}</h2>"
    ran = sum(not case.skipped for case in section.cases)
    told = [
        section.server and f"held against {section.server}",
        counted(section.findings),
        f"{ran} of {len(section.cases)} conversations" if section.cases else "",
        f"{section.seconds:.1f} s" if section.seconds else "",
    ]
    yield f"<p>{_text(', '.join(filter(None, told)))}</p>"
    yield from _listed((*(f"Warning: {each}" for each in section.warnings),))
    for each in in_order(section):
        yield from _finding(each)
    yield from _known(section)
    yield from _cases(section)
    yield "</section>"


def _finding(each: Finding) -> Iterator[str]:
    severity = each.severity if each.severity in SEVERITIES else "note"
    is_open = " open" if severity == "breaking" else ""
    yield f'<details class="{severity}" id="f-{each.id}"{is_open}>'
    place = " ".join(filter(None, (each.task, each.operation)))
    yield (
        f'<summary><span class="severity">{severity}</span> {_text(title(each))}'
        f"<code>{_text(each.name)}</code></summary>"
    )
    rows = [
        ("what it means", means(each)),
        ("where", place),
        ("conversation", each.conversation),
        ("file", each.file),
        ("path", each.path),
        ("expected", each.expected),
        ("met", each.met),
        ("id", each.id),
    ]
    yield "<dl>"
    yield from (f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows if value)
    if each.request:
        yield f"<dt>repeat it</dt><dd><pre>{_text(each.request)}</pre></dd>"
    yield "</dl>\n</details>"


def _known(section: Section) -> Iterator[str]:
    if section.known:
        yield f"<h3>Known before ({len(section.known)})</h3>"
        yield from _listed([f"{each.name} {each.task} {each.path} [{each.id}]" for each in section.known])
    if section.gone:
        yield f"<h3>No longer found ({len(section.gone)})</h3>"
        yield from _listed(section.gone)


def _cases(section: Section) -> Iterator[str]:
    if not section.cases:
        return
    found = [each.conversation for each in section.findings]
    yield "<details><summary>Conversations</summary>\n<table>"
    yield '<tr><th scope="col">conversation</th><th scope="col">task</th><th scope="col">came of it</th></tr>'
    for case in section.cases:
        count = found.count(case.name)
        outcome = f"{count} finding{'' if count == 1 else 's'}, {case.seconds:.1f} s"
        outcome = f"skipped: {case.skipped}" if case.skipped else outcome
        yield f"<tr><td>{_text(case.name)}</td><td>{_text(case.task)}</td><td>{_text(outcome)}</td></tr>"
    yield "</table>\n</details>"


def _listed(lines: Iterable[str]) -> Iterator[str]:
    items = [f'<li class="remark">{_text(each)}</li>' for each in lines]
    if items:
        yield f"<ul>{''.join(items)}</ul>"


def _text(text: str) -> str:
    """A text as HTML shows it, whatever is in it."""
    return escape(printable(text))
