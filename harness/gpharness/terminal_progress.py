"""What happens while a task runs, on stderr: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from gp_client.steps import Event, MessageCame, ProgressMade, Retrying, StatusChanged, Transferred
from gp_protocol.messages import Message

from gpharness.client_access import encodable, tell
from gpharness.plain_texts import one_line, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Listener = Callable[[Event], object]
_STYLES = {"Error": "red", "Abort": "red", "Warning": "yellow"}


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[Listener]:
    """A listener that shows the events of a client."""
    if quiet:
        yield _say_nothing
    elif _is_terminal():
        yield from _bar()
    else:
        yield say_in_lines


def say_in_lines(event: Event) -> None:
    """An event as a line. Progress in per cent is left out: the bar of a terminal shows it."""
    match event:
        case StatusChanged(status=status):
            tell(one_line(status))
        case MessageCame(message=message):
            tell(message_line(message))
        case ProgressMade(progress=progress) if progress.message:
            tell(f"  {_progress_text(progress.message, progress.percent)}")
        case Retrying():
            tell(_retry_text(event))
        case Transferred(name=name, done=done, total=total) if done == total:
            tell(f"{one_line(name)}: {done} bytes")


def message_line(message: Message) -> str:
    """A job's message with its kind before it."""
    return f"  {message_kind(message) + ':':<8} {printable(message.description)}"


def message_kind(message: Message) -> str:
    """`Warning`, `Error`, … of a message; `Info` is short for Informative."""
    return message.type.value.removeprefix("esriJobMessageType").replace("Informative", "Info")


def _bar() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True, highlight=False, emoji=False, markup=False)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    progress.start()
    try:
        yield _Bar(progress).show
    finally:
        with suppress(OSError):  # the terminal may be gone
            progress.stop()


class _Bar:
    """The lines of a terminal that change: one for the job, one for each file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        try:
            self._show(event)
        except OSError:  # a terminal that is gone ends no job
            return

    def _show(self, event: Event) -> None:
        match event:
            case StatusChanged(status=status):
                self._update("", description=one_line(status, 60), total=None)
            case MessageCame(message=message):
                self._print(message_line(message), _STYLES.get(message_kind(message), "dim"))
            case ProgressMade(progress=made):
                whole = None if made.percent is None else 100
                text = {"description": one_line(made.message, 60)} if made.message else {}
                self._update("", **text, total=whole, completed=made.percent or 0)
            case Transferred(name=name, done=done, total=total):
                self._update(name, description=one_line(name, 60), total=total, completed=done)
            case Retrying():
                self._print(_retry_text(event), "yellow")

    def _print(self, text: str, style: str) -> None:
        from rich.text import Text

        console = self._progress.console
        console.print(Text(encodable(text, console.encoding), style=style), soft_wrap=True)

    def _update(self, name: str, **changes: Any) -> None:
        if name not in self._lines:
            self._lines[name] = self._progress.add_task("", total=None)
        self._progress.update(self._lines[name], **changes)


def _is_terminal() -> bool:
    from os import environ

    return sys.stderr is not None and sys.stderr.isatty() and environ.get("TERM") != "dumb"


def _say_nothing(event: Event) -> None:
    return None


def _progress_text(text: str, percent: int | None) -> str:
    return one_line(text) if percent is None else f"{one_line(text)} {percent} %"


def _retry_text(event: Retrying) -> str:
    return f"{one_line(event.reason)}; once more in {event.seconds:.1f} s"
