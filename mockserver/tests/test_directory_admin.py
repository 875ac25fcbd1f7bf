"""An administrator's pages of a service's jobs, as a browser goes through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.directory import admin_pages
from gp_mockserver.sites import Site

SERVICE = "Simulation/JobOutcomes/GPServer"
ADMIN = "../../admin/services/Simulation/JobOutcomes.GPServer/jobs"


@pytest.fixture
def client(wire: Any) -> Iterator[httpx.Client]:
    """A browser in which the administrator has signed in."""
    with httpx.Client(base_url=wire.http.base_url, timeout=10, follow_redirects=True) as client:
        assert client.post("../login", data={"username": "tester", "password": "tester-password"}).is_success
        yield client


def links(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', page.text)
    return {unescape(text): urljoin(str(page.url), unescape(href)) for href, text in found}


def buttons(page: httpx.Response) -> dict[str, str]:
    """Where the forms that are a single button lead."""
    found = re.findall(
        r'<form method="post" action="([^"]*)"><input type="submit" value="([^"]*)"/>', page.text
    )
    return {text: urljoin(str(page.url), unescape(action)) for action, text in found}


def crumbs(page: httpx.Response) -> list[str]:
    (found,) = re.findall(r'<td class="breadcrumbs">(.*?)</td>', page.text, re.DOTALL)
    return [unescape(each) for each in re.findall(r">([^<>]+)</a>", found)]


def submitted(wire: Any, task: str = "NeverEnds") -> str:
    return str(wire.post(f"{SERVICE}/{task}/submitJob", f="json").json()["jobId"])


def test_jobs_are_reached_from_their_service_looked_at_and_cancelled(wire: Any, client: httpx.Client) -> None:
    job = submitted(wire)
    listed = client.get(links(client.get(SERVICE))["Jobs"])
    assert crumbs(listed) == ["Home", "services", "Simulation", "Simulation/JobOutcomes (GPServer)", "Jobs"]
    page = client.get(links(listed)[f"{job} (esriJobExecuting)"])
    assert crumbs(page)[-2:] == ["Jobs", job]
    assert "esriJobExecuting" in page.text
    assert client.get(links(page)["The job as clients see it"]).status_code == 200
    assert list(buttons(page)) == ["Cancel Job", "Delete Job"]
    done = client.post(buttons(page)["Cancel Job"])
    assert done.status_code == 200
    assert "success" in done.text
    wire.clock.advance(5)
    page = client.get(links(done)[f"Job {job}"])
    assert "esriJobCancelled" in page.text
    assert list(buttons(page)) == ["Delete Job"]


def test_a_job_is_deleted_by_its_button(wire: Any, client: httpx.Client) -> None:
    job = submitted(wire)
    page = client.get(f"{ADMIN}/{job}")
    done = client.post(buttons(page)["Delete Job"])
    assert "success" in done.text
    assert "No jobs here." in client.get(links(done)["Jobs"]).text
    gone = client.get(f"{ADMIN}/{job}")
    assert "Unable to find job" in gone.text
    assert buttons(gone) == {}


def test_a_change_that_is_refused_says_so(wire: Any, client: httpx.Client) -> None:
    job = submitted(wire, "Succeeds")
    wire.clock.advance(60)
    done = client.post(f"{ADMIN}/{job}/cancel")
    assert f"Unable to cancel job :[{job}]" in done.text
    assert f"Job {job}" in links(done)


def test_a_long_list_goes_on_on_the_next_page(
    wire: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_pages, "_MAX_LISTED", 2)
    jobs = [submitted(wire) for _ in range(5)][::-1]
    page, seen = client.get(ADMIN), []
    while True:
        seen += re.findall(r">(j[0-9a-f]{32}) \(", page.text)
        if "Older jobs" not in links(page):
            break
        page = client.get(links(page)["Older jobs"])
    assert seen == jobs


def test_only_an_administrator_is_led_to_the_jobs(wire: Any, client: httpx.Client) -> None:
    assert "Jobs" not in links(wire.get(SERVICE))
    wire.site.add_user("plain", "plain-password")
    token = wire.site.guard.issue("plain", "", "", wire.clock.now())[0]
    assert "Jobs" not in links(wire.get(SERVICE, token=token))
    assert "Jobs" in links(client.get(SERVICE))


def test_a_site_without_users_leads_everybody_to_the_jobs(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)

    @site.task("Open/Task", execution="async")
    def nothing() -> None:
        pass

    wire = open_wire(site)
    assert wire.http.get(links(wire.get("Open/GPServer"))["Jobs"]).status_code == 200


def test_a_version_without_the_administrators_jobs_leads_nobody_to_them(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh, version="10.51"))
    token = wire.site.guard.issue("tester", "", "", wire.clock.now())[0]
    assert "Jobs" not in links(wire.get(SERVICE, token=token))
