"""What an operation answers, before it becomes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.lifecycle.jobs import JobState

if TYPE_CHECKING:
    from gp_mockserver.running.task_inputs import BadInputs


class Reply(msgspec.Struct):
    """A JSON value; where HTML is asked for, `gp_mockserver.directory` makes its page."""

    value: Any


class JobReply(Reply):
    """A job, with what says for how long this reply holds."""

    record: JobRecord
    state: JobState


class FormReply(msgspec.Struct):
    """The HTML form of an operation that a browser opened without parameters; nothing was run."""


class BytesReply(msgspec.Struct):
    """A body of another type than JSON and HTML, such as a KMZ archive; `name` is the file it is saved as."""

    content_type: str
    body: bytes
    name: str = ""
    headers: Mapping[str, str] = {}
    status: int = 200


class Redirect(msgspec.Struct):
    """302 to another address of the site."""

    location: str
    headers: Mapping[str, str] = {}


class FileReply(msgspec.Struct):
    """A file, streamed from disk; its type follows from its name, unless one is given."""

    path: Path
    content_type: str | None = None
    name: str | None = None
    """What the file is saved as, where that is not to be shown in the browser."""


AnyReply = Reply | FormReply | BytesReply | Redirect | FileReply


class Refusal(Exception):
    """An error of the protocol, by its name in `gp_protocol.error_envelopes`, with its details and what
    fills its message.

    `parameters` are those of the body that had been read when reading it was given up, else None.
    """

    parameters: Mapping[str, str] | None = None

    def __init__(self, name: str, *details: str, **fill: str) -> None:
        super().__init__(name, *details)
        self.name = name
        self.details = details
        self.fill = fill
        self.address: Any = None
        """Of what leads nowhere the address above it, whose guard is asked before more is said."""
        self.inputs: BadInputs | None = None
        """What was wrong with a task's inputs, where that is why."""
        self.hint = ""
        """What the journal says of it where the answer, as on real servers, says nothing."""


def unknown_job(job_id: str) -> str:
    """The detail of an error about a job that there is not."""
    return f"job {job_id[:80]!r} does not exist or has expired"
