"""What a request came closest to that was recorded, and what it differs in: a line for people to read, in the
protocol's error and in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gp_mockserver.journal.entries import Entry
from gp_mockserver.journal.watching import ENTRY
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.requests import Request
from gp_protocol.suggestions import did_you_mean

from gpharness.contracts.contract import Asked, Conversation
from gpharness.replaying.canonical_values import OPTIONS
from gpharness.replaying.submissions import Recorded, Submissions, is_ignored

_SHOWN: Final = 100
_MOST: Final = 4
_FORMING: Final = OPTIONS | {"f"}
_ABSENT: Final = "nothing"
REMEDY: Final = "--fallback has it answered by the descriptors, as a mock does"


def entry_of(request: Request) -> Entry | None:
    """The journal's entry of a request; None where its site keeps no journal."""
    entry: Entry | None = request.caller.scope.get(ENTRY)
    return entry


def missed(request: Request, *lines: str, name: str = "bad-value") -> Refusal:
    """The refusal of a request that fits nothing recorded; its journal's entry says the same."""
    if (entry := entry_of(request)) is not None:
        entry.near_miss = "\n".join(lines)
    return Refusal(name, *lines)


def no_such_run(request: Request, submissions: Submissions, near: tuple[Recorded, list[str]] | None) -> str:
    """Why a run was not replayed."""
    task = request.task.path
    if near is None:
        known = submissions.tasks()
        told = f"no run of {task} was recorded"
        if not known:
            return f"{told}, nor of any other task"
        return f"{told}; {did_you_mean(task, known) or 'recorded are ' + _some(known)}"
    recorded, names = near
    conversation = recorded.place.conversation
    count = submissions.count(task)
    what = "the only recorded run" if count == 1 else f"the nearest of {count} recorded runs"
    head = f"no recorded run of {task} is like this; {what} is {conversation.name!r}"
    unknown = _unknown_names(request)
    if not names:
        form = request.form.format or "html"
        return f"{head}, which was not asked for as f={form[:20]}"
    expected = recorded_parameters(recorded, conversation)
    lines = [_difference(name, expected, request.parameters) for name in names[:_MOST]]
    more = len(names) - _MOST
    return (
        f"{head}, which differs in "
        + "; ".join(lines)
        + (f"; and {more} more" if more > 0 else "")
        + f"; {REMEDY}"
        + unknown
    )


def _unknown_names(request: Request) -> str:
    """The request's parameters that the task does not have, which may be what is wrong with it."""
    task = request.task.descriptor
    known = {each.name for each in task.parameters}
    found = [
        name
        for name in request.parameters
        if name not in known and name not in OPTIONS and not is_ignored(name) and not name.startswith("env:")
    ]
    told = []
    for name in found[:_MOST]:
        hint = did_you_mean(name, [each.name for each in task.inputs])
        told.append(f"; the task has no parameter {name[:_SHOWN]!r}" + (f": {hint}" if hint else ""))
    return "".join(told)


def recorded_parameters(recorded: Recorded, conversation: Conversation) -> Mapping[str, str]:
    """All parameters of a recorded run."""
    if recorded.place.asked >= 0:
        return conversation.asked[recorded.place.asked].parameters
    return {**conversation.parameters, **conversation.inputs}


def other_parameters(request: Request, near: tuple[Asked, list[str]]) -> str:
    """Why a request at a recorded path was not replayed."""
    asked, names = near
    lines = [_difference(name, asked.parameters, request.parameters) for name in names[:_MOST]]
    return f"{asked.operation or asked.path} was recorded otherwise: " + "; ".join(lines)


def other_form(request: Request, name: str, conversation: Conversation) -> str:
    """Why a result that was recorded is not given as it is asked for: how it was recorded, and the remedy."""
    path = f"/results/{name}".lower()
    known = [
        _form(asked.parameters)
        for asked in conversation.asked
        if asked.operation == "result" and asked.path.lower().rstrip("/").endswith(path)
    ]
    recorded = list(dict.fromkeys([_form(conversation.parameters), *known]))
    told = " and ".join(f"with {each}" if each else "without options" for each in recorded)
    asked = _form(request.parameters) or "no options"
    return f"{name!r} of {conversation.name!r} was not recorded with {asked}; it was {told}; {REMEDY}"


def _form(parameters: Mapping[str, str]) -> str:
    asked = {key: " ".join(text.split())[:40] for key, text in parameters.items() if key in _FORMING}
    asked = {key: text for key, text in asked.items() if text and (key, text) != ("f", "json")}
    return ", ".join(f"{key}={text}" for key, text in asked.items())


def no_such_path(request: Request, what: str, known: Sequence[str]) -> str:
    """Why something at a path that was not recorded is not answered."""
    hint = did_you_mean(request.path[:200], known)
    return f"{what} was not recorded" + (f"; {hint}" if hint else "")


def _difference(name: str, expected: Mapping[str, str], met: Mapping[str, str]) -> str:
    return f"{name}: {_shown(name, expected)} ▸ {_shown(name, met)}"


def _shown(name: str, parameters: Mapping[str, str]) -> str:
    text = " ".join(parameters.get(name, "").split())
    if not text:
        return _ABSENT
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")
