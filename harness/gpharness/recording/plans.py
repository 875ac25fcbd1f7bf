"""What a recording is going to do, before it does anything that leaves a trace on the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from gp_client.descriptors import ServiceDescription, TaskDescription
from gp_client.errors import InvalidInput
from gp_protocol.suggestions import did_you_mean, some_of

from gpharness.client_access import Unreadable
from gpharness.contracts.contract import Conversation
from gpharness.recording.input_sets import (
    InputSet,
    NoInputs,
    default_inputs,
    generated_inputs,
    given_inputs,
    inputs_of_a_set,
)
from gpharness.recording.names import name_of
from gpharness.recording.options import Options
from gpharness.recording.targets import is_named
from gpharness.recording.wrong_requests import unknown_task, wrong_requests

Effect = Literal["run", "upload", "cancel", "wrong"]


class Described(msgspec.Struct):
    """What was read of a server: services by `Folder/Service`, tasks by `Folder/Service/Label`; `unreadable`
    are those that could not be read, and why."""

    services: dict[str, ServiceDescription] = {}
    tasks: dict[str, TaskDescription] = {}
    unreadable: dict[str, str] = {}


class Run(msgspec.Struct):
    """One run of a task. `cancelled`: its job is asked to end as soon as it is submitted."""

    task: str
    inputs: InputSet
    cancelled: bool = False

    @property
    def name(self) -> str:
        """What the conversation is called."""
        return name_of(self.task, "cancelled" if self.cancelled else self.inputs.label)


class Plan(msgspec.Struct):
    """`wrong` are the requests that are wrong on purpose; `left_out` says of which tasks nothing is run, and
    why."""

    runs: list[Run] = []
    wrong: list[Conversation] = []
    left_out: dict[str, str] = {}

    @property
    def effects(self) -> list[Effect]:
        """What it does to a server, beyond reading."""
        found: list[Effect] = []
        if self.runs:
            found.append("run")
        if any(run.inputs.uploads for run in self.runs):
            found.append("upload")
        if any(run.cancelled for run in self.runs):
            found.append("cancel")
        if self.wrong:
            found.append("wrong")
        return found


def planned(described: Described, options: Options) -> Plan:
    """Which tasks are run, with which inputs. Raises InvalidInput and Unreadable for inputs, patterns and
    tasks to cancel that do not fit what is there."""
    tasks = {name: task for name, task in described.tasks.items() if _is_wanted(name, options)}
    _check_words("--only", options.only, described.tasks)
    _check_words("--cancel", options.cancel, tasks)
    plan = Plan(left_out=dict(described.unreadable))
    sets = _sets_by_task(tasks, options)
    for name, task in tasks.items():
        try:
            plan.runs += [Run(name, inputs) for inputs in _inputs(name, task, sets, options)]
        except NoInputs as reason:
            plan.left_out[name] = str(reason)
    for name in tasks:
        if any(is_named(name, pattern) for pattern in options.cancel):
            plan.runs += _to_cancel(name, tasks[name], plan, options)
    if options.wrong:
        plan.wrong = list(_wrong(tasks, plan))
    return plan


def _is_wanted(name: str, options: Options) -> bool:
    return not options.only or any(is_named(name, pattern) for pattern in options.only)


def _check_words(option: str, words: Sequence[str], tasks: Mapping[str, TaskDescription]) -> None:
    """Every word that names tasks has to name one."""
    for word in words:
        if not any(is_named(name, word) for name in tasks):
            raise _no_such_task(option, word, tasks)


def _no_such_task(option: str, word: str, tasks: Mapping[str, Any]) -> InvalidInput:
    return InvalidInput(
        parameter=option,
        met=word,
        expected=some_of(list(tasks)) if tasks else "a task, and there is none",
        remedy=did_you_mean(word, [*(each.rpartition("/")[2] for each in tasks), *tasks]),
    )


def _sets_by_task(
    tasks: Mapping[str, TaskDescription], options: Options
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The given sets of inputs by the full name of their task."""
    one = next(iter(tasks), "")
    if (options.given or (options.sets and "" in options.sets)) and len(tasks) != 1:
        raise InvalidInput(
            parameter="inputs",
            met=f"inputs for {len(tasks)} tasks",
            expected="one task",
            remedy="give the address of the task, or --only TASK, or --inputs FILE that names each task",
        )
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for word, sets in (options.sets or {}).items():
        named = [name for name in tasks if is_named(name, word)] if word else [one]
        if not named:
            raise _no_such_task("--inputs", word, tasks)
        for name in named:
            found[name] = sets
    return found


def _inputs(
    name: str, task: TaskDescription, sets: Mapping[str, Sequence[Mapping[str, Any]]], options: Options
) -> Iterator[InputSet]:
    """Raises NoInputs, and for what was given InvalidInput and Unreadable."""
    if options.given:
        yield given_inputs(task, options.given)
    for number, each in enumerate(sets.get(name, ()), 1):
        label = f"given inputs {number}"
        try:
            yield inputs_of_a_set(task, each, label, options.folder)
        except InvalidInput as error:
            error.text = f"--inputs {name}[{number - 1}]: {error.text}"
            raise
        except Unreadable as error:
            raise Unreadable(f"--inputs {name}[{number - 1}]: {error}") from None
    if options.generate:
        yield from generated_inputs(task, options.generate, options.seed)
    elif not options.given and not options.sets:
        yield default_inputs(task)
    elif options.sets and name not in sets:
        raise NoInputs("the file of inputs has none for it")


def _to_cancel(name: str, task: TaskDescription, plan: Plan, options: Options) -> list[Run]:
    """One more run of a task, to cancel it. Raises InvalidInput for a task that has no jobs."""
    if task.is_synchronous:
        raise InvalidInput(
            parameter="--cancel", met=f"{name}, which is synchronous", expected="a task that makes jobs"
        )
    inputs = next((run.inputs for run in plan.runs if run.task == name), None)
    if inputs is None:
        raise InvalidInput(
            parameter="--cancel",
            met=f"{name}, which {plan.left_out.get(name, 'has no inputs')}",
            expected="a task that can be run",
        )
    return [Run(name, inputs, cancelled=True)]


def _wrong(tasks: Mapping[str, TaskDescription], plan: Plan) -> Iterator[Conversation]:
    for service in dict.fromkeys(name.rpartition("/")[0] for name in tasks):
        yield unknown_task(service)
    for name, task in tasks.items():
        run = next((run for run in plan.runs if run.task == name and not run.inputs.uploads), None)
        yield from wrong_requests(name, task, run.inputs.texts(task) if run is not None else None)
