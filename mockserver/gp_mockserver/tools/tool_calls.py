"""What a task's tool sees and says while it runs, and what comes of it.

A tool is any callable that takes a `ToolCall` and returns its outputs by parameter name. It runs once per
job, when its outcome is first needed. Time inside a tool is the job's own: `call.sleep(5)` costs nothing
now and makes the job last five seconds longer on the site's clock, and what the tool reports afterwards is
seen that much later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.descriptions.descriptors import Task
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType, ProgressType

from gp_mockserver.lifecycle.timelines import ProgressStep, TimedMessage

if TYPE_CHECKING:
    from gp_protocol.values.feature_sets import FeatureSet, RecordSet
    from gp_protocol.values.spatial_references import Extent, SpatialReference

    from gp_mockserver.running.input_references import InputReferences

log = logging.getLogger("gp_mockserver")


class ToolFailed(Exception):
    """Raised by a tool to fail its job with the given error messages, one string each."""

    def __init__(self, *texts: str) -> None:
        super().__init__("; ".join(texts))
        self.texts = texts


class BadReturn(ToolFailed):
    """What a tool's function returned cannot be served: its author's mistake, which fails the job as well."""


class ToolError(msgspec.Struct, frozen=True):
    """A mistake in a tool's function: what was raised, or the failed `assert`, with the task's path and the
    job's id, which is empty where no job was made yet."""

    task: str
    job_id: str
    error: BaseException

    @property
    def text(self) -> str:
        """All of it in one line."""
        job = self.job_id and f", {self.job_id}"
        lines = str(self.error).strip().splitlines() or [""]
        said = lines[0] if len(lines[0]) <= _LONGEST_TOLD else f"{lines[0][:_LONGEST_TOLD]}…"
        return f"{self.task}{job}: {type(self.error).__name__}: {said}".rstrip(": ")


_LONGEST_TOLD = 200
_MOST_ERRORS = 100


def keep_error(errors: list[ToolError], task: str, job_id: str, error: BaseException) -> None:
    """Keep a mistake in a tool's function for who tests with it. The first 100 are kept, since those that
    follow mostly repeat them."""
    if len(errors) < _MOST_ERRORS:
        errors.append(ToolError(task, job_id, error))


class Outcome(msgspec.Struct, frozen=True):
    """How a tool's run ended: SUCCEEDED with outputs, or FAILED; `seconds` is the time that the tool
    slept, `error` the mistake in its function that made it fail, if one did."""

    status: JobStatus
    outputs: Mapping[str, Any]
    messages: tuple[TimedMessage, ...] = ()
    progress: tuple[ProgressStep, ...] = ()
    seconds: float = 0.0
    error: BaseException | None = None


class ToolCall(msgspec.Struct):
    """One run of a tool.

    `inputs` holds every input parameter's decoded value, defaults applied, None where nothing was given;
    `given` the raw texts of the request. `scratch` is the job's own folder: files written there are served,
    and a `pathlib.Path` below it is a valid value of a file output.

    An input may be a reference: an uploaded item, or an address. `features`, `records`, `file` and
    `file_name` give what it refers to, which may be fetched for it; all take the name of an input, and
    `element` for one of the values in it, such as an element of a list or a cell of a table. They raise
    ToolFailed (`ERROR 000732`) for what cannot be had.
    """

    job_id: str
    task: Task
    inputs: Mapping[str, Any]
    given: Mapping[str, str]
    seed: int
    out_sr: SpatialReference | None
    process_sr: SpatialReference | None
    extent: Extent | None
    make_scratch: Callable[[], Path]
    references: InputReferences | None = None
    """What follows the references among the inputs; None where there are none."""
    scratch_if_made: Path | None = None
    _messages: list[TimedMessage] = []
    _progress: list[ProgressStep] = []
    _seconds: float = 0.0

    @property
    def scratch(self) -> Path:
        """The job's folder for files, made when first asked for."""
        if self.scratch_if_made is None:
            self.scratch_if_made = self.make_scratch()
        return self.scratch_if_made

    def features(self, name: str, element: Any = None) -> FeatureSet:
        """The features of an input: those given, or those of the layer, file or item that it refers to."""
        from gp_mockserver.tools.tool_references import features

        return features(self, name, element)

    def records(self, name: str, element: Any = None) -> RecordSet:
        """The rows of an input, as `features` has the features."""
        from gp_mockserver.tools.tool_references import records

        return records(self, name, element)

    def file(self, name: str, element: Any = None) -> Path:
        """The file that an input refers to, for reading alone. Its own name says nothing: see
        `file_name`."""
        from gp_mockserver.tools.tool_references import local_file

        return local_file(self, name, element).path

    def file_name(self, name: str, element: Any = None) -> str:
        """What the client, or the address, calls the file that an input refers to."""
        from gp_mockserver.tools.tool_references import local_file

        return local_file(self, name, element).name

    def is_in_reach(self, name: str, element: Any = None) -> bool:
        """Whether an input is a reference that the site may follow: not one to a host that it does not
        list."""
        from gp_mockserver.tools.tool_references import is_in_reach

        return is_in_reach(self, name, element)

    def message(self, text: str) -> None:
        """Report an informative message."""
        self._say(MessageType.INFORMATIVE, text)

    def warning(self, text: str) -> None:
        """Report a warning; the job may still succeed."""
        self._say(MessageType.WARNING, text)

    def error(self, text: str) -> None:
        """Report an error message; only an exception makes the job fail."""
        self._say(MessageType.ERROR, text)

    def progress(self, message: str, percent: int | None = None) -> None:
        """Report progress: step progress with a percentage (0 to 100), default progress without one."""
        kind = ProgressType.DEFAULT if percent is None else ProgressType.STEP
        self._progress.append(ProgressStep(after=self._seconds, message=message, percent=percent, type=kind))

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of the job's own time pass; nothing waits here."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a tool cannot sleep {seconds} seconds: give a number of seconds, 0 or more")
        self._seconds += seconds

    def _say(self, kind: MessageType, text: str) -> None:
        self._messages.append(TimedMessage(type=kind, text=text, after=self._seconds))


Tool = Callable[[ToolCall], Mapping[str, Any]]


def _always() -> bool:
    return True


def run_tool(tool: Tool, call: ToolCall, is_wanted: Callable[[], bool] = _always) -> Outcome:
    """Run a tool to its end. Whatever it raises becomes a failed outcome with the exception's text as its
    error; also what test frameworks raise, and `sys.exit`, which are no `Exception`. It is logged as a
    warning, or, where the outcome `is_wanted` no longer by then, for debugging alone."""
    outputs: Mapping[str, Any] = {}
    status = JobStatus.SUCCEEDED
    error: BaseException | None = None
    try:
        outputs = tool(call)
    except ToolFailed as failure:
        status = JobStatus.FAILED
        error = failure if isinstance(failure, BadReturn) else None
        for text in failure.texts:
            call.error(text)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        level = logging.WARNING if is_wanted() else logging.DEBUG
        log.log(level, "the tool of %s failed in %s", call.task.label, call.job_id, exc_info=failure)
        status, error = JobStatus.FAILED, failure
        call.error(f"{type(failure).__name__}: {failure}")
    return Outcome(status, outputs, tuple(call._messages), tuple(call._progress), call._seconds, error)
