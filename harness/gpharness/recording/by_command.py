"""What `gpharness record URL` does: show the plan, ask, record, write, and say what was written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from gp_client.errors import InvalidInput, TransportError

from gpharness.client_access import (
    FINE,
    NO_SUCCESS,
    NOT_REACHED,
    WRONG_USAGE,
    complain,
    guarded,
    print_text,
    tell,
)
from gpharness.contracts.errors import ContractError
from gpharness.own_words import own_options, own_words
from gpharness.recording.certificates_trusted import HOW_TO_TRUST, is_distrust
from gpharness.recording.confirming import Declined, confirm_effects
from gpharness.recording.destinations import destination
from gpharness.recording.options import Credentials, Options
from gpharness.recording.plan_texts import plan_lines
from gpharness.recording.plans import Plan
from gpharness.recording.recorder import Recorder
from gpharness.recording.targets import Target, target_of
from gpharness.written_contracts import NotWritten, summary, write

COMMAND = "record"


class Wishes(msgspec.Struct, frozen=True):
    """Beyond what is recorded: where it goes, and who may be asked. `dry_run` ends with the plan."""

    output: Path | None = None
    force: bool = False
    yes: bool = False
    dry_run: bool = False
    quiet: bool = False
    trusted_hosts: Sequence[str] = ()


def closing(act: Callable[[], int]) -> int:
    """What a command does, its errors as lines, and its exit status."""

    def acted() -> int:
        try:
            return act()
        except Declined as declined:
            complain(COMMAND, str(declined))
            return NO_SUCCESS
        except (ContractError, NotWritten) as error:
            complain(COMMAND, str(error))
            return WRONG_USAGE
        except TransportError as error:
            if not is_distrust(str(error)):
                raise
            complain(COMMAND, f"{error}; {HOW_TO_TRUST}")
            return NOT_REACHED

    return guarded(COMMAND, acted)


def record_by_command(url: str, options: Options, credentials: Credentials, wishes: Wishes) -> int:
    """Record a server; the exit status: 1 where something could not be recorded whole. Raises GPError,
    Unreadable, Declined, ContractError and KeyboardInterrupt; `closing` makes lines and statuses of them."""
    with own_options("URL"):
        target = target_of(url)
    path = destination(wishes.output, target, force=wishes.force)
    recorder = Recorder(
        target,
        options,
        credentials,
        trusted_hosts=wishes.trusted_hosts,
        listener=progress_teller(quiet=wishes.quiet),
    )
    try:
        with own_words():
            plan = recorder.plan()
            _check_a_task_runs(plan, target)
            if not wishes.quiet or wishes.dry_run:
                for line in plan_lines(plan, target, options, path):
                    tell(line)
            if wishes.dry_run:
                return FINE
            confirm_effects(plan.effects, target, yes=wishes.yes)
            return _carried_out(recorder, plan, path)
    finally:
        recorder.close()


def _check_a_task_runs(plan: Plan, target: Target) -> None:
    """A task that was asked for by its address is not left out with a mere word."""
    if target.task and not plan.runs and not plan.wrong:
        reason = next(iter(plan.left_out.values()), "there is nothing to run")
        raise InvalidInput(parameter="inputs", met="none", expected=f"some: the task {reason}")


def _carried_out(recorder: Recorder, plan: Plan, path: Path) -> int:
    """Record, and write what is complete whatever ends it."""
    try:
        recorder.carry_out(plan)
    except (KeyboardInterrupt, TransportError):
        contract = recorder.recording().contract
        write(contract, path)
        tell(f"what is complete is kept: {summary(contract, path)}")
        raise
    recording = recorder.recording()
    write(recording.contract, path)
    for line in recording.left_over:
        tell(f"  not in the contract: {line}")
    for line in recording.failures:
        complain(COMMAND, line)
    print_text(summary(recording.contract, path))
    return NO_SUCCESS if recording.failures else FINE


def progress_teller(*, quiet: bool) -> Callable[[str], object]:
    """Says what is done next, in a terminal alone."""
    if quiet or not _is_terminal():
        return lambda text: None
    return lambda text: tell(f"  {text}")


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
