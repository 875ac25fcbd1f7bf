from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.server import serve
from gpharness.contracts.contract_files import read_contract

OUTPUT = "/arcgis/rest/services/DataTypes/Outputs/GPServer/NoOutput"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_it_writes_the_contract(gpharness: Any, tmp_path: Path, number: int) -> None:
    file = tmp_path / "a.yaml"
    with serve(builtin_site()) as server:
        running = gpharness("record", "--proxy", "--upstream", server.url, "-o", file)
        said = running.line()
        url = said.split()[1].removesuffix(",")
        assert said == f"recording {url}, in front of {server.url}"
        assert "Ctrl-C ends it" in running.error_line()
        httpx.get(f"{url.removesuffix('/arcgis')}{OUTPUT}?f=json")
        httpx.get(f"{url}/rest/services?f=html")
        httpx.get(f"{url.removesuffix('/arcgis')}{OUTPUT}/execute?f=json")
        running.process.send_signal(number)
        assert running.status() == 0

    contract = read_contract(file)
    assert running.line() == (
        f"wrote {file}: 1 task, 1 conversation (1 execution), generated from {server.url}"
    )
    assert [each.kind for each in contract.conversations] == ["execute"]
    assert (contract.provenance.source, contract.provenance.by_way_of) == ("generated", "proxy")
    assert running.rest_of(running.err) == ["  not used: 1 request: pages for people (f=html)"]
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["a.yaml"]


def test_nothing_is_written_where_nothing_has_passed(gpharness: Any, tmp_path: Path) -> None:
    running = gpharness("record", "--proxy", "-o", tmp_path / "a.yaml")
    assert running.line().endswith("a proxy for plain HTTP")
    running.process.send_signal(signal.SIGTERM)

    assert running.status() == 0
    assert "nothing has passed" in running.rest_of(running.err)[-1]
    assert not (tmp_path / "a.yaml").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--upstream", "gis.example.gov"),
            "--upstream 'gis.example.gov': expected an http or https address",
        ),
        (("--allow", "a b"), "--allow 'a b': expected a host"),
        (("-o", "no/such/folder.yaml"), "its folder does not exist"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(told: Any, words: tuple[str, ...], message: str) -> None:
    ran = told("record", "--proxy", *words)

    assert ran.status == 2
    assert len(ran.err) == 1
    assert ran.err[0].startswith("gpharness record: ")
    assert message in ran.err[0]


def test_a_contract_that_is_there_is_refused_before_anything_passes(told: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")

    ran = told("record", "--proxy", "-o", tmp_path / "a.yaml")

    assert (ran.status, (tmp_path / "a.yaml").read_text()) == (2, "mine")
