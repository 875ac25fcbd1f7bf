"""How a command calls a server, and how it ends when that fails."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
import msgspec
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    InvalidInput,
    JobAddress,
    JobError,
    JobVanished,
    NotSupported,
    ServerError,
)

from gpharness.own_words import own_options
from gpharness.plain_texts import printable, printable_json
from gpharness.standard_output import OutputLost, let_go, written

if TYPE_CHECKING:
    from gp_client import GPClient
    from gp_client.steps import Event

FINE, NO_SUCCESS, WRONG_USAGE, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130


class Access(msgspec.Struct, frozen=True):
    """What the options say about calling a server; None leaves it to the client's own defaults."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    token_url: str | None = None
    trusted_hosts: Sequence[str] = ()
    timeout: float | None = None
    deadline: float | None = None
    leave_running: bool = False

    def __repr__(self) -> str:
        return f"Access(user={self.user!r})"

    def with_password(self) -> Access:
        """The same with the password, which is asked for where a user has none. Raises InvalidInput."""
        return msgspec.structs.replace(self, password=self._password())

    def client(self, address: str, listener: Callable[[Event], object] | None = None) -> GPClient:
        """A client of the server at this address, with the password that there is. Raises InvalidInput."""
        from gp_client import GPClient

        settings: dict[str, Any] = {"leave_running": self.leave_running}
        if self.trusted_hosts:
            settings["trusted_hosts"] = tuple(self.trusted_hosts)
        if self.timeout is not None:
            settings["timeout"] = self.timeout
        if self.deadline is not None:
            settings["deadline"] = self.deadline
        with own_options():
            return GPClient(
                address,
                user=self.user,
                password=self.password,
                token=self.token,
                token_url=self.token_url,
                on_event=listener,
                **settings,
            )

    def _password(self) -> str | None:
        if self.user is not None and not self.user.strip():
            raise InvalidInput(parameter="--user", met="an empty name", expected="the name of a user")
        if self.user is None:
            if self.password is not None:
                raise InvalidInput(
                    parameter="--password",
                    met="a password and no user",
                    expected="both",
                    remedy="give --user, or set GPHARNESS_USER",
                )
            return None
        if self.password is not None:
            return self.password
        if not (sys.stdin and sys.stdin.isatty()):
            raise InvalidInput(
                parameter="--user",
                met=f"{self.user} without a password",
                expected="both",
                remedy="set GPHARNESS_PASSWORD, or run it in a terminal, where the password is asked for",
            )
        try:
            typed: str = click.prompt(f"Password of {printable(self.user)}", hide_input=True, err=True)
        except click.Abort:
            raise KeyboardInterrupt from None
        return typed


class Unreadable(Exception):
    """Something on this machine that was named cannot be used; the text says what. `job` is one that has run
    already."""

    job: JobAddress | None = None


def status_of(error: GPError) -> int:
    """The exit status for what a client raised.

    A job that is not there has its address in `url` alone where that was given, in `job` where it was run.
    """
    if isinstance(error, JobVanished) and error.job is None:
        return WRONG_USAGE
    if isinstance(error, ServerError) and error.job is None and error.code in (400, 404):
        verb = error.url.rstrip("/").rpartition("/")[2]
        return NO_SUCCESS if verb in ("execute", "submitJob") else WRONG_USAGE
    if isinstance(error, JobError | DeadlineExceeded | ServerError):
        return NO_SUCCESS
    if isinstance(error, InvalidInput | AuthError | NotSupported):
        return WRONG_USAGE
    return NOT_REACHED


def guarded(command: str, act: Callable[[], int], *, as_json: bool = False) -> int:
    """What a command does, and its exit status whatever comes of it.

    What went wrong is said on stderr in a line, and with `as_json` on stdout as `{"error": …}` too. Ctrl-C,
    SIGTERM and SIGHUP interrupt what is done as KeyboardInterrupt. A reader of stdout that has left has what
    it wanted, so that is no error.
    """
    caught: list[int] = []
    status = FINE
    try:
        try:
            with interruptible(caught):
                return act()
        except GPError as error:
            status = status_of(error)
            complain(command, str(error))
            if error.job is not None:
                _say_where(error.job, is_over=isinstance(error, JobError | JobVanished))
            if as_json:
                print_json({"error": error.report()})
        except Unreadable as error:
            status = WRONG_USAGE
            complain(command, str(error))
            if error.job is not None:
                _say_where(error.job, is_over=False)
            if as_json:
                print_json({"error": {"kind": "usage", "text": str(error), "job": _place(error.job)}})
        except KeyboardInterrupt as interruption:
            status = 128 + caught[0] if caught else INTERRUPTED
            notes = getattr(interruption, "__notes__", ())
            complain(command, "; ".join(["interrupted", *notes]))
            job = getattr(interruption, "job", None)
            if job is not None:
                _say_where(job, is_over=False)
            if as_json:
                print_json({"error": {"kind": "interrupted", "text": "interrupted", "job": _place(job)}})
    except OutputLost as lost:
        let_go()
        if lost.reader_left:
            return status
        complain(command, str(lost))
        if lost.job is not None:
            _say_where(lost.job, is_over=False)
        return status or WRONG_USAGE
    return status


@contextmanager
def interruptible(caught: list[int]) -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt; `caught` gathers their numbers.

    A SIGHUP that is ignored, as `nohup` does it, stays so.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def complain(command: str, text: str) -> None:
    """A line on stderr."""
    tell(f"gpharness {command}: {text}")


def tell(text: str) -> None:
    """A text on stderr, as far as that takes it: it is never what a command is for."""
    if sys.stderr is None:
        return
    try:
        print(encodable(printable(text), sys.stderr.encoding), file=sys.stderr, flush=True)
    except OSError:
        return


def print_text(text: str) -> None:
    """A text on stdout. Raises OutputLost."""
    with written():
        print(encodable(printable(text), sys.stdout.encoding), flush=True)


def print_exactly(text: str) -> None:
    """A document on stdout as it is, in UTF-8 whatever the terminal's own encoding. Raises OutputLost."""
    with written():
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()


def print_json(value: Any) -> None:
    """A JSON document on stdout, in two-blank indents. Raises OutputLost."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    with written():
        if not _carries(text, sys.stdout.encoding):
            text = json.dumps(value, indent=2)
        print(printable_json(text), flush=True)


def encodable(text: str, encoding: str | None) -> str:
    """The text as a stream of that encoding takes it; what it does not know becomes an escape."""
    encoding = encoding or "utf-8"
    return text if _carries(text, encoding) else text.encode(encoding, "backslashreplace").decode(encoding)


def _carries(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _place(job: JobAddress | None) -> dict[str, str] | None:
    return None if job is None else {"id": job.id, "url": job.url}


def _say_where(job: JobAddress, *, is_over: bool) -> None:
    if not is_over:
        tell(f"come back to the job by: gpharness run {job.url}")
