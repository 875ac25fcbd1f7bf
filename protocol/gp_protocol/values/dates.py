"""Dates: an aware UTC datetime here, milliseconds since 1970-01-01T00:00:00Z on the wire.

Source: ArcGIS REST, *GP data types*. A date leaves a server as a whole number of milliseconds and reaches
it in one of three forms: such a number, `yyyy-MM-ddTHH:mm:ss[.sss]`, or `{"date": text, "format": pattern}`
with a pattern of the letters of Java's SimpleDateFormat. All are UTC. One published example has a colon
before the milliseconds; that is read too. Words in a patterned date are English, in any case.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from gp_protocol.errors import LocalProtocolError, RemoteProtocolError, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FORMS = 'ms since 1970, yyyy-MM-ddTHH:mm:ss, or {"date": …, "format": …}'
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.:](\d{1,3}))?", re.ASCII)
_MS = re.compile(r"[+-]?[0-9]{1,17}(?:\.0*)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PATTERN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<literal>.)", re.DOTALL)
_DIGITS = r"(\d{1,2})"
_PIECES = {
    "yyyy": ("year", r"(\d{4})"),
    "yy": ("short_year", r"(\d{2})"),
    "MMMM": ("month_name", r"([A-Za-z]{3,9})"),
    "MMM": ("month_name", r"([A-Za-z]{3,9})"),
    "MM": ("month", _DIGITS),
    "M": ("month", _DIGITS),
    "dd": ("day", _DIGITS),
    "d": ("day", _DIGITS),
    "HH": ("hour", _DIGITS),
    "H": ("hour", _DIGITS),
    "mm": ("minute", _DIGITS),
    "m": ("minute", _DIGITS),
    "ss": ("second", _DIGITS),
    "s": ("second", _DIGITS),
    "EEEE": ("", r"([A-Za-z]{3,9})"),
    "EEE": ("", r"([A-Za-z]{3,9})"),
}


def to_milliseconds(date: datetime) -> int:
    """Whole milliseconds since the epoch; what is finer is cut off towards the past.

    Raises `LocalProtocolError` for a datetime without a time zone.
    """
    if not isinstance(date, datetime) or date.tzinfo is None:
        raise LocalProtocolError(
            met=shown(date), expected="a datetime with a time zone", remedy="add tzinfo=datetime.UTC"
        )
    return (date - _EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """The UTC datetime so many milliseconds after the epoch. Raises `RemoteProtocolError` outside years
    1-9999."""
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        raise RemoteProtocolError(met=shown(milliseconds), expected="a date in the years 1 to 9999") from None


def decode_date(value: Any) -> datetime:
    """Read any of the three forms; the number may also stand as text."""
    if type(value) is int:
        return from_milliseconds(value)
    if type(value) is float and value.is_integer():
        return from_milliseconds(int(value))
    if isinstance(value, str) and len(value) < 100:
        text = value.strip()
        if _MS.fullmatch(text):
            return from_milliseconds(int(text.partition(".")[0]))
        if parts := _ISO.fullmatch(text):
            *whole, fraction = parts.groups()
            return _date(value, *map(int, whole), int((fraction or "0").ljust(3, "0")) * 1000)
        remedy = "leave the zone out: dates are UTC" if "T" in text and text[-1:] in ("Z", "0") else ""
        raise RemoteProtocolError(met=shown(value), expected=_FORMS, remedy=remedy)
    if isinstance(value, dict):
        date, pattern = value.get("date"), value.get("format")
        if isinstance(date, str) and isinstance(pattern, str) and len(date) < 100 and len(pattern) < 100:
            return _patterned(date, pattern)
    raise RemoteProtocolError(met=shown(value), expected=_FORMS)


def _patterned(text: str, pattern: str) -> datetime:
    expression, names = "", []
    for piece in _PATTERN.finditer(pattern):
        letters = piece["letters"]
        if letters is None:
            literal = piece["quoted"] if piece["quoted"] is not None else piece["literal"]
            expression += re.escape(literal or "'")
        elif letters in _PIECES:
            name, digits = _PIECES[letters]
            names.append(name)
            expression += digits
        else:
            raise RemoteProtocolError(
                path="format", met=shown(letters), expected="letters among " + " ".join(_PIECES)
            )
    found = re.fullmatch(expression, text.strip(), re.ASCII)
    if found is None:
        raise RemoteProtocolError(path="date", met=shown(text), expected=f"a date as in {pattern}"[:200])
    parts = dict(zip(names, found.groups(), strict=True))
    if "month_name" in parts:
        word = parts["month_name"].lower()[:3]
        parts["month"] = str(_MONTHS.index(word) + 1) if word in _MONTHS else "0"
    if "short_year" in parts:
        parts["year"] = "20" + parts["short_year"]
    numbers = [int(parts.get(name, 0)) for name in ("hour", "minute", "second")]
    return _date(
        text, int(parts.get("year", 1970)), int(parts.get("month", 1)), int(parts.get("day", 1)), *numbers
    )


def _date(met: str, *parts: int) -> datetime:
    try:
        return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError as error:
        raise RemoteProtocolError(met=shown(met), expected=f"a date of the calendar ({error})") from None
