"""What a store knows of a job, and what can be put in its place."""

from __future__ import annotations

import msgspec

from gp_mockserver.lifecycle.jobs import JobFacts, JobState, Submission, state_at
from gp_mockserver.lifecycle.timelines import Timeline


class JobRecord(JobFacts, frozen=True, gc=False):
    """A job as a store knew it at one moment.

    `polls`: how many looks there have been; in a look's record that is its own turn, 1 for the first.
    `revision` grows with whatever happens to the job, polls and the passing of time aside. `timeline`: the
    submission's, or the settled one. `outputs`: the tool's encoded outputs once they are settled, else
    None. `counting`: whether polls may still move the job. `amended`: whether another course was put in the
    place of the one that it was submitted with, or of the settled one.
    """

    submission: Submission
    polls: int
    revision: int
    outputs: bytes | None
    counting: bool
    amended: bool = False

    @property
    def job_id(self) -> str:
        return self.submission.job_id

    @property
    def size(self) -> int:
        """The bytes of its inputs and outputs."""
        return len(self.submission.parameters) + len(self.outputs or b"")

    def state(self, now: float, arguments: str = "") -> JobState:
        """The job at `now`, as this record's turn sees it."""
        return state_at(self, now, self.polls, arguments)


class Amendment(msgspec.Struct, frozen=True):
    """Another course for a job: what takes the place of the same facts of its record.

    `executes_at` None takes it out of its service's queue: it needs no room to execute. `outputs`: where
    given, the job counts as settled with them, and its tool does not run any more.
    """

    timeline: Timeline
    cancelled_at: float | None
    looks: tuple[float, ...]
    executes_at: float | None
    outputs: bytes | None = None
