from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.values.dates import decode_date, from_milliseconds, to_milliseconds
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

NOON = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


@every_case(
    ("value", "date"),
    [
        (1769860805000, NOON),
        ("1769860805000", NOON),
        (1769860805000.0, NOON),
        (-1, datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-01-31T12:00:05", NOON),
        ("2026-01-31T12:00:05.250", NOON + timedelta(milliseconds=250)),
        ("2026-01-31T12:00:05:250", NOON + timedelta(milliseconds=250)),
        ({"date": "2026-01-31 12:00:05", "format": "yyyy-MM-dd HH:mm:ss"}, NOON),
        ({"date": "31.1.26 12:00:05", "format": "d.M.yy H:m:s"}, NOON),
        ({"date": "Sat Jan 31 12:00:05 2026", "format": "EEE MMM dd HH:mm:ss yyyy"}, NOON),
        ({"date": "2026-01-31T12:00:05", "format": "yyyy-MM-dd'T'HH:mm:ss"}, NOON),
        ({"date": "january 2026", "format": "MMMM yyyy"}, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_three_forms_of_a_date(value: Any, date: datetime) -> None:
    assert decode_date(value) == date
    assert decode_date(value).tzinfo is UTC


@every_case(
    "value",
    [
        "2026-01-31",
        "2026-02-30T00:00:00",
        "2026-01-31T12:00:05Z",
        "2026-01-31T12:00:05+01:00",
        "yesterday",
        1.5,
        10**20,
        "9" * 50,
        True,
        [],
        {"date": "2026"},
        {"date": "2026-13-01", "format": "yyyy-MM-dd"},
        {"date": "12:00 PM", "format": "hh:mm a"},
        {"date": "x", "format": "yyyy"},
        {"date": "2026 2026", "format": "yyyy yyyy z"},
        {"date": "Foo 2026", "format": "MMM yyyy"},
    ],
)
def test_anything_else_is_no_date(value: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_date(value)


def test_a_date_leaves_as_whole_milliseconds_of_utc() -> None:
    assert to_milliseconds(NOON + timedelta(microseconds=1999)) == 1769860805001
    assert to_milliseconds(NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))) == 1769860805000


def test_a_datetime_without_a_zone_cannot_be_said() -> None:
    with pytest.raises(LocalProtocolError, match=r"add tzinfo=datetime\.UTC"):
        to_milliseconds(datetime(2026, 1, 31))


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_every_millisecond_of_the_calendar_survives(milliseconds: int) -> None:
    assert to_milliseconds(from_milliseconds(milliseconds)) == milliseconds


@given(
    st.text() | st.fixed_dictionaries({"date": st.text(), "format": st.text("yMdHmsEa' -:T", max_size=12)})
)
def test_garbage_is_a_remote_error_and_nothing_else(value: Any) -> None:
    with suppress(RemoteProtocolError):
        decode_date(value)
