"""Values as ArcPy's texts, and texts as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gp_client.arcpy_style.value_texts import date, number, rows, several, text_of, truth
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.references import DataFile, LayerReference
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case


@every_case(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (2**53 + 1, "9007199254740993"),
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), "2026-01-31 23:59:59"),
        (LinearUnit(8.5, "esriMiles"), "8.5 Miles"),
        (ArealUnit(3, "esriSquareKilometers"), "3 SquareKilometers"),
        (TimeUnit(3, "esriTimeUnitsMonths"), "3 Months"),
        (["a", "b c", "d;e", ""], "a;'b c';'d;e';''"),
        ([[1, "a b"], [2, None]], "1 'a b';2 ''"),
        (DataFile(url="http://h/f.zip"), "http://h/f.zip"),
        (LayerReference("http://h/FeatureServer/0"), "http://h/FeatureServer/0"),
        (SpatialReference(4326), "4326"),
        (SpatialReference(latest_wkid=3857), "3857"),
        (SpatialReference(wkt='PROJCS["x"]'), 'PROJCS["x"]'),
        (SpatialReference(name="WGS_1984"), "WGS_1984"),
        (Extent(0, 0.5, 1, 1, spatial_reference=SpatialReference(4326)), "0 0.5 1 1"),
        (CompositeValue("GPLinearUnit", LinearUnit(8.5, "esriMiles")), "8.5 Miles"),
        ({"a": 1}, '{"a": 1}'),
        (None, ""),
    ],
)
def test_a_value_is_told_as_a_text(value: Any, text: str) -> None:
    assert text_of(value) == text


@every_case(
    ("text", "values"),
    [
        ("", []),
        ("a", ["a"]),
        ("a;b c;d", ["a", "b c", "d"]),
        ("'b c';\"d;e\" ; f", ["b c", "d;e", "f"]),
        ("'it''s';", ["it's"]),
        ("'open;b", ["'open", "b"]),
    ],
)
def test_a_text_of_several_values_is_taken_apart(text: str, values: list[str]) -> None:
    assert several(text) == values


@given(
    st.lists(st.text(alphabet="ab ;'\"é", min_size=1, max_size=6).filter(lambda text: text == text.strip()))
)
def test_several_values_come_back_from_their_text(values: list[str]) -> None:
    plain = [value for value in values if not value.startswith(("'", '"'))]
    assert several(text_of(plain)) == plain


def test_rows_are_taken_apart_at_semicolons_and_blanks() -> None:
    assert rows("a 1;'b c' 2;;\"d;e\"  3") == [["a", "1"], ["b c", "2"], ["d;e", "3"]]


@every_case(
    ("read", "text", "value"),
    [
        (truth, "True", True),
        (truth, "false", False),
        (truth, "CHECKED", "CHECKED"),
        (lambda text: number(text, int), " 5 ", 5),
        (lambda text: number(text, int), "5.5", "5.5"),
        (lambda text: number(text, int), "1_000", "1_000"),
        (lambda text: number(text, float), "5.5", 5.5),
        (date, "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (date, "2026-01-31T12:00:00+00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (date, "1/31/2026 11:59:59 PM", datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)),
        (date, "tomorrow", "tomorrow"),
    ],
)
def test_a_text_that_is_no_value_stays_as_it_is(read: Any, text: str, value: Any) -> None:
    assert read(text) == value


@given(st.text(max_size=40))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert isinstance(several(text), list)
    assert isinstance(rows(text), list)
    assert date(text) is not None
    assert truth(text) is not None
    assert number(text, int) is not None
    assert number(text, float) is not None
