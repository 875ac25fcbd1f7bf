"""Which inputs make a task end otherwise than usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.timelines import Timeline
    from gp_mockserver.tools.tool_calls import Tool

Condition = Callable[[Mapping[str, Any]], bool]
"""Judges the decoded inputs of a job, by parameter name; None is an input that was not given."""


def always(inputs: Mapping[str, Any]) -> bool:
    """The condition of a rule that holds for any inputs."""
    return True


class OutcomeRule(msgspec.Struct, frozen=True):
    """What stands in for a task's own timeline and tool where `condition` holds; None: nothing."""

    condition: Condition
    timeline: Timeline | None = None
    tool: Tool | None = None
