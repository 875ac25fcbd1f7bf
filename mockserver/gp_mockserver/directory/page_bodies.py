"""What is between a page's breadcrumbs and its end: a heading, a template and the values that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from gp_mockserver.directory.value_trees import MAX_TEXT, Node, shown_text, tree
from gp_mockserver.wire.replies import AnyReply
from gp_mockserver.wire.requests import Request


class Body(msgspec.Struct, frozen=True):
    """A page's own part. The heading is the title, unless there is another."""

    title: str
    template: str
    values: Mapping[str, Any]
    heading: str = ""


Maker = Callable[[AnyReply, Request], Body | None]
"""Makes the body of a resource's page; None leaves it to the page that any resource can have."""


class Line(NamedTuple):
    """A job's message as a line; `kind` is `informative`, `warning`, `error` …"""

    kind: str
    text: str


_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_-]")
_LABELS: Final = {
    "helpUrl": "Help URL",
    "cimVersion": "CIM Version",
    "resultMapServerName": "Result Map Server Name",
    "json-schema": "JSON Schema",
}
_MAX_LINES: Final = 2000
_MAX_LETTERS: Final = 300_000


def label_of(key: str) -> str:
    """A JSON key as a label: `maximumRecords` is `Maximum Records`."""
    if key in _LABELS:
        return _LABELS[key]
    words = shown_text(_WORDS.sub(" ", key), 200)
    return words[:1].upper() + words[1:]


def facts(value: Any, *, without: Iterable[str] = (), with_tokens: bool = False) -> list[Node]:
    """A JSON value as labelled values; of an object each member but those left out."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value, enc_hook=str)
    if not isinstance(value, Mapping):
        return [tree(value, with_tokens=with_tokens)]
    whole = tree({key: each for key, each in value.items() if key not in without}, with_tokens=with_tokens)
    if whole.children is None:
        return []
    nodes = [msgspec.structs.replace(node, label=label_of(node.label)) for node in whole.children]
    return [*nodes, Node(cut=whole.cut)] if whole.cut else nodes


def message_lines(messages: Iterable[Any]) -> tuple[list[Line], str]:
    """Messages as lines such as `esriJobMessageTypeInformative: Submitted.`, and what was left out: the
    earlier ones, where there are too many for a page."""
    every = list(messages)
    lines: list[Line] = []
    letters = 0
    for message in reversed(every[-_MAX_LINES:]):
        kind, text = _message(message)
        line = Line(
            kind.removeprefix("esriJobMessageType").lower(), f"{kind}: {shown_text(text, 10 * MAX_TEXT)}"
        )
        letters += len(line.text)
        if letters > _MAX_LETTERS:
            break
        lines.append(line)
    missing = len(every) - len(lines)
    return lines[::-1], f"{missing} earlier messages are not shown here: the JSON has them" if missing else ""


def _message(message: Any) -> tuple[str, str]:
    if isinstance(message, Mapping):
        return str(message.get("type", "")), str(message.get("description", ""))
    return str(message.type), str(message.description)
