"""Bodies in files, checked one after the other, and what is told of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import msgspec

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Task

    from gpharness.findings.reports.report import Report, Section

_STDIN: Final = "-"
_LARGEST: Final = 1_000_000_000
"""Bytes of a file that is read."""


class CheckWishes(msgspec.Struct, frozen=True):
    """What the command was told. `asked` is a query without its question mark."""

    kind: str = "auto"
    version: str | None = None
    task_descriptor: Path | None = None
    asked: str = ""
    job_id: str = ""
    is_json: bool = False
    junit: Path | None = None
    html: Path | None = None


class _Refused(Exception):
    """The command cannot do what it was told; the text says why, in one line."""


def check_files(files: Sequence[str], wishes: CheckWishes) -> int:
    """Check bodies and print what was found; the status to end with."""
    from gpharness.standard_output import OutputLost, give_up, written

    try:
        text, status = _checked(files, wishes)
    except _Refused as refusal:
        print(f"gpharness check: {refusal}", file=sys.stderr)
        return 2
    try:
        with written():
            sys.stdout.write(text)
            sys.stdout.flush()
    except OutputLost as error:
        return give_up("check", error)
    return status


def _checked(files: Sequence[str], wishes: CheckWishes) -> tuple[str, int]:
    """The report as text, and the status to end with."""
    from gpharness.findings.reports.json_report import as_json
    from gpharness.findings.reports.report import Report
    from gpharness.findings.reports.table_report import table_lines

    _check_version(wishes.version)
    if list(files).count(_STDIN) > 1:
        raise _Refused("met - twice, expected it once: stdin can be read but once")
    task = _task(wishes.task_descriptor) if wishes.task_descriptor is not None else None
    bodies = ((name, _read(name)) for name in files)
    sections = [_section(name, body, wishes, task) for name, body in bodies]
    report = Report(command="check", sections=sections, at=_now(), by=_program())
    _write_reports(report, wishes)
    if wishes.is_json:
        return as_json(report), int(report.is_failure)
    lines = "".join(f"{line}\n" for line in table_lines(report))
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return lines.encode(encoding, "backslashreplace").decode(encoding), int(report.is_failure)


def _write_reports(report: Report, wishes: CheckWishes) -> None:
    from gpharness.findings.reports.html_report import as_html
    from gpharness.findings.reports.junit_report import as_junit

    for path, as_text in ((wishes.junit, as_junit), (wishes.html, as_html)):
        if path is None:
            continue
        try:
            path.write_text(as_text(report), encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise _Refused(f"{str(path)!r} cannot be written: {error.strerror or error}") from None


def _section(name: str, body: bytes, wishes: CheckWishes, task: Task | None) -> Section:
    from gpharness.checking.bodies import check_body
    from gpharness.findings.reports.report import Section

    checked = check_body(
        body,
        wishes.kind,
        version=wishes.version,
        task=task,
        asked=dict(parse_qsl(wishes.asked.lstrip("?"), keep_blank_values=True)),
        job_id=wishes.job_id,
    )
    shown = "stdin" if name == _STDIN else name
    findings = [msgspec.structs.replace(each, file=shown) for each in checked.findings]
    kind = f" (as {checked.kind})" if checked.kind != wishes.kind and checked.kind != "auto" else ""
    return Section(subject=f"{shown}{kind}", findings=findings)


def _read(name: str) -> bytes:
    try:
        if name == _STDIN:
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise _Refused(f"{name!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > _LARGEST:
        raise _Refused(f"{name!r} is larger than {_LARGEST // 1_000_000} MB, expected one answer's body")
    return content


def _task(path: Path) -> Task:
    from gp_protocol.descriptions.descriptors import parse_task
    from gp_protocol.errors import ProtocolError

    try:
        json = msgspec.json.decode(_read(str(path)).removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise _Refused(f"{str(path)!r} is no JSON, expected a task's descriptor: {error}") from None
    if not isinstance(json, dict) or not isinstance(json.get("parameters"), list):
        raise _Refused(f"{str(path)!r} is no task's descriptor, expected an object with parameters")
    try:
        return parse_task(json)
    except ProtocolError as error:
        raise _Refused(f"{str(path)!r} is no task's descriptor: {error.detail}") from None


def _check_version(version: str | None) -> None:
    from gp_protocol.errors import ProtocolError
    from gp_protocol.versions import profile

    try:
        if version is not None:
            profile(version)
    except ProtocolError as error:
        raise _Refused(f"--version: {error.detail.removeprefix('version: ')}") from None


def _now() -> str:
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _program() -> str:
    from importlib.metadata import version

    return f"gpharness {version('gpharness')}"
