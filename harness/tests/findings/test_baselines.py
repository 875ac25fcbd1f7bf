"""Known findings and old recordings: what a baseline leaves out, and what is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpharness.findings.ages import AgeError, age_of, too_old
from gpharness.findings.baselines import BaselineError, read_baseline, sorted_by, write_baseline
from gpharness.findings.finding_names import finding

OLD = finding("results.late", task="S/T", operation="job", path="results")
NEW = finding("value.type", task="S/T", operation="result", path="value")


def test_a_baseline_tells_new_known_and_gone_findings_apart(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline([OLD, finding("http.status", task="S/U")], path)
    told = sorted_by(read_baseline(path), [NEW, OLD])
    assert told.new == [NEW]
    assert told.known == [OLD]
    assert [line.split(" [")[0] for line in told.gone] == ["http.status S/U"]


def test_a_baseline_is_the_same_file_whatever_the_order_and_is_written_as_a_whole(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    write_baseline([OLD, NEW, OLD], one)
    write_baseline([NEW, OLD], other)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.json", "other.json"]
    assert one.read_text(encoding="utf-8").count(OLD.id) == 1


def test_a_known_finding_stays_known_whatever_is_met_there(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline([finding("value.type", path="value", met="a text")], path)
    told = sorted_by(read_baseline(path), [finding("value.type", path="value", met="a number")])
    assert told.new == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory; --write-baseline makes one"),
        (b"{", "is no baseline"),
        (b"[]", "is no baseline"),
        (b'{"features": []}', "is no baseline"),
        (b'{"known": [{"name": "x"}]}', "is no baseline"),
        (b"\xff", "is no baseline"),
        (b'{"format": 2, "known": []}', "of format 2; this program reads format 1"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_words(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "known.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BaselineError) as caught:
        read_baseline(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_baseline_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be written"):
        write_baseline([OLD], tmp_path / "no folder" / "known.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BaselineError, match="cannot be written"):
        write_baseline([OLD], tmp_path / "folder")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("180d", 180),
        ("180", 180),
        (" 26W ", 182),
        ("1y", 365.25),
        ("36h", 1.5),
        ("30 m", 30 / 1440),
        ("0", 0),
    ],
)
def test_an_age_is_a_number_with_a_unit(text: str, days: float) -> None:
    assert age_of(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "d", "-1d", "1.5d", "180 days", "1e3", "\u0661d", "9999999d"])
def test_what_is_no_age_is_refused_in_words(text: str) -> None:
    with pytest.raises(AgeError):
        age_of(text)


NOW = datetime(2026, 11, 26, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-25T20:15:00Z", ""),
        ("2026-05-30T20:15:00+00:00", ""),
        ("2026-05-30T20:14:59Z", "recorded 180 days ago, at 2026-05-30T20:14:59Z; the limit is 180 days"),
        ("2020-01-01", "recorded 2521 days ago"),
        ("2030-01-01T00:00:00Z", ""),
        ("", "not told"),
        ("last week", "no instant"),
    ],
)
def test_a_recording_older_than_the_limit_is_warned_of(at: str, said: str) -> None:
    warning = too_old(at, timedelta(days=180), NOW)
    assert said in warning
    assert bool(warning) == bool(said)
