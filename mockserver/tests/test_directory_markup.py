"""Every page of the services directory is HTML as the standard has it: what a browser would have to mend is
an error here."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site

from every_case import every_case

VOID = {"meta", "link", "br", "input", "img", "hr"}
BLOCKS = {"div", "p", "ul", "ol", "li", "table", "form", "section", "nav", "main", "header", "footer"} | {
    "h1",
    "h2",
    "h3",
    "h4",
    "pre",
}
FOR_PHRASES = {"p", "span", "a", "b", "code", "label", "option", "textarea", "title", "h1", "h2", "h3", "h4"}
"""Elements that hold text and such, and no block."""
PARENTS = {
    "li": {"ul", "ol"},
    "caption": {"table"},
    "thead": {"table"},
    "tbody": {"table"},
    "tr": {"table", "thead", "tbody"},
    "td": {"tr"},
    "th": {"tr"},
    "option": {"select"},
    "main": {"body"},
}
CHILDREN = {"ul": {"li"}, "tr": {"td", "th"}, "table": {"caption", "thead", "tbody", "tr"}}
FOR_PROGRAMS = {"json", "pjson", "geojson", "kmz"}
NOT_IN_ITSELF = {"form", "a", "label", "p"}


class Checker(HTMLParser):
    """What is wrong with a page, in `faults`; its links in `links`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self._ids: set[str] = set()
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self._open[-1] if self._open else ""
        holders = [each for each in self._open if tag in BLOCKS and each in FOR_PHRASES]
        if holders:
            self.faults.append(f"<{tag}> in <{holders[-1]}>")
        if tag in PARENTS and parent not in PARENTS[tag]:
            self.faults.append(f"<{tag}> right below <{parent}>")
        if tag not in CHILDREN.get(parent, {tag}):
            self.faults.append(f"<{tag}> right below <{parent}>")
        if tag in NOT_IN_ITSELF and tag in self._open:
            self.faults.append(f"<{tag}> in <{tag}>")
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> with an attribute twice: {names}")
        given = dict(attrs)
        if (found := given.get("id")) is not None and found in self._ids:
            self.faults.append(f"id {found!r} twice")
        self._ids.add(given.get("id") or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> while {self._open[-3:]} is open")
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.faults.append(f"<{tag}/>, which closes nothing")
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1] in CHILDREN:
            self.faults.append(f"text right in <{self._open[-1]}>: {data.strip()[:40]!r}")


@every_case(
    ("text", "fault"),
    [
        ("<p>a<ul><li>b</li></ul></p>", "<ul> in <p>"),
        ("<p><b>a</b><div>b</div></p>", "<div> in <p>"),
        ("<ul><p>a</p></ul>", "<p> right below <ul>"),
        ("<ul>a</ul>", "text right in <ul>: 'a'"),
        ("<div><b>a</div></b>", "</div> while ['div', 'b'] is open"),
        ("<div>", "<div> is never closed"),
        ("<form><div><form></form></div></form>", "<form> in <form>"),
        ('<b id="x"></b><b id="x"></b>', "id 'x' twice"),
    ],
)
def test_what_is_no_html_is_found(text: str, fault: str) -> None:
    assert fault in Checker(text).faults


def crawled(wire: Any, starts: list[str]) -> Iterator[tuple[str, Checker]]:
    """Pages from these on, as far as links lead through the site; what is made for programs is left out."""
    home = str(wire.http.base_url).removesuffix("rest/services/")
    waiting = [urljoin(str(wire.http.base_url), start) for start in starts]
    seen: set[str] = set()
    while waiting:
        url = waiting.pop()
        if url in seen or not url.startswith(home) or "logout" in url or "redirect=" in url:
            continue
        if parse_qs(urlsplit(url).query).get("f", [""])[0] in FOR_PROGRAMS:
            continue
        seen.add(url)
        response = wire.http.get(url, follow_redirects=True)
        if response.headers["content-type"].startswith("text/html"):
            checker = Checker(response.text)
            yield url, checker
            waiting += [urljoin(str(response.url), link).partition("#")[0] for link in checker.links]


@pytest.mark.parametrize("version", ["9.3", "10.51", "11.1", "12.0"])
def test_every_page_that_links_lead_to_is_html(open_wire: Any, fresh: Any, version: str) -> None:
    wire = open_wire(builtin_site(**fresh, version=version))
    token = wire.site.guard.issue("tester", "", "", wire.clock.now())[0]
    wire.http.headers["Cookie"] = f"agstoken={token}"
    jobs = [
        wire.post(f"{task}/submitJob", Note="x", In_GPString="x").headers["location"]
        for task in (
            "Simulation/JobOutcomes/GPServer/StepProgress",
            "Simulation/JobOutcomes/GPServer/Fails",
            "DataTypes/EchoJob/GPServer/Echo",
        )
    ]
    wire.clock.advance(2)
    run = "Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute?env:outSR=4326"
    number = 0
    for url, checker in crawled(wire, ["", "../login", "../../tokens/", run, "nothing", *jobs]):
        assert checker.faults == [], url
        number += 1
    assert number > 50


def test_pages_that_only_a_post_makes_are_html(wire: Any) -> None:
    task = "Simulation/JobOutcomes/GPServer/NeverEnds"
    job = wire.post(f"{task}/submitJob", Note="").headers["location"]
    pages = [
        wire.http.post(f"{job}/cancel"),
        wire.post("WorldViewshed/GPServer/viewshed/validate", Viewshed_Distance="far"),
        wire.post("WorldViewshed/GPServer/viewshed/submitJob", Viewshed_Distance="far"),
        wire.post("../login", username="tester", password="no"),
        wire.post("../../tokens/", username="tester", password="tester-password"),
        wire.post("Files/FileTransfer/GPServer/uploads/register", itemName="a.txt"),
        wire.post("Files/FileTransfer/GPServer/uploads/upload"),
    ]
    for page in pages:
        assert page.headers["content-type"].startswith("text/html")
        assert Checker(page.text).faults == [], page.url
