"""What site files say of the journal."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.journal.journal import DEFAULT_BYTES, DEFAULT_ENTRIES

from every_case import every_case


@every_case(
    ("said", "entries", "size"),
    [
        (None, DEFAULT_ENTRIES, DEFAULT_BYTES),
        ({}, DEFAULT_ENTRIES, DEFAULT_BYTES),
        ({"entries": 5}, 5, DEFAULT_BYTES),
        ({"entries": 0}, 0, DEFAULT_BYTES),
        ({"bytes": "2 MB"}, DEFAULT_ENTRIES, 2 * 1024 * 1024),
        ({"entries": 7, "bytes": 4096}, 7, 4096),
    ],
)
def test_a_site_file_says_how_much_the_journal_keeps(said: Any, entries: int, size: int) -> None:
    data = {"services": {}} if said is None else {"services": {}, "journal": said}
    journal = site_from(data).journal
    assert (journal.max_entries, journal.max_bytes) == (entries, size)


@every_case(
    ("said", "place"),
    [
        ({"entries": -1}, "journal.entries"),
        ({"entries": "many"}, "journal.entries"),
        ({"bytes": 0}, "journal.bytes"),
        ({"bytes": "2 parsecs"}, "journal.bytes"),
        ({"entires": 5}, "journal.entires"),
        (5, "journal"),
    ],
)
def test_what_the_journal_cannot_be_is_refused_where_it_stands(said: Any, place: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        site_from({"services": {}, "journal": said})
    assert raised.value.path == place
