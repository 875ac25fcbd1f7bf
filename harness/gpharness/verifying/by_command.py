"""What `gpharness verify` does: read the contracts, hold the server to them, report."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import msgspec
from gp_client.errors import InvalidInput
from gp_protocol.errors import shown

from gpharness.client_access import (
    FINE,
    NO_SUCCESS,
    NOT_REACHED,
    WRONG_USAGE,
    Access,
    complain,
    guarded,
    print_text,
    tell,
)
from gpharness.contracts.contract import Contract
from gpharness.contracts.contract_files import read_contract
from gpharness.contracts.errors import ContractError
from gpharness.findings.ages import AgeError, age_of, too_old
from gpharness.findings.baselines import Baseline, BaselineError, read_baseline, sorted_by, write_baseline
from gpharness.findings.reports.report import Report, Section, counted
from gpharness.own_words import own_options
from gpharness.plain_texts import one_line
from gpharness.recording.recorder import own_version
from gpharness.verifying import verify as verifying

COMMAND = "verify"
_HOW_TO_SIGN_IN = (
    "give --user and its password, or --token: GPHARNESS_USER and GPHARNESS_PASSWORD, or GPHARNESS_TOKEN"
)


class VerifyWishes(msgspec.Struct, frozen=True):
    """What the command was told."""

    url: str | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None
    token_url: str | None = None
    trust: Sequence[str] = ()
    timeout: float | None = None
    deadline: float | None = None
    rate: float = 10.0
    only: Sequence[str] = ()
    baseline: Path | None = None
    write_baseline: Path | None = None
    max_age: str | None = None
    is_json: bool = False
    junit: Path | None = None
    html: Path | None = None
    quiet: bool = False

    def __repr__(self) -> str:
        return f"VerifyWishes(url={self.url!r})"


def verify_contracts(paths: Sequence[Path], wishes: VerifyWishes) -> int:
    """Hold a server to contracts and print the report; the status to end with."""

    def act() -> int:
        try:
            return _verify(paths, wishes)
        except (ContractError, AgeError, BaselineError, _Unusable) as error:
            complain(COMMAND, one_line(str(error)))
            return WRONG_USAGE

    return guarded(COMMAND, act)


class _Unusable(Exception):
    """A file cannot be written, or an option asks for what is not there; the text is one line."""


def _verify(paths: Sequence[Path], wishes: VerifyWishes) -> int:
    max_age = None if wishes.max_age is None else age_of(wishes.max_age)
    baseline = None if wishes.baseline is None else read_baseline(wishes.baseline)
    for file in filter(None, (wishes.junit, wishes.html, wishes.write_baseline)):
        _check_writable(file)
    contracts = [(path, read_contract(path)) for path in paths]
    _check_only(contracts, wishes.only)
    access = Access(
        wishes.user, wishes.password, wishes.token, wishes.token_url, wishes.trust, wishes.timeout
    ).with_password()
    now, ends_at = datetime.now(UTC), monotonic() + (wishes.deadline or 0.0)
    report = Report(COMMAND, [], f"{now:%Y-%m-%dT%H:%M:%SZ}", f"gpharness {own_version()}")
    for path, contract in contracts:
        within = None if wishes.deadline is None else max(ends_at - monotonic(), 0.0)
        try:
            section = _held(path, contract, wishes, access, within)
        except verifying.Interrupted as interrupted:
            report.sections.append(interrupted.section)
            _write(report, wishes)
            raise
        _warn(section, contract, max_age, now)
        report.sections.append(section)
    if wishes.write_baseline is not None:
        write_baseline(report.findings, wishes.write_baseline)
        tell(f"{wishes.write_baseline}: {counted(report.findings)} are known from now on")
    if baseline is not None:
        _take_known(report, baseline)
    _write(report, wishes)
    status = NO_SUCCESS if report.is_failure and wishes.write_baseline is None else FINE
    for line, other in _not_held(report):
        complain(COMMAND, line)
        status = max(status, other)
    return status


def _check_only(contracts: Sequence[tuple[Path, Contract]], only: Sequence[str]) -> None:
    """Every word has to mean a conversation: a check of nothing would always pass."""
    for word in only:
        if not any(
            verifying.is_wanted(each, (word,)) for _, contract in contracts for each in contract.conversations
        ):
            raise _Unusable(f"--only: met {shown(word)}, expected the name or the task of a conversation")


def _held(
    path: Path, contract: Contract, wishes: VerifyWishes, access: Access, within: float | None
) -> Section:
    url = wishes.url or contract.server.url
    if not url:
        raise _Unusable(f"{path}: says no address of its server; give --url")
    options: dict[str, object] = {
        "user": access.user,
        "password": access.password,
        "token": access.token,
        "token_url": access.token_url,
        "trusted_hosts": tuple(access.trusted_hosts),
        "rate": wishes.rate,
    }
    if wishes.timeout is not None:
        options["timeout"] = wishes.timeout
    name = path.name.removesuffix(path.suffix).removesuffix(".contract")

    def progress(done: int, total: int, conversation: str) -> None:
        tell(f"{one_line(name)} {done + 1}/{total} {one_line(conversation)}")

    shows = not wishes.quiet and sys.stderr is not None and sys.stderr.isatty()
    try:
        with own_options("--url"):
            return verifying.verify(
                contract,
                url,
                subject=name,
                only=wishes.only,
                progress=progress if shows else None,
                within=within,
                **options,
            )
    except InvalidInput as error:
        raise _Unusable(error.text) from None


def _warn(section: Section, contract: Contract, max_age: timedelta | None, now: datetime) -> None:
    if max_age is not None and (warning := too_old(contract.provenance.at, max_age, now)):
        section.warnings.append(warning)


def _take_known(report: Report, baseline: Baseline) -> None:
    known = {each.id: each for each in sorted_by(baseline, report.findings).known}
    gone = sorted_by(baseline, report.findings).gone
    for section in report.sections:
        section.known = [each for each in section.findings if each.id in known]
        section.findings = [each for each in section.findings if each.id not in known]
    if report.sections:
        report.sections[-1].gone = list(gone)


def _not_held(report: Report) -> Iterator[tuple[str, int]]:
    """A line for each reason for which conversations were not held, and the status that it leads to."""
    for section in report.sections:
        reasons = Counter(each.skipped for each in section.cases if each.skipped)
        for reason, count in reasons.items():
            if reason.startswith((verifying.NOT_REACHED, verifying.UNREADABLE)):
                yield f"{section.server}: {reason}", NOT_REACHED
            elif reason == verifying.TOKEN_WANTED:
                yield f"{_not_run(section, count)}: {reason}; {_HOW_TO_SIGN_IN}", WRONG_USAGE
            elif reason not in verifying.NOT_MEANT:
                yield f"{_not_run(section, count)}: {reason}", NO_SUCCESS


def _not_run(section: Section, count: int) -> str:
    return f"{section.server}: {count} of {len(section.cases)} conversations not run"


def _write(report: Report, wishes: VerifyWishes) -> None:
    from gpharness.findings.reports.html_report import as_html
    from gpharness.findings.reports.json_report import as_json
    from gpharness.findings.reports.junit_report import as_junit
    from gpharness.findings.reports.table_report import print_table

    if wishes.is_json:
        print_text(as_json(report).rstrip("\n"))
    else:
        print_table(report)
    if wishes.junit is not None:
        _write_file(wishes.junit, as_junit(report))
    if wishes.html is not None:
        _write_file(wishes.html, as_html(report))


def _check_writable(path: Path) -> None:
    """Before anything is asked: a long run is not to end without its report."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _Unusable(f"{path}: cannot be written: {error.strerror or error}") from None
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "it is a folder" if path.is_dir() else "no permission"
        raise _Unusable(f"{path}: cannot be written: {reason}")


def _write_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _Unusable(f"{path}: cannot be written: {error.strerror or error}") from None
