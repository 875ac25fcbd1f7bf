"""The contracts in `fixtures/`: each says where it is from, holds no secret, is replayed, and the replay
keeps it when the reference client verifies it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from gp_client import SharedClock
from gp_mockserver.lifecycle.clocks import ManualClock
from gpharness.contracts.contract_reading import MAIN_FILES, read_contract
from gpharness.contracts.secrets.scanning import scan
from gpharness.findings.findings import is_failure
from gpharness.in_process import SiteTransport
from gpharness.replaying.sites import context_of, site_of
from gpharness.verifying.verify import verify

FIXTURES = Path(__file__).parents[1] / "fixtures"
ROOT = "https://gis.example.com"


def contract_paths() -> list[Path]:
    """The files and folders that are contracts."""
    folders = {file.parent for name in MAIN_FILES for file in FIXTURES.rglob(name)}
    files = [file for ending in ("yaml", "yml", "json") for file in FIXTURES.rglob(f"*.{ending}")]
    beside = {folder for folder in FIXTURES.rglob("bodies") if folder.is_dir()} | folders
    alone = [file for file in files if not any(folder in file.parents for folder in beside)]
    return sorted([*folders, *alone])


PATHS = contract_paths()


def test_there_are_contracts() -> None:
    assert PATHS, f"no contract in {FIXTURES}: record some with gpharness record"


if PATHS:
    every_contract = pytest.mark.parametrize(
        "path", PATHS, ids=[str(path.relative_to(FIXTURES)) for path in PATHS]
    )

    @every_contract
    def test_a_contract_says_where_it_is_from(path: Path) -> None:
        provenance = read_contract(path).provenance
        assert provenance.of, "of: the server's address, or the page"
        if provenance.source == "recorded":
            assert provenance.at, "at: when it was recorded"

    @every_contract
    def test_a_contract_holds_no_secret(path: Path) -> None:
        assert scan(read_contract(path)) == []

    @every_contract
    def test_a_replayed_contract_is_kept(path: Path) -> None:
        contract = read_contract(path)
        clock = ManualClock()
        site = site_of(contract, clock=clock)
        shared = SharedClock(clock.advance, start=clock.now())
        with httpx.Client(transport=SiteTransport(site, ROOT)) as http:
            section = verify(contract, f"{ROOT}/{context_of(contract)}", http=http, clock=shared, rate=None)
        found = [each for each in section.findings if is_failure([each])]
        assert not found, "\n".join(f"{each.name} {each.path}: {each.met}" for each in found)
        assert section.cases or not contract.conversations
