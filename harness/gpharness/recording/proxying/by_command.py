"""What `gpharness record --proxy` does: pass requests through until a signal, then write the contract."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from gp_mockserver.errors import MockServerError

from gpharness.contracts.contract import Contract, Provenance, Source
from gpharness.contracts.errors import ContractError
from gpharness.importing.imported import told
from gpharness.recording.assembling import contract_of
from gpharness.recording.masked_exchanges import masked_repeated
from gpharness.recording.proxying.listening import run_proxy
from gpharness.recording.proxying.noted_exchanges import exchanges_of
from gpharness.recording.proxying.notes import MEBIBYTE, Notes
from gpharness.recording.proxying.passing import PassingThrough
from gpharness.recording.proxying.ways import BadUpstream, Ways
from gpharness.standard_output import OutputLost, give_up, written
from gpharness.written_contracts import NotWritten, summary, writable, write


class ProxyWishes(msgspec.Struct, frozen=True):
    """What the options say. `output` is the contract's file or folder. `max_bytes` of one answer are kept."""

    output: Path
    upstream: str | None = None
    allow: Sequence[str] = ()
    port: int = 0
    rewrite: bool = False
    force: bool = False
    mask_users: bool = False
    mask_paths: bool = False
    source: Source | None = None
    max_bytes: int = 10 * MEBIBYTE


def record_by_proxy(wishes: ProxyWishes) -> int:
    """Run until SIGINT or SIGTERM, and write what passed; the command's exit status."""
    notes = Notes(None, wishes.max_bytes)
    try:
        writable(wishes.output, force=wishes.force)
        ways = Ways(wishes.upstream, wishes.allow)
        if wishes.source is None and ways.upstream is not None and _is_mock(ways.upstream):
            wishes = msgspec.structs.replace(wishes, source="generated")
        app = PassingThrough(ways, notes, rewrite=wishes.rewrite)
        run_proxy(app, ways, wishes.port, lambda url: _announce(url, ways, wishes.output))
        if not notes.count:
            print("gpharness record: nothing has passed, so nothing is written", file=sys.stderr)
            return 0
        contract, left = contract_of_notes(notes, ways, wishes)
        write(contract, wishes.output)
        for line in left:
            print(f"  not used: {line}", file=sys.stderr)
        with written():
            print(summary(contract, wishes.output), flush=True)
    except (BadUpstream, MockServerError, NotWritten, ContractError) as error:
        print(f"gpharness record: {error}", file=sys.stderr)
        return 2
    except OutputLost as error:
        return give_up("record", error)
    except KeyboardInterrupt:
        print("gpharness record: ended while it was writing: there is no contract", file=sys.stderr)
        return 130
    finally:
        notes.close()
    return 0


def contract_of_notes(notes: Notes, ways: Ways, wishes: ProxyWishes) -> tuple[Contract, list[str]]:
    """The contract of what has passed, its secrets masked, and what could not be used."""
    left: Counter[str] = Counter()
    exchanges = masked_repeated(
        exchanges_of(notes, left), usernames=wishes.mask_users, server_paths=wishes.mask_paths
    )
    began = datetime.fromtimestamp(notes.began, UTC)
    provenance = Provenance(
        wishes.source or "recorded",
        of=ways.root or "",
        at=began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        by=_own_name(),
        by_way_of="proxy",
    )
    contract, unused = contract_of(exchanges, provenance, ways.root, keeps_refusals=True)
    root = contract.server.url
    if wishes.source is None and ways.upstream is None and root and _is_mock(root):
        contract.provenance = msgspec.structs.replace(contract.provenance, source="generated", of=root)
    return contract, [*told(left, "request", "requests"), *unused]


def _is_mock(root: str) -> bool:
    """Whether what answers there is a mock of this program, of which nothing real can be recorded."""
    from gp_client.wire.httpx_transports import HTTPXTransport

    from gpharness.recording.own_mock import is_own_mock

    transport = HTTPXTransport()
    try:
        return is_own_mock(transport, root, timeout=3.0)
    finally:
        transport.close()


def _own_name() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"gpharness {version('gpharness')}"
    except PackageNotFoundError:
        return "gpharness"


def _announce(url: str, ways: Ways, output: Path) -> None:
    if ways.upstream is None:
        first = f"recording what passes {url}, a proxy for plain HTTP"
    else:
        path = ways.upstream.partition("://")[2].partition("/")[2]
        first = f"recording {url}/{path}".rstrip("/") + f", in front of {ways.upstream}"
    with written():
        print(first, flush=True)
    print(f"Ctrl-C ends it and writes {output}", file=sys.stderr, flush=True)
