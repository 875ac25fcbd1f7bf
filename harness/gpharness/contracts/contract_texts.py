"""Contracts' data as YAML that reads well and that a diff shows well, and back again.

What is written is YAML 1.2 that a reader of YAML 1.1 takes alike: mappings and lists stand in lines of their
own, lists of numbers (rings) in brackets, wrapped, texts of several lines as they are. Every value comes back
as it was: whole numbers of any size, numbers with 17 digits, texts that look like something else, and halves
of surrogate pairs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeGuard

from gp_protocol.errors import shown

WIDTH: Final = 110
_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./$@+()-]*(?: [A-Za-z0-9_./$@+()-]+)*\Z")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
"""What YAML does not take as it is, or takes for the end of a line."""
_HALF: Final = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u(?:(?P<high>[dD][89abAB][0-9a-fA-F]{2})(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<low>(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_LONGEST_KEY: Final = 900
"""Characters of a key in one line with its value; YAML allows 1,024."""


def yaml_text(data: Any) -> str:
    """Data of JSON's kinds as YAML. Raises ValueError, which names the place, for a number that is not
    finite."""
    if not isinstance(data, dict | list) or not data:
        return f"{_scalar(data, '')}\n"
    return "\n".join(_block(data, 0, "")) + "\n"


def _block(data: Any, indent: int, path: str) -> Iterator[str]:
    """The lines of a mapping or a list that is not empty."""
    lead = " " * indent
    if isinstance(data, dict):
        for key, value in data.items():
            name = _key(str(key))
            if len(name) > _LONGEST_KEY:
                yield f"{lead}? {name}"
                name = ""
            yield from _member(f"{lead}{name}:", value, indent + 2, f"{path}.{key}" if path else str(key))
        return
    for place, value in enumerate(data):
        inner = f"{path}[{place}]"
        if isinstance(value, dict | list) and value and not _is_numbers(value):
            lines = _block(value, indent + 2, inner)
            yield f"{lead}- {next(lines)[indent + 2 :]}"
            yield from lines
        else:
            yield from _member(f"{lead}-", value, indent + 2, inner)


def _member(lead: str, value: Any, indent: int, path: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        if _is_numbers(value):
            yield from _wrapped(lead, value, indent, path)
        else:
            yield lead
            yield from _block(value, indent, path)
    elif isinstance(value, str) and _reads_well_in_lines(value):
        yield f"{lead} {'|' if value.endswith(chr(10)) else '|-'}"
        yield from (f"{' ' * indent}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{lead} {_scalar(value, path)}"


def _is_numbers(value: Any) -> TypeGuard[list[Any]]:
    """Whether a list holds numbers alone, be they in lists of their own."""
    if not isinstance(value, list) or not value:
        return False
    stack = list(value)
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack += each
        elif not isinstance(each, int | float) or isinstance(each, bool):
            return False
    return True


def _wrapped(lead: str, value: list[Any], indent: int, path: str) -> Iterator[str]:
    """A list of numbers in brackets, in lines of at most WIDTH characters where it does not fit into one."""
    line = f"{lead} "
    for piece in _pieces(value, path):
        if len(line) + len(piece) > WIDTH and line.strip():
            yield line.rstrip()
            line = " " * indent
        line += piece
    yield line.rstrip()


def _pieces(value: list[Any], path: str, after: str = "") -> Iterator[str]:
    """The parts of a list of numbers between which a line may end: points stay whole."""
    if not any(isinstance(each, list) and each for each in value):
        numbers = [_number(each, path) if not isinstance(each, list) else "[]" for each in value]
        if len(numbers) <= 4:
            yield f"[{', '.join(numbers)}]{after}"
            return
        yield f"[{numbers[0]}, "
        yield from (f"{each}, " for each in numbers[1:-1])
        yield f"{numbers[-1]}]{after}"
        return
    opening = "["
    for place, each in enumerate(value):
        end = "]" + after if place == len(value) - 1 else ", "
        inner = _pieces(each, path, end) if isinstance(each, list) else iter([_number(each, path) + end])
        for piece in inner:
            yield opening + piece
            opening = ""


def _number(value: float, path: str) -> str:
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"{path}: met {value}, expected a finite number")
    text = repr(value)
    if "e" in text and "." not in text:  # as YAML 1.1 wants it
        text = text.replace("e", ".0e")
    return text


def _scalar(value: Any, path: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value, path)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict | list) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    raise ValueError(f"{path}: met {shown(value)}, expected a value of JSON")


def _key(key: str) -> str:
    return key if _PLAIN.match(key) and key.lower() not in _WORDS else _text(key)


def _text(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    if ('"' in text or "\\" in text) and not _needs_escapes(text):
        return "'" + text.replace("'", "''") + "'"
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(_escape, quoted)


def _needs_escapes(text: str) -> bool:
    return "\n" in text or "\t" in text or "\\u" in text or _ESCAPED.search(text) is not None


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _reads_well_in_lines(text: str) -> bool:
    """Whether a text comes back as it was where it stands in lines of its own."""
    body = text.removesuffix("\n")
    return (
        "\n" in body
        and not body.startswith((" ", "\n", "#", "%", "-", "."))
        and not body.endswith("\n")
        and not _needs_escapes(body.replace("\n", ""))
        and not any(line.isspace() for line in body.split("\n"))
    )


def read_yaml(text: str, file: str) -> Any:
    """What YAML of `yaml_text`, or of people, says. Raises SiteFileError."""
    from gp_mockserver.configuration.data_files import parse_yaml

    if _HALF.search(text) is None:
        return parse_yaml(text, file)
    base = _free_range(text)
    data = parse_yaml(_HALF.sub(lambda found: _in_place(found, base), text), file)
    stand_ins = re.compile(f"[{chr(base)}-{chr(base + 0x7FF)}]")
    return _with_halves(data, stand_ins, base)


def _free_range(text: str) -> int:
    """The first of 2,048 characters for private use of which the text has none."""
    taken = {ord(each) >> 11 for each in text if ord(each) >= 0xF0000}
    taken |= {int(each, 16) >> 11 for each in re.findall(r"\\U([0-9a-fA-F]{8})", text)}
    return next(place << 11 for place in range(0xF0000 >> 11, 0x10F800 >> 11) if place not in taken)


def _in_place(found: re.Match[str], base: int) -> str:
    return f"{found[1]}{chr(base + int(found['high'] or found['low'], 16) - 0xD800)}"


def _with_halves(data: Any, stand_ins: re.Pattern[str], base: int) -> Any:
    if isinstance(data, str):
        return stand_ins.sub(lambda found: chr(ord(found[0]) - base + 0xD800), data)
    if isinstance(data, list):
        return [_with_halves(each, stand_ins, base) for each in data]
    if isinstance(data, dict):
        return {
            _with_halves(key, stand_ins, base): _with_halves(each, stand_ins, base)
            for key, each in data.items()
        }
    return data


def read_data(path: Path) -> Any:
    """The data of a YAML or JSON file. Raises ContractFileError."""
    from gp_mockserver.configuration.data_files import parse_json, read_text
    from gp_mockserver.errors import SiteFileError

    from gpharness.contracts.errors import ContractFileError

    file = str(path)
    try:
        text = read_text(path, file)
        return parse_json(text, file) if path.suffix.lower() == ".json" else read_yaml(text, file)
    except SiteFileError as error:
        raise ContractFileError(file, error.path, error.met, error.expected, error.remedy) from None
