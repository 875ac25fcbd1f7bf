"""What `gpharness import` does: read files of other programs, write a contract or a site file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gpharness.contracts.contract import Contract, Provenance, Source
from gpharness.contracts.errors import ContractError
from gpharness.importing.imported import Imported, NotImported
from gpharness.importing.recognising import Format, format_of, json_of
from gpharness.recording.assembling import contract_of
from gpharness.recording.masked_exchanges import masked
from gpharness.standard_output import OutputLost, give_up, written
from gpharness.written_contracts import NotWritten, is_empty, summary, writable, write


class ImportWishes(msgspec.Struct, frozen=True):
    """What the options say. `root` is the address of the server's context, where it is not to be guessed;
    `of` is the page or document that the files are from."""

    output: Path
    form: Format | None = None
    root: str | None = None
    of: str = ""
    force: bool = False
    mask_users: bool = False
    mask_paths: bool = False


def import_files(paths: Sequence[Path], wishes: ImportWishes) -> int:
    """The command's exit status."""
    try:
        writable(wishes.output, force=wishes.force)
        forms = [wishes.form or format_of(path) for path in paths]
        if "widget" in forms:
            return _import_widget(paths, forms, wishes)
        imported = [_read(path, form) for path, form in zip(paths, forms, strict=True)]
        contract, left = contract_from(imported, wishes)
        if not contract.provenance.of:
            contract.provenance.of = ", ".join(dict.fromkeys(path.name for path in paths))
        if is_empty(contract):
            raise NotImported(paths[0], f"nothing of a GP server{_because(left)}", "requests below …/rest/")
        write(contract, wishes.output)
        _say([f"not used: {each}" for each in left])
        with written():
            print(summary(contract, wishes.output), flush=True)
    except (NotImported, NotWritten, ContractError) as error:
        print(f"gpharness import: {error}", file=sys.stderr)
        return 2
    except OutputLost as error:
        return give_up("import", error)
    return 0


def contract_from(imported: Sequence[Imported], wishes: ImportWishes) -> tuple[Contract, list[str]]:
    """The contract of what several files have, its secrets masked, and what could not be used."""
    exchanges = []
    left: list[str] = []
    after = 0.0
    for each in imported:
        start = 0.0 if each.at is not None else after
        for exchange in each.exchanges:
            exchange.at += start
            after = max(after, exchange.at + 1.0)
        exchanges += each.exchanges
        left += each.left
    exchanges = masked(exchanges, usernames=wishes.mask_users, server_paths=wishes.mask_paths)
    contract, unused = contract_of(
        exchanges, provenance_of(imported, wishes.of), wishes.root, keeps_refusals=True
    )
    return contract, [*left, *unused]


def provenance_of(imported: Sequence[Imported], of: str = "") -> Provenance:
    """`recorded` only where every file says when, `generated` where this program's own mock has written
    one."""
    source: Source = "reconstructed"
    instants = [each.at for each in imported if each.at is not None]
    if any(each.is_own for each in imported):
        source = "generated"
    elif len(instants) == len(imported):
        source = "recorded"
    at = ""
    if instants and source != "reconstructed":
        at = datetime.fromtimestamp(min(instants), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Provenance(
        source,
        of=of,
        at=at,
        by=", ".join(dict.fromkeys(each.by for each in imported if each.by)),
        by_way_of=", ".join(dict.fromkeys(each.way for each in imported)),
        notes=" ".join(dict.fromkeys(each.notes for each in imported if each.notes)),
    )


def _read(path: Path, form: Format) -> Imported:
    match form:
        case "har":
            from gpharness.importing.har import read_har

            return read_har(path)
        case "vcr":
            from gpharness.importing.vcr import read_vcr

            return read_vcr(path)
        case _:
            from gpharness.importing.bodies import read_bodies

            return read_bodies(path)


def _import_widget(paths: Sequence[Path], forms: Sequence[Format], wishes: ImportWishes) -> int:
    """Write the site file of a widget's configuration. Raises NotImported or NotWritten."""
    if len(paths) > 1:
        met = f"{len(paths)} files, of which one is a widget's configuration"
        raise NotImported(paths[forms.index("widget")], met, "that file alone")
    from gpharness.importing.widgets import site_file_of

    data = json_of(paths[0])
    try:
        text = site_file_of(data)
    except ValueError as error:
        expected = "a widget's configuration, a HAR, a cassette or an answer of a GP server"
        raise NotImported(paths[0], str(error), expected) from None
    unfinished = wishes.output.with_name(f".{wishes.output.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(wishes.output)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise NotWritten(f"{wishes.output} cannot be written: {error.strerror or error}") from None
    with written():
        print(
            f"wrote {wishes.output}: a site file; serve it with: gpharness serve {wishes.output}", flush=True
        )
    return 0


def _because(left: Sequence[str]) -> str:
    return f" ({'; '.join(left[:5])})" if left else ""


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  {line}", file=sys.stderr)
