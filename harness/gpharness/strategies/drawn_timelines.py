"""How jobs go: timelines that a server's job may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gp_mockserver.lifecycle.timelines import (
    Cancellation,
    Phase,
    ProgressStep,
    TimedMessage,
    Timeline,
    standard_ending,
)
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType
from hypothesis import strategies as st

from gpharness.strategies.drawn_words import texts

ENDINGS: Final = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.CANCELLED, None)
"""How jobs end on any server; None is never."""

_LONGEST: Final = 60


def timelines(
    *, endings: Sequence[JobStatus | None] = ENDINGS, polls: bool = True
) -> st.SearchStrategy[Timeline]:
    """Timelines of submitted, waiting and executing jobs with messages, progress and an ending.

    Phases last up to a minute on the site's clock or, with `polls`, some polls; those of zero seconds are
    passed over. `endings` are the statuses to end with, None for a job that runs until it is cancelled. They
    shrink to a job that succeeds at once.
    """
    return _timelines(tuple(endings), polls)


@st.composite
def _timelines(draw: st.DrawFn, endings: tuple[JobStatus | None, ...], polls: bool) -> Timeline:
    phases = [Phase(draw(st.sampled_from([JobStatus.SUBMITTED, JobStatus.NEW])), **_length(draw, polls))]
    if draw(st.booleans()):
        phases.append(Phase(JobStatus.WAITING, **_length(draw, polls), messages=_messages(draw)))
    progress = tuple(
        ProgressStep(float(after), f"Step {number}", percent)
        for number, (after, percent) in enumerate(draw(_STEPS), 1)
    )
    phases.append(
        Phase(JobStatus.EXECUTING, **_length(draw, polls), messages=_messages(draw), progress=progress)
    )
    ending = draw(st.sampled_from(endings))
    return Timeline(tuple(phases), standard_ending(ending), draw(_CANCELLATIONS))


_SECONDS: Final = st.integers(0, _LONGEST).map(float)
_POLLS: Final = st.integers(1, 5)
_FLAGS: Final = st.booleans()
_STEPS: Final = st.lists(
    st.tuples(st.integers(0, _LONGEST), st.none() | st.integers(0, 100)), max_size=2
).map(lambda steps: sorted(steps, key=lambda step: step[0]))
_MESSAGES: Final = st.lists(
    st.builds(
        lambda kind, text, after: TimedMessage(kind, text, float(after), verbatim=True),
        st.sampled_from([MessageType.INFORMATIVE, MessageType.WARNING]),
        texts,
        st.integers(0, _LONGEST),
    ),
    max_size=2,
)
_CANCELLATIONS: Final = st.sampled_from(
    [
        Cancellation(5.0),
        Cancellation(1.0),
        Cancellation(5.0, at_once=True),
        Cancellation(5.0, ignored=True),
    ]
)


def _length(draw: st.DrawFn, polls: bool) -> dict[str, Any]:
    if polls and draw(_FLAGS):
        return {"polls": draw(_POLLS)}
    return {"seconds": draw(_SECONDS)}


def _messages(draw: st.DrawFn) -> tuple[TimedMessage, ...]:
    return tuple(draw(_MESSAGES))
