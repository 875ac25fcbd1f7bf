"""The journal as a list that people read where a test has failed.

1   +0.000 s  POST  submitJob  WorldViewshed/viewshed            200  esriJobSubmitted  66 B   1.9 ms
2   +1.000 s  GET   job        WorldViewshed/viewshed  job j3f2… 200  esriJobExecuting  214 B  0.1 ms
3   +1.200 s  POST  submitJob  WorldViewshed/viewshed            200                    113 B  0.8 ms
      refused: bad-value
      Viewshed_Distance: units "esriMile", did you mean "esriMiles"?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry

_WIDEST: Final = 60
"""Characters of one column."""
_LONGEST: Final = 160
"""Characters of one line of details."""
_MOST_DETAILS: Final = 8
_LONGEST_VALUE: Final = 60
_JOB: Final = 10
"""Characters of a job's id that tell it from the others, nearly always."""
_INDENT: Final = "        "
_UNITS: Final = ("B", "KB", "MB", "GB")


def text_of(entries: Sequence[Entry], before: int = 0) -> str:
    """A line for each request, with the seconds since the first of them on the site's clock, and indented
    lines for what went wrong. `before` says how many earlier ones are not shown."""
    lines = [f"({before} earlier request{'s' * (before > 1)} not shown)"] if before else []
    if not entries:
        return "\n".join([*lines, "(no requests)"])
    rows = [_row(entry, entries[0].at) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    used = [place for place, width in enumerate(widths) if width]
    for entry, row in zip(entries, rows, strict=True):
        cells = [_aligned(row[place], widths[place], place) for place in used]
        lines.append("  ".join(cells).rstrip())
        lines += [f"{_INDENT}{each}" for each in _details(entry)]
    return "\n".join(lines)


_RIGHT: Final = frozenset({0, 1, 7, 8})


def _aligned(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place in _RIGHT else text.ljust(width)


def _row(entry: Entry, first: float) -> list[str]:
    return [
        str(entry.number),
        f"+{entry.at - first:.3f} s",
        _plain(entry.method, 10),
        entry.operation or ("?" if entry.unexpected else "-"),
        _plain(_place(entry), _WIDEST),
        f"job {_plain(entry.job_id, _JOB)}" if entry.job_id else "",
        _status(entry),
        _size(entry.response_size) if entry.status is not None else "",
        "" if entry.seconds is None else _time(entry.seconds),
        ", ".join(entry.deviations),
    ]


def _place(entry: Entry) -> str:
    """What was asked for: a task, a service, or the path."""
    if not entry.operation or not (entry.service or entry.name):
        return entry.path
    return " ".join(filter(None, [entry.task or entry.service, entry.name]))


def _status(entry: Entry) -> str:
    status = "---" if entry.status is None else str(entry.status)
    return f"{status}  {entry.job_status}" if entry.job_status else status


def _details(entry: Entry) -> list[str]:
    lines = list(_told(entry))
    more = len(lines) - _MOST_DETAILS
    return lines if more <= 0 else [*lines[:_MOST_DETAILS], f"and {more} more lines"]


def _told(entry: Entry) -> Iterator[str]:
    if entry.seconds is None:
        yield "not answered yet"
    elif entry.status is None:
        yield f"no answer: {entry.cut_short or 'none was sent'}"
    elif entry.cut_short:
        yield f"cut short after {_size(entry.response_size)}: {entry.cut_short}"
    if entry.unexpected:
        yield "unexpected: the address leads nowhere"
    if entry.refusal:
        yield f"refused: {entry.refusal}"
    for line in entry.near_miss.splitlines():
        yield _plain(line, _LONGEST)
    if entry.error:
        yield _plain(f"the tool's function: {entry.error}", _LONGEST)
    is_wrong = entry.refusal or entry.unexpected or entry.error
    sent = [
        f"{name}={_plain(value, _LONGEST_VALUE)}" for name, value in entry.parameters.items() if name != "f"
    ]
    if is_wrong and sent:
        yield _plain(f"sent: {', '.join(sent)}", _LONGEST)


def _plain(text: str, longest: int) -> str:
    """A text in one line, with nothing that a terminal would obey, cut where it is long."""
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return (
        text
        if text.isprintable()
        else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    )


def _size(size: int) -> str:
    shown = float(size)
    for unit in _UNITS:
        if shown < 1024 or unit == _UNITS[-1]:
            break
        shown /= 1024
    return f"{size} B" if unit == "B" else f"{shown:.1f} {unit}"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
