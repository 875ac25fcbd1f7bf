"""The journal as a list that people read where a test has failed.

1   +0.000 s  POST  submitJob  WorldViewshed/viewshed            200  esriJobSubmitted  66 B   1.9 ms
2   +1.000 s  GET   job        WorldViewshed/viewshed  job j3f2… 200  esriJobExecuting  214 B  0.1 ms
3   +1.200 s  POST  submitJob  WorldViewshed/viewshed            200                    113 B  0.8 ms
      refused: bad-value
      Viewshed_Distance: units "esriMile", did you mean "esriMiles"?

A run of polls that differ in nothing but when they came is one line, which tells the last of them:
`27 times, the last 29 at +27.000 s`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry

MOST_LINES: Final = 100
"""Lines of the journal that the text of an error has."""
_WIDEST: Final = 60
"""Characters of one column."""
_LONGEST: Final = 160
"""Characters of one line of details."""
_MOST_DETAILS: Final = 8
_LEAST_FOLDED: Final = 3
"""Equal polls that are told in one line."""
_LONGEST_VALUE: Final = 60
_JOB: Final = 10
"""Characters of a job's id that tell it from the others, nearly always."""
_INDENT: Final = "        "
_UNITS: Final = ("B", "KB", "MB", "GB")


def text_of(entries: Sequence[Entry], before: int = 0, lines: int | None = None) -> str:
    """A line for each request, with the seconds since the first of them on the site's clock, and indented
    lines for what went wrong. `before` says how many earlier ones are not shown. `lines`: so many at most;
    more of the earlier ones are not shown then."""
    if not entries:
        return "\n".join([*_not_shown(before), "(no requests)"])
    rows, details = [_row(entry, entries[0].at) for entry in entries], [_details(entry) for entry in entries]
    shown = list(_folded(entries, rows, details))
    widths = [max(map(len, column)) for column in zip(*(row for _, row, _ in shown), strict=True)]
    used = [place for place, width in enumerate(widths) if width]
    blocks: list[list[str]] = []
    for number, (_, row, told) in enumerate(reversed(shown)):
        cells = [_aligned(row[place], widths[place], place) for place in used]
        block = ["  ".join(cells).rstrip(), *(f"{_INDENT}{each}" for each in told)]
        if lines is not None and number and sum(map(len, blocks)) + len(block) > lines:
            before += shown[len(shown) - number][0]
            break
        blocks.append(block)
    return "\n".join([*_not_shown(before), *(line for block in reversed(blocks) for line in block)])


def _not_shown(before: int) -> list[str]:
    return [f"({before} earlier request{'s' * (before > 1)} not shown)"] if before else []


_Shown = tuple[int, list[str], list[str]]


def _folded(entries: Sequence[Entry], rows: list[list[str]], details: list[list[str]]) -> Iterator[_Shown]:
    """How many requests come before it, its row, and its details, of each request or run of equal polls."""
    place = 0
    while place < len(entries):
        end = place + 1
        if entries[place].operation == "job" and not details[place]:
            kind = _kind(rows[place])
            while end < len(entries) and not details[end] and _kind(rows[end]) == kind:
                end += 1
        if end - place >= _LEAST_FOLDED:
            last = rows[end - 1]
            folded = f"{end - place} times, the last {last[0]} at {last[1]}"
            yield place, [*rows[place], folded], []
        else:
            for each in range(place, end):
                yield each, [*rows[each], ""], details[each]
        place = end


def _kind(row: list[str]) -> list[str]:
    """A row without number, instant and duration."""
    return [text for place, text in enumerate(row) if place not in _OWN]


_OWN: Final = frozenset({0, 1, 8})
_RIGHT: Final = frozenset({0, 1, 7, 8})


def _aligned(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place in _RIGHT else text.ljust(width)


def _row(entry: Entry, first: float) -> list[str]:
    return [
        str(entry.number),
        f"+{entry.at - first:.3f} s",
        _plain(entry.method, 10),
        entry.operation or ("?" if entry.unexpected else "-"),
        _place(entry),
        f"job {_plain(entry.job_id, _JOB)}" if entry.job_id else "",
        _status(entry),
        _size(entry.response_size) if entry.status is not None else "",
        "" if entry.seconds is None else _time(entry.seconds),
        ", ".join(entry.deviations),
    ]


def _place(entry: Entry) -> str:
    """What was asked for: a task, a service, or the path."""
    if not entry.operation or not (entry.service or entry.name):
        return end_of(entry.path, _WIDEST)
    return _plain(" ".join(filter(None, [entry.task or entry.service, entry.name])), _WIDEST)


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


def end_of(text: str, longest: int) -> str:
    """A path in one line, as `_plain` has it, cut at its front: its end tells more."""
    return _printable(text if len(text) <= longest else f"…{text[1 - longest :]}")


def _plain(text: str, longest: int) -> str:
    """A text in one line, with nothing that a terminal would obey, cut where it is long."""
    return _printable(text if len(text) <= longest else f"{text[: longest - 1]}…")


def _printable(text: str) -> str:
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
