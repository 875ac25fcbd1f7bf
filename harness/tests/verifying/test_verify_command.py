"""`gpharness verify`: its statuses, its reports, and whom it asks."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
import verifying_scenarios as scenarios
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gpharness.contracts.contract_files import write_contract
from gpharness.findings.finding_names import finding
from gpharness.in_process import SiteTransport
from gpharness.probing.exchanges import Exchange
from gpharness.verify_commands import verify as command
from gpharness.verifying.curl_commands import curl_of
from gpharness.verifying.gathering import Gathered
from gpharness.verifying.looks import Look
from gpharness.verifying.verify import verify

Run = Callable[..., tuple[int, str, str]]
SECRET = "s3cret-t0ken-of-a-test"


@pytest.fixture
def site() -> Site:
    return scenarios.site(scenarios.OneClock())


@pytest.fixture
def contract_file(tmp_path: Path) -> Path:
    path = tmp_path / "viewshed.contract.yaml"
    write_contract(scenarios.contract("execute"), path)
    return path


@pytest.fixture
def served(site: Site) -> Iterator[Site]:
    with serve(site):
        yield site


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gpharness verify <words>`; its status, stdout and stderr."""

    def run_it(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            command.main([*map(str, words)], prog_name="gpharness verify")
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run_it


def test_a_server_that_keeps_its_promises_ends_with_0(run: Run, contract_file: Path, served: Site) -> None:
    status, out, err = run(contract_file, "--url", served.url)
    assert (status, err) == (0, "")
    assert "no findings, 1 conversation" in out


def test_findings_end_with_1_and_are_told_in_every_form(
    run: Run, contract_file: Path, served: Site, tmp_path: Path
) -> None:
    served.deviate("messages-null")
    junit, html = tmp_path / "out" / "report.xml", tmp_path / "report.html"
    words = (contract_file, "--url", served.url, "--json", "--junit", junit, "--html", html)
    status, out, _ = run(*words)
    assert status == 1
    found = json.loads(out)["sections"][0]["findings"]
    assert [each["name"] for each in found] == ["messages.shape"]
    assert found[0]["request"].startswith("curl -sS --data-urlencode ")
    assert "messages.shape" in html.read_text(encoding="utf-8")
    assert ElementTree.fromstring(junit.read_text(encoding="utf-8")).attrib["failures"] == "1"


def test_known_findings_are_left_out(run: Run, contract_file: Path, served: Site, tmp_path: Path) -> None:
    served.deviate("messages-null")
    known = tmp_path / "known.json"
    assert run(contract_file, "--url", served.url, "--write-baseline", known)[0] == 0
    assert run(contract_file, "--url", served.url, "--baseline", known)[0] == 0
    served.deviations.clear()
    status, out, _ = run(contract_file, "--url", served.url, "--baseline", known)
    assert status == 0
    assert "no longer found: messages.shape" in out


def test_a_server_that_is_not_there_ends_with_3(run: Run, contract_file: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/arcgis"
    status, out, err = run(contract_file, "--url", url)
    assert status == 3
    assert "transport.unreachable" in out
    assert err.startswith("gpharness verify: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.yaml", "--url", "http://127.0.0.1:1/arcgis"), "nowhere.yaml"),
        (("{}", "--url", "gis.example.com"), "https://"),
        (("{}", "--url", "http://127.0.0.1:1/arcgis", "--only", "nothing"), "--only"),
        (("{}", "--url", "http://127.0.0.1:1/arcgis", "--max-age", "soon"), "soon"),
        (("{}", "--url", "http://127.0.0.1:1/arcgis", "--baseline", "none.json"), "none.json"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(
    run: Run, contract_file: Path, words: tuple[str, ...], said: str
) -> None:
    status, out, err = run(*(word.format(contract_file) for word in words))
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        ("redirect-to-other-host", "viewshed"),
        ("redirect-to-login-host", "viewshed"),
        ("param-url-other-host", "viewshed"),
        ("file-url-internal-host", "files"),
        ("token-service-elsewhere", "secured"),
        ("redirect-to-other-host", "secured"),
    ],
)
def test_no_other_host_is_asked(name: str, scenario: str) -> None:
    hosts = set()

    class Watched(SiteTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            hosts.add(request.url.host)
            return super().handle_request(request)

    clock = scenarios.OneClock()
    site = scenarios.site(clock)
    site.deviate(name)
    http = httpx.Client(transport=Watched(site))
    options = {**scenarios.options_for(site, clock, scenario), "http": http}
    section = verify(scenarios.contract(scenario), scenarios.ROOT, **options)
    assert hosts == {"gis.example.com"}
    assert section.cases


def test_only_what_is_asked_for_is_run(site: Site) -> None:
    clock = site.clock
    assert isinstance(clock, scenarios.OneClock)
    options = scenarios.options_for(site, clock)
    section = verify(scenarios.contract("twice"), scenarios.ROOT, only=["proj*"], **options)
    assert [(each.name, each.skipped) for each in section.cases] == [
        ("job", "not asked for"),
        ("projected", ""),
    ]
    assert len(site.store) == 1


def test_a_request_is_told_without_credentials() -> None:
    url = f"https://someone:{SECRET}@gis.example.com/arcgis/rest/info?f=json&token={SECRET}"
    exchange = Exchange("info", "GET", url, {"f": "json"}, request_headers=(("Authorization", SECRET),))
    assert curl_of(exchange) == "curl -sS -G --data-urlencode f=json https://gis.example.com/arcgis/rest/info"


def test_one_fault_is_told_once_and_how_often() -> None:
    gathered = Gathered()
    exchange = Exchange("job", "GET", "https://gis.example.com/x", task="Roads/Route")
    gathered.take([Look(exchange, findings=[finding("job.status", met="4")]) for _ in range(3)])
    other = Exchange("job", "GET", "https://gis.example.com/x", task="Roads/Other")
    gathered.take([Look(other, findings=[finding("job.status", met="4")])])
    assert [(each.task, each.met) for each in gathered.findings] == [
        ("Roads/Route", "4 (3 times)"),
        ("Roads/Other", "4"),
    ]
