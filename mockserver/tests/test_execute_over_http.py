"""Synchronous tasks as clients see them, and the formats of answers."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
ECHO = "DataTypes/Echo/GPServer/Echo"
POINT = (
    "{'geometryType': 'esriGeometryPoint', 'spatialReference': {'wkid': 54003}, "
    "'features': [{'geometry': {'x': -13308192.1956127, 'y': 4221903.58555983}}]}"
)
INPUTS = {"Input_Observation_Point": POINT, "Viewshed_Distance": "{'distance': 8.5, 'units': 'esriMiles'}"}


def outputs(wire: Any, **inputs: str) -> dict[str, Any]:
    answer = wire.post(f"{ECHO}/execute", f="json", **inputs).json()
    return {result["paramName"]: result["value"] for result in answer["results"]}


def test_execute_answers_a_list_of_results_and_the_messages(wire: Any) -> None:
    answer = wire.post(f"{TASK}/execute", f="json", **INPUTS).json()
    assert list(answer) == ["results", "messages"]
    (result,) = answer["results"]
    assert (result["paramName"], result["dataType"]) == ("Viewshed_Result", "GPFeatureRecordSetLayer")
    assert isinstance(answer["messages"], list)


def test_the_documentations_address_works_as_a_get_with_empty_env_parameters(wire: Any) -> None:
    query = (
        "Input_Observation_Point={%22features%22%3A[{%22geometry%22%3A{%22x%22%3A-13308192.1956127%2C%22y%22"
        "%3A4221903.58555983}}]%2C%22spatialReference%22:{%22wkid%22:54003}}&Viewshed_Distance={+%27distance%27+"
        "%3A+8.5%2C+%27units%27+%3A+%27esriMiles%27+}&env%3AoutSR=&env%3AprocessSR=&f=pjson"
    )
    answer = wire.http.get(f"{TASK}/execute?{query}").json()
    posted = wire.post(f"{TASK}/execute", f="json", **INPUTS).json()
    assert answer["results"] == posted["results"]


def test_query_and_form_of_a_post_both_count(wire: Any) -> None:
    form = {"Viewshed_Distance": INPUTS["Viewshed_Distance"]}
    answer = wire.http.post(
        f"{TASK}/execute", params={"f": "json", "Input_Observation_Point": POINT}, data=form
    )
    assert "results" in answer.json()


def test_a_multipart_form_is_a_form(wire: Any) -> None:
    files = {name: (None, value) for name, value in {**INPUTS, "f": "json"}.items()}
    assert "results" in wire.http.post(f"{TASK}/execute", files=files).json()


@pytest.mark.parametrize("f", ["json", "JSON", "Json", "pjson", "PJSON"])
def test_f_may_come_in_any_case(wire: Any, f: str) -> None:
    assert "results" in wire.post(f"{TASK}/execute", f=f, **INPUTS).json()


def test_unknown_parameters_are_ignored(wire: Any) -> None:
    answer = wire.post(
        f"{TASK}/execute", f="json", outputParam="x", **INPUTS, **{"end:processSR": "x"}
    ).json()
    assert "results" in answer


def test_jsonp_wraps_the_answer_and_takes_dotted_names(wire: Any) -> None:
    response = wire.get(TASK, f="json", callback="dojo.io.script.jsonp_dojoIoScript1._jsonpCallback")
    assert response.text.startswith("dojo.io.script.jsonp_dojoIoScript1._jsonpCallback({")
    assert response.text.endswith("});")
    assert "javascript" in response.headers["content-type"]


def test_a_callback_that_is_no_name_is_refused(wire: Any) -> None:
    response = wire.get(TASK, f="json", callback="alert(1)//")
    assert "alert" not in response.text


def test_head_has_the_headers_of_get_and_no_body(wire: Any) -> None:
    get = wire.http.get(TASK, params={"f": "json"})
    head = wire.http.head(TASK, params={"f": "json"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


class TestOtherOrigins:
    def test_may_read_every_answer(self, wire: Any) -> None:
        response = wire.http.get(TASK, params={"f": "json"}, headers={"Origin": "https://app.example.com"})
        assert response.headers["access-control-allow-origin"] == "https://app.example.com"

    def test_ask_beforehand_and_are_allowed(self, wire: Any) -> None:
        response = wire.http.options(
            TASK,
            headers={
                "Origin": "https://app.example.com",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-esri-authorization",
            },
        )
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "POST" in response.headers["access-control-allow-methods"]
        assert response.headers["access-control-allow-headers"] == "x-esri-authorization"

    def test_no_header_is_sent_where_no_origin_asks(self, wire: Any) -> None:
        assert "access-control-allow-origin" not in wire.get(TASK, f="json").headers


class TestEcho:
    def test_every_declared_output_is_listed_even_where_nothing_was_given(self, wire: Any) -> None:
        values = outputs(wire)
        assert values["Out_GPLong"] is None
        assert values["Out_GPFeatureRecordSetLayer"] == {}
        assert values["Out_GPMultiValue_GPString"] == []

    @pytest.mark.parametrize(
        ("type_name", "text", "value"),
        [
            ("GPLong", " 42 ", 42),
            ("GPDouble", "-1.23456789E7", -12345678.9),
            ("GPBoolean", "TRUE", True),
            ("GPString", "plain text", "plain text"),
            ("GPDate", "2026-03-01T12:00:00", 1772366400000),
            ("GPDate", "1772366400000", 1772366400000),
            ("GPLinearUnit", "{'distance': 5}", {"distance": 5, "units": "esriMeters"}),
            ("GPLinearUnit", "{'distance': 5, 'units': 'Esrimiles'}", {"distance": 5, "units": "esriMiles"}),
            ("GPMultiValue_GPLong", "[1, 2, 3,]", [1, 2, 3]),
            ("GPMultiValue_GPBoolean", "[True, False]", [True, False]),
            ("GPDataFile", '{"url":"http://example.com/a.zip"}', {"url": "http://example.com/a.zip"}),
        ],
    )
    def test_a_value_comes_back_in_its_output_form(
        self, wire: Any, type_name: str, text: str, value: Any
    ) -> None:
        assert outputs(wire, **{f"In_{type_name}": text})[f"Out_{type_name}"] == value

    def test_a_text_that_reads_as_json_leaves_unquoted_byte_for_byte(self, wire: Any) -> None:
        text = '[{"a" :1.0,  "b":[ ]}]'
        answer = wire.post(f"{ECHO}/execute", f="json", In_GPString=text).text
        assert f'"value":{text}' in answer

    def test_z_and_m_are_left_out_unless_asked_for(self, wire: Any) -> None:
        features = (
            '{"geometryType":"esriGeometryPoint","hasZ":true,"hasM":true,"spatialReference":{"wkid":4326},'
            '"features":[{"geometry":{"x":1,"y":2,"z":3,"m":4}}]}'
        )
        given = {"In_GPFeatureRecordSetLayer": features}
        plain = outputs(wire, **given)["Out_GPFeatureRecordSetLayer"]
        assert plain["features"][0]["geometry"] == {"x": 1, "y": 2}
        full = outputs(wire, **given, returnZ="true", returnM="True")["Out_GPFeatureRecordSetLayer"]
        assert full["features"][0]["geometry"] == {"x": 1, "y": 2, "z": 3, "m": 4}
        assert full["hasZ"] is True

    def test_over_the_limit_there_are_no_features_at_all(self, wire: Any) -> None:
        points = ",".join('{"geometry":{"x":1,"y":2}}' for _ in range(1001))
        value = outputs(wire, In_GPFeatureRecordSetLayer=f'{{"features":[{points}]}}')[
            "Out_GPFeatureRecordSetLayer"
        ]
        assert value["features"] == []
        assert value["exceededTransferLimit"] is True

    def test_features_outside_the_contexts_extent_are_skipped(self, wire: Any) -> None:
        features = (
            '{"geometryType":"esriGeometryPoint","spatialReference":{"wkid":4326},'
            '"features":[{"geometry":{"x":1,"y":2}},{"geometry":{"x":50,"y":60}}]}'
        )
        extent = '{extent:{"xmin":0,"ymin":0,"xmax":10,"ymax":10,"spatialReference":{"wkid":4326}}}'
        value = outputs(wire, In_GPFeatureRecordSetLayer=features, context=extent)[
            "Out_GPFeatureRecordSetLayer"
        ]
        assert [feature["geometry"] for feature in value["features"]] == [{"x": 1, "y": 2}]

    def test_a_feature_collection_comes_where_it_is_asked_for(self, wire: Any) -> None:
        value = outputs(
            wire,
            In_GPFeatureRecordSetLayer='{"features":[{"geometry":{"x":1,"y":2}}]}',
            returnFeatureCollection="true",
        )["Out_GPFeatureRecordSetLayer"]
        assert list(value) == ["layerDefinition", "featureSet"]


def test_a_tool_that_fails_is_an_error_that_names_the_task_and_a_job_id(wire: Any) -> None:
    error = wire.error(
        f"{TASK}/execute",
        Input_Observation_Point=POINT,
        Viewshed_Distance="{'distance': -1, 'units': 'esriMiles'}",
    )
    assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
    assert error["details"][0].startswith("Error executing tool. Viewshed Job ID: j")
    assert error["details"][0].endswith("Failed to execute (Viewshed).")


@pytest.mark.parametrize(
    ("version", "content_type", "absent"),
    [
        ("10.0", "text/plain;charset=utf-8", {"currentVersion", "cimVersion", "maximumRecords"}),
        ("10.91", "application/json;charset=UTF-8", {"schema"}),
        ("12.0", "application/json;charset=UTF-8", set()),
    ],
)
def test_a_site_answers_as_its_version_did(
    open_wire: Any, fresh: Any, version: str, content_type: str, absent: set[str]
) -> None:
    from gp_mockserver.builtin.builtin_site import builtin_site

    wire = open_wire(builtin_site(**fresh, version=version))
    response = wire.get("WorldViewshed/GPServer", f="json")
    assert response.headers["content-type"] == content_type
    assert not absent & set(response.json())


def test_the_lists_of_results_and_inputs_came_with_11_1(open_wire: Any, fresh: Any) -> None:
    from gp_mockserver.builtin.builtin_site import builtin_site

    wire = open_wire(builtin_site(**fresh, version="10.91"))
    assert wire.error("WorldViewshed/GPServer/viewshed/jobs/j1/results")["message"] == "Invalid URL"


class TestMultipart:
    def test_a_value_may_be_as_long_as_any_body(self, wire: Any) -> None:
        text = "x" * 3_000_000
        answer = wire.http.post(f"{ECHO}/execute", files={"In_GPString": (None, text), "f": (None, "json")})
        values = {each["paramName"]: each["value"] for each in answer.json()["results"]}
        assert values["Out_GPString"] == text

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data", b"--x\r\n"),
            ("multipart/form-data; boundary=x", b"garbage"),
            (
                "multipart/form-data; boundary=x",
                b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
            ),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="In_GPString"\r\n\r\nabc',
            ),
        ],
    )
    def test_what_is_no_whole_form_is_refused(self, wire: Any, content_type: str, body: bytes) -> None:
        answer = wire.http.post(
            f"{ECHO}/execute?f=json", content=body, headers={"Content-Type": content_type}
        ).json()
        assert answer["error"]["code"] == 400
        assert "multipart" in answer["error"]["details"][0]


@pytest.mark.parametrize(
    "nothing", ["", "{}", '{"url": ""}', "{'url': None}", '{"itemID":""}', "null", "None"]
)
@pytest.mark.parametrize("type_name", ["GPDataFile", "GPRasterDataLayer", "GPFeatureRecordSetLayer"])
def test_a_reference_to_nothing_is_not_given(wire: Any, type_name: str, nothing: str) -> None:
    assert not outputs(wire, **{f"In_{type_name}": nothing})[f"Out_{type_name}"]


def test_a_wrong_verb_is_an_error_of_http_also_in_json(wire: Any) -> None:
    response = wire.http.put(f"{TASK}?f=json")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == 405
    assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"


def test_slashes_too_many_in_front_do_not_count(wire: Any, server: Any) -> None:
    assert wire.http.get(f"{server.root}//{wire.site.context}/rest//services?f=json").json()["currentVersion"]
