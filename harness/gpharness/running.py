"""What `gpharness run` does: run a task, or come back to a job, and show what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from gp_client.errors import GPError, InvalidInput, JobVanished
from gp_protocol.errors import shown

from gpharness.client_access import FINE, Access, Unreadable, guarded, print_json, print_text, tell
from gpharness.given_addresses import runnable, task_address
from gpharness.given_inputs import Word, input_values, read_words
from gpharness.own_words import own_options, own_words
from gpharness.plain_texts import one_line
from gpharness.result_texts import result_json, result_lines
from gpharness.saving import prepare, save
from gpharness.standard_output import OutputLost
from gpharness.terminal_progress import message_line, shown_progress

if TYPE_CHECKING:
    from gp_client import GPClient, Result, Task
    from gp_client.sessions import Seconds
    from gp_client.wire.addresses import Place


class Wishes(msgspec.Struct, frozen=True):
    """How the results are wanted."""

    out_sr: str | None = None
    save: Path | None = None
    as_json: bool = False
    quiet: bool = False


def run_task(address: str, inputs: Sequence[str], access: Access, wishes: Wishes) -> int:
    """Run the task at an address, or wait for the job there; the exit status."""
    return guarded("run", lambda: _run(address, inputs, access, wishes), as_json=wishes.as_json)


def _run(address: str, inputs: Sequence[str], access: Access, wishes: Wishes) -> int:
    words = read_words(inputs)
    out_sr = spatial_reference_in(wishes.out_sr) if wishes.out_sr else None
    place = runnable(address)
    if place.job_id:
        _refuse_for_a_job(words, wishes)
    if wishes.save is not None:
        prepare(wishes.save)
    access = access.with_password()
    limit = _Limit(access.deadline)
    with (
        own_words(access.deadline),
        shown_progress(quiet=wishes.quiet) as listener,
        access.client(address, listener) as client,
    ):
        with own_options():
            task = client.task(task_address(place)).with_options(out_sr=out_sr)
        warn = _say_nothing if wishes.quiet else _warn
        result = _result(client, task, place, words, limit, warn)
        saved = {} if wishes.save is None else _saved(client, result, wishes, limit)
    if not wishes.quiet:
        _say_besides(result)
    try:
        if wishes.as_json:
            print_json(result_json(result, saved))
        else:
            print_text("\n".join(result_lines(result, saved)))
    except OutputLost as lost:
        lost.job = result.job
        raise
    return FINE


def _refuse_for_a_job(words: list[Word], wishes: Wishes) -> None:
    """What was said when the job was submitted cannot be said once more. Raises InvalidInput."""
    if words:
        raise InvalidInput(
            parameter="inputs",
            met="inputs for a job",
            expected="none",
            remedy="the job has had its inputs",
        )
    if wishes.out_sr:
        raise InvalidInput(
            parameter="--out-sr",
            met=f"{shown(wishes.out_sr)} for a job",
            expected="none",
            remedy="where a job's results lie was decided when it was submitted: leave out --out-sr and "
            "GPHARNESS_OUT_SR, or run the task anew",
        )


def _saved(client: GPClient, result: Result, wishes: Wishes, limit: _Limit) -> dict[str, list[Path]]:
    """What `--save` has written. Where that fails, the results are shown, and their job is named."""
    assert wishes.save is not None
    try:
        return save(
            result, wishes.save, lambda file, path: client.download(file, path, deadline=limit.left())
        )
    except (GPError, Unreadable) as error:
        error.job = error.job or result.job
        if not wishes.as_json:
            print_text("\n".join(result_lines(result, {})))
        raise


class _Limit:
    """The deadline of the whole command, out of which each call gets what is left."""

    def __init__(self, seconds: float | None) -> None:
        self._ends = None if seconds is None else time.monotonic() + seconds

    def left(self) -> Seconds:
        """Seconds; `...`, the client's own limit, where none was given."""
        return ... if self._ends is None else max(0.0, self._ends - time.monotonic())


def _result(
    client: GPClient,
    task: Task,
    place: Place,
    words: list[Word],
    limit: _Limit,
    warn: Callable[[str], None],
) -> Result:
    if place.job_id:
        try:
            return task.job(place.job_id).result(deadline=limit.left())
        except JobVanished as vanished:
            vanished.job = None  # there is none to come back to: an address where nothing is
            raise
    described = task.describe()
    service = client.service(place.service)
    values = input_values(
        words, described.descriptor, lambda path: service.upload(path, deadline=limit.left()), warn
    )
    return task.with_options(deadline=limit.left()).run(values)


def _say_besides(result: Result) -> None:
    """What is odd about the results; of a task that has run at once also its messages."""
    if result.job is None:
        for message in result.messages:
            tell(message_line(message))
    for warning in result.warnings:
        _warn(f"{warning.parameter}: {warning.text}")


def _warn(text: str) -> None:
    tell(f"gpharness run: warning: {one_line(text)}")


def _say_nothing(text: str) -> None:
    return None


def spatial_reference_in(text: str) -> Any:
    """What `--out-sr` names, as the client takes it. Raises InvalidInput for what is no JSON."""
    bare = text.strip()
    if bare.isascii() and bare.isdigit():
        return int(bare[:20])
    if not bare.startswith("{"):
        return bare
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        raise InvalidInput(
            parameter="--out-sr", met=shown(text), expected='JSON such as {"wkid": 25832}'
        ) from None
