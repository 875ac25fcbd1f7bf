"""With which inputs a task is run: its defaults, those that were given, or generated ones.

All are held to the task's descriptor before anything is sent.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from gp_client.descriptors import TaskDescription
from gp_client.errors import GPError, InvalidInput
from gp_client.inputs.inputs import encode_inputs
from gp_protocol.descriptions.descriptors import Parameter, ParameterType
from gp_protocol.values.references import ItemReference

from gpharness.given_inputs import Word, input_values, read_words

_MOST_TRIES = 20
"""Draws for one set of inputs until it is one that the descriptor allows."""
_OPTIONAL = 0.7
"""How likely an optional input is given in a generated set."""
_NEVER_GENERATED = ("context", "esri_out_feature_service_name", "esri_out_image_service")
"""Inputs that decide how an answer is made or where it is published: a made-up value would leave a service
behind."""


class InputSet(msgspec.Struct, frozen=True):
    """`label` says where the inputs are from. `values` are Python's, by parameter name; `uploads` are files
    that have to be uploaded before the task runs."""

    label: str
    values: Mapping[str, Any] = {}
    uploads: Mapping[str, Path] = {}

    def texts(self, task: TaskDescription, items: Mapping[str, Any] | None = None) -> dict[str, str]:
        """The texts of the form; `items` are what the uploads became. Raises InvalidInput."""
        stand_ins = {name: ItemReference("i0") for name in self.uploads}
        values = {**self.values, **stand_ins, **(items or {})}
        return encode_inputs(task.descriptor, values, url=task.url, version=task.version)


class NoInputs(Exception):
    """A task cannot be run; the text says why."""


def default_inputs(task: TaskDescription) -> InputSet:
    """Nothing, by which every input takes its default. Raises NoInputs where a required one has none."""
    found = InputSet("default inputs")
    try:
        found.texts(task)
    except InvalidInput as error:
        raise NoInputs(f"needs {_listed(error)}; give its inputs, or --generate N") from None
    except GPError as error:
        raise NoInputs(str(error.text)) from None
    return found


def given_inputs(task: TaskDescription, words: Sequence[str], label: str = "given inputs") -> InputSet:
    """Inputs as words of a command line. Raises InvalidInput and Unreadable."""
    return _of_words(task, read_words(words), label)


def inputs_of_a_set(
    task: TaskDescription, values: Mapping[str, Any], label: str, folder: Path | None = None
) -> InputSet:
    """Inputs as a file has them: texts as on a command line, `@file` from `folder` on, the rest JSON. Raises
    InvalidInput and Unreadable."""
    words = []
    for name, value in values.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else _json_text(value)
        if isinstance(value, str) and text.startswith("@@"):
            words.append(Word(name, text[1:]))
        elif isinstance(value, str) and text.startswith("@") and len(text) > 1:
            words.append(Word(name, file=str((folder or Path()) / text[1:])))
        else:
            words.append(Word(name, text))
    return _of_words(task, words, label)


def generated_inputs(task: TaskDescription, count: int, seed: int) -> Iterator[InputSet]:
    """`count` sets that the descriptor allows, the same for the same seed. The first gives every input that
    can be made up. Raises NoInputs where a required one cannot."""
    for number in range(1, count + 1):
        yield _generated(task, number, seed)


def _generated(task: TaskDescription, number: int, seed: int) -> InputSet:
    reason = ""
    for attempt in range(_MOST_TRIES):
        key = f"{seed}\0{task.descriptor.label}\0{number}\0{attempt}"
        chance = 1.0 if number == 1 and attempt < _MOST_TRIES // 2 else _OPTIONAL
        made = InputSet(f"generated inputs {number} of seed {seed}", _drawn(task, key, seed, chance))
        try:
            made.texts(task)
        except InvalidInput as error:
            reason = str(error.text)
        except GPError as error:
            raise NoInputs(str(error.text)) from None
        else:
            return made
    raise NoInputs(f"no inputs could be made up: {reason}")


def _drawn(task: TaskDescription, key: str, seed: int, chance: float) -> dict[str, Any]:
    from gp_mockserver.tools.generated_values import generate

    rng = random.Random(key)
    values: dict[str, Any] = {}
    for parameter in task.inputs:
        required = parameter.parameter_type is ParameterType.REQUIRED
        wanted = required or rng.random() < chance
        if not wanted or (not required and parameter.name in _NEVER_GENERATED):
            continue
        value = generate(parameter, seed=seed, inputs=values, key=key.encode())
        if value is None:
            if required and not _has_default(task, parameter):
                raise NoInputs(
                    f"{parameter.name} ({parameter.data_type}) cannot be made up; give its inputs instead"
                )
            continue
        if required or _is_allowed(task, parameter, value):
            values[parameter.name] = value
    return values


def _has_default(task: TaskDescription, parameter: Parameter) -> bool:
    others = tuple(each for each in task.descriptor.parameters if each.name == parameter.name)
    alone = msgspec.structs.replace(task.descriptor, parameters=others)
    try:
        encode_inputs(alone, {})
    except GPError:
        return False
    return True


def _is_allowed(task: TaskDescription, parameter: Parameter, value: Any) -> bool:
    try:
        encode_inputs(task.descriptor, {parameter.name: value}, version=task.version, may_miss=True)
    except GPError:
        return False
    return True


def _of_words(task: TaskDescription, words: Sequence[Word], label: str) -> InputSet:
    uploads: dict[str, Path] = {}
    values = input_values(words, task.descriptor, lambda path: path, lambda text: None)
    for name, value in list(values.items()):
        if isinstance(value, Path):
            uploads[name] = values.pop(name)
    found = InputSet(label, values, uploads)
    found.texts(task)
    return found


def _json_text(value: Any) -> str:
    """A value of YAML as JSON's text; a date, which YAML reads by itself, as it was written."""
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)


def _listed(error: InvalidInput) -> str:
    """Which inputs are missing, from the client's words."""
    return error.expected.partition("no default: ")[2] or str(error.text)
