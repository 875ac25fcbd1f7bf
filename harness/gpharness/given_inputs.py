"""The inputs of a task as words of a command line: `name=value`, `name=@file`.

A value is written as in the form of a task's page in a services directory, so it is read as leniently as
servers read those: JSON in single quotes, `5 Miles`, `true`. The client then sends it strictly.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from gp_client.errors import InvalidInput
from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.values.data_types import DATA_TYPES, data_type

from gpharness.client_access import Unreadable
from gpharness.vector_files import read_vector_file, vector_file

FORMS = "name=value, name=@file, or name=@@text for a text that begins with @"
STDIN = "-"
_UPLOADED = frozenset({"GPDataFile", "GPRasterDataLayer", "GPRasterData"})
_FEATURES = frozenset({"GPFeatureRecordSetLayer", "GPRecordSet"})
_DATES = "GPDate", "GPMultiValue:GPDate"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_FORMS = (
    "a date such as 2026-01-31, 2026-01-31T12:30:00, 2026-01-31T12:30Z (UTC unless it has a zone), "
    'ms since 1970, or {"date": …, "format": …}'
)
_GEOJSON = frozenset(
    {
        "Feature",
        "FeatureCollection",
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)
Upload = Callable[[Path], Any]
"""Sends a file to the service and returns what refers to it."""


class Word(msgspec.Struct, frozen=True):
    """One input: its text, or the file (`-`: stdin) that has it."""

    name: str
    text: str = ""
    file: str | None = None


def read_words(words: Sequence[str]) -> list[Word]:
    """The words of a command line. Raises InvalidInput."""
    found: list[Word] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise InvalidInput(parameter="inputs", met=shown(word), expected=FORMS)
        if any(each.name == name for each in found):
            raise InvalidInput(
                parameter=name,
                met="two values",
                expected="one",
                remedy="several values of a GPMultiValue are a JSON array",
            )
        if text == "@":
            raise InvalidInput(parameter=name, met="@ without a file", expected=FORMS)
        if text.startswith("@@"):
            found.append(Word(name, text[1:]))
        elif text.startswith("@"):
            found.append(Word(name, file=text[1:]))
        else:
            found.append(Word(name, text))
    if sum(each.file == STDIN for each in found) > 1:
        raise InvalidInput(parameter="inputs", met="two inputs from stdin", expected="one")
    return found


def input_values(
    words: Sequence[Word], task: Task, upload: Upload, warn: Callable[[str], object]
) -> dict[str, Any]:
    """The inputs for the client; a name that the task does not have is left for it to refuse.

    `warn` is told what is odd about a file that is read all the same. Every text is read before any file is
    uploaded. Raises InvalidInput, Unreadable, and what `upload` raises.
    """
    values: dict[str, Any] = {}
    files: dict[str, Path] = {}
    for word in words:
        parameter = next((each for each in task.inputs if each.name == word.name), None)
        if parameter is None:
            values[word.name] = word.text
        elif word.file is None:
            values[word.name] = value_of(parameter, word.text)
        elif parameter.data_type in _UPLOADED:
            files[word.name] = _existing(word)
        else:
            values[word.name] = _file_value(parameter, word, warn)
    for name, path in files.items():
        values[name] = upload(path)
    return {word.name: values[word.name] for word in words}


def value_of(parameter: Parameter, text: str) -> Any:
    """A text as a value of the parameter. Raises InvalidInput."""
    if parameter.data_type not in DATA_TYPES:
        return _json_or_text(text)
    if parameter.data_type in _FEATURES and (collection := _geojson_in(text)) is not None:
        return collection
    is_date = parameter.data_type in _DATES
    if is_date and (dates := _dates_in(text)) is not None:
        return dates
    try:
        return data_type(parameter.data_type).decode_input(text, parameter)
    except ProtocolError as error:
        raise InvalidInput(
            parameter=parameter.name,
            met=error.met,
            expected=_DATE_FORMS if is_date else error.expected,
            remedy="" if is_date else error.remedy,
            path=error.path,
        ) from None


def _dates_in(text: str) -> Any:
    """A date, or the dates of a JSON array, in the form that results are printed in and in shorter ones; UTC
    unless they name a zone. None where it, or any of them, is in another form."""
    if text.lstrip().startswith("["):
        listed = _json_or_text(text)
        if not isinstance(listed, list):
            return None
        dates = [_dates_in(each) if isinstance(each, str) else None for each in listed]
        return None if None in dates else dates
    if not _DATE.match(text.strip()):
        return None
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def _geojson_in(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("type") in _GEOJSON else None


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _file_value(parameter: Parameter, word: Word, warn: Callable[[str], object]) -> Any:
    if word.file is not None and word.file != STDIN and parameter.data_type in _FEATURES:
        file = vector_file(word.file)
        if file is not None:
            with_geometry = parameter.data_type == "GPFeatureRecordSetLayer"
            return read_vector_file(word.name, file, with_geometry=with_geometry, warn=warn)
        _existing(word)
    return value_of(parameter, _content(word))


def _existing(word: Word) -> Path:
    path = Path(word.file or "")
    if word.file == STDIN:
        raise Unreadable(f"{word.name}: a file that is uploaded has to have a name; stdin has none")
    if not path.exists():
        raise Unreadable(f"{word.name}: no file {path}")
    return path


def _content(word: Word) -> str:
    """A file's text, or stdin's. Raises Unreadable."""
    try:
        if word.file == STDIN:
            content = sys.stdin.buffer.read() if sys.stdin is not None else b""
        else:
            content = Path(word.file or "").read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{word.name}: {word.file} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{word.name}: {word.file} is no text in UTF-8") from None
