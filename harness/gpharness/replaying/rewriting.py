"""Recorded texts as the replaying site says them: with its own address and the id of the job at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

_LONG_ID: Final = 16
"""Characters from which an id is taken for one wherever it stands, also glued to other letters."""


class Rewriting:
    """The recorded server's addresses made the replaying site's, and a recorded job's id that of the job at
    hand."""

    def __init__(self, roots: Sequence[str], ours: str, job: tuple[str, str] = ("", "")) -> None:
        pairs: dict[bytes, bytes] = {}
        for theirs in roots:
            for old, new in _written(theirs, ours):
                pairs.setdefault(old, new)
        ends = rb"(?![\w~-])"
        patterns = [re.escape(old) + ends for old in sorted(pairs, key=len, reverse=True)]
        recorded_id, job_id = (each.encode() for each in job)
        if recorded_id and recorded_id != job_id:
            pairs[recorded_id] = job_id
            whole = re.escape(recorded_id)
            is_long = len(recorded_id) >= _LONG_ID
            patterns.append(whole if is_long else rb"(?<![\w-])" + whole + rb"(?![\w-])")
        self._pairs = {old: new for old, new in pairs.items() if old != new}
        self._pattern = re.compile(b"|".join(patterns)) if patterns else None

    def __call__(self, text: bytes) -> bytes:
        if self._pattern is None or not any(old in text for old in self._pairs):
            return text
        return self._pattern.sub(lambda found: self._pairs.get(found[0], found[0]), text)


def _written(theirs: str, ours: str) -> list[tuple[bytes, bytes]]:
    """An address as texts have it: plain, with the slashes of JSON escaped, percent-encoded."""
    return [
        (theirs.encode(), ours.encode()),
        (theirs.replace("/", "\\/").encode(), ours.replace("/", "\\/").encode()),
        (quote(theirs, safe="").encode(), quote(ours, safe="").encode()),
    ]
