"""The services directory as a browser without JavaScript goes through it: links followed, forms sent."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_protocol.versions import PROFILES

POINT = '{"geometryType":"esriGeometryPoint","features":[{"geometry":{"x":7.98,"y":46.55}}]}'


class Page(HTMLParser):
    """A page's title, text, links and forms; `forms` hold what a browser would send of each."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response
        self.url = str(response.url)
        self.title = self.text = ""
        self.links: list[tuple[str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.ids: set[str] = set()
        self.label_for: set[str] = set()
        self._open: list[str] = []
        self._option = self._textarea = ""
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._open.append(tag)
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a":
            self.links.append(("", urljoin(self.url, given["href"])))
        elif tag == "label" and "for" in given:
            self.label_for.add(given["for"])
        elif tag == "form":
            action = urljoin(self.url, given.get("action", ""))
            self.forms.append({"action": action, "method": given["method"], "fields": {}, "buttons": {}})
            self.forms[-1]["enctype"] = given.get("enctype", "")
        elif tag == "textarea":
            self._textarea = given["name"]
            self.fields[self._textarea] = ""
        elif tag == "select":
            self._option = given["name"]
        elif tag == "option" and ("selected" in given or self._option not in self.fields):
            self.fields[self._option] = given["value"]
        elif tag == "input" and given["type"] == "submit":
            self.forms[-1]["buttons"][given["value"]] = given.get("formmethod", self.forms[-1]["method"])
        elif tag == "input" and given["type"] != "file" and (given["type"] != "radio" or "checked" in given):
            self.fields[given["name"]] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        where = self._open[-1] if self._open else ""
        if where == "title":
            self.title += data
        elif where == "textarea":
            self.fields[self._textarea] = data.removeprefix("\r\n")
        else:
            self.text += data
        if "a" in self._open and self.links:
            self.links[-1] = (self.links[-1][0] + data, self.links[-1][1])

    @property
    def fields(self) -> dict[str, str]:
        found: dict[str, str] = self.forms[-1]["fields"]
        return found


class Browser:
    """Follows links by their text and sends forms by their button; keeps cookies."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(follow_redirects=True, timeout=10)
        self.page = self.open(url)

    def open(self, url: str) -> Page:
        self.page = Page(self.http.get(url))
        return self.page

    def follow(self, text: str) -> Page:
        places = [href for said, href in self.page.links if said == text]
        assert places, (text, self.page.links)
        return self.open(places[0])

    def send(self, button: str, files: Any = None, **changes: str) -> Page:
        form = next(form for form in self.page.forms if button in form["buttons"])
        unknown = changes.keys() - form["fields"].keys()
        assert not unknown, f"the form has no {unknown}"
        values = {**form["fields"], **changes}
        if form["buttons"][button] == "get":
            response = self.http.get(form["action"], params=values)
        else:
            assert bool(files) == (form["enctype"] == "multipart/form-data")
            response = self.http.post(form["action"], data=values, files=files)
        self.page = Page(response)
        return self.page


@pytest.fixture
def browser(wire: Any) -> Any:
    opened = Browser(str(wire.http.base_url))
    yield opened
    opened.http.close()


def test_an_asynchronous_task_runs_from_the_catalogue_to_its_result(browser: Browser, wire: Any) -> None:
    browser.follow("WorldViewshed (GPServer)")
    browser.follow("viewshed")
    browser.follow("Submit Job")
    assert len(wire.site.store) == 0
    page = browser.send("Submit Job (POST)", Input_Observation_Point=POINT)
    job_id = page.url.rpartition("/jobs/")[2]
    assert re.fullmatch(r"j[0-9a-f]{32}", job_id)
    assert page.title == f"Job Details: {job_id} (viewshed)"
    assert "Job Status: esriJobExecuting" in page.text
    wire.clock.advance(10)
    page = browser.follow("Refresh")
    assert "Job Status: esriJobSucceeded" in page.text
    assert "Refresh" not in [text for text, _ in page.links]
    page = browser.follow("Viewshed_Result")
    assert page.title == "Result: Viewshed_Result"
    assert "1 feature" in page.text
    assert "polygon, 1 part" in page.text
    page = browser.follow(job_id)
    page = browser.follow("Input_Observation_Point")
    assert page.title == "Input: Input_Observation_Point"


@pytest.mark.parametrize("button", ["Execute Task (GET)", "Execute Task (POST)"])
def test_a_synchronous_task_runs_from_its_form(browser: Browser, button: str) -> None:
    browser.follow("Elevation")
    browser.follow("Elevation/ESRI_Elevation_World (GPServer)")
    browser.follow("Viewshed")
    browser.follow("Execute Task")
    page = browser.send(button)
    assert page.response.status_code == 200
    assert page.title == "Results: Viewshed"
    assert "polygon, 1 part" in page.text
    assert browser.follow("Back to the form").forms


def test_what_is_posted_runs_a_task_though_it_names_no_input(wire: Any) -> None:
    run = wire.post("DataTypes/Outputs/GPServer/NoOutput/execute", f="html")
    assert (run.status_code, Page(run).title) == (200, "Results: NoOutput")
    submitted = wire.post("DataTypes/OutputsJob/GPServer/NoOutput/submitJob")
    assert submitted.status_code == 302
    assert len(wire.site.store) == 1
    needs_more = wire.post("GPFolder/BufferService/GPServer/BufferPoints/execute", f="html")
    assert needs_more.status_code == 400
    for place in (
        "DataTypes/Outputs/GPServer/NoOutput/execute",
        "DataTypes/OutputsJob/GPServer/NoOutput/submitJob",
    ):
        assert Page(wire.get(place)).forms
    assert len(wire.site.store) == 1


def test_what_a_form_sends_as_it_stands_is_taken(browser: Browser, wire: Any) -> None:
    for task in wire.site.services["DataTypes/Echo"].tasks.values():
        browser.open(f"{wire.http.base_url}DataTypes/Echo/GPServer/{task.descriptor.label}/execute")
        assert browser.send("Execute Task (POST)").response.status_code == 200


def test_a_task_runs_with_all_inputs_left_empty(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}Simulation/JobOutcomes/GPServer/Succeeds/submitJob?f=html")
    assert browser.page.forms
    browser.send("Submit Job (GET)", Note="")
    assert "/jobs/" in browser.page.url
    assert len(wire.site.store) == 1


def test_a_form_asks_for_json_where_that_is_chosen(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}DataTypes/Echo/GPServer/Echo/execute")
    page = browser.send("Execute Task (POST)", In_GPLong="12", f="pjson")
    results = {each["paramName"]: each["value"] for each in page.response.json()["results"]}
    assert results["Out_GPLong"] == 12


def test_a_job_can_be_cancelled_while_it_executes_and_not_after(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}Simulation/JobOutcomes/GPServer/NeverEnds/submitJob")
    page = browser.send("Submit Job (POST)")
    job_id = page.url.rpartition("/")[2]
    page = browser.send("Cancel Job")
    assert "Job Status: esriJobCancelling" in page.text
    wire.clock.advance(10)
    page = browser.follow(f"Job {job_id}")
    assert "Job Status: esriJobCancelled" in page.text
    assert not page.forms


def test_a_bad_input_leads_to_a_page_that_names_it_and_back_to_the_form(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}WorldViewshed/GPServer/viewshed/submitJob")
    page = browser.send("Submit Job (POST)", Viewshed_Distance="far")
    assert page.response.status_code == 400
    assert page.title.startswith("Error: ")
    assert "Viewshed_Distance" in page.text
    assert browser.follow("Submit Job").forms


def test_a_label_with_blanks_and_a_name_with_accents_are_followed(browser: Browser, wire: Any) -> None:
    browser.follow("15_Names")
    browser.follow("15_Names/OddNames (GPServer)")
    browser.follow("Extract Data Task")
    browser.follow("Submit Job")
    browser.send("Submit Job (POST)")
    wire.clock.advance(10)
    browser.open(browser.page.url)
    assert browser.follow("Informe_Patrón").title == "Result: Informe_Patrón"


def test_every_link_of_the_directory_leads_somewhere(browser: Browser, wire: Any) -> None:
    """From the catalogue on, pages in every format and help included."""
    home = str(wire.http.base_url)
    waiting, seen = [home], set()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        page = browser.open(url)
        assert page.response.status_code == 200, url
        if page.response.headers["content-type"].startswith("text/html"):
            same_site = [href for _, href in page.links if href.startswith(home.replace("/services/", "/"))]
            waiting += [href.partition("#")[0] for href in same_site if "f=help" not in href]
    assert len(seen) > 60


def test_a_file_is_uploaded_looked_at_and_removed(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}Files/FileTransfer/GPServer")
    browser.follow("Uploads")
    page = browser.send("Upload", files={"file": ("höhen.txt", b"12, 13")}, description="two heights")
    item_id = re.search(r"^Item ID: (i[\w-]+)\r$", page.text, re.MULTILINE)
    assert item_id
    assert re.search(r"^Item name: höhen\.txt\r$", page.text, re.MULTILINE)
    page = browser.follow(f"Item {item_id[1]}")
    assert "two heights" in page.text
    assert browser.follow("Download").response.content == b"12, 13"
    browser.open(page.url)
    browser.send("Delete Item")
    assert browser.open(page.url).response.status_code == 400


def test_a_secured_service_is_reached_by_signing_in(browser: Browser, wire: Any) -> None:
    page = browser.open(f"{wire.http.base_url}Secured/WorldViewshed/GPServer")
    assert page.title == "Login"
    page = browser.send("Login", username="tester", password="tester-password")
    assert page.title == "Secured/WorldViewshed (GPServer)"
    assert "Signed in as tester" in page.text
    browser.follow("viewshed")
    browser.follow("Submit Job")
    page = browser.send("Submit Job (POST)", Input_Observation_Point=POINT)
    assert "Job Status: " in page.text
    browser.follow("Logout")
    assert browser.open(f"{wire.http.base_url}Secured/WorldViewshed/GPServer").title == "Login"


def test_a_token_is_made_from_a_form_and_stands_on_no_other_page(browser: Browser, wire: Any) -> None:
    browser.follow("Get Token")
    page = browser.send("Generate Token", username="tester", password="tester-password")
    found = re.search(r"Token: (\S{20,})", page.text)
    assert found
    secured = f"{wire.http.base_url}Secured/WorldViewshed/GPServer"
    for url in (secured, f"{secured}/viewshed", f"{secured}/viewshed/submitJob", f"{secured}/nothing"):
        page = browser.open(f"{url}?token={found[1]}&other=x")
        assert found[1] not in page.response.text
        assert "tester-password" not in page.response.text


@pytest.mark.parametrize("version", list(PROFILES))
def test_the_directory_of_every_version_runs_a_task(
    open_wire: Any, fresh: dict[str, Any], version: str
) -> None:
    wire = open_wire(builtin_site(**fresh, version=version))
    browser = Browser(str(wire.http.base_url))
    browser.follow("WorldViewshed (GPServer)")
    browser.follow("viewshed")
    browser.follow("Submit Job")
    assert "context" not in browser.page.fields or wire.site.profile.has("parameter", "context")
    browser.send("Submit Job (GET)")
    wire.clock.advance(10)
    page = browser.open(browser.page.url)
    assert "Job Status: esriJobSucceeded" in page.text
    assert browser.follow("Viewshed_Result").response.status_code == 200
    browser.http.close()


def test_every_field_has_a_label(browser: Browser, wire: Any) -> None:
    page = browser.open(f"{wire.http.base_url}DataTypes/Echo/GPServer/Echo/execute")
    fields = set(re.findall(r'<(?:textarea|select|input) id="([^"]+)"', page.response.text))
    assert len(fields) > 30
    assert fields <= page.label_for
    described = re.findall(r'aria-describedby="([^"]+)"', page.response.text)
    assert set(described) <= page.ids


def test_links_stay_below_the_sites_public_address(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(builtin_site(**fresh, public_url="https://gis.example.com/maps"))
    page = Page(wire.get("WorldViewshed/GPServer/viewshed"))
    others = [href for text, href in page.links if not urlsplit(href).query and text != "Skip to the content"]
    root = f"https://gis.example.com/maps/{wire.site.context}/"
    assert [href for href in others if not href.startswith(root)] == []
    assert f'href="/maps/{wire.site.context}/rest/static/main.css"' in page.response.text


def test_a_text_that_reads_as_json_is_shown_as_it_is(browser: Browser, wire: Any) -> None:
    browser.open(f"{wire.http.base_url}DataTypes/Echo/GPServer/Echo/execute")
    page = browser.send("Execute Task (POST)", In_GPString="{'a': [1]}")
    assert page.response.status_code == 200
    assert "{'a': [1]}" in page.text
