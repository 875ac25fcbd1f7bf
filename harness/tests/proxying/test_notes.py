from __future__ import annotations

import random
from collections import Counter

import pytest
from gpharness.recording.proxying import notes as notes_module
from gpharness.recording.proxying.kept_bodies import BodyFile, KeptBody
from gpharness.recording.proxying.noted_exchanges import exchanges_of
from gpharness.recording.proxying.notes import Notes

JOB = b"http://gis.example.gov:6080/arcgis/rest/services/S/GPServer/T/jobs/j1"
MIB = 1024 * 1024


def note(notes: Notes, body: bytes, date: bytes, *, url: bytes = JOB, own: bytes = b"") -> None:
    noting = notes.begin("GET", url, [(b"accept", b"*/*")], own)
    noting.begin(200, [(b"date", date), (b"content-type", b"application/json")])
    for begin in range(0, len(body), 65536):
        noting.piece(body[begin : begin + 65536])
    noting.end()


def kept(file: BodyFile, body: bytes, rng: random.Random, most: int = 4 * MIB) -> bytes:
    keeping, left = KeptBody(file, b"address", most, []), body
    while left:
        size = rng.choice((1000, 65536, 300_000))
        keeping.add(left[:size])
        left = left[size:]
    whole, segments = keeping.end()
    return whole or file.read(segments)


def test_bodies_are_read_as_they_passed_and_what_they_share_with_the_last_one_is_written_once() -> None:
    rng = random.Random(7)
    file = BodyFile(None)
    first, other = rng.randbytes(2 * MIB), rng.randbytes(2 * MIB)
    for _ in range(3):
        assert kept(file, first, rng) == first
    assert file.size == len(first)
    for cut in (0, 1, 299_999, MIB, 2 * MIB):
        for body in (first[:cut] + other[cut:], first[:cut], first + other[:cut], other, first):
            assert kept(file, body, rng) == body
    file.close()


def test_nothing_is_kept_of_a_body_beyond_the_limit_and_its_place_is_used_again() -> None:
    rng = random.Random(7)
    file = BodyFile(None)
    assert kept(file, rng.randbytes(3 * MIB), rng, most=2 * MIB) == b""
    assert file.size == 0
    file.close()


def test_a_full_disk_loses_a_large_body_and_passes_it_on_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(self: BodyFile, pieces: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BodyFile, "add", full)
    notes = Notes()
    note(notes, bytes(MIB), b"")
    note(notes, b"{}", b"")
    assert [each.left for each in notes] == [
        "an answer for which there was no place: No space left on device",
        "",
    ]


@pytest.mark.parametrize(("held", "most"), [(16 * MIB, 10), (1000, 20)])
def test_polls_that_differ_in_their_dates_alone_are_one_note_with_all_their_times(
    monkeypatch: pytest.MonkeyPatch, held: int, most: int
) -> None:
    monkeypatch.setattr(notes_module, "_HELD", held)
    notes = Notes()
    bodies = [b'{"jobStatus":"%d"}' % (number // 10) for number in range(100)]
    for number, body in enumerate(bodies):
        note(notes, body, b"%d" % number)
    told = list(notes.distinct())
    assert 10 <= len(told) <= most
    assert sum(len(times) for _, times in told) == notes.count == 100
    assert Counter(each.body for each in notes) == Counter(bodies)
    in_order = sorted((at, each.body) for each, times in told for at, _ in times)
    assert [body for _, body in in_order] == bodies
    notes.close()


def test_the_proxys_address_becomes_the_servers_also_where_the_servers_begins_with_it() -> None:
    notes = Notes()
    told = b'["http://gis.example.gov/a","http:\\/\\/gis.example.gov\\/b","http://gis.example.gov:6080/c"'
    told += b',"http://gis.example.gov.uk/d","http%3A%2F%2Fgis.example.gov%2Fe"]'
    note(notes, told, b"", own=b"http://gis.example.gov")
    ((exchange, _),) = exchanges_of(notes, Counter())
    notes.close()

    assert exchange.url == JOB.decode()
    assert exchange.body == (
        b'["http://gis.example.gov:6080/a","http:\\/\\/gis.example.gov:6080\\/b","http://gis.example.gov:6080/c"'
        b',"http://gis.example.gov.uk/d","http%3A%2F%2Fgis.example.gov%3A6080%2Fe"]'
    )
