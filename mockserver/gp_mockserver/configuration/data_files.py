"""Reads YAML and JSON files strictly: what a reader of the file would not expect is an error that says where.

YAML is read by the rules of its version 1.2, of which JSON is a part: `no` and `2024-05-01` are texts, `1E5`
is a number, every key of a mapping is a text (`911: …`), and JSON may stand anywhere in it as a server
printed it, tabs and surrogate pairs included. Keys that stand twice, numbers that are not finite and aliases
that multiply are errors.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_protocol.errors import shown

from gp_mockserver.errors import SiteFileError

if TYPE_CHECKING:
    import yaml

MAX_VALUES = 2_000_000
"""How many values a file may hold once its aliases are written out."""

_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_TAB_SENSITIVE = re.compile(
    r"""(?:^|(?<=[\s,\[{:]))(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|\#[^\n]*)|[\[\]{}]|\n[ \t]*\t[ \t]*""",
    re.DOTALL,
)
"""What tells whether a line that starts with a tab stands within JSON: quotes, comments and brackets."""
_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?[0-9]+$")
_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
)


def read_data(path: Path, file: str) -> Any:
    """The data of a `.json` file, or of a YAML file of any other name; `file` is what errors call it.

    Raises SiteFileError where the file cannot be read or its text is broken.
    """
    return parse_data(read_text(path, file), path, file)


def parse_data(text: str, path: Path, file: str) -> Any:
    """The data of a file's text, by the file's name. Raises SiteFileError."""
    return parse_json(text, file) if path.suffix.lower() == ".json" else parse_yaml(text, file)


def read_text(path: Path, file: str) -> str:
    """A text file in UTF-8, or in UTF-16 with a byte order mark. Raises SiteFileError."""
    try:
        content = path.read_bytes()
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return content.decode(encoding)
    except OSError as error:
        raise SiteFileError("", error.strerror or str(error), "a file that can be read", file=file) from error
    except UnicodeDecodeError as error:
        raise SiteFileError(
            "", f"bytes that are no {error.encoding} at {error.start}", "UTF-8", file=file
        ) from error


def parse_json(text: str, file: str = "") -> Any:
    """Strict JSON without NaN, numbers beyond a double, and keys that stand twice. Raises SiteFileError."""

    def refuse(literal: str) -> float:
        number = float(literal)
        if not math.isfinite(number):
            raise SiteFileError("", literal, "a finite number", file=file)
        return number

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise SiteFileError(
                    "", f"the key {shown(key)} twice in one object", "each key once", file=file
                )
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise SiteFileError(place, error.msg[0].lower() + error.msg[1:], "JSON", file=file) from error
    except (RecursionError, ValueError) as error:
        raise SiteFileError("", str(error), "JSON of a sensible depth and size", file=file) from error


def parse_yaml(text: str, file: str = "") -> Any:
    """One YAML document. Raises SiteFileError."""
    import yaml

    try:
        loader = _loader_class()(_SURROGATES.sub(_joined, _without_tabs(text)))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _count_values(node, {})
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        met = ", ".join(part for part in (error.context, error.problem) if part)
        raise SiteFileError(place, met, "YAML or JSON", str(error.note or ""), file) from error
    except yaml.YAMLError as error:
        raise SiteFileError("", " ".join(str(error).split()), "YAML or JSON", file=file) from error
    except RecursionError as error:
        raise SiteFileError("", "values nested too deeply", "YAML of a sensible depth", file=file) from error


def _without_tabs(text: str) -> str:
    """The text with blanks for tabs where lines of JSON start: YAML trips over some of them."""
    depth = 0

    def blank(token: re.Match[str]) -> str:
        nonlocal depth
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth = max(depth - 1, 0)
        elif depth and token[0][0] == "\n":
            return token[0].replace("\t", " ")
        return token[0]

    return _TAB_SENSITIVE.sub(blank, text) if "\t" in text else text


def _joined(pair: re.Match[str]) -> str:
    character: str = json.loads(f'"{pair[2]}"')
    return pair[1] + character


def _count_values(node: yaml.Node, counted: dict[int, int | None]) -> int:
    """The number of values below a node, each alias counted as often as it stands."""
    import yaml

    if id(node) in counted:
        known = counted[id(node)]
        if known is None:
            raise yaml.constructor.ConstructorError(None, None, "an alias that holds itself", node.start_mark)
        return known
    counted[id(node)] = None
    number = 1
    if isinstance(node, yaml.SequenceNode):
        number += sum(_count_values(item, counted) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        number += sum(_count_values(value, counted) for _, value in node.value)
    if number > MAX_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"more than {MAX_VALUES} values once aliases are written out", node.start_mark
        )
    counted[id(node)] = number
    return number


@cache
def _loader_class() -> type[yaml.SafeLoader]:
    import yaml

    parent: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def fault(problem: str, node: yaml.Node, remedy: str = "") -> yaml.MarkedYAMLError:
        return yaml.constructor.ConstructorError(None, None, problem, node.start_mark, remedy)

    class SiteLoader(parent):  # type: ignore[valid-type, misc]
        yaml_implicit_resolvers: dict[str | None, Any] = {}  # noqa: RUF012
        yaml_constructors: dict[str | None, Any] = {}  # noqa: RUF012

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise fault("a key that is no text", key)
                if key.tag == f"{_TAG}merge":
                    continue
                key.tag = f"{_TAG}str"
                if key.value in seen:
                    raise fault(f"the key {shown(key.value)} twice", key, "write each key of a mapping once")
                seen.add(key.value)
            return super().construct_mapping(node, deep)  # type: ignore[no-any-return]

        def construct_number(self, node: yaml.ScalarNode) -> int | float:
            literal = node.value.lower()
            if _INTEGER.match(literal) and len(literal) <= 400:
                return int(literal)
            number = float(literal.replace(".inf", "inf").replace(".nan", "nan"))
            if not math.isfinite(number):
                raise fault(f"the number {shown(node.value)}", node, "give a finite number")
            return number

        def construct_undefined(self, node: yaml.Node) -> Any:
            raise fault(f"the tag {node.tag}", node, "write plain values: no tags are needed")

    for tag, pattern, first in (
        ("null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
        ("bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
        ("float", _NUMBER, list("-+.0123456789")),
        ("merge", re.compile(r"<<$"), ["<"]),
    ):
        SiteLoader.add_implicit_resolver(_TAG + tag, pattern, first)
    constructors = {
        "null": parent.construct_yaml_null,
        "bool": parent.construct_yaml_bool,
        "str": parent.construct_yaml_str,
        "seq": parent.construct_yaml_seq,
        "map": parent.construct_yaml_map,
        "int": SiteLoader.construct_number,
        "float": SiteLoader.construct_number,
    }
    for tag, constructor in constructors.items():
        SiteLoader.add_constructor(_TAG + tag, constructor)
    SiteLoader.add_constructor(None, SiteLoader.construct_undefined)
    return SiteLoader
