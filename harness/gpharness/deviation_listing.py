"""What `gpharness deviations` shows: the catalogue as a table, or one entry explained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from gp_mockserver.deviations.catalogue import catalogue, find
from gp_mockserver.deviations.evidence import known_from
from gp_mockserver.deviations.injections import expanded_where
from gp_mockserver.deviations.records import Deviation, DeviationError, Expectation

from gpharness.plain_texts import columns

_OUTCOMES: Mapping[str, str] = {
    "ok": "succeeds, with the outputs of an undisturbed run",
    "retry": "succeeds after it has repeated the request",
    "flag": "succeeds, and warns of the output in a way that programs can test",
    "none": "succeeds without that output",
    "transport": "reports that there was no complete HTTP answer",
    "http": "reports an answer that is not the service's",
    "auth": "reports that sign-in is missing, expired or refused",
    "server": "reports the server's error as it is",
    "job": "reports the job's failure, with its messages",
    "protocol": "reports what was met, where, and what was expected",
    "unsupported": "says that it does not do this",
    "deadline": "gives up at its own deadline, and says which job is left",
}
_KINDS = {
    "legal": "legal: a correct server may do it, and a client must work",
    "fault": "a fault: the server or the network failed",
    "violation": "a violation: the protocol is broken",
}
_LAYERS = {
    "ASGI": "anywhere",
    "transport": "over a socket; in process the nearest error is raised",
    "socket": "on a socket of the site's own: its address changes; in process the nearest error is raised",
}


def matching(glob: str | None) -> list[Deviation]:
    """The entries whose name or group is like a glob; all without one. Raises DeviationError for none."""
    found = list(catalogue().values())
    if glob is None:
        return found
    found = [each for each in found if fnmatchcase(each.name, glob) or fnmatchcase(each.group, glob)]
    return found or [find(glob)]


def as_json(entries: Iterable[Deviation]) -> str:
    """The entries as a JSON list of their records, and what follows from them."""
    return json.dumps([_record(each) for each in entries], indent=2, ensure_ascii=False)


def _record(each: Deviation) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(each, str_keys=True, builtin_types=(bytes,))
    return {**record, "expect": msgspec.to_builtins(each.expectation), "by": each.by}


def listed(entries: Iterable[Deviation]) -> list[str]:
    """The entries as the lines of a table, group by group."""
    lines: list[str] = []
    group = ""
    rows: list[tuple[str, str, str, str]] = []
    for each in (*entries, None):
        if each is None or each.group != group:
            if rows:
                lines += ["", group, *columns(rows, longest=0)]
            rows, group = [], each.group if each is not None else ""
        if each is not None:
            rows.append((each.name, each.kind, ",".join(each.on), each.does))
    return lines[1:]


def explained(each: Deviation) -> list[str]:
    """One entry in words."""
    rows = [
        ("class", _KINDS[each.kind]),
        ("on", ", ".join(each.on) + _narrowed(each)),
        ("works", _LAYERS[each.by]),
        *(("parameter", f"{name} = {json.dumps(value)}") for name, value in each.parameters.items()),
        *_expected(each.expectation),
        ("verify finds", each.finding or "nothing: it is no fault of the server's"),
        *(("and" if i else "known from", line) for i, line in enumerate(known_from(each.evidence))),
    ]
    text = [each.name, f"  {each.does}", "", *columns(rows, longest=0), ""]
    text += ["  It is made of", *(f"    {json.dumps(step, ensure_ascii=False)}" for step in each.do), ""]
    chosen = "".join(f", {name}={value!r}" for name, value in each.parameters.items())
    return [*text, f"  gpharness serve --deviate {each.name}", f'  site.deviate("{each.name}"{chosen})']


def _narrowed(each: Deviation) -> str:
    said = ", ".join(f"{name} {json.dumps(value)}" for name, value in expanded_where(each, {}).items())
    return f" ({said})" if said else ""


def _expected(expect: Expectation) -> list[tuple[str, str]]:
    if expect.safe == expect.unsafe:
        return _outcomes("a client", expect.safe)
    return [
        *_outcomes("a client", expect.safe),
        *_outcomes("… where repeating is unsafe", expect.unsafe),
    ]


def _outcomes(who: str, words: Iterable[str]) -> list[tuple[str, str]]:
    return [(who if i == 0 else "or", f"{_OUTCOMES[word]} ({word})") for i, word in enumerate(words)]


def show(glob: str | None, *, is_json: bool) -> list[str]:
    """What the command prints. Raises DeviationError for a name that nothing is like."""
    entries = matching(glob)
    if is_json:
        return [as_json(entries)]
    if len(entries) == 1 and glob is not None:
        return explained(entries[0])
    return listed(entries)


__all__ = ["DeviationError", "show"]
