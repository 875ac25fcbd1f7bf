"""The live page as far as it can be told without a browser: what is served, that its parts fit each other and
the control API, and that its colours can be read. `trials/browser` works it."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser

import httpx
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control import pages
from gp_mockserver.control.control_rules import ControlRules
from gp_mockserver.control.event_streams import EventsQuery
from gp_mockserver.control.resources import RESOURCES
from gp_mockserver.lifecycle.clocks import ManualClock
from msgspec.structs import fields

from every_case import every_case

FILES = sorted(each.name for each in pages.FOLDER.iterdir())
TEXTS = {name: (pages.FOLDER / name).read_text(encoding="utf-8") for name in FILES}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
CODE = "\n".join(SCRIPTS.values())
HTML, CSS = TEXTS["index.html"], TEXTS["page.css"]
CALLS = {
    name: (verb, path)
    for name, verb, path in re.findall(r'^  (\w+): \["([A-Z]+)", "([^"]*)"\],$', SCRIPTS["api.js"], re.M)
}
LABELLED = {"input", "select"}


class Page(HTMLParser):
    """The elements of a page: each its tag, its attributes and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(HTML)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.elements[-1][2].append(data)


ELEMENTS = Page().elements
IDS = [attributes["id"] for _, attributes, _ in ELEMENTS if "id" in attributes]


def get(path: str, rules: ControlRules | None = None) -> httpx.Response:
    app = MockServer([builtin_site("arcgis", clock=ManualClock())])
    if rules is not None:
        app.control = rules

    async def go() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.get(path)

    return asyncio.run(go())


# What is served


@every_case("name", FILES)
@every_case("start", ["/__admin", "/arcgis/__admin"])
def test_each_file_is_served_as_what_it_is_and_may_run_nothing_but_the_pages_scripts(
    start: str, name: str
) -> None:
    kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
    answer = get(f"{start}/ui/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kinds[name.partition('.')[2]]}; charset=utf-8"
    assert answer.text == TEXTS[name]
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == (
        "'none'",
        "'self'",
        "'self'",
    )
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_there_with_and_without_its_name_and_without_the_token() -> None:
    assert get("/__admin/ui").text == get("/arcgis/__admin/ui").text == HTML
    assert get("/__admin/ui", ControlRules(token="a-token")).text == HTML
    assert get("/__admin/ui/page.js", ControlRules(token="a-token")).status_code == 200


def test_a_slash_at_the_end_leads_to_the_address_from_which_the_files_are_found() -> None:
    answer = get("/arcgis/__admin/ui/")
    assert (answer.status_code, answer.headers["location"]) == (307, "../ui")


# What the policy asks for


def test_the_page_has_no_script_or_style_of_its_own() -> None:
    for tag, attributes, text in ELEMENTS:
        assert tag != "style"
        assert tag != "script" or (attributes["src"] == "ui/page.js" and not "".join(text).strip())
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag


def test_all_that_the_page_loads_is_there() -> None:
    links = [a.get("src") or a.get("href") for tag, a, _ in ELEMENTS if tag in ("script", "link")]
    assert {link for link in links if link != "data:,"} == {"ui/page.js", "ui/page.css"}
    imported = set(re.findall(r'from "\./([\w.]+)";', CODE))
    assert imported | {"page.js"} == set(SCRIPTS)


@every_case("name", SCRIPTS)
def test_what_a_script_imports_is_exported_and_used(name: str) -> None:
    for names, file in re.findall(r'^import \{ ([^}]+) \} from "\./([\w.]+)";', SCRIPTS[name], re.M):
        for each in names.split(", "):
            assert re.search(rf"^export (async )?(function|const|class|let) {each}\b", SCRIPTS[file], re.M), (
                each
            )
            assert len(re.findall(rf"\b{each}\b", SCRIPTS[name])) > 1, f"{each} is not used"


@every_case(
    "way",
    [
        r"innerHTML",
        r"outerHTML",
        r"insertAdjacentHTML",
        r"createContextualFragment",
        r"DOMParser",
        r"document\.write",
        r"\beval\(",
        r"new Function",
        r"setAttribute\(\"(style|on)",
        r"localStorage|sessionStorage|document\.cookie",
        r"https?://\w",
    ],
)
def test_scripts_make_no_markup_keep_no_secrets_and_ask_nobody_else(way: str) -> None:
    assert not re.search(way, CODE)


# What fits together


def test_every_element_that_a_script_names_is_in_the_page_once() -> None:
    named = set(re.findall(r'byId\("([^"]+)"\)', CODE)) | set(re.findall(r'\["(clock-\w+)", \d+\]', CODE))
    assert len(IDS) == len(set(IDS))
    assert len(named) > 50
    assert not named - set(IDS)
    assert "getElementById" not in CODE.replace("document.getElementById(id)", "")


def test_every_control_of_the_page_is_known_to_a_script() -> None:
    controls = {
        attributes["id"]
        for tag, attributes, _ in ELEMENTS
        if "id" in attributes
        and (tag in {"button", "form", *LABELLED} or attributes.get("role") == "listbox")
    }
    assert not {each for each in controls if f'"{each}"' not in CODE}


def test_every_call_is_in_the_control_api_and_is_made() -> None:
    known = {resource.path: resource for resource in RESOURCES}
    for name, (verb, path) in CALLS.items():
        assert path in known, name
        assert verb in known[path].actions, name
    made = set(re.findall(r'\b(?:call|open|act|move)\("(\w+)"', CODE)) | {"index"}
    assert made == set(CALLS)
    assert len(re.findall(r"\bfetch\(", CODE)) == 1


def test_what_the_page_asks_of_a_site_is_there_below_a_context_and_below_sites() -> None:
    for name, (_, path) in CALLS.items():
        resource = next(each for each in RESOURCES if each.path == path)
        of_server = {"sites", "siteOfServer"}
        assert resource.of_server == (name in of_server), name


def test_every_event_that_the_page_waits_for_is_told() -> None:
    table = re.search(r"const HEARD = \{(.+?)^\};", SCRIPTS["page.js"], re.M | re.S)
    assert table is not None
    heard = set(re.findall(r"^  (\w+):", table[1], re.M))
    assert heard == {"request", "job", "jobGone", "deviations", "clock", "sites"}
    assert {field.name for field in fields(EventsQuery)} >= {"maxlogs"}


def test_classes_that_elements_have_are_styled() -> None:
    for _, attributes, _ in ELEMENTS:
        for name in (attributes.get("class") or "").split():
            assert name == "field" or f".{name}" in CSS, name


# For everybody


def test_every_field_list_and_dialog_has_a_name() -> None:
    labels = {attributes.get("for") for tag, attributes, _ in ELEMENTS if tag == "label"}
    for tag, attributes, text in ELEMENTS:
        if tag in LABELLED:
            assert attributes["id"] in labels, attributes
        if attributes.get("role") in ("listbox", "group", "region") or tag in ("dialog", "section", "nav"):
            name = attributes.get("aria-label") or attributes.get("aria-labelledby")
            assert name, (tag, attributes)
        if tag == "button":
            assert "".join(text).strip(), attributes
        for key in ("aria-labelledby", "aria-describedby", "for", "list"):
            assert attributes.get(key) is None or attributes[key] in IDS, attributes


def test_the_order_of_the_page_is_the_order_of_the_keys() -> None:
    assert not [a for _, a, _ in ELEMENTS if a.get("tabindex") not in (None, "0", "-1")]
    assert "order:" not in CSS.replace("border:", "")
    skips = [str(a["href"])[1:] for tag, a, _ in ELEMENTS if tag == "a"]
    assert set(skips) == {a["id"] for tag, a, _ in ELEMENTS if tag == "section"}


def test_what_moves_does_so_only_for_who_likes_it() -> None:
    assert re.search(r"@media \(prefers-reduced-motion: no-preference\) \{\s+\S+ \S+ \{ transition:", CSS)
    assert CSS.count("transition") == 1
    assert "animation" not in CSS
    assert "outline: none" not in CSS.replace("section:focus { outline: none; }", "")


LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.+?)\}", CSS, re.S)
)
TEXT_ON = {
    "ground": ("ink", "quiet", "link", "bad", "good"),
    "sheet": ("ink", "quiet", "link", "bad", "good", "warn"),
    "chosen": ("ink", "quiet", "link", "bad", "good", "warn"),
    "code": ("ink", "quiet", "link", "bad", "good", "warn"),
    "band": ("band-ink",),
    "act": ("act-ink",),
}
SHAPES_ON = {
    "sheet": ("edge", "focus", "act"),
    "ground": ("edge", "focus", "act"),
    "chosen": ("focus", "act"),
    "track": ("act", "good", "bad", "edge"),
    "band": ("band-ink",),
}


def luminance(colour: str) -> float:
    """As WCAG 2 has it, from 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@every_case("colours", [LIGHT, DARK], ids=["light", "dark"])
@every_case(("pairs", "least"), [(TEXT_ON, 4.5), (SHAPES_ON, 3.0)], ids=["texts", "shapes"])
def test_colours_differ_enough_from_what_they_stand_on(
    colours: dict[str, str], pairs: dict[str, tuple[str, ...]], least: float
) -> None:
    poor = {
        f"{name} on {ground}": round(ratio, 2)
        for ground, names in pairs.items()
        for name in names
        if (ratio := contrast(colours[name], colours[ground])) < least
    }
    assert not poor


def test_every_colour_has_a_light_and_a_dark_form_and_no_other_is_used() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert all(LIGHT[one] != DARK[one] for one in LIGHT)
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) == LIGHT.keys()
    rest = re.sub(r":root \{.+?\}", "", CSS, flags=re.S)
    assert not re.findall(r"(?<!&)#[0-9a-f]{3,8};", rest)


def test_modules_of_the_page_are_of_a_size_that_can_be_read_and_say_what_they_are_for() -> None:
    assert max(text.count("\n") for text in TEXTS.values()) <= 400
    assert not [name for name, text in SCRIPTS.items() if not text.startswith("// ")]
