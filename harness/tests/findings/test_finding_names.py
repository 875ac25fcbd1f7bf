"""The list of names is closed, and the same as the one that the catalogue of deviations uses."""

from __future__ import annotations

import pytest
from gp_mockserver.deviations.catalogue import catalogue
from gpharness.findings.finding_names import finding, finding_names, means, named, title
from gpharness.findings.findings import Finding


def _told() -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for entry in catalogue().values():
        if entry.finding:
            expected = (entry.expectation.safe, entry.expectation.unsafe)
            found.setdefault(entry.finding, []).extend(expected)
    return found


def test_the_protocols_names_are_those_of_the_catalogue() -> None:
    protocol = {name for name, each in finding_names().items() if each.kind == "protocol"}
    assert protocol == set(_told())
    assert len(protocol) == 57


def test_a_finding_is_breaking_unless_careful_clients_live_with_all_that_leads_to_it() -> None:
    for name, outcomes in _told().items():
        lives = all(words[0] == "ok" for words in outcomes)
        assert named(name).severity == ("changed" if lives else "breaking"), name


def test_every_name_says_what_was_found_and_what_it_means() -> None:
    titles = [each.title for each in finding_names().values()]
    assert len(set(titles)) == len(titles)
    for each in finding_names().values():
        assert not each.title.endswith(".")
        assert each.means.endswith(".")
        assert 40 < len(each.means) < 250, each.name


@pytest.mark.parametrize(
    ("name", "kind"),
    [("results.late", "protocol"), ("drift.default", "descriptor"), ("changed.value", "behaviour")],
)
def test_a_finding_is_of_the_kind_and_severity_of_its_name(name: str, kind: str) -> None:
    found = finding(name, path="a.b", task="S/T")
    assert (found.kind, found.severity, found.path) == (kind, named(name).severity, "a.b")
    assert finding(name, severity="note").severity == "note"
    assert (means(found), title(found)) == (named(name).means, named(name).title)


def test_no_other_name_makes_a_finding() -> None:
    with pytest.raises(KeyError, match=r"did you mean \\?\"results.late"):
        finding("result.late")
    unknown = Finding("from.elsewhere", "note")
    assert (means(unknown), title(unknown)) == ("", "from.elsewhere")


def test_an_id_is_the_same_whatever_is_met_at_a_place() -> None:
    one, other = (finding("value.type", operation="result", path="value", met=met) for met in ("1", "2"))
    assert one.id == other.id
    assert one.id != finding("value.type", operation="result", path="value.x").id
