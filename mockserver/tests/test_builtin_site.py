from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import zipfile

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.geometry.viewsheds import viewshed_outline
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.tools.latency import Latency
from gp_mockserver.tools.outcome_rules import OutcomeRule
from gp_mockserver.uploads.upload_rules import UploadRules
from gp_protocol.messages import MessageLevel
from gp_protocol.values.data_types import DATA_TYPES
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from every_case import every_case

GEOD = Geod(ellps="WGS84")
VIEWSHED = "Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute"
BUFFER = "GPFolder/BufferService/GPServer/BufferPoints/execute"

MILES_8_5 = "{'distance': 8.5, 'units': 'esriMiles'}"
METERS_8_5_MILES = 8.5 * 1609.347219

OUTPUT_TASKS = ["NoOutput", "SeveralOutputs", "MissingOutputs"]
LAYOUT = {
    "Elevation/ESRI_Elevation_World": ("esriExecutionTypeSynchronous", "", ["Viewshed"]),
    "WorldViewshed": ("esriExecutionTypeAsynchronous", "", ["viewshed"]),
    "GPFolder/BufferService": ("esriExecutionTypeSynchronous", "", ["BufferPoints"]),
    "DataTypes/Echo": ("esriExecutionTypeSynchronous", "", ["Echo"]),
    "DataTypes/EchoJob": ("esriExecutionTypeAsynchronous", "", ["Echo"]),
    "Simulation/JobOutcomes": (
        "esriExecutionTypeAsynchronous",
        "",
        [
            "Succeeds",
            "SucceedsWithWarnings",
            "Fails",
            "TimesOut",
            "NeverEnds",
            "WaitsInQueue",
            "StepProgress",
        ],
    ),
    "15_Names/OddNames": ("esriExecutionTypeAsynchronous", "", ["Extract Data Task"]),
    "Files/FileTransfer": ("esriExecutionTypeAsynchronous", "Uploads", ["ZipFile"]),
    "DataTypes/Outputs": ("esriExecutionTypeSynchronous", "", OUTPUT_TASKS),
    "DataTypes/OutputsJob": ("esriExecutionTypeAsynchronous", "", OUTPUT_TASKS),
    "Publishing/ViewshedLayers": ("esriExecutionTypeAsynchronous", "", ["viewshed"]),
}


def points(*xys, sr=None):
    value = {
        "geometryType": "esriGeometryPoint",
        "features": [{"geometry": {"x": x, "y": y}} for x, y in xys],
    }
    if sr:
        value["spatialReference"] = sr
    return json.dumps(value)


def one_result(answer):
    (result,) = answer["results"]
    return result["value"]


@pytest.mark.parametrize("service", LAYOUT)
def test_the_services_and_tasks_are_there(wire, service):
    execution_type, capabilities, tasks = LAYOUT[service]
    described = wire.json(f"{service}/GPServer")
    assert described["executionType"] == execution_type
    assert described["capabilities"] == capabilities
    assert described["tasks"] == tasks
    assert described["maximumRecords"] == 1000
    has_map = service == "Publishing/ViewshedLayers"
    assert described["resultMapServerName"] == (service if has_map else "")


def test_what_is_changed_in_one_site_changes_no_other():
    changed = builtin_site()
    for service in changed.services.values():
        service.secure(["somebody"])
        service.limit_instances(1)
        service.uploads = UploadRules(1)
        service.latency["job"] = Latency(1.0)
        service.started = service.validates = False
        service.message_level = MessageLevel.NONE
        for task in service.tasks.values():
            task.latency["execute"] = Latency(1.0)
            task.rules.append(OutcomeRule(lambda inputs: True))
            task.timeline = Timeline(())
        service.tasks["More"] = next(iter(service.tasks.values()))
    for unchanged in (builtin_site(), builtin_site()):
        for service in unchanged.services.values():
            assert service.access == (frozenset("*") if service.name.startswith("Secured/") else None)
            assert (service.queue, service.uploads, service.latency) == (None, None, {})
            assert (service.started, service.validates) == (True, True)
            assert service.message_level is MessageLevel.INFO
            assert "More" not in service.tasks
            for task in service.tasks.values():
                assert (task.service, task.service.site) == (service, unchanged)
                assert (task.latency, task.rules) == ({}, [])
                assert task.timeline.phases or service.is_synchronous


def test_nothing_else_is_there():
    assert set(builtin_site().services) == {*LAYOUT, "Secured/WorldViewshed"}


def test_published_clients_can_make_functions_of_every_descriptor(wire):
    """What the `arcgis` package needs: no nulls where it joins texts, no quotes where it writes Python
    code.
    """
    for service, (_, _, tasks) in LAYOUT.items():
        for label in tasks:
            task = wire.json(f"{service}/GPServer/{label}")
            assert task["helpUrl"].startswith("http")
            assert task["description"]
            for parameter in task["parameters"]:
                assert parameter["displayName"]
                assert '"' not in parameter["displayName"]
                assert parameter["description"] is not None
                assert '"""' not in str(parameter["defaultValue"])


def test_points_for_a_viewshed_are_in_world_miller_unless_they_say_otherwise(wire):
    task = wire.json("Elevation/ESRI_Elevation_World/GPServer/Viewshed")
    assert task["parameters"][0]["defaultValue"] == {
        "displayFieldName": "",
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 54003, "latestWkid": 54003},
        "fields": [
            {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
            {"name": "OffsetA", "type": "esriFieldTypeSmallInteger", "alias": "OffsetA"},
        ],
        "features": [],
        "exceededTransferLimit": False,
    }
    assert task["parameters"][1]["defaultValue"] == {"distance": 15000, "units": "esriMeters"}


def test_the_viewshed_of_the_documentations_example_lies_around_its_point(wire):
    """The parameters are those of the page's script, as its `urlencode` sends them; the answer is in World
    Miller.
    """
    answer = wire.json(
        VIEWSHED,
        Input_Observation_Point="{'geometryType': 'esriGeometryPoint', 'spatialReference': {'wkid': 54003}, "
        "'features': [{'geometry': {'x': -13308192.1956127, 'y': 4221903.58555983}}]}",
        Viewshed_Distance=MILES_8_5,
    )
    visible = one_result(answer)
    assert visible["geometryType"] == "esriGeometryPolygon"
    assert visible["spatialReference"] == {"wkid": 54003, "latestWkid": 54003}
    (feature,) = visible["features"]
    assert list(feature["attributes"]) == ["OBJECTID", "gridcode", "Shape_Length", "Shape_Area"]
    to_degrees = Transformer.from_crs("ESRI:54003", "EPSG:4326", always_xy=True).transform
    center = to_degrees(-13308192.1956127, 4221903.58555983)
    assert_is_a_viewshed(feature["geometry"]["rings"], to_degrees, center, METERS_8_5_MILES)


def assert_is_a_viewshed(rings, to_degrees, center, distance):
    """Around the point, within the distance on the ground, far from round, and clockwise."""
    (ring,) = rings
    assert ring[0] == ring[-1]
    away = []
    for x, y in ring:
        _, _, meters = GEOD.inv(*center, *to_degrees(x, y))
        away.append(meters)
    assert max(away) <= distance
    assert min(away) < 0.7 * max(away)
    longitudes, latitudes = to_degrees(*zip(*ring, strict=True))
    area, _ = GEOD.polygon_area_perimeter(longitudes, latitudes)
    assert -math.pi * distance**2 < area < -0.02 * math.pi * distance**2


@pytest.mark.parametrize(
    ("asked", "crs", "answered"),
    [
        ({"env:outSR": "4326"}, "EPSG:4326", {"wkid": 4326, "latestWkid": 4326}),
        ({"env:outSR": "102100"}, "EPSG:3857", {"wkid": 102100, "latestWkid": 3857}),
        ({"env:processSR": "4326"}, "EPSG:4326", {"wkid": 4326, "latestWkid": 4326}),
        ({"context": '{"outSR": {"wkid": 102100}}'}, "EPSG:3857", {"wkid": 102100, "latestWkid": 3857}),
    ],
)
def test_a_viewshed_comes_in_the_spatial_reference_asked_for(wire, asked, crs, answered):
    where = points((-119.68, 36.3), sr={"wkid": 4326})
    visible = one_result(
        wire.json(VIEWSHED, Input_Observation_Point=where, Viewshed_Distance=MILES_8_5, **asked)
    )
    assert visible["spatialReference"] == answered
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    (feature,) = visible["features"]
    assert_is_a_viewshed(feature["geometry"]["rings"], to_degrees, (-119.68, 36.3), METERS_8_5_MILES)


@given(st.integers(0, 99), st.floats(-180, 180), st.floats(-89, 89), st.floats(1, 100_000))
def test_no_ray_of_a_viewshed_is_longer_than_its_distance(seed, longitude, latitude, distance):
    longitudes, latitudes = viewshed_outline(seed, longitude, latitude, distance)
    for x, y in zip(longitudes, latitudes, strict=True):
        assert 0 < GEOD.inv(longitude, latitude, x, y)[2] < distance


def test_each_point_has_a_viewshed_of_its_own(wire):
    visible = one_result(
        wire.json(VIEWSHED, Input_Observation_Point=points((0, 0), (5000000, 0)), Viewshed_Distance=MILES_8_5)
    )
    assert [feature["attributes"]["OBJECTID"] for feature in visible["features"]] == [1, 2]


def test_points_outside_of_the_contexts_extent_are_skipped(wire):
    extent = {"xmin": -1, "ymin": -1, "xmax": 1, "ymax": 1, "spatialReference": {"wkid": 4326}}
    visible = one_result(
        wire.json(
            VIEWSHED,
            Input_Observation_Point=points((0, 0), (5000000, 0)),
            Viewshed_Distance=MILES_8_5,
            context=json.dumps({"extent": extent}),
        )
    )
    assert len(visible["features"]) == 1


def test_results_are_the_same_for_a_seed_and_others_for_another(open_wire):
    def viewshed(context, seed):
        wire = open_wire(builtin_site(context, seed=seed, clock=ManualClock()))
        return wire.get(
            VIEWSHED, f="json", Input_Observation_Point=points((0, 0)), Viewshed_Distance=MILES_8_5
        ).content

    assert viewshed("seven", 7) == viewshed("seven-again", 7)
    assert viewshed("eight", 8) != viewshed("nine", 9)


@pytest.mark.parametrize("distance", [0, -5])
@pytest.mark.parametrize(
    ("task", "features", "name"),
    [
        (VIEWSHED, "Input_Observation_Point", "Viewshed_Distance"),
        (BUFFER, "Input_Points", "Distance"),
    ],
)
def test_a_distance_of_nothing_is_an_error_that_names_the_parameter(wire, task, features, name, distance):
    error = wire.error(
        task,
        **{features: points((0, 0)), name: json.dumps({"distance": distance, "units": "esriMiles"})},
    )
    assert error["message"] == "Unable to complete operation."
    assert f"ERROR 000628: Cannot set input into parameter {name}." in error["details"][0]
    assert f"met {distance} esriMiles, expected more than 0" in error["details"][0]


def test_nothing_is_seen_farther_than_a_hundred_kilometers(wire):
    """The documentation's ArcPy script asks for 10000 Kilometers."""
    answer = wire.json(
        VIEWSHED,
        Input_Observation_Point=points((0, 0), sr={"wkid": 4326}),
        Viewshed_Distance='{"distance": 10000, "units": "esriKilometers"}',
    )
    (ring,) = one_result(answer)["features"][0]["geometry"]["rings"]
    assert max(GEOD.inv(0, 0, x, y)[2] for x, y in ring) < 100_000
    assert [message["type"] for message in answer["messages"]] == ["esriJobMessageTypeWarning"]


def test_a_layer_by_address_cannot_be_read_from_here(wire):
    error = wire.error(
        VIEWSHED,
        Input_Observation_Point='{"url": "https://example.com/FeatureServer/0"}',
        Viewshed_Distance=MILES_8_5,
    )
    assert "ERROR 000732" in error["details"][0]
    assert "https://example.com/FeatureServer/0" in error["details"][0]


@pytest.mark.parametrize(
    ("task", "features"), [(VIEWSHED, "Input_Observation_Point"), (BUFFER, "Input_Points")]
)
def test_a_feature_set_without_features_passes_the_checks_and_fails_the_tool(wire, task, features):
    error = wire.error(task, **{features: '{"features": []}'})
    assert f"ERROR 000735: {features.replace('_', ' ')}: Value is required" in error["details"][0]


def test_a_point_beyond_the_pole_is_an_error(wire):
    error = wire.error(VIEWSHED, Input_Observation_Point=points((0, 95), sr={"wkid": 4326}))
    assert "latitude 95" in error["details"][0]


def test_a_view_may_go_across_the_180th_meridian(wire):
    visible = one_result(
        wire.json(
            VIEWSHED,
            Input_Observation_Point=points((180, 10), sr={"wkid": 4326}),
            Viewshed_Distance=MILES_8_5,
            **{"env:outSR": "102100"},
        )
    )
    west, east = visible["features"][0]["geometry"]["rings"]
    assert {x > 0 for x, _ in west} | {x > 0 for x, _ in east} == {True, False}
    assert min(abs(x) for x, _ in west + east) > 20_000_000


def test_buffers_are_real_and_keep_the_attributes(wire):
    given = {
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 4326},
        "fields": [
            {"name": "FID", "type": "esriFieldTypeOID", "alias": "FID"},
            {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 20},
        ],
        "features": [{"attributes": {"FID": 41, "Name": "Well"}, "geometry": {"x": 10.0, "y": 70.0}}],
    }
    polygons = one_result(
        wire.json(
            BUFFER, Input_Points=json.dumps(given), Distance='{"distance": 2, "units": "esriKilometers"}'
        )
    )
    assert [field["name"] for field in polygons["fields"]] == [
        "OBJECTID",
        "Name",
        "BUFF_DIST",
        "ORIG_FID",
        "Shape_Length",
        "Shape_Area",
    ]
    (feature,) = polygons["features"]
    assert set(feature["attributes"]) == {field["name"] for field in polygons["fields"]}
    assert feature["attributes"]["Name"] == "Well"
    assert feature["attributes"]["ORIG_FID"] == 41
    assert feature["attributes"]["BUFF_DIST"] == 2
    (ring,) = feature["geometry"]["rings"]
    area, _ = GEOD.polygon_area_perimeter(*zip(*ring, strict=True))
    assert -area == pytest.approx(math.pi * 2000**2, rel=0.01)


DISTANCE = '{"distance": 10, "units": "esriMiles"}'
SCRIBBLE = [[(i * 37) % 101 / 10, (i * i * 53) % 103 / 10] for i in range(600)]


@pytest.mark.parametrize(
    ("geometry_type", "geometries", "said"),
    [
        ("Point", [{"x": 1, "y": 1}] * 1001, "met more than 1000 points, lines and rings"),
        ("Multipoint", [{"points": [[1, 1]] * 1001}], "met more than 1000 points, lines and rings"),
        ("Polyline", [{"paths": [[[i / 1000, 0] for i in range(5001)]]}], "5000 vertices in 1 features"),
        ("Polyline", [{"paths": [SCRIBBLE]}], "cross each other more than 5000 times"),
        ("Polygon", [{"rings": [[*SCRIBBLE, SCRIBBLE[0]]]}], "cross each other more than 5000 times"),
    ],
)
def test_more_than_can_be_buffered_in_a_moment_fails_the_tool(wire, geometry_type, geometries, said):
    given = {
        "geometryType": f"esriGeometry{geometry_type}",
        "spatialReference": {"wkid": 4326},
        "features": [{"geometry": geometry} for geometry in geometries],
    }
    answer = wire.post(BUFFER, Input_Points=json.dumps(given), Distance=DISTANCE, f="json").json()
    assert answer["error"]["code"] == 400
    assert said in answer["error"]["details"][0]


def test_more_observers_than_a_viewshed_takes_fail_the_tool(wire):
    answer = wire.post(VIEWSHED, Input_Observation_Point=points(*[(1, 1)] * 101), f="json").json()
    assert "met more than 100 points" in answer["error"]["details"][0]


def test_a_buffers_measures_are_in_the_units_of_its_spatial_reference(wire):
    polygons = one_result(
        wire.json(
            BUFFER,
            Input_Points=points((500000, 0), sr={"wkid": 32631}),
            Distance='{"distance": 1, "units": "esriKilometers"}',
        )
    )
    attributes = polygons["features"][0]["attributes"]
    assert attributes["Shape_Area"] == pytest.approx(math.pi * 999.6**2, rel=0.005)
    assert attributes["Shape_Length"] == pytest.approx(math.tau * 999.6, rel=0.005)


FEATURES = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326, "latestWkid": 4326},
    "fields": [{"name": "NAME", "type": "esriFieldTypeString", "alias": "NAME", "length": 10}],
    "features": [{"attributes": {"NAME": "a"}, "geometry": {"x": 1.5, "y": 2.5}}],
    "exceededTransferLimit": False,
}
RECORDS = {
    "fields": [{"name": "N", "type": "esriFieldTypeInteger", "alias": "N"}],
    "features": [{"attributes": {"N": 5}}],
    "exceededTransferLimit": False,
}
FIELD = {
    "name": "F",
    "type": "esriFieldTypeString",
    "alias": "F",
    "editable": True,
    "nullable": True,
    "length": 5,
}
EXTENT = {"xmin": 1.5, "ymin": 2.5, "xmax": 3.5, "ymax": 4.5}

# data type: what is sent, the output's value, the output where nothing is sent
ECHO = {
    "GPBoolean": ("true", True, None),
    "GPLong": ("42", 42, None),
    "GPDouble": ("1.5", 1.5, None),
    "GPString": ("a text", "a text", ""),
    "GPStringHidden": ("a secret", "a secret", ""),
    "GPSQLExpression": ("POP > 5", "POP > 5", ""),
    "GPDate": ("2026-01-01T00:00:00", 1767225600000, None),
    "GPLinearUnit": (MILES_8_5, {"distance": 8.5, "units": "esriMiles"}, None),
    "GPArealUnit": ("3.5 SquareKilometers", {"area": 3.5, "units": "esriSquareKilometers"}, None),
    "GPTimeUnit": ("3.5 Months", {"time": 3.5, "units": "esriTimeUnitsMonths"}, None),
    "GPFeatureRecordSetLayer": (json.dumps(FEATURES), FEATURES, {}),
    "GPRecordSet": (json.dumps(RECORDS), RECORDS, {}),
    "GPRasterData": (
        '{"url": "https://example.com/a.tif", "format": "tif"}',
        {"url": "https://example.com/a.tif", "format": "tif"},
        {},
    ),
    "GPRasterDataLayer": (
        '{"url": "https://example.com/a.tif", "format": "tif"}',
        {"url": "https://example.com/a.tif", "format": "tif"},
        {},
    ),
    "GPDataFile": ('{"url": "https://example.com/a.csv"}', {"url": "https://example.com/a.csv"}, None),
    "Field": (json.dumps(FIELD), FIELD, None),
    "GPValueTable": ('[["a", 1.5, 2], ["", null, null]]', [["a", 1.5, 2], ["", None, None]], []),
    "GPComposite": ("7", 7, None),
    "GPSpatialReference": ('{"wkid": 4326}', {"wkid": 4326}, None),
    "GPCoordinateSystem": ('{"wkid": 54003}', {"wkid": 54003}, None),
    "GPExtent": (
        json.dumps(EXTENT | {"spatial_reference": {"wkid": 4326}}),
        EXTENT | {"spatial_reference": {"wkid": 4326}},
        None,
    ),
    "GPEnvelope": (json.dumps(EXTENT), EXTENT, None),
}
ECHO |= {
    "GPMultiValue:GPBoolean": ("[true, false]", [True, False], []),
    "GPMultiValue:GPLong": ("[1, 2]", [1, 2], []),
    "GPMultiValue:GPDouble": ("[1.5, 2.5]", [1.5, 2.5], []),
    "GPMultiValue:GPString": ("['a', 'b']", ["a", "b"], []),
    "GPMultiValue:GPStringHidden": ('["a", "b"]', ["a", "b"], []),
    "GPMultiValue:GPSQLExpression": ('["A = 1"]', ["A = 1"], []),
    "GPMultiValue:GPDate": ("[1767225600000]", [1767225600000], []),
    "GPMultiValue:GPLinearUnit": (f"[{MILES_8_5}]", [{"distance": 8.5, "units": "esriMiles"}], []),
    "GPMultiValue:GPArealUnit": (
        '[{"area": 3.5, "units": "esriAcres"}]',
        [{"area": 3.5, "units": "esriAcres"}],
        [],
    ),
    "GPMultiValue:GPTimeUnit": (
        '[{"time": 3.5, "units": "esriTimeUnitsDays"}]',
        [{"time": 3.5, "units": "esriTimeUnitsDays"}],
        [],
    ),
    "GPMultiValue:GPFeatureRecordSetLayer": (json.dumps([FEATURES]), [FEATURES], []),
    "GPMultiValue:GPRecordSet": (json.dumps([RECORDS]), [RECORDS], []),
    "GPMultiValue:GPRasterData": (
        '[{"url": "https://example.com/a.tif", "format": "tif"}]',
        [{"url": "https://example.com/a.tif", "format": "tif"}],
        [],
    ),
    "GPMultiValue:GPRasterDataLayer": (
        '[{"url": "https://example.com/a.tif", "format": "tif"}]',
        [{"url": "https://example.com/a.tif", "format": "tif"}],
        [],
    ),
    "GPMultiValue:GPDataFile": (
        '[{"url": "https://example.com/a.csv"}, {"itemID": "i1"}]',
        [{"url": "https://example.com/a.csv"}],
        [],
    ),
    "GPMultiValue:Field": (json.dumps([FIELD]), [FIELD], []),
    "GPMultiValue:GPComposite": (
        '[7, {"dataType": "GPString", "value": "b"}]',
        [{"dataType": "GPLong", "value": 7}, {"dataType": "GPString", "value": "b"}],
        [],
    ),
    "GPMultiValue:GPSpatialReference": ('[{"wkid": 4326}]', [{"wkid": 4326}], []),
    "GPMultiValue:GPCoordinateSystem": ('[{"wkid": 54003}]', [{"wkid": 54003}], []),
    "GPMultiValue:GPExtent": (json.dumps([EXTENT]), [EXTENT], []),
    "GPMultiValue:GPEnvelope": (json.dumps([EXTENT]), [EXTENT], []),
}
REPORTED_TYPE = {"GPComposite": "GPLong"}


def echo_name(direction, data_type):
    return f"{direction}_{data_type.replace(':', '_')}"


@pytest.fixture
def newest(open_wire, fresh):
    """The built-in site of the version that knows every data type."""
    return open_wire(builtin_site(**fresh, version="12.0"))


@every_case(
    ("version", "last", "missing"),
    [
        ("9.3", "GPMultiValue:GPDataFile", "Field"),
        ("10.91", "Field", "GPValueTable"),
        ("11.3", "GPArealUnit", "GPExtent"),
        ("11.5", "GPExtent", "GPTimeUnit"),
    ],
)
def test_no_version_offers_a_data_type_that_it_does_not_know(version, last, missing):
    site = builtin_site(version=version)
    for service in ("DataTypes/Echo", "DataTypes/EchoJob"):
        offered = {p.data_type for p in site.find_task(f"{service}/Echo").descriptor.parameters}
        assert last in offered
        assert not {missing, f"GPMultiValue:{missing}"} & offered


@pytest.mark.parametrize(
    ("version", "cim"), [("10.51", None), ("10.91", "2.9.0"), ("11.3", "3.3.0"), ("agol-hosted", None)]
)
def test_services_tell_the_release_they_were_published_with(open_wire, fresh, version, cim):
    wire = open_wire(builtin_site(**fresh, version=version))
    assert wire.json("WorldViewshed/GPServer").get("cimVersion") == cim


def test_jobs_of_old_servers_speak_as_their_runtime_did(open_wire, fresh):
    wire = open_wire(builtin_site(**fresh, version="10.51"))
    job = submitted(wire, "Simulation/JobOutcomes/GPServer/Succeeds")
    wire.clock.advance(3)
    said = [message["description"] for message in wire.json(job)["messages"]]
    assert said[1] == "Start Time: Thu Jan  1 00:00:00 2026"
    assert said[2] == "Running script Succeeds..."
    assert said[-1] == "Succeeded at Thu Jan  1 00:00:02 2026 (Elapsed Time: 2.00 seconds)"


def test_jobs_of_arcgis_online_are_new_at_first(open_wire, fresh):
    wire = open_wire(builtin_site(**fresh, version="agol-hosted"))
    answer = wire.json("Simulation/JobOutcomes/GPServer/Succeeds/submitJob")
    assert answer["jobStatus"] == "esriJobNew"


@pytest.mark.parametrize("service", ["DataTypes/Echo", "DataTypes/EchoJob"])
def test_every_data_type_can_be_echoed(newest, service):
    parameters = newest.json(f"{service}/GPServer/Echo")["parameters"]
    offered = {(p["name"], p["dataType"], p["direction"], p["parameterType"]) for p in parameters}
    assert set(ECHO) == set(DATA_TYPES)
    assert offered == {
        (echo_name("In", name), name, "esriGPParameterDirectionInput", "esriGPParameterTypeOptional")
        for name in ECHO
    } | {
        (echo_name("Out", name), name, "esriGPParameterDirectionOutput", "esriGPParameterTypeDerived")
        for name in ECHO
    }


@pytest.mark.parametrize("data_type", ECHO)
def test_an_input_comes_back_as_the_output_of_its_type(newest, data_type):
    sent, expected, _ = ECHO[data_type]
    answer = newest.json("DataTypes/Echo/GPServer/Echo/execute", **{echo_name("In", data_type): sent})
    results = {result["paramName"]: result for result in answer["results"]}
    result = results[echo_name("Out", data_type)]
    assert result["value"] == expected
    assert result["dataType"] == REPORTED_TYPE.get(data_type, data_type)
    assert set(results) == {echo_name("Out", name) for name in DATA_TYPES}


def test_outputs_of_inputs_that_are_not_given_are_empty(newest):
    answer = newest.json("DataTypes/Echo/GPServer/Echo/execute", In_GPLong="1")
    values = {result["paramName"]: result["value"] for result in answer["results"]}
    expected = {echo_name("Out", name): empty for name, (_, _, empty) in ECHO.items()}
    assert values == expected | {"Out_GPLong": 1}


@pytest.mark.parametrize(
    ("data_type", "sent", "expected"),
    [
        (
            "GPFeatureRecordSetLayer",
            '{"url": "https://example.com/FeatureServer/0"}',
            {"url": "https://example.com/FeatureServer/0"},
        ),
        ("GPFeatureRecordSetLayer", '{"itemID": "i123"}', {}),
        ("GPRecordSet", '{"itemID": "i123"}', {}),
        ("GPRasterDataLayer", '{"itemID": "i123"}', {}),
        ("GPDataFile", '{"itemID": "i123"}', None),
        ("GPSpatialReference", '{"name": "WGS 84 / UTM zone 11N"}', {"wkid": 32611, "latestWkid": 32611}),
        ("GPSpatialReference", '{"projectionFile": "https://example.com/a.prj"}', None),
    ],
)
def test_a_reference_is_echoed_if_the_output_can_say_it(newest, data_type, sent, expected):
    answer = newest.json("DataTypes/Echo/GPServer/Echo/execute", **{f"In_{data_type}": sent})
    assert {r["paramName"]: r["value"] for r in answer["results"]}[f"Out_{data_type}"] == expected


def test_a_job_echoes_too(wire):
    job = submitted(wire, "DataTypes/EchoJob/GPServer/Echo", In_GPMultiValue_GPString="['a', 'b']")
    wire.clock.advance(3)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    assert wire.json(f"{job}/results/Out_GPMultiValue_GPString") == {
        "paramName": "Out_GPMultiValue_GPString",
        "dataType": "GPMultiValue:GPString",
        "value": ["a", "b"],
    }


def submitted(wire, task, **inputs):
    answer = wire.json(f"{task}/submitJob", **inputs)
    assert answer["jobStatus"] == "esriJobSubmitted"
    return f"{task}/jobs/{answer['jobId']}"


def outcome(wire, label, **inputs):
    return submitted(wire, f"Simulation/JobOutcomes/GPServer/{label}", **inputs)


@pytest.mark.parametrize(
    ("label", "seen"),
    [
        ("Succeeds", ["Executing", "Executing", "Succeeded"]),
        ("SucceedsWithWarnings", ["Executing", "Executing", "Succeeded"]),
        ("Fails", ["Executing", "Executing", "Failed"]),
        ("TimesOut", ["Executing", "Executing", "TimedOut"]),
        ("NeverEnds", ["Executing"] * 9),
        ("WaitsInQueue", ["Waiting", "Waiting", "Executing", "Executing", "Succeeded"]),
        ("StepProgress", ["Executing"] * 5 + ["Succeeded"]),
    ],
)
def test_a_simulated_job_goes_as_its_name_says(wire, label, seen):
    job = outcome(wire, label)
    statuses = []
    for _ in seen:
        statuses.append(wire.json(job)["jobStatus"].removeprefix("esriJob"))
        wire.clock.advance(1)
    assert statuses == seen


def test_a_summary_repeats_the_note(wire):
    job = outcome(wire, "Succeeds", Note="night run")
    wire.clock.advance(2)
    assert wire.json(f"{job}/results/Summary") == {
        "paramName": "Summary",
        "dataType": "GPString",
        "value": "Succeeds: night run",
    }


def test_warnings_and_errors_are_among_the_messages(wire):
    jobs = {label: outcome(wire, label) for label in ("SucceedsWithWarnings", "Fails")}
    wire.clock.advance(2)
    types = {
        label: [message["type"].removeprefix("esriJobMessageType") for message in wire.json(job)["messages"]]
        for label, job in jobs.items()
    }
    assert types["SucceedsWithWarnings"].count("Warning") == 2
    assert types["Fails"].count("Error") == 3


def test_steps_are_reported_each_second(wire):
    job = outcome(wire, "StepProgress")
    reported = []
    for _ in range(5):
        progress = wire.json(job)["progress"]
        reported.append((progress["type"], progress["message"], progress["percent"]))
        wire.clock.advance(1)
    assert reported == [
        ("step", "Step 1 of 5", 0),
        ("step", "Step 2 of 5", 20),
        ("step", "Step 3 of 5", 40),
        ("step", "Step 4 of 5", 60),
        ("step", "Step 5 of 5", 80),
    ]


def test_a_job_that_never_ends_can_be_cancelled_within_a_second(wire):
    job = outcome(wire, "NeverEnds")
    wire.clock.advance(100.5)
    assert wire.json(f"{job}/cancel")["jobStatus"] == "esriJobCancelling"
    wire.clock.advance(1)
    assert wire.json(job)["jobStatus"] == "esriJobCancelled"


def test_odd_names_are_as_publishing_makes_them(wire):
    task = wire.json("15_Names/OddNames/GPServer/Extract Data Task")
    assert (task["name"], task["displayName"]) == ("ExtractDataTask", "Extract Data Task")
    distance, layers, report = task["parameters"]
    assert (distance["name"], distance["dataType"]) == ("Distance__value_or_field_", "GPString")
    assert (layers["name"], layers["dataType"]) == ("Layers", "GPMultiValue:GPString")
    assert layers["choiceList"] == ["Roads", "Rivers", "Parcels"]
    assert (report["name"], report["displayName"]) == ("Informe_Patrón", "Informe Patrón")


def test_an_odd_name_is_an_address(wire):
    task = "15_Names/OddNames/GPServer/Extract Data Task"
    job = submitted(wire, task, Layers='["Rivers"]', Distance__value_or_field_="5 Miles")
    wire.clock.advance(2)
    assert wire.json(f"{job}/results/Informe_Patrón")["value"] == "Rivers: 5 Miles"


def test_a_layer_that_is_not_a_choice_is_refused(wire):
    error = wire.error("15_Names/OddNames/GPServer/Extract Data Task/submitJob", Layers='["Rovers"]')
    assert "Layers" in error["details"][0]
    assert "Rovers" in error["details"][0]


def zipped(wire, **inputs):
    job = submitted(wire, "Files/FileTransfer/GPServer/ZipFile", **inputs)
    wire.clock.advance(2)
    result = wire.json(f"{job}/results/Output_File")
    assert list(result["value"]) == ["url"]
    response = wire.http.get(result["value"]["url"])
    assert response.status_code == 200
    return response.content


def test_a_zip_file_says_which_file_was_given(wire):
    content = zipped(wire, Input_File="{'url': 'https://example.com/a.csv'}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["input.txt"]
        assert archive.read("input.txt") == b"https://example.com/a.csv\n"


def test_a_zip_file_is_the_same_bytes_each_time(wire):
    assert zipped(wire) == zipped(wire)
    assert zipped(wire) != zipped(wire, Input_File='{"portalItemID": "p123"}')


def test_the_site_is_made_without_a_geometry_library():
    code = (
        "import sys; from gp_mockserver.builtin.builtin_site import builtin_site; builtin_site();"
        "print(sorted({'pyproj', 'shapely', 'numpy', 'jinja2', 'yaml', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_echo_answers_in_the_order_of_its_parameters(wire):
    task = wire.json("DataTypes/Echo/GPServer/Echo")
    declared = [each["name"] for each in task["parameters"] if each["direction"].endswith("Output")]
    answer = wire.json("DataTypes/Echo/GPServer/Echo/execute")
    assert [each["paramName"] for each in answer["results"]] == declared
