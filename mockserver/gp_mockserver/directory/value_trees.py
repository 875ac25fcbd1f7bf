"""JSON values made ready to be shown: nested lists, a table for features, all of it bounded.

A page never grows with what it shows: long lists, long texts and deep nesting are cut, and the page says so.
What looks like a token is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.json_text import RawJSON, encode_json

MAX_TEXT: Final = 2000
"""Characters of a text that are shown."""
_MAX_ITEMS: Final = 50
_MAX_DEPTH: Final = 8
_MAX_NODES: Final = 1500
_MAX_ROWS: Final = 25
_MAX_COLUMNS: Final = 20
_MAX_CELL: Final = 200
_MAX_NARROW: Final = 4
_HIDDEN: Final = "*****"
_TOKEN: Final = re.compile(r"(\btoken=)[^&\s\"'<>]+", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_VERTEX_LISTS: Final = {
    "rings": "polygon",
    "paths": "polyline",
    "points": "multipoint",
    "curveRings": "polygon with curves",
    "curvePaths": "polyline with curves",
}


class Table(msgspec.Struct, frozen=True):
    """Rows: a heading per column, cells as text, and what was left out. A wide one scrolls by itself."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    cut: str = ""
    is_wide: bool = True


class Node(msgspec.Struct, frozen=True):
    """A value: a text that may be a link, or a list of labelled values; `cut` says what is not shown."""

    label: str = ""
    text: str = ""
    href: str = ""
    children: list[Node] | None = None
    table: Table | None = None
    cut: str = ""


class _Budget:
    """How many values a page may still show."""

    def __init__(self) -> None:
        self.left = _MAX_NODES


def tree(value: Any, label: str = "", *, with_tokens: bool = False) -> Node:
    """A JSON value as a page shows it. `with_tokens`: on the page that makes a token."""
    return _node(value, label, _MAX_DEPTH, _Budget(), with_tokens)


def shown_text(text: str, limit: int = MAX_TEXT) -> str:
    """A text with its end cut off where it is long, and without tokens in addresses."""
    shown = _TOKEN.sub(rf"\g<1>{_HIDDEN}", text[:limit])
    return shown if len(text) <= limit else f"{shown} … ({len(text) - limit} more characters)"


def address_of(text: str) -> str:
    """The text, if it is a web address that a page may link to; else an empty text."""
    return text if len(text) <= MAX_TEXT and _ADDRESS.fullmatch(text) and "token" not in text.lower() else ""


def _node(value: Any, label: str, depth: int, budget: _Budget, with_tokens: bool) -> Node:
    budget.left -= 1
    if isinstance(value, RawJSON):
        return Node(label, shown_text(bytes(value).decode(errors="replace")))
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value, enc_hook=str)
    if isinstance(value, Mapping):
        if not value:
            return Node(label, "{}")
        if _is_feature_set(value):
            return _features(value, label, depth, budget, with_tokens)
        items = list(value.items())
    elif isinstance(value, list | tuple):
        if not value:
            return Node(label, "[]")
        if depth < _MAX_DEPTH and _is_vertices(value):
            return Node(label, shown_text(_written(value[:20])), cut=_more(len(value), 20, "coordinates"))
        if columns := _columns(value):
            return Node(label, table=_rows(value, columns))
        items = [("", each) for each in value]
    else:
        text = _text_of(value)
        return Node(label, shown_text(text), address_of(text) if isinstance(value, str) else "")
    if depth == 0 or budget.left <= 0:
        return Node(label, "…", cut="not shown here: the JSON has it all")
    children = []
    for key, each in items[:_MAX_ITEMS]:
        if budget.left <= 0:
            break
        key = str(key)
        if key.lower() == "token" and not with_tokens and each:
            each = _HIDDEN
        children.append(_node(each, shown_text(key, 200), depth - 1, budget, with_tokens))
    return Node(label, children=children, cut=_more(len(items), len(children), "values"))


def _more(total: int, shown: int, what: str) -> str:
    return f"{total - shown} more {what} are not shown here: the JSON has them" if total > shown else ""


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return str(value.value if isinstance(value, Enum) else value)
    return _written(value)


def _written(value: Any) -> str:
    try:
        return encode_json(value).decode()
    except ProtocolError:
        return str(value)


def _is_vertices(value: Sequence[Any]) -> bool:
    """Whether a list is a vertex, or a list of vertices."""
    first = value[0]
    return isinstance(first, int | float) or (
        isinstance(first, list | tuple) and bool(first) and isinstance(first[0], int | float)
    )


def _columns(value: Sequence[Any]) -> list[str]:
    """The headings of a list of small alike objects, such as fields; empty for any other list."""
    if not isinstance(value[0], Mapping):
        return []
    columns = list(map(str, value[0]))
    alike = all(
        isinstance(row, Mapping)
        and set(map(str, row)) <= set(columns)
        and not any(map(_is_nested, row.values()))
        for row in value[:_MAX_ITEMS]
    )
    return columns if alike and 1 < len(columns) <= _MAX_NARROW and "token" not in columns else []


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple | msgspec.Struct | RawJSON)


def _rows(value: Sequence[Any], columns: list[str]) -> Table:
    first = value[:_MAX_ITEMS]
    rows = [[shown_text(_text_of(row.get(name, "")), _MAX_CELL) for name in columns] for row in first]
    count = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    return Table(count, columns, rows, _more(len(value), len(first), "entries"), is_wide=False)


def _is_feature_set(value: Mapping[str, Any]) -> bool:
    features = value.get("features")
    return isinstance(features, list | tuple) and bool(features) and isinstance(features[0], Mapping)


def _features(value: Mapping[str, Any], label: str, depth: int, budget: _Budget, with_tokens: bool) -> Node:
    """A set of features: what it says of itself as a list, its features as a table."""
    about = {key: each for key, each in value.items() if key not in ("features", "fields", "fieldAliases")}
    children = [_node(each, key, depth - 1, budget, with_tokens) for key, each in about.items()]
    return Node(label, children=children, table=feature_table(value["features"], value.get("fields")))


def feature_table(features: Sequence[Any], fields: Any = None) -> Table:
    """The first features as rows: an attribute a column, the geometry in a few words."""
    first = [each for each in features[:_MAX_ROWS] if isinstance(each, Mapping)]
    names: dict[str, None] = {}
    if isinstance(fields, list | tuple):
        names = {str(each.get("name")): None for each in fields if isinstance(each, Mapping)}
    for feature in first:
        names.update(dict.fromkeys(map(str, _attributes(feature))))
    columns = list(names)[:_MAX_COLUMNS]
    with_geometry = any(each.get("geometry") for each in first)
    rows = []
    for feature in first:
        attributes = _attributes(feature)
        row = [shown_text(_text_of(attributes.get(name)), _MAX_CELL) for name in columns]
        rows.append([*row, _geometry(feature.get("geometry"))] if with_geometry else row)
    cut = [_more(len(features), len(first), "features"), _more(len(names), len(columns), "columns")]
    return Table(
        f"{len(features)} feature{'s' if len(features) != 1 else ''}",
        [shown_text(each, _MAX_CELL) for each in columns] + (["Geometry"] if with_geometry else []),
        rows,
        "; ".join(filter(None, cut)),
    )


def _attributes(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = feature.get("attributes") or feature.get("properties")
    return attributes if isinstance(attributes, Mapping) else {}


def _geometry(geometry: Any) -> str:
    if not isinstance(geometry, Mapping):
        return ""
    if "x" in geometry:
        numbers = [geometry.get(axis) for axis in "xyz" if geometry.get(axis) is not None]
        return f"point {', '.join(map(_text_of, numbers))}"
    for key, kind in _VERTEX_LISTS.items():
        parts = geometry.get(key)
        if isinstance(parts, list | tuple):
            if key == "points":
                return f"{kind}, {len(parts)} points"
            vertices = sum(len(part) for part in parts if isinstance(part, list | tuple))
            return f"{kind}, {len(parts)} {'part' if len(parts) == 1 else 'parts'}, {vertices} vertices"
    return shown_text(_written(geometry), _MAX_CELL)
