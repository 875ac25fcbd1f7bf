"""Answers to the same request, now and when it was recorded: results, errors, statuses, and all else.

Each function gives Differences whose paths begin at what is compared; `findings_of` makes findings of them.
Bodies are JSON values; UNSET stands for a body that is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Task
from msgspec import UNSET

from gpharness.comparing.differences import Difference, shown, some
from gpharness.comparing.messages import compare_messages
from gpharness.comparing.plain_values import plain_differences
from gpharness.comparing.texts import blanked, same_text
from gpharness.comparing.values import compare_values
from gpharness.contracts.contract import Varies

_ON_THE_WAY: Final = frozenset({"esriJobNew", "esriJobSubmitted", "esriJobWaiting", "esriJobExecuting"})
_CANCELLED: Final = frozenset({"esriJobCancelling", "esriJobCancelled"})


def compare_result(
    expected: Any, met: Any, varies: Varies, task: Task | None = None, name: str = ""
) -> list[Difference]:
    """Two results, `{"paramName", "dataType", "value"}`. `name` is the output's, for results that do not say
    it. One whose values are different each time has only its data type compared."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        return some(plain_differences(expected, met, varies))
    name = str(expected.get("paramName") or name)
    kind, other = expected.get("dataType"), met.get("dataType")
    if kind != other:
        return [Difference("dataType", shown(kind), shown(other), "changed.value-type")]
    if name in varies.values:
        return []
    parameter = task.parameter(name) if task is not None else None
    if ("value" in expected) != ("value" in met):
        one, two = (shown(each["value"]) if "value" in each else "nothing" for each in (expected, met))
        return [Difference("value", one, two, "changed.value-type")]
    if "value" not in expected:
        return []
    found = compare_values(expected["value"], met["value"], str(kind), varies, parameter)
    return [each.at("value") for each in found]


def compare_results(
    expected: Mapping[str, Any], met: Mapping[str, Any], varies: Varies, task: Task | None = None
) -> list[Difference]:
    """The results of two runs, by name. Paths are `NAME.value…`, or `NAME` for one that is gone or new."""
    found = compare_names(expected, met)
    for name in expected:
        if name in met:
            differences = compare_result(expected[name], met[name], varies, task, name)
            found += [each.at(name) for each in differences]
    return found


def compare_names(expected: Iterable[str], met: Iterable[str]) -> list[Difference]:
    """Which outputs are gone and which are new."""
    known, found = dict.fromkeys(expected), dict.fromkeys(met)
    gone = [
        Difference(name, "this output", "none", "changed.output-removed")
        for name in known
        if name not in found
    ]
    new = [
        Difference(name, "no such output", "one", "changed.output-added")
        for name in found
        if name not in known
    ]
    return gone + new


def compare_executed(expected: Any, met: Any, varies: Varies, task: Task | None = None) -> list[Difference]:
    """Two answers of execute: their results by name, then their messages. Paths are `results[NAME].value…`
    and `messages[3]`."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        return compare_json(expected, met, varies)
    one, other = (_by_name(each.get("results")) for each in (expected, met))
    found = [
        each.at("") if not each.path else _in_brackets(each)
        for each in compare_results(one, other, varies, task)
    ]
    if [name for name in one if name in other] != [name for name in other if name in one]:
        order = ", ".join(other)
        found.append(Difference("results", ", ".join(one), f"in the order {order}", "changed.answer"))
    messages = compare_messages(expected.get("messages"), met.get("messages"), varies)
    return found + [each.at("messages") for each in messages]


def _by_name(results: Any) -> dict[str, Any]:
    if not isinstance(results, list):
        return {}
    return {str(each.get("paramName")): each for each in results if isinstance(each, dict)}


def _in_brackets(each: Difference) -> Difference:
    name, dot, rest = each.path.partition(".")
    return Difference(f"results[{name}]{dot}{rest}", each.expected, each.met, each.name, each.severity)


def compare_errors(expected: Any, met: Any, varies: Varies) -> list[Difference]:
    """Two error envelopes: code, message, details. The texts may differ by what may vary in texts."""
    one, other = (each.get("error") if isinstance(each, dict) else None for each in (expected, met))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return [] if one == other else [Difference("error", shown(one), shown(other), "changed.error")]
    found = []
    for key in dict.fromkeys([*one, *other]):
        known, now = (_error_text(each.get(key)) for each in (one, other))
        if not same_text(known, now, varies):
            where = Difference(f"error.{key}", shown(one.get(key)), shown(other.get(key)), "changed.error")
            found.append(where)
    return found


def _error_text(value: Any) -> str:
    """No details, an empty list and a list with an empty text say the same."""
    if isinstance(value, list):
        return "\n".join(str(each) for each in value if each)
    return "" if value is None else str(value)


def compare_statuses(expected: Sequence[str], met: Sequence[str]) -> list[Difference]:
    """The states that two runs of a job were seen in. Another end is another outcome; states on the way are
    compared without repeats, and those that are passed between two polls may be missing, then as now: only
    one off the way from New to the end is told."""
    known, found = ([state for state, _ in groupby(each)] for each in (expected, met))
    if not known or not found:
        return []
    if known[-1] != found[-1]:
        return [Difference("jobStatus", known[-1], found[-1], "changed.outcome")]
    if found[-1] in _CANCELLED:
        return []  # where it stood when it was asked to end is a matter of moments
    strange = [state for state in dict.fromkeys(found) if state not in known and state not in _ON_THE_WAY]
    if strange:
        return [Difference("jobStatus", ", ".join(known), ", ".join(found), "changed.states")]
    return []


def compare_outcomes(expected: Any, met: Any) -> list[Difference]:
    """Whether two JSON answers are both errors, or both none."""
    one, other = _is_error(expected), _is_error(met)
    if one == other:
        return []
    body = met if other else expected
    text = f"the error {shown(body['error'])}"
    expected_text, met_text = ("an answer", text) if other else (text, "an answer")
    return [Difference("", expected_text, met_text, "changed.outcome")]


def _is_error(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("error"))


def compare_answers(
    expected: tuple[int, str, Any, bytes], met: tuple[int, str, Any, bytes], varies: Varies
) -> list[Difference]:
    """Two whole answers: HTTP status, content type, JSON value (UNSET for none) and bytes.

    Where the status or the type differs, that is the one difference. Bytes that are no JSON are compared as
    texts if they are some, else as a whole.
    """
    (status, kind, value, body), (other_status, other_kind, other, other_body) = expected, met
    if status != other_status:
        return [Difference("", f"HTTP status {status}", f"HTTP status {other_status}", "changed.answer")]
    if _media(kind) != _media(other_kind):
        return [Difference("", _media(kind) or "no type", _media(other_kind) or "no type", "changed.answer")]
    if value is not UNSET and other is not UNSET:
        return compare_outcomes(value, other) or (
            compare_errors(value, other, varies) if _is_error(value) else compare_json(value, other, varies)
        )
    if value is not UNSET or other is not UNSET:
        one, two = ("JSON" if each is not UNSET else "no JSON" for each in (value, other))
        return [Difference("", one, two, "changed.answer")]
    return compare_bytes(body, other_body, varies, name="changed.answer")


def compare_json(expected: Any, met: Any, varies: Varies) -> list[Difference]:
    """Two answers as plain JSON."""
    return [
        Difference(each.path, each.expected, each.met, "changed.answer", each.severity)
        for each in some(plain_differences(expected, met, varies))
    ]


def compare_bytes(
    expected: bytes, met: bytes, varies: Varies, *, name: str = "changed.file"
) -> list[Difference]:
    """Two files, or other bodies that are no JSON."""
    if expected == met:
        return []
    try:
        one, other = blanked(expected.decode(), varies), blanked(met.decode(), varies)
    except UnicodeDecodeError:
        return [Difference("", _bytes_text(expected), _bytes_text(met), name)]
    if one == other:
        return []
    line = next(
        (i for i, (a, b) in enumerate(zip(one.splitlines(), other.splitlines(), strict=False)) if a != b), -1
    )
    lines = [each.splitlines()[line] if line >= 0 else f"{len(each)} characters" for each in (one, other)]
    return [Difference("", shown(lines[0]), shown(lines[1]), name)]


def _bytes_text(body: bytes) -> str:
    return f"{len(body)} bytes, SHA-256 {sha256(body).hexdigest()[:12]}"


def _media(content_type: str) -> str:
    """A content type without its parameters; JSON's other label, text/plain, is JSON's."""
    bare = re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()
    return "application/json" if bare == "text/plain" else bare
