"""The conversation about one job, put together from what was asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gpharness.contracts.contract import Asked, Conversation, Seen
from gpharness.recording.pieces import Piece

_SAYS_NOTHING: Final = frozenset({"f", "returnMessages", "token"})
"""Parameters of a result's request that change nothing of its answer."""


def conversation_of(submission: Piece, about: Sequence[Piece], name: str) -> Conversation:
    """`about`: what was asked of the job, and the uploads and files that belong to it, in order of time. The
    inputs stand in `inputs` and `parameters` alike until somebody who knows the task parts them."""
    exchange = submission.exchange
    job_id, since = submission.submitted, exchange.at + exchange.seconds
    conversation = Conversation(
        name=name,
        kind="job",
        task=submission.task,
        method=exchange.method.upper(),
        job_id=job_id,
        submission=submission.answer,
    )
    polls = [each for each in about if each.operation == "job" and each.status_word]
    conversation.trace = trace_of(polls, since)
    for each in about:
        if each.operation == "job" and each.status_word:
            continue
        if _is_plain_result(each) and each.name not in conversation.results:
            conversation.results[each.name] = each.answer
            continue
        asked = each.asked(job_id=job_id, submitted_at=since)
        if each.operation == "upload":
            asked.after = None
        if not _is_there(asked, conversation.asked):
            conversation.asked.append(asked)
    return conversation


def trace_of(polls: Sequence[Piece], since: float) -> list[Seen]:
    """What polls saw, equal answers taken together. One that left the messages out says nothing new beside
    one that did not."""
    trace: list[Seen] = []
    last: Any = None
    for poll in polls:
        if trace and (richer := _merged(last, poll.json)) is not None:
            trace[-1].polls += 1
            if richer is poll.json and richer != last:
                trace[-1].answer = poll.answer
            last = richer
            continue
        after = max(0.0, round(poll.exchange.at - since, 3))
        trace.append(Seen(poll.status_word, poll.answer, after))
        last = poll.json
    return trace


def _merged(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any] | None:
    """The one of two answers that says all that both say; None where they say different things."""
    if before == now:
        return before
    if ("messages" in before) == ("messages" in now):
        return None
    fuller, other = (before, now) if "messages" in before else (now, before)
    return fuller if {key: value for key, value in fuller.items() if key != "messages"} == other else None


def _is_plain_result(piece: Piece) -> bool:
    if piece.operation != "result" or piece.has_failed:
        return False
    telling = {name: value for name, value in piece.parameters.items() if value and name not in _SAYS_NOTHING}
    telling.pop("returnType", None) if telling.get("returnType") == "data" else None
    return not telling and piece.parameters.get("f", "html").lower() in ("json", "pjson")


def _is_there(asked: Asked, others: Sequence[Asked]) -> bool:
    """Whether the same was asked, and answered the same."""
    return any(
        (each.operation, each.path, each.parameters, each.answer)
        == (asked.operation, asked.path, asked.parameters, asked.answer)
        for each in others
    )
