"""How one conversation went another time: what no longer holds of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Task, parse_task
from gp_protocol.errors import RemoteProtocolError
from msgspec import UNSET

from gpharness.comparing.answers import (
    compare_answers,
    compare_bytes,
    compare_executed,
    compare_names,
    compare_outcomes,
    compare_result,
    compare_results,
    compare_statuses,
)
from gpharness.comparing.differences import Difference, findings_of
from gpharness.comparing.messages import compare_messages
from gpharness.contracts.answers import answer_bytes, answer_value
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Varies
from gpharness.findings.findings import Finding

_OF_A_RUN: Final = frozenset({"file", "upload", "cancel", "results"})
"""Operations whose addresses are made anew by each run."""


def changes_of(contract: Contract, before: Conversation, after: Conversation) -> list[Finding]:
    """Findings of kind `behaviour`; none where all that both have still holds. `contract` has the bodies, the
    descriptions and what may vary."""
    found: list[Finding] = []
    for operation, path, differences in _Comparison(contract, before, after).parts():
        found += findings_of(
            differences, operation=operation, path=path, task=before.task, conversation=before.name
        )
    return found


Part = tuple[str, str, list[Difference]]
"""An operation, where its answer stands in the conversation, and the differences there."""


class _Comparison:
    def __init__(self, contract: Contract, before: Conversation, after: Conversation) -> None:
        self._contract = contract
        self._before, self._after = before, after
        self._varies: Varies = contract.varies
        self._task = _task(contract.tasks.get(before.task))

    def parts(self) -> Iterator[Part]:
        before, after = self._before, self._after
        if before.kind != after.kind:
            yield before.kind, "", [Difference("", _outcome(before), _outcome(after), "changed.outcome")]
            return
        if before.kind == "execute" and before.submission and after.submission:
            one, other = self._value(before.submission), self._value(after.submission)
            yield "execute", "submission", compare_executed(one, other, self._varies, self._task)
        if before.trace and after.trace:
            statuses = compare_statuses(
                [each.status for each in before.trace], [each.status for each in after.trace]
            )
            yield "job", "trace", statuses
            if any(each.name == "changed.outcome" for each in statuses):
                return
            yield from self._messages()
        yield from self._results()
        yield from self._asked()

    def _value(self, answer: Answer) -> Any:
        return answer_value(self._contract, answer)

    def _messages(self) -> Iterator[Part]:
        """Those of the job's end."""
        ends = [self._value(each.trace[-1].answer) for each in (self._before, self._after)]
        if all(isinstance(each, dict) and "messages" in each for each in ends):
            differences = compare_messages(ends[0]["messages"], ends[1]["messages"], self._varies)
            yield "job", f"trace[{len(self._before.trace) - 1}].answer.messages", differences

    def _results(self) -> Iterator[Part]:
        """Of outputs that nobody asked for then it is no news that they are there."""
        before, after = self._before.results, self._after.results
        names = compare_names(before, after)
        yield "result", "results", [each for each in names if each.name == "changed.output-removed"]
        for name, answer in before.items():
            if name in after:
                one, other = self._value(answer), self._value(after[name])
                differences = compare_result(one, other, self._varies, self._task, name)
                yield "result", f"results.{name}", differences

    def _asked(self) -> Iterator[Part]:
        left = list(self._after.asked)
        for number, asked in enumerate(self._before.asked):
            met = _same(asked, left)
            path = f"asked[{number}]"
            if met is not None:
                left.remove(met)
                yield asked.operation, path, self._answers(asked, met.answer)
            elif asked.operation == "file":
                yield "file", path, [Difference("", "a file", "none", "changed.file")]
            elif asked.operation == "result" and (answer := self._after.results.get(_last(asked.path))):
                yield "result", path, self._answers(asked, answer)

    def _answers(self, asked: Asked, met: Answer) -> list[Difference]:
        expected = asked.answer
        one, other = self._value(expected), self._value(met)
        if asked.operation in ("upload", "cancel"):
            return compare_outcomes(one, other)
        if asked.operation == "results" and isinstance(one, list) and isinstance(other, list):
            return compare_results(_by_name(one), _by_name(other), self._varies, self._task)
        bodies = [answer_bytes(self._contract, each) for each in (expected, met)]
        if asked.operation == "file" and expected.status == met.status:
            return compare_bytes(bodies[0], bodies[1], self._varies)
        return compare_answers(
            (expected.status, _kind(expected), one, bodies[0]),
            (met.status, _kind(met), other, bodies[1]),
            self._varies,
        )


def _same(asked: Asked, others: Sequence[Asked]) -> Asked | None:
    """The request that asks the same: at the same address, or where each run has its own, of the same
    operation."""
    alike = [each for each in others if each.operation == asked.operation]
    for each in alike:
        if each.path.lower() == asked.path.lower() and each.parameters == asked.parameters:
            return each
    return alike[0] if alike and asked.operation in _OF_A_RUN else None


def _by_name(results: list[Any]) -> dict[str, Any]:
    return {str(each.get("paramName")): each for each in results if isinstance(each, dict)}


def _kind(answer: Answer) -> str:
    """A content type; what is JSON and says none is JSON's."""
    told = next((value for name, value in answer.headers.items() if name.lower() == "content-type"), "")
    return told or ("application/json" if answer.json is not UNSET else "")


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _outcome(conversation: Conversation) -> str:
    if conversation.kind == "request":
        codes = [code for each in conversation.asked if (code := _error_code(each.answer))]
        return f"the error {', '.join(codes)}" if codes else "an answer that starts nothing"
    return "a job" if conversation.kind == "job" else "results at once"


def _error_code(answer: Answer) -> str:
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    return str(error.get("code")) if isinstance(error, dict) else ""


def _task(described: Any) -> Task | None:
    try:
        return parse_task(described) if isinstance(described, dict) else None
    except RemoteProtocolError:
        return None
