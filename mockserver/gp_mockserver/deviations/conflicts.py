"""Whether two deviations can be followed at once.

Two of which one could never be seen are refused when the second is injected: an answer that replaces every
other, two endings of one connection, two timelines of one job, edits of the same place. Which comes first
does not matter. What limits one of them (a number, a chance, other requests) leaves room for the other: of
two that answer, or of which there can be one, the more limited goes before (`by_limits`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gp_mockserver.deviations.actions import (
    AnswerAs,
    Certificate,
    Cut,
    Drip,
    Error,
    ForgetJob,
    HeaderAdd,
    HeaderRemove,
    HeaderSet,
    JobId,
    OfferTokens,
    Pace,
    Raw,
    SetTimeline,
    Stage,
    Stall,
    Status,
)
from gp_mockserver.deviations.byte_edits import BodyReplace
from gp_mockserver.deviations.json_pointers import overlaps
from gp_mockserver.deviations.records import ANY, ON, SETS, HiddenDeviation, operations_of
from gp_mockserver.deviations.selectors import Selector
from gp_mockserver.deviations.steps import Step

if TYPE_CHECKING:
    from gp_mockserver.deviations.injections import Injection

_ENDS = (Cut, Stall, Raw, Drip)
_OF_AN_ANSWER = (Stage.JSON, Stage.BYTES)
_ONE_EACH = {
    Certificate: "a connection has one certificate",
    SetTimeline: "a job has one timeline",
    JobId: "a job has one id",
    Pace: "an answer has one pace",
    AnswerAs: "an answer is of one version",
    Status: "an answer has one status",
}
_BODIES = (b"{body}", b"{half}", b"{rest}", b"{chunks}")


def check_beside(new: Injection, other: Injection) -> None:
    """Raises HiddenDeviation, with both names, where one of the two would hide the other."""
    if not _share_requests(new, other):
        return
    for mine in new.steps:
        for theirs in other.steps:
            one, two = _Part(new, mine), _Part(other, theirs)
            if one.shares_operations(two) and (why := _hides(two, one) or _hides(one, two)):
                raise HiddenDeviation(
                    f"deviations {other.label!r} and {new.label!r} cannot be followed at once: {why}; "
                    "clear the first, or limit one of them by operation, nth, times or status"
                )


def by_limits(injection: Injection, step: Step) -> int:
    """By how much a step is limited, for sorting: the more, the sooner."""
    return -len(injection.where.limits) - len(step.where.limits)


def _share_requests(one: Injection, two: Injection) -> bool:
    mine, theirs = one.operations, two.operations
    if mine is not None and theirs is not None and not mine & theirs:
        return False
    return not any(
        _are_other_words(getattr(one.where, name), getattr(two.where, name))
        for name in ("service", "task", "parameter", "job", "method")
    )


def _are_other_words(one: str | None, two: str | None) -> bool:
    """Whether two globs certainly have nothing in common."""
    if one is None or two is None or set(f"{one}{two}") & set("*?["):
        return False
    return one != two


class _Part:
    """One step of an injection, and of which requests it is."""

    def __init__(self, injection: Injection, step: Step) -> None:
        self.step = step
        self.weight = by_limits(injection, step)
        wheres = (injection.where, step.where)
        self._words = frozenset(word for where in wheres for word in _words(where) if _is_own(word))
        self._operations = injection.operations
        if step.where.operation is not None:
            of_step = operations_of(tuple(_words(step.where)))
            both = (self._operations, of_step)
            self._operations = (
                self._operations & of_step
                if self._operations is not None and of_step is not None
                else next((each for each in both if each is not None), None)
            )
        self._limits = {(name, repr(each)) for where in wheres for name, each in where.limits.items()}
        self._statuses = [_as_set(where.status) for where in wheres if where.status is not None]

    def shares_operations(self, other: _Part) -> bool:
        if self._words and other._words and not self._words & other._words:
            return False
        mine, theirs = self._operations, other._operations
        return mine is None or theirs is None or bool(mine & theirs)

    def covers(self, other: _Part) -> bool:
        """Whether each request of the other is one of its own."""
        mine, theirs = self._operations, other._operations
        if mine is not None and (theirs is None or not theirs <= mine):
            return False
        if self._words and self._words != other._words:
            return False
        if self._is_by_chance or (self._has("nth") and self._limits != other._limits):
            return False
        if not _without(("status",), self._limits) <= other._limits:
            return False
        return all(any(each <= mine for each in other._statuses) for mine in self._statuses)

    def is_of_the_same(self, other: _Part) -> bool:
        """Whether nothing but a status, a service or a task keeps one from the other's requests."""
        if self._is_by_chance or other._is_by_chance:
            return False
        if any(not mine & theirs for mine in self._statuses for theirs in other._statuses):
            return False
        places = ("status", "service", "task")
        return _without(places, self._limits) == _without(places, other._limits)

    @property
    def _is_by_chance(self) -> bool:
        return self._has("times") or self._has("probability")

    def _has(self, name: str) -> bool:
        return any(each == name for each, _ in self._limits)


def _without(names: tuple[str, ...], limits: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {each for each in limits if each[0] not in names}


def _as_set(status: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((status,) if isinstance(status, str) else status)


def _words(where: Selector) -> tuple[str, ...]:
    words = where.operation
    return () if words is None else (words,) if isinstance(words, str) else tuple(words)


def _is_own(word: str) -> bool:
    """Whether a word is the mock's own, for a part of an operation perhaps."""
    return word not in ON and word not in SETS and word != ANY


def _hides(one: _Part, two: _Part) -> str:
    """Why one step leaves nothing of the other, or an empty text."""
    return (_answers_instead(one.step, two.step) if one.covers(two) else "") or next(
        _are_one_thing(one, two), ""
    )


def _answers_instead(one: Step, two: Step) -> str:
    """Why what one step does to each of its requests leaves nothing for the other, which is of no others."""
    first, second = one.action, two.action
    if one.replaces and one.stage is Stage.NETWORK and two.stage > Stage.NETWORK:
        return f"where {one.name} is followed no request is answered"
    if isinstance(second, OfferTokens | ForgetJob):
        return ""
    if one.replaces and one.stage is Stage.CONNECTION and two.stage > Stage.CONNECTION:
        return f"{one.name} leaves nothing to answer"
    if one.replaces and one.stage is Stage.BEFORE:
        is_of_its_error = isinstance(first, Error) and any(
            each.steps[:1] == ("error",) for each in two.pointers
        )
        if two.stage in _OF_AN_ANSWER and not is_of_its_error:
            return f"{one.name} answers in the place of what {two.name} would change"
        if two.stage is Stage.OPERATION and not one.then:
            return f"{one.name} answers in the place of the operation, which {two.name} would change"
        if two.stage > Stage.OPERATION and isinstance(first, Cut):
            return f"with {one.name} there is no answer for {two.name}"
    if two.stage is Stage.JSON and isinstance(first, BodyReplace):
        return f"{one.name} has another body than the one that {two.name} would change"
    has_no_body = isinstance(first, Raw) and not any(each in first.data for each in _BODIES)
    if two.stage in _OF_AN_ANSWER and (isinstance(first, Drip) or has_no_body):
        return f"{one.name} has another body than the one that {two.name} would change"
    return ""


def _are_one_thing(one: _Part, two: _Part) -> Iterator[str]:
    """Why there can be only one of the two, of which none goes before the other."""
    first, second = one.step.action, two.step.action
    if one.is_of_the_same(two):
        for mine in one.step.pointers:
            for theirs in two.step.pointers:
                if overlaps(mine, theirs):
                    yield (
                        f"both change {mine}" if mine == theirs else f"one changes {mine}, the other {theirs}"
                    )
    if one.weight != two.weight or not one.covers(two):
        return
    if one.step.replaces and two.step.replaces and one.step.stage is two.step.stage <= Stage.BEFORE:
        yield f"both answer in the place of the operation ({one.step.name} and {two.step.name})"
    if isinstance(first, _ENDS) and isinstance(second, _ENDS):
        yield f"an answer has one end ({one.step.name} and {two.step.name})"
    if isinstance(first, BodyReplace) and two.step.stage is Stage.BYTES:
        yield f"{one.step.name} has another body than the one that {two.step.name} would change"
    yield from (
        why for kind, why in _ONE_EACH.items() if isinstance(first, kind) and isinstance(second, kind)
    )
    if _headers(first) & _headers(second) and not (
        isinstance(first, HeaderAdd) and isinstance(second, HeaderAdd)
    ):
        yield f"both are about the header {min(_headers(first) & _headers(second))}"


def _headers(action: object) -> frozenset[str]:
    """The headers that an action is about, in lower case."""
    match action:
        case HeaderSet() | HeaderAdd():
            return frozenset(name.lower() for name in action.headers)
        case HeaderRemove(of_errors=False):
            names = [action.names] if isinstance(action.names, str) else action.names
            return frozenset(name.lower() for name in names)
    return frozenset()
