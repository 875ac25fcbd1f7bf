"""What a conversation leads to, beside what the contract has it lead to.

Only answers in which nothing was found are compared: what breaks the protocol is told as that, and what
follows from it is not told as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from gp_client.errors import GPError
from gp_protocol.descriptions.descriptors import Task
from msgspec import UNSET

from gpharness.comparing.answers import (
    compare_answers,
    compare_executed,
    compare_outcomes,
    compare_results,
    compare_statuses,
)
from gpharness.comparing.differences import Difference, findings_of
from gpharness.comparing.messages import compare_messages
from gpharness.contracts.answers import answer_bytes, answer_value
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation
from gpharness.findings.findings import Finding
from gpharness.probing.tokens_wanted import code_of, is_without_token
from gpharness.verifying.curl_commands import curl_of
from gpharness.verifying.kept_files import file_differences
from gpharness.verifying.looks import Look
from gpharness.verifying.traces import is_before_the_end

_SUCCEEDED = "esriJobSucceeded"
_TIMES_SLOWER, _SECONDS_SLOWER = 5.0, 10.0
"""A job is told to be slow that takes so many times as long as recorded, and so much longer."""
_CANCELLED = ("esriJobCancelling", "esriJobCancelled")
_APART = frozenset({"upload", "file", "cancel", "results", "token"})
"""Operations whose answers are compared elsewhere, or differ each time: what a cancel answers is a matter of
moments, an upload's id is new."""
_DESCRIBED = frozenset({"info", "catalogue", "service", "task"})
"""Descriptions are compared elsewhere, too, but not the refusal of one that there is not."""


_PROVOKED = ("http.status", "http.url-length", "auth.web-tier", "auth.refused", "format.html", "file.url")
"""Findings about answers that a wrong request may provoke, and a contract may have."""


def take_back_what_was_recorded(conversation: Conversation, looks: Sequence[Look]) -> None:
    """A request that was answered with a failure when it was recorded, and is answered with the same HTTP
    status now, is as it was: a page for a file that is not there, a user who may not."""
    for asked in conversation.asked:
        answer = asked.answer
        has_failed = answer.status >= 400 or (isinstance(answer.json, dict) and "error" in answer.json)
        for look in looks:
            if has_failed and look.exchange.status == answer.status and _is_to(asked, look):
                look.without(*_PROVOKED)


def differences(
    contract: Contract,
    conversation: Conversation,
    looks: Sequence[Look],
    task: Task | None,
    error: GPError | None = None,
) -> list[Finding]:
    """How a conversation that was held again differs from the recorded one. `looks` are all of its exchanges
    in order, `task` is the descriptor by which results are compared, `error` is what ended it early."""
    if any(look.findings for look in looks):
        return []
    return list(_Kept(contract, conversation, looks, task, error).findings())


class _Kept:
    def __init__(
        self,
        contract: Contract,
        conversation: Conversation,
        looks: Sequence[Look],
        task: Task | None,
        error: GPError | None,
    ) -> None:
        self._contract, self._conversation, self._looks, self._task = contract, conversation, looks, task
        self._error = error
        self._varies = contract.varies

    def findings(self) -> Iterator[Finding]:
        if self._conversation.kind == "job":
            found = list(self._job())
            yield from found
            if any(each.name == "changed.outcome" for each in found):
                return
        elif self._conversation.kind == "execute":
            yield from self._execution()
        yield from self._asked()
        for each, look in file_differences(self._contract, self._conversation, self._looks):
            yield from self._told([each], look)

    def _value(self, answer: Answer | None) -> Any:
        return UNSET if answer is None else answer_value(self._contract, answer)

    def _last(self, operation: str, name: str = "") -> Look | None:
        """The last answer to an operation, an error too."""
        for look in reversed(self._looks):
            if look.exchange.operation == operation and look.kind and _is_named(look, name):
                return look
        return None

    def _unbegun(self) -> list[Finding]:
        """Of a run that was recorded and is not submitted now, such as one whose file is refused."""
        if self._error is None or not self._looks:
            return []
        found = Difference("", "a run", self._error.text[:200], "changed.outcome")
        return self._told([found], self._looks[-1])

    def _told(self, found: Sequence[Difference], look: Look | None) -> list[Finding]:
        exchange = None if look is None else look.exchange
        return findings_of(
            found,
            operation=exchange.operation if exchange is not None else "job",
            task=self._conversation.task,
            conversation=self._conversation.name,
            request=curl_of(exchange) if exchange is not None else "",
        )

    def _execution(self) -> Iterator[Finding]:
        look, expected = self._last("execute"), self._value(self._conversation.submission)
        if look is None:
            yield from self._unbegun()
        if look is None or expected is UNSET:
            return
        found = compare_outcomes(expected, look.value)
        if not found and look.is_good:
            found = compare_executed(expected, look.value, self._varies, self._task)
        yield from self._told(found, look)

    def _job(self) -> Iterator[Finding]:
        submitted, expected = self._last("submit"), self._value(self._conversation.submission)
        if submitted is None:
            yield from self._unbegun()
        if submitted is None or expected is UNSET:
            return
        if found := compare_outcomes(expected, submitted.value):
            yield from self._told(found, submitted)
            return
        polls = [look for look in self._looks if look.exchange.operation == "job" and look.is_good]
        trace = self._conversation.trace
        if not polls or not trace:
            return
        statuses = [str(look.value.get("jobStatus")) for look in polls]
        found = compare_statuses([each.status for each in trace], statuses)
        if trace[-1].status in _CANCELLED and self._last("cancel") is None:  # it had ended before it could be
            found = [msgspec.structs.replace(each, severity="note") for each in found]
        yield from self._told(found, polls[-1])
        if trace[-1].status != statuses[-1]:
            return
        if statuses[-1] not in _CANCELLED:
            yield from self._told(self._slowness(submitted, polls), polls[-1])
        if statuses[-1] not in _CANCELLED:  # how far it came by then is a matter of moments
            yield from self._messages(polls)
        if statuses[-1] == _SUCCEEDED:
            yield from self._results()

    def _slowness(self, submitted: Look, polls: Sequence[Look]) -> list[Difference]:
        recorded, end = self._conversation.trace[-1], polls[-1].value.get("jobStatus")
        last = next(look for look in polls if look.value.get("jobStatus") == end)
        took = last.exchange.at - submitted.exchange.at
        if took < max(_TIMES_SLOWER * recorded.after, recorded.after + _SECONDS_SLOWER):
            return []
        return [Difference("", f"{recorded.after:.1f} s", f"{took:.1f} s", "changed.duration")]

    def _messages(self, polls: Sequence[Look]) -> Iterator[Finding]:
        known = self._value(self._conversation.trace[-1].answer)
        told = [look for look in polls if "messages" in look.value]
        if isinstance(known, dict) and "messages" in known and told:
            found = compare_messages(known["messages"], told[-1].value["messages"], self._varies)
            yield from self._told([each.at("messages") for each in found], told[-1])

    def _results(self) -> Iterator[Finding]:
        """Those that were recorded: others may not have been asked for."""
        for name, answer in self._conversation.results.items():
            look, expected = self._last("result", name), self._value(answer)
            if look is None:
                gone = Difference(name, "this output", "none", "changed.output-removed")
                yield from self._told([gone], self._last("job"))
                continue
            found = compare_outcomes(expected, look.value)
            if not found and look.is_good:
                found = compare_results({name: expected}, {name: look.value}, self._varies, self._task)
            yield from self._told(found, look)

    def _asked(self) -> Iterator[Finding]:
        """Each other request, beside the answer to the same one."""
        left = list(self._looks)
        for asked in self._conversation.asked:
            if asked.operation in _APART and not is_without_token(asked):
                continue
            if asked.operation in _DESCRIBED and not code_of(asked.answer):
                continue
            look = next((look for look in left if _is_to(asked, look)), None)
            if look is None:
                continue
            left.remove(look)
            is_early = self._is_early(asked)
            if is_early and not is_before_the_end(self._looks, look):
                continue
            exchange = look.exchange
            kind = asked.answer.headers.get("content-type", "application/json")
            body = answer_bytes(self._contract, asked.answer)
            value = self._value(asked.answer)
            met = (exchange.status or 0, exchange.header("content-type"), look.value, exchange.body)
            found = compare_answers((asked.answer.status, kind, value, body), met, self._varies)
            if is_early:  # the text of such a refusal tells the job's status, a matter of moments
                found = [each for each in found if each.path == "error.code"]
            yield from self._told(found, look)

    def _is_early(self, asked: Asked) -> bool:
        """Whether it was asked before the job had ended, which is a moment that does not come again."""
        trace = self._conversation.trace
        return bool(trace) and asked.after is not None and asked.after < trace[-1].after


def _is_named(look: Look, name: str) -> bool:
    """Whether it is about a result of this name, by its address or by what it says of itself: addresses of
    results may be spelt otherwise."""
    told = look.value.get("paramName") if isinstance(look.value, dict) else None
    return name in ("", look.exchange.name, told)


def _is_to(asked: Asked, look: Look) -> bool:
    exchange = look.exchange
    if exchange.operation != asked.operation or exchange.status is None:
        return False
    tail = asked.path.rpartition("/jobs/")[2].partition("/")[2] or asked.path
    return exchange.url.partition("?")[0].endswith(tail.lstrip("/").replace(" ", "%20")) or (
        exchange.operation == asked.operation and "/jobs/" not in asked.path
    )
