"""A site in front of a real server, for which another site of the mock stands here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from deviation_probe import Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.passing_on import PassingOn, site_in_front_of
from gp_mockserver.server import RunningServer, serve

from every_case import every_case

INFO = "rest/info"


@pytest.fixture(scope="module")
def real() -> Iterator[RunningServer]:
    """The real server: on a port, and with a context, of its own."""
    with serve(builtin_site("gis", clock=JumpingClock())) as running:
        yield running


@pytest.fixture
def front(real: RunningServer, server: RunningServer, fresh: dict[str, Any]) -> Iterator[Probe]:
    """A site in front of it, under another context."""
    site = site_in_front_of(real.url, fresh["context"])
    server.app.add_site(site)
    yield Probe(site)
    server.app.remove_site(site.context)


def test_answers_are_those_of_the_server_with_the_sites_own_address(
    front: Probe, real: RunningServer
) -> None:
    answer = front.get(INFO)
    info = answer.json
    assert info["currentVersion"] == 12.0
    assert info["authInfo"]["tokenServicesUrl"] == f"{front.root}/tokens/"
    assert real.root.encode() not in answer.body
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_a_job_runs_from_end_to_end(front: Probe, real: RunningServer) -> None:
    job_id = front.finish()
    assert front.result(job_id).json["paramName"] == "Viewshed_Result"
    assert job_id in real.app.sites["gis"].store.ids()
    assert [entry.operation for entry in front.site.journal] == ["submitJob", "job", "job", "result"]
    assert front.site.journal[1].task == "WorldViewshed/viewshed"
    assert front.site.journal[1].job_id == job_id


def test_files_come_through_byte_for_byte(front: Probe) -> None:
    path = "Files/FileTransfer/GPServer/ZipFile"
    url = front.result(front.finish(path), "Output_File", path).json["value"]["url"]
    assert url.startswith(f"{front.root}/rest/directories/")
    archive = front.get(url.removeprefix(f"{front.root}/"))
    assert archive.headers["content-type"] == "application/zip"
    assert archive.body.startswith(b"PK")


def test_headers_that_a_client_sends_reach_the_server(front: Probe, real: RunningServer) -> None:
    journal = real.app.sites["gis"].journal
    journal.clear()
    front.post("rest/services", headers={"Referer": "http://maps.example/", "User-Agent": "a client"}, x="1")
    (entry,) = journal
    sent = {name.lower(): value for name, value in entry.request_headers}
    assert (sent["referer"], sent["user-agent"]) == ("http://maps.example/", "a client")
    assert "accept" not in sent
    assert entry.parameters["x"] == "1"


def test_redirects_are_passed_on_with_the_sites_own_address(front: Probe) -> None:
    answer = front.get("rest/services/Secured/WorldViewshed/GPServer", f="html")
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{front.root}/rest/login?")


def test_deviations_are_applied_to_what_it_answers(front: Probe) -> None:
    front.site.deviate("results-late")
    front.site.deviate({"name": "mark", "on": ["submit"], "do": [{"set": "/mark", "value": 1}]})
    assert front.submit().json["mark"] == 1
    job_id = front.finish()
    assert "results" not in front.poll(job_id).json
    job_id = front.finish()
    answers = [front.poll(job_id).json for _ in range(4)]
    assert "results" in answers[-1]


def test_the_journal_knows_operations_and_jobs_also_where_it_deviates(front: Probe) -> None:
    front.site.deviate("status-503-retry-after@catalogue")
    front.get("rest/services")
    job_id = front.finish()
    seen = [(entry.operation, entry.job_id, entry.job_status) for entry in front.site.journal]
    assert seen == [
        ("catalogue", "", ""),
        ("submitJob", job_id, "esriJobSubmitted"),
        ("job", job_id, "esriJobExecuting"),
        ("job", job_id, "esriJobSucceeded"),
    ]
    assert front.site.journal[1].task == "WorldViewshed/viewshed"
    front.site.verify()


def test_a_deviation_that_needs_jobs_of_the_mocks_own_is_refused(front: Probe) -> None:
    with pytest.raises(DeviationError, match="front of"):
        front.site.deviate("never-ends")


def test_without_an_answer_there_is_a_gateways(server: RunningServer, fresh: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    site = site_in_front_of(f"http://127.0.0.1:{port}/arcgis", fresh["context"])
    server.app.add_site(site)
    answer = Probe(site).get(INFO)
    server.app.remove_site(site.context)
    assert answer.status == 502
    assert f"http://127.0.0.1:{port}/arcgis did not answer" in answer.body.decode()


def test_it_stands_under_the_servers_own_context_unless_told_otherwise() -> None:
    assert site_in_front_of("https://gis.example.com/server/").context == "server"
    assert PassingOn("https://gis.example.com/a/b/").address == "https://gis.example.com/a/b"


@every_case("address", ["", "gis.example.com/arcgis", "https://gis.example.com", "ftp://a/b"])
def test_an_address_that_leads_to_no_server_is_refused(address: str) -> None:
    with pytest.raises(SiteError, match="in front of"):
        site_in_front_of(address)


def test_a_server_by_https_is_asked_by_https(
    server: RunningServer, fresh: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = tmp_path / "server.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(files[0])
    issued.private_key_pem.write_to_path(files[1])
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serve(builtin_site("gis"), tls=files) as real:
        site = site_in_front_of(real.url, fresh["context"])
        server.app.add_site(site)
        unknown = Probe(site).get(INFO)
        server.app.remove_site(site.context)
        assert unknown.status == 502
        assert "certificate verify failed" in unknown.body.decode()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        site = site_in_front_of(real.url, fresh["context"])
        server.app.add_site(site)
        known = Probe(site).get(INFO)
        assert known.json["authInfo"]["tokenServicesUrl"] == f"{site.url}/tokens/"
        server.app.remove_site(site.context)
