"""Which inputs make a task end otherwise than usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.timelines import Timeline
    from gp_mockserver.tools.tool_calls import Tool

Condition = Callable[[Mapping[str, Any]], bool]
"""Judges the decoded inputs of a job, by parameter name; None is an input that was not given. One that can
say more has `differences` and `when`, as `gp_mockserver.configuration.conditions` has."""

_LONGEST_WHEN: Final = 120
"""Characters of a condition that texts repeat."""


def always(inputs: Mapping[str, Any]) -> bool:
    """The condition of a rule that holds for any inputs."""
    return True


class OutcomeRule(msgspec.Struct, eq=False):
    """What stands in for a task's own timeline and tool where `condition` holds; None: nothing.

    `word` is what said it in Python, such as `fails`; `place` where it stands: a path in a site file, or
    `test_trees.py:12`. `must_apply`: whether a strict test fails where it never did. That is so for what
    Python says with `site.task(…)`; the rules of a site file, which tests share, may go unused.
    """

    condition: Condition
    timeline: Timeline | None = None
    tool: Tool | None = None
    word: str = ""
    place: str = ""
    must_apply: bool = False
    applied: int = 0
    """How many runs and jobs it has decided."""

    @property
    def text(self) -> str:
        """The rule as its author knows it: `fails(when={'Count': 7}) at test_trees.py:12`."""
        when = when_text(self.condition)
        said = f"{self.word}({when and f'when={when}'})" if self.word else when and f"when {when}"
        return " at ".join(part for part in (said, self.place) if part) or "the rule"


def differences(condition: Condition, inputs: Mapping[str, Any]) -> list[str]:
    """What keeps a condition that does not hold from holding, a line each. A function is not asked again."""
    explain: Callable[[Mapping[str, Any]], list[str]] | None = getattr(condition, "differences", None)
    return [f"{when_text(condition)}, a function, answered False"] if explain is None else explain(inputs)


def when_text(condition: Callable[..., Any]) -> str:
    """A condition as it was written, cut short: a function's name, nothing where it holds for any inputs."""
    if condition is always:
        return ""
    written = getattr(condition, "when", None)
    if written is None:
        name = getattr(condition, "__qualname__", None) or type(condition).__qualname__
        return str(name).rpartition("<locals>.")[2]
    text = repr(written)
    return text if len(text) <= _LONGEST_WHEN else f"{text[:_LONGEST_WHEN]}…"
