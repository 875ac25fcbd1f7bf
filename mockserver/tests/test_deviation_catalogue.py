"""The catalogue as a whole: every entry is there, well formed, and looked at by a test of its group."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest
from gp_mockserver.deviations.catalogue import GROUPS, catalogue, find
from gp_mockserver.deviations.evidence import known_from, known_sources, spelled_out
from gp_mockserver.deviations.records import ASSUMED, OUTCOMES, Deviation, DeviationError, read_deviation
from gp_mockserver.deviations.selectors import Selector

from every_case import every_case

ENTRIES = catalogue()
NAMES = list(ENTRIES)
TESTED = sorted(
    path
    for path in Path(__file__).parent.glob("test_deviation_*.py")
    if "\nCOVERED" in path.read_text(encoding="utf-8")
)


def test_it_has_every_name_once() -> None:
    assert len(ENTRIES) == 386
    assert {each.group for each in ENTRIES.values()} == set(GROUPS)


def test_it_has_as_many_of_each_class_as_were_found() -> None:
    assert Counter(each.kind for each in ENTRIES.values()) == {"legal": 151, "fault": 72, "violation": 163}


def test_most_need_no_more_than_asgi() -> None:
    assert Counter(each.by for each in ENTRIES.values()) == {"ASGI": 359, "transport": 21, "socket": 6}


def test_a_verifier_has_a_closed_list_of_findings() -> None:
    findings = {each.finding for each in ENTRIES.values() if each.finding}
    assert len(findings) == 57
    assert all("." in finding for finding in findings)


def test_each_entry_is_looked_at_by_a_test() -> None:
    covered: set[str] = set()
    for path in TESTED:
        spec = importlib.util.spec_from_file_location(f"covering_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.modules[spec.name]
        covered |= module.COVERED
    assert covered == set(ENTRIES)


@every_case("entry", ENTRIES.values(), ids=NAMES)
def test_an_entry_is_well_formed(entry: Deviation) -> None:
    assert read_deviation(_data(entry)) == entry
    assert entry.does.endswith(".")
    assert entry.evidence
    assert all(entry.evidence)
    assert entry.expectation.safe or entry.expectation.unsafe
    words = (*entry.expectation.safe, *entry.expectation.unsafe)
    assert set(words) <= set(OUTCOMES)
    assert entry.kind != "legal" or entry.finding is None
    assert entry.kind == "legal" or entry.finding is not None or set(words) & {"server", "auth", "ok"}
    if entry.kind == "violation":
        assert entry.finding is not None
    assert all(name not in Selector.__struct_fields__ or name == "seed" for name in entry.parameters)
    assert all(_is_used(name, entry) for name in entry.parameters)
    assert not any(
        text == ASSUMED and len(entry.evidence) != len(set(entry.evidence)) for text in entry.evidence
    )


@every_case("entry", ENTRIES.values(), ids=NAMES)
def test_where_an_entry_is_known_from_can_be_looked_up(entry: Deviation) -> None:
    assert [text for text in entry.evidence if not spelled_out(text)] == []


def test_every_source_that_is_described_is_one_of_an_entry() -> None:
    known = known_sources()
    texts = {text for each in ENTRIES.values() for text in each.evidence}
    bracketed = {key for text in texts if "[" in text for key in text[2:-1].split()}
    threads = {text[2:].partition("#")[0] for text in texts if text.startswith("T ")}
    assert set(known.sources) == bracketed
    assert set(known.repositories) == {name for name in threads if "/" not in name}
    assert set(known.kinds) == {text[0] for text in texts - {ASSUMED}}


@every_case(
    ("text", "lines"),
    [
        ("assumed", ["assumed"]),
        ("T apy#1558", ["thread: Esri/arcgis-python-api#1558"]),
        ("T curl/curl#2368", ["thread: curl/curl#2368"]),
        ("R[cmv wab]", ["recorded: cmv/cmv-app#647", "recorded: Esri/solutions-webappbuilder-widgets#89"]),
        ("D[cmv nowhere]", []),
        ("T nowhere#1", []),
        ("T apy", []),
        ("D §1", []),
        ("D[rfc9112] or so", []),
    ],
)
def test_evidence_is_spelled_out_where_all_of_it_is_known(text: str, lines: list[str]) -> None:
    assert spelled_out(text) == lines
    assert known_from([text]) == (lines or [text])


def _data(entry: Deviation) -> dict[str, object]:
    expect = entry.expect
    return {
        "name": entry.name,
        "group": entry.group,
        "class": entry.kind,
        "on": list(entry.on),
        "where": entry.where,
        "do": list(entry.do),
        "parameters": entry.parameters,
        "expect": list(expect)
        if isinstance(expect, tuple)
        else {"safe": expect.safe, "unsafe": expect.unsafe},
        "finding": entry.finding,
        "evidence": list(entry.evidence),
        "does": entry.does,
    }


def _is_used(name: str, entry: Deviation) -> bool:
    text = repr((entry.do, entry.where))
    return f"'${name}'" in text or f"'$parameter': '{name}'" in text


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(DeviationError, match='did you mean "results-late"'):
        find("result-late")
