"""Values as the texts that ArcPy tells them by, and texts of several values taken apart.

Source: ArcPy, *Result* (an output is a RecordSet, a text or a Layer) and *Set tool parameters*: several
values are separated by semicolons, one with blanks or semicolons is quoted. *Assumed*: dates are
`2026-01-31 23:59:59`, in UTC; an extent is its four numbers; a spatial reference is its id, else its WKT,
else its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from datetime import date as Day
from typing import Any

import msgspec
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

_PIECE = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^;]*?))\s*(?:;|$)""")
_WORD = re.compile(r""""((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\S+)""")
_TRUTHS = {"true": True, "false": False}


def text_of(value: Any) -> str:
    """A value as a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, LinearUnit):
        return f"{text_of(value.distance)} {value.units.removeprefix('esri')}"
    if isinstance(value, ArealUnit):
        return f"{text_of(value.area)} {value.units.removeprefix('esri')}"
    if isinstance(value, TimeUnit):
        return f"{text_of(value.time)} {value.units.removeprefix('esriTimeUnits')}"
    if isinstance(value, Extent):
        return " ".join(map(text_of, (value.xmin, value.ymin, value.xmax, value.ymax)))
    if isinstance(value, SpatialReference):
        return str(value.wkid or value.latest_wkid or value.wkt or value.wkt2 or value.name or "")
    if isinstance(value, CompositeValue):
        return text_of(value.value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Sequence):
        if value and all(isinstance(row, Sequence) and not isinstance(row, str) for row in value):
            return ";".join(" ".join(_quoted(text_of(cell), " ;") for cell in row) for row in value)
        return ";".join(_quoted(text_of(each), " ;") for each in value)
    if isinstance(value, msgspec.Struct):
        for name in ("url", "href", "item_id", "name"):
            found = getattr(value, name, None)
            if found is not None:
                return str(found)
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return "" if value is None else str(value)


def several(text: str) -> list[str]:
    """The values of `a;'b c';d`."""
    found = []
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            found.append(text[at:].strip())
            break
        found.append(_unquoted(piece))
        at = piece.end()
    return found


def rows(text: str) -> list[list[str]]:
    """The rows of `a 1;'b c' 2`, each taken apart at its blanks."""
    found: list[list[str]] = [[]]
    for piece in re.finditer(r""";|"(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s;]+""", text):
        if piece[0] == ";":
            found.append([])
        elif word := _WORD.fullmatch(piece[0]):
            found[-1].append(_unquoted(word))
    return [row for row in found if row]


def truth(text: str) -> bool | str:
    """`true` or `false` as such; any other text as it is."""
    return _TRUTHS.get(text.strip().lower(), text)


def number(text: str, kind: type[int] | type[float]) -> float | str:
    """A number as such; any other text as it is."""
    try:
        return kind(text.strip()) if len(text) < 400 and "_" not in text else text
    except ValueError:
        return text


def date(text: str) -> datetime | str:
    """A date as such, in UTC unless it says otherwise; any other text as it is."""
    text = text.strip()
    for form in ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def aware(value: Any) -> Any:
    """A date or time that names no time zone, in UTC; any other value as it is."""
    if getattr(getattr(value, "dtype", None), "kind", "") == "M" and hasattr(value, "astype"):
        value = value.astype("datetime64[us]").item()  # numpy's; NaT becomes None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, Day) else value


def _quoted(text: str, signs: str) -> str:
    if text and not any(sign in text for sign in signs):
        return text
    return "'" + text.replace("'", "''") + "'"


def _unquoted(piece: re.Match[str]) -> str:
    if piece[1] is not None:
        return piece[1].replace('""', '"')
    if piece[2] is not None:
        return piece[2].replace("''", "'")
    return (piece[3] or "").strip()
