"""What `gpharness record --update CONTRACT` does: have it again, show what has changed, ask, write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gp_client.errors import InvalidInput

from gpharness.client_access import FINE, NO_SUCCESS, complain, print_text, tell
from gpharness.contracts.contract import Contract
from gpharness.findings.findings import Finding, worst_first
from gpharness.own_words import own_options, own_words
from gpharness.plain_texts import one_line
from gpharness.recording.by_command import COMMAND, Wishes, progress_teller
from gpharness.recording.confirming import ask, confirm_effects, is_terminal
from gpharness.recording.options import Credentials, Options
from gpharness.recording.recorder import Recorder
from gpharness.recording.targets import Target, target_of
from gpharness.recording.updates import Update, effects_of, update
from gpharness.written_contracts import write

_MOST = 20
"""Differences of one conversation that are shown."""


def update_by_command(
    path: Path, url: str | None, options: Options, credentials: Credentials, wishes: Wishes
) -> int:
    """Update a contract; the exit status: 1 where something has changed and was not written, or could not be
    tried. Raises as `record_by_command` does."""
    from gpharness.contracts.contract_files import read_contract

    _check_words(options, wishes)
    contract = read_contract(path)
    target = _target(contract, url, path)
    effects = effects_of(contract, options.only)
    if not wishes.quiet:
        count = len(list(contract.conversations))
        noun = "conversation" if count == 1 else "conversations"
        tell(f"having {count} {noun} of {path} again with {target.root}")
    confirm_effects(effects, target, yes=wishes.yes)
    recorder = Recorder(
        target,
        options,
        credentials,
        trusted_hosts=wishes.trusted_hosts,
        listener=progress_teller(quiet=wishes.quiet),
    )
    try:
        with own_words():
            found = update(contract, recorder)
    finally:
        recorder.close()
    for line in update_lines(found):
        print_text(line)
    for name, reason in found.untried.items():
        complain(COMMAND, f"{name} stays as it is: {reason}")
    if not found.has_changes:
        return NO_SUCCESS if found.untried else FINE
    if not _may_write(path, wishes):
        return NO_SUCCESS
    write(found.contract, path)
    print_text(f"wrote {path}")
    return NO_SUCCESS if found.untried else FINE


def update_lines(found: Update) -> Iterator[str]:
    """What has changed, conversation by conversation, and what has not."""
    if found.described:
        yield "descriptions"
        yield from _finding_lines(found.described)
    for each in found.changed:
        yield f"{each.before.name}{f' ({each.before.task})' if each.before.task else ''}"
        yield from _finding_lines(each.findings)
    changed = len(found.changed)
    yield (
        f"{changed} of {changed + found.held + len(found.untried)} conversations changed, {found.held} hold"
        + (f", {len(found.untried)} could not be tried" if found.untried else "")
    )


def _finding_lines(findings: list[Finding]) -> Iterator[str]:
    for each in worst_first(findings)[:_MOST]:
        place = each.path or each.operation
        task = f"{each.task}: " if each.kind == "descriptor" and each.task else ""
        yield f"  {each.name}  {one_line(task + place)}"
        yield f"    - {one_line(each.expected, 200) or 'nothing'}"
        yield f"    + {one_line(each.met, 200) or 'nothing'}"
    if len(findings) > _MOST:
        yield f"  … and {len(findings) - _MOST} more"


def _check_words(options: Options, wishes: Wishes) -> None:
    """An update runs what the contract has and writes where it is."""
    given = {
        "--output": wishes.output is not None,
        "inputs": bool(options.given or options.sets),
        "--generate": bool(options.generate),
        "--wrong": options.wrong,
        "--cancel": bool(options.cancel),
    }
    if met := [name for name, is_given in given.items() if is_given]:
        raise InvalidInput(
            parameter="--update",
            met=f"{', '.join(met)} beside it",
            expected="none: it has the contract's own conversations again",
        )


def _target(contract: Contract, url: str | None, path: Path) -> Target:
    """The server: the one that is named, else the one that the contract is from."""
    address = url or contract.server.url or contract.provenance.of
    if "://" not in address:
        raise InvalidInput(
            parameter="URL", met=f"none, and {path} tells none", expected="the address of the server"
        )
    with own_options("URL"):
        return Target(target_of(address).root)


def _may_write(path: Path, wishes: Wishes) -> bool:
    if wishes.dry_run:
        return False
    if wishes.yes:
        return True
    if not is_terminal():
        complain(COMMAND, f"{path} stays as it is, as nobody can be asked: give --yes to have it written")
        return False
    return ask(f"Write this to {path}?")
