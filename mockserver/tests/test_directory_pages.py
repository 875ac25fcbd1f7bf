"""The pages of the services directory, one by one: their shape, what they escape, and how much they show."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.directory.value_trees import feature_table, shown_text, tree
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.descriptions.filters import CodedValue, CodedValueFilter, RangeFilter
from gp_protocol.json_text import RawJSON

from every_case import every_case

TASK = "WorldViewshed/GPServer/viewshed"
HOSTILE = "<script>alert('x')</script>\"'&"
ALL_PAGES = ["", TASK.rpartition("/")[0], TASK, f"{TASK}/submitJob", "Nowhere/GPServer"]


def output(name: str, data_type: str) -> Parameter:
    return Parameter(name, data_type, direction=Direction.OUTPUT, parameter_type=ParameterType.DERIVED)


def served(
    open_wire: Any,
    fresh: Mapping[str, Any],
    *parameters: Parameter,
    label: str = "Task",
    tool: Any = None,
    synchronous: bool = True,
    **about: Any,
) -> Any:
    site = Site(**fresh)
    kind = ExecutionType.SYNCHRONOUS if synchronous else ExecutionType.ASYNCHRONOUS
    service = site.add_service(Service("Tools", execution_type=kind))
    service.add_task(Task("Task", label, execution_type=kind, parameters=parameters, **about), tool)
    return open_wire(site)


@pytest.mark.parametrize("path", ALL_PAGES)
def test_a_page_has_the_shell_that_readers_of_html_know(wire: Any, path: str) -> None:
    response = wire.get(path)
    text = response.text
    assert response.headers["content-type"] == "text/html;charset=utf-8"
    assert text.startswith('<!DOCTYPE html>\r\n<html lang="en">')
    assert "\n" not in text.replace("\r\n", "")
    assert '<table class="userTable"' in text
    assert '<td class="titlecell">' in text
    assert '<table class="navTable"' in text
    assert re.search(r'<td class="breadcrumbs">\s*<a [^>]*>Home</a> &gt;\s*<a [^>]*>services</a>', text)
    assert len(re.findall("<h1", text)) == len(re.findall("<h2", text)) == 1
    assert f'href="/{wire.site.context}/rest/static/main.css"' in text
    assert "<script" not in text


@pytest.mark.parametrize("path", ALL_PAGES)
def test_a_page_may_load_nothing_from_elsewhere(wire: Any, path: str) -> None:
    headers = wire.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"


def test_the_style_sheet_is_small_and_may_be_kept(wire: Any) -> None:
    url = f"{wire.http.base_url}".replace("services/", "static/")
    response = wire.http.get(f"{url}main.css")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/css;charset=utf-8"
    assert "max-age" in response.headers["cache-control"]
    assert len(response.content) < 12_000
    assert "url(" not in response.text
    assert wire.http.get(f"{url}other.css").status_code == 404


def test_the_job_page_is_read_by_the_line(wire: Any) -> None:
    """As rlandfire reads it: lines between CRLF, tags cut out, exactly one line with the status."""
    point = '{"features":[{"geometry":{"x":1,"y":2,"spatialReference":{"wkid":4326}}}]}'
    url = wire.post(f"{TASK}/submitJob", Input_Observation_Point=point).headers["location"]
    wire.clock.advance(1)
    lines = [re.sub("<.*?>", "", line) for line in wire.http.get(url).text.split("\r\n")]
    assert [line for line in lines if "Job Status" in line] == ["Job Status: esriJobExecuting"]
    said = [line for line in lines if "esriJobMessageType" in line]
    assert said[:2] == [
        "esriJobMessageTypeInformative: Submitted.",
        "esriJobMessageTypeInformative: Executing...",
    ]


def test_an_error_page_says_message_code_and_details(wire: Any) -> None:
    response = wire.get("WorldViewshed/GPServer/viewshedd")
    text = response.text
    assert "<title>Error: Invalid URL</title>" in text
    assert '<td class="titlecell"><h1>ArcGIS REST Framework</h1>' in text
    assert '<div class="cbody">\r\n<b>Error: </b>Invalid URL<br/>' in text
    assert f"<b>Code: </b>{response.status_code}<br/><br/>" in text
    assert re.search(r'<div class="detail">.*viewshed', text)


def test_a_task_page_says_what_each_parameter_is(open_wire: Any, fresh: Any) -> None:
    wire = served(
        open_wire,
        fresh,
        Parameter("Kind", "GPString", "The Kind", default_value="b", choice_list=("a", "b")),
        output("Out", "GPLong"),
        description="Does something.",
    )
    text = re.sub(r"<[^>]+>", "", wire.get("Tools/GPServer/Task").text)
    for line in (
        "Description: Does something.",
        "Execution Type: esriExecutionTypeSynchronous",
        "Parameter: Kind",
        "Display Name: The Kind",
        "Data Type: GPString",
        "Direction: esriGPParameterDirectionInput",
        "Parameter Type: esriGPParameterTypeRequired",
        "Default Value: b",
        "Parameter: Out",
        "Direction: esriGPParameterDirectionOutput",
    ):
        assert line in text


FORMS = [
    (Parameter("P", "GPString", default_value="x"), r'<textarea [^>]*name="P"[^>]*>\r\nx</textarea>'),
    (
        Parameter("P", "GPLinearUnit", default_value={"distance": 5, "units": "esriMiles"}),
        r'name="P"[^>]*>\r\n{&#34;distance&#34;:5,&#34;units&#34;:&#34;esriMiles&#34;}</textarea>',
    ),
    (
        Parameter("P", "GPString", default_value="b", choice_list=("a", "b")),
        r'<select [^>]*name="P"[^>]*>\s*<option value="a">a</option>\s*<option value="b" selected>',
    ),
    (
        Parameter("P", "GPBoolean", parameter_type=ParameterType.OPTIONAL, default_value=True),
        r'<option value="">.*</option>\s*<option value="true" selected>true</option>',
    ),
    (
        Parameter(
            "P",
            "GPLong",
            filter=CodedValueFilter((CodedValue("GPLong", "one", 1), CodedValue("GPLong", "two", 2))),
        ),
        r'<option value="1">one</option>\s*<option value="2">two</option>',
    ),
    (Parameter("P", "GPLong", filter=RangeFilter(1, 5)), r"GPLong, required\. from 1 to 5\."),
    (Parameter("P", "GPMultiValue:GPString", choice_list=("a", "b")), r"a list of any of these: a, b"),
    (Parameter("P", "GPStringHidden", default_value="secret"), r'type="password" name="P" value=""'),
    (Parameter("P", "GPDataFile"), r"For example <code>{&#34;url&#34;"),
    (Parameter("P", "GPFeatureRecordSetLayer"), r"esriGeometryPoint.*</textarea>"),
]


@pytest.mark.parametrize(("parameter", "expected"), FORMS)
def test_a_form_has_a_field_of_the_inputs_kind(
    open_wire: Any, fresh: Any, parameter: Parameter, expected: str
) -> None:
    text = served(open_wire, fresh, parameter).get("Tools/GPServer/Task/execute").text
    assert '<form name="sdform"' in text
    assert '<table class="formTable"' in text
    assert re.search(expected, text), text
    assert re.search(r'type="submit" formmethod="get" value="Execute Task \(GET\)"', text)
    assert re.search(r'type="submit" formmethod="post" value="Execute Task \(POST\)"', text)
    assert "secret" not in text


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("9.3", set()),
        ("10.1", {"returnZ", "returnM"}),
        ("10.91", {"returnZ", "returnM", "returnTrueCurves", "context"}),
        ("12.0", {"returnZ", "returnM", "returnTrueCurves", "context", "simplifyFeatures"}),
    ],
)
def test_a_form_offers_what_its_version_knows(
    open_wire: Any, fresh: Any, version: str, names: set[str]
) -> None:
    text = open_wire(builtin_site(**fresh, version=version)).get(f"{TASK}/submitJob").text
    inputs = {"Input_Observation_Point", "Viewshed_Distance"}
    always = {"env:outSR", "env:processSR", "f"}
    assert set(re.findall(r' name="([^"]+)"', text)) - {"viewport", "color-scheme", "sdform"} == (
        inputs | always | names
    )


def test_a_page_offers_its_other_forms_with_what_was_asked_and_without_the_token(wire: Any) -> None:
    point = '{"features":[{"geometry":{"x":1,"y":2,"spatialReference":{"wkid":4326}}}]}'
    path = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
    text = wire.get(f"{path}/execute", Input_Observation_Point=point, f="html").text
    for name in ("json", "pjson", "geojson", "kmz"):
        assert re.search(rf'<a href="\?f={name}&amp;Input_Observation_Point=[^"]+">', text)
    assert wire.get(path).text.count('<a href="?f=') == 3
    assert '<a href="?f=json"' not in wire.get(f"{path}/execute").text


def test_a_site_without_users_offers_no_sign_in(open_wire: Any, fresh: Any) -> None:
    text = served(open_wire, fresh).get("").text
    assert "Login" not in text
    assert "Get Token" not in text


def test_nothing_that_comes_from_outside_stands_in_a_page_as_markup(open_wire: Any, fresh: Any) -> None:
    label = HOSTILE.replace("/", "")

    def tool(call: Any) -> dict[str, Any]:
        return {"Out": call.inputs["In"], "Url": {"url": "javascript:alert(1)"}}

    wire = served(
        open_wire,
        fresh,
        Parameter("In", "GPString", HOSTILE, HOSTILE, default_value=HOSTILE, choice_list=(HOSTILE, "b")),
        Parameter("Free", "GPString", HOSTILE, HOSTILE, default_value=f"</textarea>{HOSTILE}"),
        output("Out", "GPString"),
        label=label,
        tool=tool,
        description=HOSTILE,
        help_url="javascript:alert(1)",
    )
    here = f"Tools/GPServer/{quote(label)}"
    pages = [
        wire.get("Tools/GPServer"),
        wire.get(here),
        wire.get(f"{here}/execute"),
        wire.get(f"{here}/execute", In=HOSTILE),
        wire.get(f"{here}/execute", In=HOSTILE, **{HOSTILE: HOSTILE}),
        wire.get(f"{here}/jobs/{quote(HOSTILE, safe='')}"),
        wire.get(f"Tools/GPServer/{quote(HOSTILE, safe='')}"),
        wire.get(quote(HOSTILE, safe="")),
        wire.get(here, f=HOSTILE),
        wire.get(here, callback=HOSTILE),
        wire.http.get(f"{wire.http.base_url}".replace("services/", f"login?redirect={quote(HOSTILE)}")),
    ]
    for page in pages:
        assert "<script" not in page.text
        assert "</textarea><" not in page.text
        assert 'href="javascript:' not in page.text
        assert re.findall(r"=\"[^\"]*<", page.text) == []


def test_a_message_of_a_job_is_escaped(open_wire: Any, fresh: Any) -> None:
    def tool(call: Any) -> dict[str, Any]:
        raise ValueError(HOSTILE)

    wire = served(open_wire, fresh, Parameter("In", "GPString"), tool=tool, synchronous=False)
    url = wire.post("Tools/GPServer/Task/submitJob", In=HOSTILE).headers["location"]
    wire.clock.advance(10)
    text = wire.http.get(url).text
    assert "Job Status: esriJobFailed" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_no_page_grows_with_the_result_that_it_shows(open_wire: Any, fresh: Any) -> None:
    from gp_protocol.values.data_types import data_type

    features = [
        {"attributes": {"OBJECTID": i}, "geometry": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]] * 200]}}
        for i in range(900)
    ]
    value = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}, "features": features}
    made = {
        "Out": data_type("GPFeatureRecordSetLayer").decode_output(value),
        "Text": "x" * 1_000_000,
    }
    wire = served(
        open_wire,
        fresh,
        output("Out", "GPFeatureRecordSetLayer"),
        output("Text", "GPString"),
        tool=lambda call: made,
    )
    page = wire.get("Tools/GPServer/Task/execute", **{"env:outSR": ""})
    assert page.status_code == 200
    assert len(page.content) < 60_000
    assert "900 features" in page.text
    assert "875 more features are not shown here" in page.text
    assert "998000 more characters" in page.text


def test_a_job_of_many_messages_shows_the_last_ones() -> None:
    from gp_mockserver.directory.page_bodies import message_lines

    messages = [{"type": "esriJobMessageTypeInformative", "description": f"{i} " * 100} for i in range(9000)]
    lines, cut = message_lines(messages)
    assert lines[-1].text.startswith("esriJobMessageTypeInformative: 8999 ")
    assert sum(len(line.text) for line in lines) < 310_000
    assert cut.startswith(f"{9000 - len(lines)} earlier messages")


TREES = [
    ({}, "{}"),
    ([], "[]"),
    (None, "null"),
    (True, "true"),
    (1.5, "1.5"),
    ("text", "text"),
    (RawJSON(b"{'a': 1}"), "{'a': 1}"),
]


@every_case(("value", "text"), TREES)
def test_a_plain_value_is_a_text(value: Any, text: str) -> None:
    assert tree(value).text == text


def test_long_lists_deep_nesting_and_wide_objects_are_cut() -> None:
    many = tree([[i, "a"] for i in range(10_000)])
    assert many.children is not None
    assert len(many.children) < 100
    assert "more values" in many.cut
    deep: Any = 1
    for _ in range(200):
        deep = {"a": deep}
    node = tree(deep)
    depth = 0
    while node.children:
        node, depth = node.children[0], depth + 1
    assert depth < 10
    assert node.cut
    wide = {f"k{i}": {f"m{j}": {"n": j, "o": [j]} for j in range(50)} for i in range(50)}
    assert _size(tree(wide)) < 1600


def _size(node: Any) -> int:
    return 1 + sum(map(_size, node.children or ()))


@pytest.mark.parametrize(
    ("value", "label"),
    [({"token": "abc123"}, "token"), ({"url": "https://x.example/?token=abc123&f=json"}, "url")],
)
def test_a_token_in_a_value_is_not_shown(value: dict[str, str], label: str) -> None:
    (node,) = tree(value).children or [None]
    assert node is not None
    assert node.label == label
    assert "abc123" not in node.text + node.href
    assert "*****" in node.text


def test_only_web_addresses_become_links() -> None:
    for text, is_link in (
        ("https://example.com/a?b=c", True),
        ("http://example.com", True),
        ("javascript:alert(1)", False),
        ("see https://example.com", False),
        ('https://example.com/"onclick=', False),
    ):
        assert bool(tree(text).href) is is_link, text


def test_features_are_rows_with_their_geometry_in_words() -> None:
    table = feature_table(
        [
            {"attributes": {"ID": 1, "Name": "a"}, "geometry": {"x": 1, "y": 2.5}},
            {"attributes": {"ID": 2}, "geometry": {"paths": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}},
            {"attributes": {"ID": 3}},
        ],
        [{"name": "ID"}, {"name": "Name"}],
    )
    assert table.columns == ["ID", "Name", "Geometry"]
    assert table.rows == [
        ["1", "a", "point 1, 2.5"],
        ["2", "null", "polyline, 2 parts, 4 vertices"],
        ["3", "null", ""],
    ]


def test_text_that_utf8_cannot_carry_makes_a_page_all_the_same() -> None:
    from gp_mockserver.directory.links import Link
    from gp_mockserver.directory.rendering import render

    page = render("sites.html", page=_frame(), links=[Link("\ud800\x00", "x")])
    assert b"?" in page
    assert shown_text("abc", 2) == "ab … (1 more characters)"


def _frame() -> Any:
    from gp_mockserver.directory.pages import Page

    return Page("Sites", "Sites")


def test_a_page_is_made_in_a_few_milliseconds(wire: Any) -> None:
    wire.get(TASK)
    began = time.process_time()
    for _ in range(20):
        wire.get(f"{TASK}/submitJob")
    assert (time.process_time() - began) / 20 < 0.05
