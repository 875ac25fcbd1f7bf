"""Result map services: a job's outputs as a map, as layers and as pictures."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import msgspec
import pytest
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference
from PIL import Image

NAME = "Maps/Tools"
TASK = f"{NAME}/GPServer/Tool"
WGS84 = {"wkid": 4326, "latestWkid": 4326}
SQUARE = {"rings": [[[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]], [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]]}
AREAS = FeatureSet(
    geometry_type="esriGeometryPolygon",
    spatial_reference=SpatialReference(wkid=4326),
    fields=(Field("OBJECTID", "esriFieldTypeOID"), Field("Kind", "esriFieldTypeString")),
    features=[
        {"attributes": {"OBJECTID": 1, "Kind": "square"}, "geometry": SQUARE},
        {
            "attributes": {"OBJECTID": 2, "Kind": "beside"},
            "geometry": {"rings": [[[10, 0], [10, 10], [20, 10], [20, 0], [10, 0]]]},
        },
    ],
)
PLACES = FeatureSet(
    spatial_reference=SpatialReference(wkid=4326),
    features=[{"attributes": {}, "geometry": {"x": 5.0, "y": 5.0}}],
)
ROWS = RecordSet((Field("N", "esriFieldTypeInteger"),), [{"attributes": {"N": 7}}])
WHITE = (255, 255, 255)


def made(name: str, data_type: str) -> Parameter:
    label = name.replace("_", " ")
    return Parameter(name, data_type, label, direction=Direction.OUTPUT, parameter_type=ParameterType.DERIVED)


def tool(call: Any) -> dict[str, Any]:
    Image.new("RGB", (2, 1), (255, 0, 0)).save(call.scratch / "red.png")
    (call.scratch / "red.pgw").write_text("5\n0\n0\n-10\n2.5\n25\n")
    return {
        "Text": "done",
        "Areas": AREAS,
        "Rows": ROWS,
        "Places_Found": PLACES,
        "Red": call.scratch / "red.png",
    }


def map_site(**options: Any) -> Site:
    site = Site(**options)
    kind = ExecutionType.ASYNCHRONOUS
    service = site.add_service(Service(NAME, execution_type=kind, result_map_server_name=NAME))
    outputs = (
        made("Text", "GPString"),
        made("Areas", "GPFeatureRecordSetLayer"),
        made("Rows", "GPRecordSet"),
        made("Places_Found", "GPFeatureRecordSetLayer"),
        made("Not_Made", "GPFeatureRecordSetLayer"),
        made("Red", "GPRasterDataLayer"),
    )
    service.add_task(Task("Tool", "Tool", execution_type=kind, parameters=outputs), tool)
    return site


@pytest.fixture
def maps(open_wire: Any, fresh: dict[str, Any]) -> Any:
    return open_wire(map_site(**fresh))


def finished(wire: Any) -> str:
    job_id = wire.json(f"{TASK}/submitJob")["jobId"]
    wire.clock.advance(10)
    assert wire.json(f"{TASK}/jobs/{job_id}")["jobStatus"] == "esriJobSucceeded"
    return str(job_id)


def map_of(job_id: str) -> str:
    return f"{NAME}/MapServer/jobs/{job_id}"


def image(response: Any, kind: str = "image/png") -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == kind
    return Image.open(io.BytesIO(response.content))


def color(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = picture.convert("RGBA").getpixel((x, y))
    assert isinstance(found, tuple)
    return found[:3]


class TestResults:
    def test_features_are_answered_as_a_picture_that_can_be_fetched(self, maps: Any) -> None:
        result = maps.json(f"{TASK}/jobs/{finished(maps)}/results/Areas")
        assert (result["paramName"], result["dataType"]) == ("Areas", "GPFeatureRecordSetLayer")
        drawn = result["value"]["mapImage"]
        assert list(drawn) == ["href", "width", "height", "extent", "scale"]
        assert (drawn["width"], drawn["height"]) == (400, 400)
        extent = drawn["extent"]
        assert extent["spatialReference"] == WGS84
        assert extent["xmin"] < 0 < 20 < extent["xmax"]
        assert extent["xmax"] - extent["xmin"] == pytest.approx(extent["ymax"] - extent["ymin"])
        picture = image(maps.http.get(drawn["href"]))
        assert picture.size == (400, 400)
        assert color(picture, 0, 0) == WHITE
        assert color(picture, 300, 200) != WHITE

    def test_the_picture_is_the_one_that_was_asked_for(self, maps: Any) -> None:
        """The parameters are those that Esri's JavaScript client sends for a result's image."""
        drawn = maps.json(
            f"{TASK}/jobs/{finished(maps)}/results/Areas",
            bbox="0,0,20,20",
            bboxSR=4326,
            imageSR=102100,
            size="300,200",
            dpi=192,
            format="png32",
            transparent="true",
        )["value"]["mapImage"]
        assert (drawn["width"], drawn["height"]) == (300, 200)
        assert drawn["extent"]["spatialReference"] == {"wkid": 102100, "latestWkid": 3857}
        assert drawn["extent"]["ymin"] == pytest.approx(0, abs=1)
        width = drawn["extent"]["xmax"] - drawn["extent"]["xmin"]
        assert drawn["scale"] == pytest.approx(width / 300 * 192 / 0.0254)
        picture = image(maps.http.get(drawn["href"]))
        assert picture.size == (300, 200)
        assert picture.mode == "RGBA"

    @pytest.mark.parametrize("asked", [{"returnType": "data"}, {"returnType": "Data"}])
    def test_the_features_themselves_are_answered_to_who_asks_for_data(
        self, maps: Any, asked: dict[str, str]
    ) -> None:
        value = maps.json(f"{TASK}/jobs/{finished(maps)}/results/Areas", **asked)["value"]
        assert len(value["features"]) == 2

    def test_formats_of_features_answer_features(self, maps: Any) -> None:
        response = maps.get(f"{TASK}/jobs/{finished(maps)}/results/Areas", f="geojson")
        assert response.json()["type"] == "FeatureCollection"

    def test_what_cannot_be_drawn_is_answered_as_data(self, maps: Any) -> None:
        job = f"{TASK}/jobs/{finished(maps)}"
        values = {each["paramName"]: each["value"] for each in maps.json(f"{job}/results")}
        assert values["Text"] == "done"
        assert values["Rows"]["features"] == [{"attributes": {"N": 7}}]
        assert values["Not_Made"] == {}
        assert [name for name, value in values.items() if "mapImage" in value] == [
            "Areas",
            "Places_Found",
            "Red",
        ]

    def test_f_image_answers_the_picture_of_one_output_alone(self, maps: Any) -> None:
        job = f"{TASK}/jobs/{finished(maps)}"
        box = {"bbox": "0,0,20,20", "size": "200,200"}
        places = image(maps.get(f"{job}/results/Places_Found", f="image", **box))
        assert color(places, 50, 150) != WHITE
        assert color(places, 150, 150) == WHITE
        areas = image(maps.get(f"{job}/results/Areas", f="image", **box))
        assert color(areas, 150, 150) != WHITE

    def test_a_box_may_be_an_extent_as_json(self, maps: Any) -> None:
        """As an older JavaScript client of Esri sends it."""
        box = json.dumps({"xmin": 0, "ymin": 0, "xmax": 20, "ymax": 20, "spatialReference": {"wkid": 4326}})
        address = f"{TASK}/jobs/{finished(maps)}/results/Areas"
        as_json = maps.get(address, f="image", bbox=box, size="99,99")
        assert as_json.content == maps.get(address, f="image", bbox="0,0,20,20", size="99,99").content

    def test_a_raster_is_drawn_where_its_world_file_says(self, maps: Any) -> None:
        address = f"{TASK}/jobs/{finished(maps)}/results/Red"
        result = maps.json(address)
        assert result["dataType"] == "GPRasterDataLayer"
        extent = result["value"]["mapImage"]["extent"]
        assert (extent["xmin"] + extent["xmax"]) / 2 == pytest.approx(5)
        assert (extent["ymin"] + extent["ymax"]) / 2 == pytest.approx(25)
        picture = image(maps.get(address, f="image", bbox="-10,10,30,50", size="40,40"))
        red = {(x, y) for x in range(40) for y in range(40) if color(picture, x, y) == (255, 0, 0)}
        assert red == {(x, y) for x in range(10, 20) for y in range(20, 30)}
        data = maps.json(address, returnType="data")["value"]
        assert data["url"].endswith("/scratch/red.png")

    def test_without_a_result_map_there_are_features_and_no_pictures(self, wire: Any) -> None:
        point = '{"spatialReference": {"wkid": 4326}, "features": [{"geometry": {"x": 0, "y": 0}}]}'
        task = "WorldViewshed/GPServer/viewshed"
        job_id = wire.json(f"{task}/submitJob", Input_Observation_Point=point)["jobId"]
        wire.clock.advance(10)
        address = f"{task}/jobs/{job_id}/results/Viewshed_Result"
        assert "features" in wire.json(address)["value"]
        response = wire.get(address, f="image")
        assert response.status_code == 400
        assert "has no result map service" in response.text

    @pytest.mark.parametrize("reference", [None, SpatialReference(wkid=999999)])
    def test_features_of_an_unknown_place_are_drawn_all_the_same(
        self, open_wire: Any, fresh: dict[str, Any], reference: SpatialReference | None
    ) -> None:
        site = map_site(**fresh)
        moved = msgspec.structs.replace(AREAS, spatial_reference=reference)
        site.find_task(f"{NAME}/Tool").tool = lambda call: {"Areas": moved}
        wire = open_wire(site)
        job_id = finished(wire)
        drawn = wire.json(f"{TASK}/jobs/{job_id}/results/Areas")["value"]["mapImage"]
        assert drawn["scale"] == pytest.approx(
            (drawn["extent"]["xmax"] - drawn["extent"]["xmin"]) / 400 / 0.0254 * 96
        )
        assert color(image(wire.http.get(drawn["href"])), 300, 200) != WHITE
        assert wire.json(f"{map_of(job_id)}/0")["extent"]["xmax"] == 20

    def test_features_too_far_away_to_be_drawn_are_an_error(
        self, open_wire: Any, fresh: dict[str, Any]
    ) -> None:
        site = map_site(**fresh)
        far = FeatureSet(features=[{"attributes": {}, "geometry": {"x": 1e308, "y": -1e308}}])
        site.find_task(f"{NAME}/Tool").tool = lambda call: {"Places_Found": far}
        wire = open_wire(site)
        job = f"{TASK}/jobs/{finished(wire)}"
        assert "expected nearer ones" in wire.error(f"{job}/results/Places_Found")["details"][0]
        assert wire.json(f"{job}/results/Places_Found", returnType="data")["value"]["features"]

    def test_a_text_is_no_picture(self, maps: Any) -> None:
        response = maps.get(f"{TASK}/jobs/{finished(maps)}/results/Text", f="image")
        assert response.status_code == 400


class TestMapService:
    def test_every_output_of_data_is_a_layer_in_the_tasks_order(self, maps: Any) -> None:
        service = maps.json(map_of(finished(maps)))
        assert [(each["id"], each["name"], each["type"]) for each in service["layers"]] == [
            (0, "Areas", "Feature Layer"),
            (2, "Places Found", "Feature Layer"),
            (3, "Not Made", "Feature Layer"),
            (4, "Red", "Raster Layer"),
        ]
        assert [(each["id"], each["name"]) for each in service["tables"]] == [(1, "Rows")]
        assert "Map" in service["capabilities"].split(",")
        assert service["spatialReference"] == WGS84
        assert service["fullExtent"] == service["initialExtent"]
        assert service["units"] == "esriDecimalDegrees"
        assert "PNG32" in service["supportedImageFormatTypes"].split(",")

    def test_a_layer_is_described_and_can_be_queried(self, maps: Any) -> None:
        here = map_of(finished(maps))
        layer = maps.json(f"{here}/0")
        assert (layer["name"], layer["geometryType"]) == ("Areas", "esriGeometryPolygon")
        answer = maps.json(f"{here}/0/query", where="Kind = 'beside'", outFields="*", returnGeometry="false")
        assert [each["attributes"] for each in answer["features"]] == [{"OBJECTID": 2, "Kind": "beside"}]
        rows = maps.json(f"{here}/1/query", outFields="N")
        assert [each["attributes"] for each in rows["features"]] == [{"OBJECTID": 1, "N": 7}]
        whole = maps.json(f"{here}/layers")
        assert whole["layers"][0] == layer
        assert [each["name"] for each in whole["tables"]] == ["Rows"]

    def test_the_legend_shows_each_layers_symbol(self, maps: Any) -> None:
        legend = maps.json(f"{map_of(finished(maps))}/legend")["layers"]
        assert [each["layerName"] for each in legend] == ["Areas", "Places Found"]
        for each in legend:
            (swatch,) = each["legend"]
            picture = Image.open(io.BytesIO(base64.b64decode(swatch["imageData"])))
            assert picture.size == (swatch["width"], swatch["height"])
            assert picture.convert("RGBA").getchannel("A").getextrema()[1] > 0

    def test_the_catalogue_lists_the_map_beside_its_service(self, maps: Any) -> None:
        assert maps.json("Maps")["services"] == [
            {"name": NAME, "type": "GPServer"},
            {"name": NAME, "type": "MapServer"},
        ]
        assert maps.json(f"{NAME}/MapServer")["layers"] == []

    @pytest.mark.parametrize("operation", ["", "/0", "/layers", "/legend", "/export", "/0/query"])
    def test_a_job_that_has_not_succeeded_has_no_map(self, maps: Any, operation: str) -> None:
        job_id = maps.json(f"{TASK}/submitJob")["jobId"]
        error = maps.error(f"{map_of(job_id)}{operation}")
        assert "expected esriJobSucceeded" in error["details"][0]
        assert maps.error(f"{map_of('j' + '0' * 32)}{operation}")["code"] == 400

    @pytest.mark.parametrize(
        ("path", "code"),
        [("WorldViewshed/MapServer", 404), ("Nowhere/MapServer/jobs/j1", 404)],
    )
    def test_a_service_without_a_map_has_none(self, wire: Any, path: str, code: int) -> None:
        assert wire.error(path)["code"] == code

    def test_unknown_layers_and_operations_are_errors(self, maps: Any) -> None:
        here = map_of(finished(maps))
        for path in ("/9", "/x", "/9/query", "/0/identify"):
            assert maps.error(f"{here}{path}")["message"] == "Invalid URL"
        assert "neither" in maps.error(f"{here}/3/query")["details"][0]

    def test_versions_before_it_have_no_map(self, open_wire: Any, fresh: dict[str, Any]) -> None:
        wire = open_wire(map_site(version="10.0", **fresh))
        job_id = finished(wire)
        assert wire.error(map_of(job_id))["message"] == "Invalid URL"
        drawn = wire.json(f"{TASK}/jobs/{job_id}/results/Areas")["value"]["mapImage"]
        image(wire.http.get(drawn["href"]))
        assert [each["type"] for each in wire.json("Maps")["services"]] == ["GPServer"]

    def test_pages_are_answered_to_browsers(self, maps: Any) -> None:
        job_id = finished(maps)
        here = map_of(job_id)
        pages = ("", "/0", "/layers", "/legend", "/export", "/0/query")
        for path in (*(f"{here}{page}" for page in pages), f"{TASK}/jobs/{job_id}/results/Areas"):
            response = maps.get(path)
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/html;charset=utf-8"


class TestExport:
    BOX: dict[str, Any] = {"bbox": "0,0,20,20", "size": "200,200", "f": "image"}  # noqa: RUF012

    def export(self, maps: Any, **asked: Any) -> Any:
        return maps.get(f"{map_of(finished(maps))}/export", **{**self.BOX, **asked})

    def test_the_picture_shows_areas_their_holes_and_points(self, maps: Any) -> None:
        picture = image(self.export(maps, layers="show:0"))
        assert color(picture, 20, 110) != WHITE
        assert color(picture, 50, 150) == WHITE
        assert color(picture, 150, 150) != WHITE
        assert color(picture, 150, 50) == WHITE
        with_points = image(self.export(maps, layers="show:0,2"))
        assert color(with_points, 50, 150) != WHITE

    @pytest.mark.parametrize(
        ("layers", "area", "point"),
        [
            ("", True, True),
            ("show:0", True, False),
            ("hide:0", False, True),
            ("exclude:2", True, False),
            ("include:1", True, True),
            ("show:-1", False, False),
        ],
    )
    def test_layers_are_shown_and_hidden(self, maps: Any, layers: str, area: bool, point: bool) -> None:
        picture = image(self.export(maps, layers=layers))
        assert (color(picture, 150, 150) != WHITE) is area
        assert (color(picture, 50, 150) != WHITE) is point

    @pytest.mark.parametrize("written", ['{"0": "OBJECTID = 2"}', "0:OBJECTID = 2", "0: OBJECTID = 2;9:1=1"])
    def test_layer_definitions_leave_features_out(self, maps: Any, written: str) -> None:
        picture = image(self.export(maps, layers="show:0", layerDefs=written))
        assert color(picture, 20, 110) == WHITE
        assert color(picture, 150, 150) != WHITE

    @pytest.mark.parametrize(
        ("format", "kind", "library_says"),
        [
            ("png", "image/png", "PNG"),
            ("png8", "image/png", "PNG"),
            ("PNG24", "image/png", "PNG"),
            ("png32", "image/png", "PNG"),
            ("jpg", "image/jpeg", "JPEG"),
            ("gif", "image/gif", "GIF"),
            ("bmp", "image/bmp", "BMP"),
        ],
    )
    @pytest.mark.parametrize("transparent", ["true", "false"])
    def test_every_format_is_drawn(
        self, maps: Any, format: str, kind: str, library_says: str, transparent: str
    ) -> None:
        picture = image(self.export(maps, format=format, transparent=transparent), kind)
        assert picture.format == library_says
        assert color(picture, 150, 150) != WHITE
        shown = picture.convert("RGBA").getchannel("A").getextrema()[0] == 0
        assert shown is (transparent == "true" and format not in ("jpg", "bmp"))

    def test_the_same_request_gets_the_same_bytes(self, maps: Any) -> None:
        assert self.export(maps).content == self.export(maps).content

    def test_json_tells_where_the_picture_is(self, maps: Any) -> None:
        told = self.export(maps, f="json", layers="show:0", transparent="true").json()
        assert list(told) == ["href", "width", "height", "extent", "scale"]
        fetched = maps.http.get(told["href"])
        assert fetched.content == self.export(maps, layers="show:0", transparent="true").content

    def test_a_view_far_into_an_area_is_full_of_it(self, maps: Any) -> None:
        picture = image(self.export(maps, bbox="14.999999,4.999999,15.000001,5.000001", size="40,40"))
        assert {color(picture, x, y) for x in (0, 20, 39) for y in (0, 20, 39)} == {color(picture, 20, 20)}
        assert color(picture, 20, 20) != WHITE

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"size": "4097,10"}, "4096"),
            ({"size": "0,10"}, "size"),
            ({"size": "big"}, "size"),
            ({"bbox": "1,2,3"}, "bbox"),
            ({"bbox": "nan,0,1,1"}, "bbox"),
            ({"bbox": "10,0,1,1"}, "bbox"),
            ({"bbox": "0,0,1e300,1"}, "bbox"),
            ({"bbox": "0,0,1e-300,1e-300"}, "bbox: met a box of 1e-300 by 1e-300"),
            ({"bbox": "0,0,1e-300,1e-300", "imageSR": "54030"}, "bbox: met a box of"),
            ({"bbox": "0,0,1e-300,1e-300", "imageSR": "102020"}, "bbox: met a box of"),
            ({"bbox": "0,0,1e-300,1e-300", "bboxSR": "54030"}, "bbox: met a box of"),
            ({"bboxSR": "999999"}, "bboxSR"),
            ({"imageSR": "nowhere"}, "imageSR"),
            ({"dpi": "0"}, "dpi"),
            ({"format": "pdf"}, "format"),
            ({"transparent": "perhaps"}, "transparent"),
            ({"layers": "only:1"}, "layers"),
            ({"layers": "show:one"}, "layers"),
            ({"layerDefs": "nonsense"}, "layerDefs"),
            ({"layerDefs": '{"0": "Nothing = 1"}'}, "layerDefs"),
            ({"layerDefs": "[1]"}, "layerDefs"),
        ],
    )
    @pytest.mark.parametrize("form", ["json", "image"])
    def test_what_cannot_be_drawn_is_an_error_that_says_so(
        self, maps: Any, asked: dict[str, str], said: str, form: str
    ) -> None:
        answer = self.export(maps, **{**asked, "f": form}).json()
        assert answer["error"]["code"] == 400
        assert said in answer["error"]["details"][0]

    def test_the_largest_picture_is_drawn(self, maps: Any) -> None:
        picture = image(self.export(maps, size="4096,4096"))
        assert picture.size == (4096, 4096)
