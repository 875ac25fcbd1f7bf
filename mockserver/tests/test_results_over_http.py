"""Results and inputs of jobs, as clients see them, and what a request asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterInfo,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import SpatialReference

TASK = "Tools/GPServer/Tool"
WGS84 = SpatialReference(wkid=4326)
ONE_ONE = {"attributes": {}, "geometry": {"x": 1.0, "y": 1.0}}
MERCATOR = {"wkid": 102100, "latestWkid": 3857}


def given(name: str, data_type: str, **more: Any) -> Parameter:
    return Parameter(name, data_type, parameter_type=ParameterType.OPTIONAL, **more)


def made(name: str, data_type: str, **more: Any) -> Parameter:
    derived = ParameterType.DERIVED
    return Parameter(name, data_type, direction=Direction.OUTPUT, parameter_type=derived, **more)


@pytest.fixture
def serve_tool(open_wire: Any, fresh: dict[str, Any]) -> Any:
    """Serves one task, `Tools/Tool`, with these parameters and outputs, and gives the wire to it."""

    def serve(
        *parameters: Parameter,
        outputs: Mapping[str, Any] | None = None,
        tool: Any = None,
        synchronous: bool = False,
        **site_options: Any,
    ) -> Any:
        kind = ExecutionType.SYNCHRONOUS if synchronous else ExecutionType.ASYNCHRONOUS
        site = Site(**{"version": "12.0", **fresh, **site_options})
        service = site.add_service(Service("Tools", execution_type=kind))
        task = Task("Tool", "Tool", execution_type=kind, parameters=parameters)
        service.add_task(task, tool or (lambda call: outputs or {}))
        return open_wire(site)

    return serve


def submit(wire: Any, **parameters: str) -> str:
    answer = wire.post(f"{TASK}/submitJob", f="json", **parameters).json()
    assert "jobId" in answer, answer
    return f"{TASK}/jobs/{answer['jobId']}"


def finished(wire: Any, **parameters: str) -> str:
    job = submit(wire, **parameters)
    wire.clock.advance(10)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    return job


class TestInputs:
    @pytest.mark.parametrize(
        ("data_type", "sent", "value"),
        [
            ("GPDataFile", "{'itemID': 'i1'}", {"itemID": "i1"}),
            ("GPDataFile", '{"portalItemID": "p1"}', {"portalItemID": "p1"}),
            ("GPRasterDataLayer", '{"itemID": "i1"}', {"itemID": "i1"}),
            ("GPFeatureRecordSetLayer", '{"itemID": "i1"}', {"itemID": "i1"}),
            (
                "GPFeatureRecordSetLayer",
                '{"url": "https://example.com/0", "filter": "A > 1", "time": "1,null"}',
                {"url": "https://example.com/0", "filter": "A > 1", "time": "1,null"},
            ),
            (
                "GPRecordSet",
                '{"url": "https://example.com/1", "filter": "B = 2"}',
                {"url": "https://example.com/1", "filter": "B = 2"},
            ),
            ("GPSpatialReference", '{"name": "WGS 1984"}', {"name": "WGS 1984"}),
            ("GPCoordinateSystem", '{"wkt2": "GEOGCRS[]"}', {"wkt2": "GEOGCRS[]"}),
            (
                "GPSpatialReference",
                '{"projectionFile": "https://example.com/a.prj"}',
                {"projectionFile": "https://example.com/a.prj"},
            ),
            (
                "GPMultiValue:GPDataFile",
                '[{"url": "https://example.com/a"}, {"itemID": "i1"}]',
                [{"url": "https://example.com/a"}, {"itemID": "i1"}],
            ),
            (
                "GPMultiValue:GPFeatureRecordSetLayer",
                '[{"url": "https://example.com/0", "filter": "A > 1"}]',
                [{"url": "https://example.com/0", "filter": "A > 1"}],
            ),
            (
                "GPExtent",
                '{"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3, "spatial_reference": {"name": "WGS 84"}}',
                {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3, "spatial_reference": {"name": "WGS 84"}},
            ),
            (
                "GPFeatureRecordSetLayer",
                "{'features': [], 'spatialReference': {'name': 'WGS 84'}}",
                {"features": [], "spatialReference": {"name": "WGS 84"}},
            ),
            ("GPLong", " 7 ", 7),
            ("GPString", "text", "text"),
            ("GPDataFile", "", None),
        ],
    )
    def test_what_no_output_can_say_comes_back_as_it_was_given(
        self, serve_tool: Any, data_type: str, sent: str, value: Any
    ) -> None:
        wire = serve_tool(given("In", data_type))
        job = submit(wire, In=sent)
        expected = {"paramName": "In", "dataType": data_type, "value": value}
        assert wire.json(f"{job}/inputs/In") == expected
        wire.clock.advance(10)
        assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
        assert wire.json(f"{job}/inputs/In") == expected
        assert wire.json(f"{job}/inputs") == [expected]

    def test_a_layer_out_of_the_choice_list_comes_back_by_its_name(self, serve_tool: Any) -> None:
        wire = serve_tool(given("In", "GPFeatureRecordSetLayer", choice_list=("Roads", "Rivers")))
        assert wire.json(f"{submit(wire, In='Roads')}/inputs/In")["value"] == "Roads"

    @pytest.mark.parametrize(
        ("sent", "data_type", "value"),
        [
            ("5", "GPLong", 5),
            ("5 Miles", "GPLinearUnit", {"distance": 5.0, "units": "esriMiles"}),
            ('{"dataType": "GPDataFile", "value": {"itemID": "i1"}}', "GPDataFile", {"itemID": "i1"}),
            ("", "GPComposite", None),
        ],
    )
    def test_a_composite_tells_the_type_of_its_member(
        self, serve_tool: Any, sent: str, data_type: str, value: Any
    ) -> None:
        members = tuple(ParameterInfo("", name) for name in ("GPLong", "GPLinearUnit", "GPDataFile"))
        wire = serve_tool(given("In", "GPComposite", parameter_infos=members))
        answer = wire.json(f"{submit(wire, In=sent)}/inputs/In")
        assert answer == {"paramName": "In", "dataType": data_type, "value": value}

    @pytest.mark.parametrize(
        ("data_type", "sent", "shown", "blank"),
        [
            ("GPStringHidden", "secret", "secret", ""),
            ("GPMultiValue:GPStringHidden", '["secret"]', ["secret"], []),
            ("GPComposite", '{"dataType": "GPStringHidden", "value": "secret"}', "secret", ""),
        ],
    )
    @pytest.mark.parametrize("version", ["11.4", "11.5"])
    def test_hidden_texts_are_blank_from_11_5(
        self, serve_tool: Any, data_type: str, sent: str, shown: Any, blank: Any, version: str
    ) -> None:
        wire = serve_tool(given("In", data_type), version=version)
        value = wire.json(f"{submit(wire, In=sent)}/inputs/In")["value"]
        assert value == (shown if version == "11.4" else blank)

    def test_an_input_that_failed_its_job_comes_back_as_it_was_given(self, serve_tool: Any) -> None:
        wire = serve_tool(given("In", "GPLinearUnit"), bad_input="fail-job")
        for sent, value in (("{'distance': 'far'}", {"distance": "far"}), ("{far", "{far"), ("far", "far")):
            job = submit(wire, In=sent)
            wire.clock.advance(10)
            assert wire.json(job)["jobStatus"] == "esriJobFailed"
            assert wire.json(f"{job}/inputs/In")["value"] == value


class TestColumnNames:
    ROWS = ([1, "a"],)

    @pytest.mark.parametrize(
        ("names", "detail"),
        [
            (("Width", "Width"), 'Table: met two columns "Width", expected columns with names of their own'),
            (("Width", ""), "Table: met column [1] without a name, expected columns with names of their own"),
        ],
    )
    def test_columns_without_names_of_their_own_are_an_error_and_the_rows_stay_to_be_had(
        self, serve_tool: Any, names: tuple[str, str], detail: str
    ) -> None:
        infos = tuple(map(ParameterInfo, names, ("GPLong", "GPString")))
        table = made("Table", "GPValueTable", parameter_infos=infos)
        wire = serve_tool(table, outputs={"Table": [[1, "a"]]})
        job = finished(wire)
        for path in (f"{job}/results/Table", f"{job}/results"):
            error = wire.error(path, returnColumnName="true")
            assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
            assert error["details"] == [f"{detail}, as returnColumnName needs them"]
        assert wire.json(f"{job}/results/Table")["value"] == [[1, "a"]]

    def test_execute_answers_the_same_error(self, serve_tool: Any) -> None:
        infos = (ParameterInfo("A", "GPLong"), ParameterInfo("A", "GPString"))
        table = made("Table", "GPValueTable", parameter_infos=infos)
        wire = serve_tool(table, outputs={"Table": [[1, "a"]]}, synchronous=True)
        error = wire.error(f"{TASK}/execute", returnColumnName="true")
        assert error["code"] == 400
        assert error["details"][0].startswith('Table: met two columns "A"')
        assert wire.json(f"{TASK}/execute")["results"][0]["value"] == [[1, "a"]]

    def test_an_input_of_objects_needs_columns_that_differ(self, serve_tool: Any) -> None:
        infos = (ParameterInfo("A", "GPLong"), ParameterInfo("A", "GPString"))
        wire = serve_tool(given("Table", "GPValueTable", parameter_infos=infos))
        error = wire.error(f"{TASK}/submitJob", Table='[{"A": 1}]')
        assert error["code"] == 400
        assert error["details"][0].startswith("Table[0]: met {'A': 1}, expected an array")
        assert 'two columns "A"' in error["details"][0]
        assert "jobId" in wire.json(f"{TASK}/submitJob", Table='[[1, "a"]]')


class TestWhatSubmittingAskedFor:
    CURVED = FeatureSet(
        "esriGeometryPolyline",
        WGS84,
        features=[
            {
                "attributes": {},
                "geometry": {"curvePaths": [[[0.0, 0.0, 7.0], {"c": [[2.0, 0.0, 7.0], [1.0, 1.0]]}]]},
            }
        ],
        has_z=True,
    )

    def test_z_m_and_true_curves_hold_for_results_unless_the_request_says_otherwise(
        self, serve_tool: Any
    ) -> None:
        wire = serve_tool(made("Lines", "GPFeatureRecordSetLayer"), outputs={"Lines": self.CURVED})
        job = finished(wire, returnZ="true", returnTrueCurves="True", returnColumnName="true")
        for path in (f"{job}/results/Lines", f"{job}/results"):
            answer = wire.json(path)
            value = (answer[0] if isinstance(answer, list) else answer)["value"]
            assert value["hasZ"] is True
            assert value["features"][0]["geometry"]["curvePaths"] == [
                [[0.0, 0.0, 7.0], {"c": [[2.0, 0.0, 7.0], [1.0, 1.0]]}]
            ]
        value = wire.json(f"{job}/results/Lines", returnZ="false", returnTrueCurves="")["value"]
        assert "hasZ" not in value
        assert value["features"][0]["geometry"]["curvePaths"] == [
            [[0.0, 0.0], {"c": [[2.0, 0.0], [1.0, 1.0]]}]
        ]
        plain = wire.json(f"{finished(wire)}/results/Lines")["value"]
        assert "hasZ" not in plain
        assert "paths" in plain["features"][0]["geometry"]


class TestSpatialReferences:
    def test_features_in_lists_and_tables_are_projected_too(self, serve_tool: Any) -> None:
        points = FeatureSet("esriGeometryPoint", WGS84, features=[ONE_ONE])
        wire = serve_tool(
            made("Many", "GPMultiValue:GPFeatureRecordSetLayer"),
            made(
                "Table", "GPValueTable", parameter_infos=(ParameterInfo("Layer", "GPFeatureRecordSetLayer"),)
            ),
            outputs={"Many": [points, None], "Table": [[points]]},
        )
        plain = finished(wire)
        asked = finished(wire, **{"env:outSR": "102100"})
        for job, parameters in ((plain, {"outSR": "102100"}), (asked, {})):
            many = wire.json(f"{job}/results/Many", **parameters)["value"]
            assert many[1] is None
            for value in (many[0], wire.json(f"{job}/results/Table", **parameters)["value"][0][0]):
                assert value["spatialReference"] == MERCATOR
                geometry = value["features"][0]["geometry"]
                assert (round(geometry["x"]), round(geometry["y"])) == (111319, 111325)

    @pytest.mark.parametrize("nothing", ["null", "None", " null ", ""])
    def test_null_is_a_parameter_that_is_not_given(self, serve_tool: Any, nothing: str) -> None:
        points = FeatureSet("esriGeometryPoint", WGS84, features=[ONE_ONE])
        wire = serve_tool(made("Points", "GPFeatureRecordSetLayer"), outputs={"Points": points})
        job = finished(wire, **{"env:outSR": nothing, "env:processSR": nothing, "context": nothing})
        value = wire.json(f"{job}/results/Points", outSR=nothing)["value"]
        assert value["spatialReference"] == {"wkid": 4326}
        assert value["features"] == [ONE_ONE]

    @pytest.mark.parametrize(
        ("context", "wkid"),
        [
            ("{}", 102100),
            ("null", 102100),
            ('{"outSR": null}', 102100),
            ('{"processSR": {"wkid": 4326}}', 102100),
            ('{"outSR": {"wkid": 54003}}', 54003),
        ],
    )
    def test_what_the_context_does_not_say_the_older_parameters_say(
        self, serve_tool: Any, context: str, wkid: int
    ) -> None:
        points = FeatureSet("esriGeometryPoint", WGS84, features=[ONE_ONE])
        wire = serve_tool(made("Points", "GPFeatureRecordSetLayer"), outputs={"Points": points})
        job = finished(wire, context=context, **{"env:outSR": "102100"})
        assert wire.json(f"{job}/results/Points")["value"]["spatialReference"]["wkid"] == wkid

    @pytest.mark.parametrize("operation", ["submitJob", "execute"])
    @pytest.mark.parametrize(
        ("parameters", "detail"),
        [
            ({"env:outSR": "999999"}, "env:outSR: met 999999, expected a spatial reference"),
            ({"env:processSR": '{"wkid": 999999}'}, "env:processSR: met 999999, expected"),
            ({"context": '{"outSR": {"wkid": 999999}}'}, "context.outSR: met 999999, expected"),
            ({"env:outSR": '{"wkt": "PROJCS[]"}'}, "env:outSR: met PROJCS[], expected"),
        ],
    )
    def test_one_that_is_unknown_is_refused_when_the_task_is_run(
        self, serve_tool: Any, parameters: dict[str, str], detail: str, operation: str
    ) -> None:
        wire = serve_tool(synchronous=operation == "execute")
        error = wire.error(f"{TASK}/{operation}", **parameters)
        assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
        assert error["details"][0].startswith(detail)
        assert len(wire.site.store) == 0

    def test_one_that_is_unknown_is_refused_when_the_result_is_read(self, serve_tool: Any) -> None:
        wire = serve_tool(made("Number", "GPLong"), outputs={"Number": 1})
        job = finished(wire)
        error = wire.error(f"{job}/results/Number", outSR="999999")
        assert error["code"] == 400
        assert error["details"][0].startswith("outSR: met 999999, expected")
        assert wire.json(f"{job}/results/Number")["value"] == 1

    def test_one_by_name_is_answered_by_its_id(self, serve_tool: Any) -> None:
        points = FeatureSet("esriGeometryPoint", WGS84, features=[ONE_ONE])
        wire = serve_tool(made("Points", "GPFeatureRecordSetLayer"), outputs={"Points": points})
        job = finished(wire, **{"env:outSR": '{"name": "WGS 84 / Pseudo-Mercator"}'})
        value = wire.json(f"{job}/results/Points")["value"]
        assert value["spatialReference"] == {"wkid": 3857, "latestWkid": 3857}


@pytest.mark.parametrize("synchronous", [True, False])
def test_files_in_a_list_have_addresses_from_which_they_can_be_read(
    serve_tool: Any, synchronous: bool
) -> None:
    def write(call: ToolCall) -> dict[str, list[Path]]:
        files = [call.scratch / name for name in ("a.txt", "b c.txt", "d.tif")]
        for file in files:
            file.write_text(file.name)
        return {"Files": files[:2], "Rasters": files[2:]}

    files, rasters = made("Files", "GPMultiValue:GPDataFile"), made("Rasters", "GPMultiValue:GPRasterData")
    wire = serve_tool(files, rasters, tool=write, synchronous=synchronous)
    if synchronous:
        results = wire.json(f"{TASK}/execute")["results"]
    else:
        results = wire.json(f"{finished(wire)}/results")
    addresses = [each["url"] for each in results[0]["value"]]
    assert [wire.http.get(address).text for address in addresses] == ["a.txt", "b c.txt"]
    assert addresses[1].endswith("b%20c.txt")
    (raster,) = results[1]["value"]
    assert (raster["format"], wire.http.get(raster["url"]).text) == ("tif", "d.tif")


def test_a_text_outside_the_choice_list_of_layers_is_told_the_choices(serve_tool: Any) -> None:
    wire = serve_tool(given("In", "GPFeatureRecordSetLayer", choice_list=("Roads", "Rivers")))
    error = wire.error(f"{TASK}/submitJob", In="Road")
    assert error["code"] == 400
    assert error["details"] == ['In: met "Road", expected one of Roads, Rivers; did you mean "Roads"?']


def test_a_type_that_nobody_knows_is_told_by_its_own_word(open_wire: Any, fresh: dict[str, Any]) -> None:
    from gp_mockserver.configuration.site_files import site_from

    words = {
        "In": ("esriGPParameterDirectionInput", "esriGPParameterTypeOptional"),
        "Out": ("esriGPParameterDirectionOutput", "esriGPParameterTypeDerived"),
    }
    task = {
        "name": "Tool",
        "parameters": [
            {
                "name": name,
                "displayName": name,
                "dataType": "GPNetworkDatasetLayer",
                "direction": direction,
                "parameterType": need,
                "defaultValue": None,
            }
            for name, (direction, need) in words.items()
        ],
    }
    site = site_from({"services": {"Tools": {"executionType": "async", "tasks": [task]}}}, **fresh)
    wire = open_wire(site)
    job = finished(wire, In="roads")
    assert wire.json(f"{job}/inputs/In") == {
        "paramName": "In",
        "dataType": "GPNetworkDatasetLayer",
        "value": "roads",
    }
    assert wire.json(f"{job}/results/Out")["dataType"] == "GPNetworkDatasetLayer"


@pytest.mark.parametrize("which", ["results", "inputs"])
@pytest.mark.parametrize("f", ["json", "kmz"])
def test_a_job_that_is_not_there_is_told_before_a_parameter_that_is_not(
    serve_tool: Any, which: str, f: str
) -> None:
    wire = serve_tool(given("In", "GPLong"), made("Out", "GPLong"), outputs={"Out": 1})
    job = finished(wire)
    nowhere, here = (
        wire.get(f"{place}/{which}/Nothing", f=f).json()["error"]["details"][0]
        for place in (f"{TASK}/jobs/xyz", job)
    )
    assert nowhere == "job 'xyz' does not exist or has expired"
    assert "'Nothing' does not exist" in here
