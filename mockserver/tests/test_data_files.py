"""What YAML and JSON files may hold, and what is said of those that may not be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.configuration.data_files import parse_json, parse_yaml, read_data
from gp_mockserver.errors import SiteFileError

from every_case import every_case


@every_case(
    ("text", "data"),
    [
        ("answer: no", {"answer": "no"}),
        ("answer: yes\nother: off", {"answer": "yes", "other": "off"}),
        ("on: true", {"on": True}),
        ("911: calls", {"911": "calls"}),
        ("null: x\ntrue: y", {"null": "x", "true": "y"}),
        ("day: 2024-05-01", {"day": "2024-05-01"}),
        ("time: 12:30:00", {"time": "12:30:00"}),
        ("id: 010", {"id": 10}),
        ("wkid: 102_100", {"wkid": "102_100"}),
        ("minimum: -1.23456789E7", {"minimum": -12345678.9}),
        ("version: 10.91", {"version": 10.91}),
        ("level: None", {"level": "None"}),
        ("a: null\nb: ~\nc:", {"a": None, "b": None, "c": None}),
        ("base: &b {x: 1}\nmore: {<<: *b, y: 2}", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
        ("", None),
    ],
)
def test_yaml_is_read_by_the_rules_of_version_1_2(text: str, data: Any) -> None:
    assert parse_yaml(text) == data


def test_json_may_stand_in_yaml_as_a_server_printed_it() -> None:
    text = (
        "tasks:\n"
        "  - {\n"
        '\t"name":"Zonal",\n'
        '\t"url": "https:\\/\\/host\\/x",\n'
        '\t"smile": "\\ud83d\\ude00 \\\\ud83d",\n'
        '\t"range": [-1.5E-7, 1E5, 3],\n'
        '"none": null}\n'
    )
    assert parse_yaml(text) == {
        "tasks": [
            {
                "name": "Zonal",
                "url": "https://host/x",
                "smile": "\U0001f600 \\ud83d",
                "range": [-1.5e-7, 100000.0, 3],
                "none": None,
            }
        ]
    }


def test_tabs_may_indent_json_whatever_stands_at_the_end_of_a_line() -> None:
    text = """title: don't [mind
more: 5" pipe # {[
pasted: {
\t"flag": true
\t, "number": 5
\t, "list": [
\t\t1,
 \t 2
\t]
\t, "text": "a\tb }"
\t}
"""
    assert parse_yaml(text) == {
        "title": "don't [mind",
        "more": '5" pipe',
        "pasted": {"flag": True, "number": 5, "list": [1, 2], "text": "a\tb }"},
    }


@every_case(
    ("text", "place", "said"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1", 'the key "a" twice'),
        ("x:\n  a: .nan", "line 2, column 6", ".nan"),
        ("a: -.inf", "line 1, column 4", "-.inf"),
        ("a: 1e999", "line 1, column 4", "1e999"),
        ("a: b: c", "line 1, column 5", "mapping values are not allowed"),
        ("a: !!python/object/apply:os.getcwd []", "line 1, column 4", "the tag"),
        ("a: !!binary aGk=", "line 1, column 4", "the tag"),
        ("a: &x [*x]", "line 1, column 4", "an alias that holds itself"),
        ("? [1]\n: x", "line 1, column 3", "a key that is no text"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "another document"),
        ("a:\n\tb: 1", "line 2, column 1", "cannot start any token"),
    ],
)
def test_broken_yaml_is_an_error_that_says_where(text: str, place: str, said: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        parse_yaml(text, "site.yaml")
    assert raised.value.path == place
    assert said in raised.value.met
    assert str(raised.value).startswith(f"site.yaml: {place}: met ")


def test_aliases_that_multiply_are_refused_before_they_are_written_out() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    with pytest.raises(SiteFileError, match="2000000 values"):
        parse_yaml(bomb)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(SiteFileError):
        parse_yaml("[" * 100_000)
    with pytest.raises(SiteFileError):
        parse_json("[" * 100_000)


@every_case(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', 'the key "a" twice'),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "1e999"),
        ('{"a": 1,}', "line 1, column "),  # Python 3.13 points at the comma, older ones behind it
        ("", "line 1, column 1"),
    ],
)
def test_broken_json_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        parse_json(text, "task.json")
    assert said in str(raised.value)
    assert str(raised.value).startswith("task.json: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_the_encodings_in_which_shells_save_answers(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "task.json"
    file.write_bytes('{"name": "Informe_Patrón"}'.encode(encoding))
    assert read_data(file, "task.json") == {"name": "Informe_Patrón"}


def test_a_file_in_another_encoding_or_none_at_all_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_bytes('{"name": "Informe_Patrón"}'.encode("latin-1"))
    with pytest.raises(SiteFileError, match=r"task\.json: met bytes that are no utf-8 at 22, expected UTF-8"):
        read_data(file, "task.json")
    with pytest.raises(SiteFileError, match=r"missing\.yaml: met No such file"):
        read_data(tmp_path / "missing.yaml", "missing.yaml")
