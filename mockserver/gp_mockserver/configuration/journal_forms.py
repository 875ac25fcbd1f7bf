"""What a site file says of the journal: how many requests it keeps, and how much memory they may take."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from gp_mockserver.configuration.limit_forms import Size, parse_size
from gp_mockserver.journal.journal import DEFAULT_BYTES, DEFAULT_ENTRIES, Journal


class JournalForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How many requests the journal keeps, 0 for none, and how many bytes they take at most."""

    entries: Annotated[int, Meta(ge=0, description="a whole number, 0 or more")] = DEFAULT_ENTRIES
    bytes: Size = DEFAULT_BYTES


def make_journal(form: JournalForm) -> Journal:
    """The journal of a site. Raises SiteFileError."""
    return Journal(form.entries, parse_size(form.bytes, "journal.bytes"))
