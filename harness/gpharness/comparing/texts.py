"""Texts without what differs from run to run: ids, instants, addresses, tokens, the server's folders.

The parts of a text that may vary are replaced by words in angle brackets, in the contract's text and in the
one that was met; then the two are compared. Both styles in which runtimes write dates are known (messages of
jobs as recorded), the rest is assumed: it is what tools print.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gpharness.contracts.contract import Varies

_TOKEN: Final = re.compile(
    r"(?i)\b((?:access_?|refresh_?|ags)?token|password|signature)(\\?[\"']?\s*[=:]\s*\\?[\"']?)[^\s&\"'<>,;}\\]+"
)
_ADDRESS: Final = re.compile(
    r"(?i)\bhttps?://[^\s/\"'<>?#]+(?:/[^\s/\"'<>?#]+?(?=/(?:rest|services|tokens|sharing)\b))?"
)
_JOB_ID: Final = re.compile(
    r"(?i)(?<![0-9a-z])[ij]?(?:[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![0-9a-z])"
)
_SCRATCH: Final = re.compile(r"(?i)_ags_\w*?[0-9a-f]{6,}\w*")
_FOLDERS: Final = re.compile(
    r"(?:\b[A-Za-z]:|\\\\[\w.$-]+)[\\/]+(?:[^\\/:*?\"'<>|\r\n;,]+[\\/]+)*"
    r"|(?<![\w.:/<>])/(?:arcgis\w*|home|opt|usr|var|tmp|mnt|data\w*|srv|net|root|nfs|efs|gisdata)/"
    r"(?:[^/\s\"'<>|;,]+/)*"
)
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?"
_ZONE: Final = r"(?:\s?(?:Z\b|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_INSTANT: Final = re.compile(
    rf"{_DAY}\s+{_MONTH}\s+\d{{1,2}}\s+{_CLOCK}\s+\d{{4}}"
    rf"|{_DAY},?\s+{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}(?:\s+{_CLOCK})?{_ZONE}"
    rf"|{_DAY},\s+\d{{1,2}}\s+{_MONTH}\s+\d{{4}}\s+{_CLOCK}{_ZONE}"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}[T\s]{_CLOCK}{_ZONE}"
    rf"|\d{{1,4}}[/.]\d{{1,2}}[/.]\d{{2,4}}\s+{_CLOCK}"
    rf"|\b\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d+)?(?:\s?[AaPp][Mm])?"
    rf"|(?<![\d.])1\d{{12}}(?![\d.])"
)
_DURATION: Final = re.compile(
    r"(?i)\b\d+(?:[.,]\d+)?\s?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?|hrs?)\b"
)
_COUNTER: Final = re.compile(r"[_0-9]+$")
_STAND_IN: Final = re.compile(
    r"(?:eyJhbGciOiJub25lIn0\.[\w-]*\.)?(?:standin|STANDIN)0*\d+[.=]{0,3}"
    r"|5ec2e700-0000-4000-8000-[0-9a-f]{12}|(?:5ec2e7|5EC2E7)0{2,}[0-9a-fA-F]{1,6}(?![0-9a-fA-F])"
    r"|(?<![A-Za-z0-9])user0\d{3}(?:@example\.com)?(?![A-Za-z0-9])"
)
"""What a contract has in the place of a secret, or of a user's name."""


def same_text(expected: str, met: str, varies: Varies) -> bool:
    """Whether two texts are the same but for what may vary, and for the secrets that the contract's has
    stand-ins for."""
    if expected == met:
        return True
    one, other = blanked(expected, varies), blanked(met, varies)
    return one == other or _is_same_but_secrets(one, other)


def _is_same_but_secrets(expected: str, met: str) -> bool:
    """By the first place of each part: patterns with as many gaps would try all of them."""
    first, *parts = _STAND_IN.split(expected)
    if not parts or not met.startswith(first):
        return False
    *between, last = parts
    at = len(first)
    for part in between:
        found = met.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return len(met) - len(last) > at and met.endswith(last)


def blanked(text: str, varies: Varies) -> str:
    """The text with a word in angle brackets for each part that may vary."""
    flags = (varies.tokens, varies.urls, varies.ids, varies.server_paths, varies.times)
    return _blanked(text, flags) if len(text) < 2000 else _blank(text, flags)


def _blank(text: str, flags: tuple[bool, ...]) -> str:
    tokens, urls, ids, folders, times = flags
    if tokens:
        text = _TOKEN.sub(r"\1\2<token>", text)
    if urls:
        text = _ADDRESS.sub("<server>", text)
    if ids:
        text = _SCRATCH.sub("<scratch>", _JOB_ID.sub("<id>", text))
    if folders:
        text = _FOLDERS.sub("<folder>", text)
    if times:
        text = _DURATION.sub("<duration>", _INSTANT.sub("<instant>", text))
    return text


_blanked = lru_cache(maxsize=4096)(_blank)


def file_pattern(name: str) -> str:
    """A file's name without what differs from run to run: ids, and the numbers that are counted up.

    `_ags_report_12.zip` and `_ags_report_7.zip` are of one pattern, and so is `_ags_report.zip`, the first
    of them, whatever the name before the number ends with; the ending stays.
    """
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    if stem.startswith("_ags_"):
        stem = _COUNTER.sub("", stem.removeprefix("_ags_")) or stem
    stem = _JOB_ID.sub("<id>", stem)
    stem = re.sub(r"(?i)(?<![a-z0-9])(?=[a-f]*[0-9])[0-9a-f]{6,}(?![a-z0-9])", "<id>", stem)
    return re.sub(r"[0-9]+", "<n>", stem) + dot + ending.lower()
