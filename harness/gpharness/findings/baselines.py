"""A baseline: the findings that are known already, so that only new ones make a command fail.

`verify --baseline FILE` leaves them out of the findings and tells which of them are gone; with
`--write-baseline` the file is written anew from what was found. It is JSON that a person can shorten:

    {"format": 1, "known": [{"id": "0f5c…", "name": "results.late", "task": "…", …}, …]}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from gpharness.findings.findings import Finding, worst_first

FORMAT: Final = 1


class BaselineError(Exception):
    """A file that cannot be read, or written, as a baseline; the text says which, why and what to do."""


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """A known finding. Its id decides; the rest tells a reader which one it is."""

    id: str
    name: str = ""
    task: str = ""
    operation: str = ""
    path: str = ""
    conversation: str = ""

    @property
    def line(self) -> str:
        """It in a line."""
        parts = (self.name, self.task, self.operation, self.path, self.conversation)
        return " ".join(filter(None, (*parts, f"[{self.id}]")))


class Baseline(msgspec.Struct, frozen=True):
    """What the file holds."""

    known: tuple[Known, ...]
    format: int = FORMAT


class Sorted(msgspec.Struct, frozen=True):
    """Findings, told apart by a baseline. `gone` are the lines of the known ones that were not found."""

    new: list[Finding]
    known: list[Finding]
    gone: list[str]


def read_baseline(path: Path) -> Baseline:
    """A baseline out of its file. Raises BaselineError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "; --write-baseline makes one" if isinstance(error, FileNotFoundError) else ""
        raise BaselineError(f"the baseline {path} cannot be read: {error.strerror or error}{hint}") from None
    try:
        read = msgspec.json.decode(data, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{path} is no baseline: {error}; --write-baseline writes a new one") from None
    if read.format != FORMAT:
        raise BaselineError(
            f"{path} is a baseline of format {read.format}; this program reads format {FORMAT}: "
            "write it anew with --write-baseline, or use the program that wrote it"
        )
    return read


def write_baseline(findings: Iterable[Finding], path: Path) -> None:
    """Makes these the known findings. The file is replaced as a whole. Raises BaselineError."""
    known = {each.id: _known(each) for each in worst_first(findings)}
    text = msgspec.json.format(msgspec.json.encode({"format": FORMAT, "known": list(known.values())}))
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(text + b"\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BaselineError(f"the baseline {path} cannot be written: {error.strerror or error}") from None


def sorted_by(baseline: Baseline, findings: Sequence[Finding]) -> Sorted:
    """Which findings are new, which are known, and which known ones are gone."""
    ids = {each.id for each in baseline.known}
    found = {each.id for each in findings}
    return Sorted(
        new=[each for each in findings if each.id not in ids],
        known=[each for each in findings if each.id in ids],
        gone=[each.line for each in baseline.known if each.id not in found],
    )


def _known(each: Finding) -> Known:
    parts = (each.name, each.task, each.operation, each.path, each.conversation)
    return Known(each.id, *(part.encode("utf-8", "backslashreplace").decode() for part in parts))
