"""The messages and the progress of a job: their types, levels and recorded texts.

Sources: ArcGIS REST, *GP job* (a message is `type` and `description`; progress since 10.8.1); the texts and
both date styles as recorded from servers with the ArcMap and the ArcGIS Pro runtime. Dates never depend on
the locale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec


class MessageType(StrEnum):
    """The word that a server sends as a message's `type`.

    The first three are documented; clients also know the others.
    """

    INFORMATIVE = "esriJobMessageTypeInformative"
    WARNING = "esriJobMessageTypeWarning"
    ERROR = "esriJobMessageTypeError"
    EMPTY = "esriJobMessageTypeEmpty"
    ABORT = "esriJobMessageTypeAbort"
    PROCESS_DEFINITION = "esriJobMessageTypeProcessDefinition"
    PROCESS_START = "esriJobMessageTypeProcessStart"
    PROCESS_STOP = "esriJobMessageTypeProcessStop"


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of a job; encodes as `{"type", "description"}`, a closed set of keys."""

    type: MessageType
    description: str


class ProgressType(StrEnum):
    """Whether a tool reports progress as such (`default`) or by percent (`step`)."""

    DEFAULT = "default"
    STEP = "step"


class Progress(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What an executing job reports; encodes as `{"type", "message"}` and `percent` (0 to 100) where there is
    one.
    """

    type: ProgressType
    message: str
    percent: int | None = None


class MessageLevel(StrEnum):
    """How much a service tells: its "message level", one setting for all its tasks."""

    NONE = "None"
    ERROR = "Error"
    WARNING = "Warning"
    INFO = "Info"


class DateStyle(StrEnum):
    """How a runtime writes dates into its messages."""

    ARCMAP = "arcmap"
    """`Tue Mar  7 09:37:09 2023`: C's asctime, the day padded with a blank."""
    PRO = "pro"
    """`Friday, December 16, 2022 6:05:31 PM`: the long United States form."""


SUBMITTED: Final = "Submitted."
EXECUTING: Final = "Executing..."
FAILED: Final = "Failed."
CANCEL_COMPLETE: Final = "Cancel complete."

SERVER_TEXTS: Final = frozenset({SUBMITTED, EXECUTING, FAILED, CANCEL_COMPLETE})
"""What the server says of a job, beside what the tool says: a level other than None leaves these in."""

_ERRORS: Final = frozenset({MessageType.ERROR, MessageType.ABORT})
_KEPT: Final = {
    MessageLevel.ERROR: _ERRORS,
    MessageLevel.WARNING: _ERRORS | {MessageType.WARNING},
}


def at_level(messages: Iterable[Message], level: MessageLevel) -> tuple[Message, ...]:
    """The messages that a service with this level shows, in their order.

    None shows nothing, Info everything. Error and Warning hold back what the tool says below them, yet the
    server's own lines stay, as recorded: `Submitted.`, `Executing...` (both informative), the errors,
    `Failed.`.
    """
    if level is MessageLevel.NONE:
        return ()
    if level is MessageLevel.INFO:
        return tuple(messages)
    kept = _KEPT[level]
    return tuple(m for m in messages if m.type in kept or m.description in SERVER_TEXTS)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def date_text(instant: float, style: DateStyle) -> str:
    """An instant (seconds since the epoch) in a runtime's style, in UTC, whole seconds."""
    return _date_text(int(instant // 1), style)


@lru_cache(maxsize=1024)
def _date_text(seconds: int, style: DateStyle) -> str:
    moment = _EPOCH + timedelta(seconds=seconds)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    clock = f"{moment.minute:02}:{moment.second:02}"
    if style == DateStyle.ARCMAP:
        return f"{day[:3]} {month[:3]} {moment.day:2} {moment.hour:02}:{clock} {moment.year}"
    half = "AM" if moment.hour < 12 else "PM"
    return f"{day}, {month} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{clock} {half}"


def elapsed_text(seconds: float) -> str:
    """A running time as messages write it: `21.18 seconds`, from a minute on `1 minutes 18 seconds`.

    From an hour on `2 hours 0 minutes 5 seconds`, which is *assumed*.
    """
    if seconds < 60:
        return f"{min(seconds, 59.99):.2f} seconds"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours} hours ' if hours else ''}{minutes} minutes {rest} seconds"


def arguments_text(arguments: Sequence[str | None]) -> str:
    """A tool's arguments as messages repeat them; one with blanks is quoted, None is the default, `#`."""
    return " ".join(
        "#" if each is None else f'"{each}"' if " " in each or not each else each for each in arguments
    )


def running_script_text(tool: str) -> str:
    """`Running script Tool...`"""
    return f"Running script {tool}..."


def completed_script_text(tool: str) -> str:
    """`Completed script Tool...`"""
    return f"Completed script {tool}..."


def failed_script_text(tool: str) -> str:
    """`Failed script Tool...`: informative, like `Failed at …`."""
    return f"Failed script {tool}..."


def failed_to_execute_text(tool: str) -> str:
    """`Failed to execute (Tool).`: the error that names the tool."""
    return f"Failed to execute ({tool})."
