from __future__ import annotations

from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.values.data_types import data_type
from gp_protocol.values.fields import (
    FIELD_TYPES,
    Field,
    check_attributes,
    decode_field,
    encode_field,
    encode_fields,
)

from every_case import every_case


def test_there_are_seventeen_field_types() -> None:
    words = "OID SmallInteger Integer BigInteger Single Double String Date DateOnly TimeOnly TimestampOffset"
    words += " Geometry Blob Raster GUID GlobalID XML"
    assert sorted(FIELD_TYPES) == sorted(f"esriFieldType{word}" for word in words.split())


def test_a_field_has_six_keys_of_which_two_must_be_there() -> None:
    everything = {
        "name": "N",
        "type": "esriFieldTypeString",
        "alias": "The N",
        "editable": True,
        "nullable": False,
        "length": 20,
    }
    field = Field("N", "esriFieldTypeString", "The N", True, False, 20)
    assert decode_field(everything | {"domain": None}) == field
    assert encode_field(field) == everything
    assert list(encode_field(field)) == list(everything)
    assert decode_field({"name": "N", "type": "esrifieldtypedouble"}) == Field(
        "N", "esriFieldTypeDouble", "N"
    )


def test_a_sets_fields_have_name_type_alias_and_a_length_where_given() -> None:
    assert encode_fields(
        [Field("A", "esriFieldTypeOID"), Field("B", "esriFieldTypeString", "b", True, True, 5)]
    ) == [
        {"name": "A", "type": "esriFieldTypeOID", "alias": "A"},
        {"name": "B", "type": "esriFieldTypeString", "alias": "b", "length": 5},
    ]


@every_case(
    ("value", "path"),
    [
        ({"type": "esriFieldTypeOID"}, "name"),
        ({"name": "", "type": "esriFieldTypeOID"}, "name"),
        ({"name": "A"}, "type"),
        ({"name": "A", "type": "esriFieldTypeLonger"}, "type"),
        ({"name": "A", "type": 5}, "type"),
        ({"name": "A", "type": "esriFieldTypeOID", "length": "8"}, "length"),
        ({"name": "A", "type": "esriFieldTypeOID", "editable": 1}, "editable"),
        ("A", ""),
    ],
)
def test_other_fields_are_refused_at_their_place(value: Any, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_field(value)
    assert caught.value.path == path


@pytest.mark.parametrize("word", ["esriFieldTypeLong", "ESRIFIELDTYPELONG"])
def test_the_type_that_clients_call_long_is_integer(word: str) -> None:
    assert decode_field({"name": "A", "type": word}).type == "esriFieldTypeInteger"
    points = f'{{"features": [], "fields": [{{"name": "A", "type": "{word}"}}]}}'
    (field,) = data_type("GPFeatureRecordSetLayer").decode_input(points).fields
    assert field.type == "esriFieldTypeInteger"


@pytest.mark.parametrize("word", ["esriFieldTypeVector", "string", ""])
def test_in_what_a_server_answers_any_word_is_a_field_type(word: str) -> None:
    answered = {"name": "A", "type": word}
    assert data_type("Field").decode_output(answered).type == word
    table = {"fields": [answered], "features": [{"attributes": {"A": [1]}}]}
    for name in ("GPFeatureRecordSetLayer", "GPRecordSet"):
        value = data_type(name).decode_output(table)
        assert value.fields[0].type == word
        assert value.features[0]["attributes"] == {"A": [1]}
        assert data_type(name).encode_output(value)["fields"] == [{**answered, "alias": "A"}]
        with pytest.raises(RemoteProtocolError) as caught:
            data_type(name).decode_input(table)
        assert caught.value.path == "fields[0].type"


def test_a_field_of_no_type_cannot_be_made() -> None:
    with pytest.raises(LocalProtocolError, match=r'did you mean "esriFieldTypeString"\?'):
        Field("A", "esriFieldTypeStrin")


@every_case(
    ("kind", "fits", "fits_not"),
    [
        ("OID", [1, 2**31 - 1, 7.0], [2**31, "1", 1.5, True]),
        ("SmallInteger", [-32768, 32767], [32768, "1"]),
        ("Integer", [-(2**31), 2**31 - 1], [2**31, 1.5]),
        ("BigInteger", [2**63 - 1, -(2**63)], [2**63, 1e300]),
        ("Single", [1, 1.5], ["1", float("nan")]),
        ("Double", [1, 1e300], ["NaN", float("inf"), 10**400]),
        ("String", ["", "a" * 1000], [1, True]),
        ("Date", [0, -1, 1769860805000], ["2026-01-31", 1.5]),
        ("DateOnly", ["2026-01-31", "8/2/2020"], ["31.1.2026", "31/1/2026", "8/2/2020 1:00:00 AM", " ", 0]),
        (
            "TimeOnly",
            ["23:59:59", "23:59:59.5", "10:00:00 AM", "9:59:59.125 pm"],
            ["25:00:00", "13:00:00 AM", "0:00:00 AM", "10:60:00 AM", "8/2/2020", "", 0],
        ),
        (
            "TimestampOffset",
            [
                "2026-01-31T23:59:59+01:00",
                "2026-01-31T23:59:59.5-08:00",
                "8/2/2020 10:00:00.0000 AM -07:00",
                "12/31/2020 12:30:00 PM +05:30",
            ],
            [
                "2026-01-31T23:59:59",
                "8/2/2020 10:00:00 AM",
                "13/2/2020 10:00:00 AM -07:00",
                "8/2/202010:00:00 AM -07:00",
                "8/2/2020 -07:00",
                0,
            ],
        ),
        ("GUID", ["{00000000-0000-0000-0000-000000000000}"], [0]),
        ("GlobalID", ["{00000000-0000-0000-0000-000000000000}"], [0]),
        ("XML", ["<a/>"], [0]),
        ("Geometry", [{"x": 1}, "anything"], []),
        ("Blob", ["anything"], []),
        ("Raster", [0], []),
    ],
)
def test_what_an_attribute_of_each_type_holds(kind: str, fits: list[Any], fits_not: list[Any]) -> None:
    fields = [Field("A", f"esriFieldType{kind}")]
    for value in [None, *fits]:
        check_attributes({"A": value, "unknown": object()}, fields)
    for value in fits_not:
        with pytest.raises(RemoteProtocolError) as caught:
            check_attributes({"A": value}, fields)
        assert caught.value.path == "A"


def test_object_ids_of_64_bits_need_a_length_of_8() -> None:
    check_attributes({"OID": 2**40}, [Field("OID", "esriFieldTypeOID", length=8)])
    with pytest.raises(RemoteProtocolError, match='give the field "length": 8'):
        check_attributes({"OID": 2**40}, [Field("OID", "esriFieldTypeOID")])
