"""Whether two deviations can be followed at once.

Two that hide one another are refused when the second is injected: an answer that replaces every other, two
endings of one connection, two timelines of one job, edits of the same place of a body. What a number, a
status or a chance limits hides nothing for good, and is let pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gp_mockserver.deviations.actions import (
    Cut,
    Drip,
    JobId,
    Pace,
    Raw,
    SetTimeline,
    Stage,
    Stall,
)
from gp_mockserver.deviations.byte_edits import BodyReplace
from gp_mockserver.deviations.json_pointers import overlaps
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.deviations.selectors import Selector
from gp_mockserver.deviations.steps import Step

if TYPE_CHECKING:
    from gp_mockserver.deviations.injections import Injection

_ENDS = (Cut, Stall, Raw, Drip)


def check_beside(new: Injection, other: Injection) -> None:
    """Raises DeviationError, with both names, where one of the two would hide the other."""
    if not _share_requests(new, other):
        return
    for mine in new.steps:
        for theirs in other.steps:
            why = _hides(theirs, other.where, mine, new.where) or _hides(
                mine, new.where, theirs, other.where, is_first=False
            )
            if why and _share_operations(mine, theirs):
                raise DeviationError(
                    f"deviations {other.label!r} and {new.label!r} cannot be followed at once: {why}; "
                    "clear the first, or limit one of them by operation, nth, times or status"
                )


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


def _share_operations(one: Step, two: Step) -> bool:
    mine, theirs = _words(one.where), _words(two.where)
    return not mine or not theirs or bool(mine & theirs)


def _words(where: Selector) -> frozenset[str]:
    words = where.operation
    return frozenset(() if words is None else (words,) if isinstance(words, str) else words)


def _hides(one: Step, its: Selector, two: Step, others: Selector, *, is_first: bool = True) -> str:
    """Why one step leaves nothing of the other, or an empty text. `is_first`: it was injected first, so that
    of two answers in the operation's place its own is given."""
    if not (its.is_unlimited and one.where.is_unlimited):
        return ""
    first, second = one.action, two.action
    if one.replaces and one.stage is Stage.NETWORK and two.stage > Stage.NETWORK:
        return f"where {one.name} is followed no request is answered"
    if one.replaces and one.stage <= Stage.BEFORE and not one.then and two.stage in _OF_AN_ANSWER:
        return f"{one.name} answers in the place of what {two.name} would change"
    if is_first and one.replaces and two.replaces and one.stage <= Stage.BEFORE and two.stage <= Stage.BEFORE:
        return f"both answer in the place of the operation ({one.name} and {two.name})"
    if not (others.is_unlimited and two.where.is_unlimited):
        return ""
    if isinstance(first, _ENDS) and isinstance(second, _ENDS):
        return f"an answer has one end ({one.name} and {two.name})"
    for kind, why in _ONE_EACH.items():
        if isinstance(first, kind) and isinstance(second, kind):
            return why
    for mine in one.pointers:
        for theirs in two.pointers:
            if overlaps(mine, theirs):
                return f"both change {mine}" if mine == theirs else f"one changes {mine}, the other {theirs}"
    return ""


_OF_AN_ANSWER = (Stage.JSON, Stage.BYTES)
_ONE_EACH = {
    SetTimeline: "a job has one timeline",
    JobId: "a job has one id",
    Pace: "an answer has one pace",
    BodyReplace: "an answer has one body",
}
