"""Feature services: how they describe themselves, and what queries answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.layers.layer_contents import features_of
from gp_mockserver.layers.queries import Query, found_rows
from gp_mockserver.layers.query_work import QueryRefused
from gp_mockserver.layers.site_layers import add_layers
from gp_mockserver.sites import Site
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference

from every_case import every_case

WGS84 = SpatialReference(wkid=4326)
LAYER = "Trees/Places/FeatureServer/0"
QUERY = f"{LAYER}/query"


def tree(number: int, x: float, y: float, kind: str | None) -> dict[str, Any]:
    return {"attributes": {"FID": number, "Kind": kind, "Height": number * 1.5}, "geometry": {"x": x, "y": y}}


TREES = FeatureSet(
    spatial_reference=WGS84,
    fields=(
        Field("FID", "esriFieldTypeOID"),
        Field("Kind", "esriFieldTypeString", length=20),
        Field("Height", "esriFieldTypeDouble"),
    ),
    features=[tree(1, 8, 47, "Oak"), tree(2, 9, 47, "Elm"), tree(5, 8.5, 48, None)],
)
TANGLE = {"rings": [[[(i * 37) % 101, (i * i * 53) % 103] for i in range(600)] + [[0, 0]]]}
ROWS = RecordSet((Field("N", "esriFieldTypeInteger"),), [{"attributes": {"N": 7}}, {"attributes": {"N": 8}}])


@pytest.fixture
def layers(open_wire: Any, fresh: dict[str, Any]) -> Any:
    site = Site(**fresh)
    add_layers(site, "Trees/Places", {"Trees": TREES, "Rows": ROWS}, "What grows.")
    return open_wire(site)


def ids(answer: dict[str, Any]) -> list[int]:
    return [feature["attributes"][answer["objectIdFieldName"]] for feature in answer["features"]]


def test_a_service_lists_its_layers_and_tables(layers: Any) -> None:
    service = layers.json("Trees/Places/FeatureServer")
    assert service["serviceDescription"] == "What grows."
    assert service["capabilities"] == "Query"
    assert [(each["id"], each["name"], each["type"]) for each in service["layers"]] == [
        (0, "Trees", "Feature Layer")
    ]
    assert [(each["id"], each["name"], each["type"]) for each in service["tables"]] == [(1, "Rows", "Table")]
    assert service["fullExtent"] == {
        "xmin": 8,
        "ymin": 47,
        "xmax": 9,
        "ymax": 48,
        "spatialReference": {"wkid": 4326, "latestWkid": 4326},
    }


def test_a_layer_tells_its_fields_and_its_symbol(layers: Any) -> None:
    layer = layers.json(LAYER)
    assert layer["geometryType"] == "esriGeometryPoint"
    assert layer["objectIdField"] == "FID"
    assert layer["displayField"] == "Kind"
    assert layer["drawingInfo"]["renderer"]["symbol"]["type"] == "esriSMS"
    assert [(each["name"], each.get("length")) for each in layer["fields"]] == [
        ("FID", None),
        ("Kind", 20),
        ("Height", None),
    ]


def test_rows_without_an_id_are_numbered(layers: Any) -> None:
    answer = layers.json("Trees/Places/FeatureServer/1/query", outFields="*")
    assert [each["attributes"] for each in answer["features"]] == [
        {"OBJECTID": 1, "N": 7},
        {"OBJECTID": 2, "N": 8},
    ]
    assert "geometryType" not in answer


def test_the_catalogue_lists_feature_services_and_their_folder(layers: Any) -> None:
    assert layers.json("")["folders"] == ["Trees"]
    assert layers.json("Trees")["services"] == [{"name": "Trees/Places", "type": "FeatureServer"}]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"where": "1=1"}, [1, 2, 5]),
        ({"where": "Kind = 'Oak' OR Kind IS NULL"}, [1, 5]),
        ({"objectIds": "5, 2"}, [2, 5]),
        ({"objectIds": "5", "where": "Kind = 'Oak'"}, []),
        ({"geometry": "7.5,46.5,8.2,47.5"}, [1]),
        ({"geometry": json.dumps({"xmin": 8.4, "ymin": 46, "xmax": 10, "ymax": 49})}, [2, 5]),
        ({"geometry": "890555,5942074,890556,5942075", "inSR": "3857"}, [1]),
        ({"geometry": "8,47", "geometryType": "esriGeometryPoint"}, [1]),
        (
            {
                "geometry": json.dumps({"rings": [[[7, 46], [7, 49], [8.7, 49], [8.7, 47.9], [7, 46]]]}),
                "geometryType": "esriGeometryPolygon",
            },
            [5],
        ),
        ({"orderByFields": "Height DESC"}, [5, 2, 1]),
        ({"orderByFields": "Kind, FID desc"}, [5, 2, 1]),
        ({"orderByFields": "FID desc, fid, FID,"}, [5, 2, 1]),
        ({"resultOffset": "1", "resultRecordCount": "1"}, [2]),
        ({"resultOffset": "99"}, []),
        ({"returnDistinctValues": "false", "anything": "else"}, [1, 2, 5]),
    ],
)
def test_a_query_answers_the_features_that_fit(
    layers: Any, asked: dict[str, str], expected: list[int]
) -> None:
    assert ids(layers.json(QUERY, **asked)) == expected


def test_a_page_says_that_there_is_more(layers: Any) -> None:
    assert layers.json(QUERY, resultRecordCount=2)["exceededTransferLimit"] is True
    assert "exceededTransferLimit" not in layers.json(QUERY, resultOffset=2, resultRecordCount=2)


def test_no_more_features_are_answered_than_the_layer_says(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = Site(**fresh)
    many = FeatureSet(spatial_reference=WGS84, features=[{"attributes": {}, "geometry": None}] * 2001)
    add_layers(site, "Many", {"Many": many})
    wire = open_wire(site)
    answer = wire.json("Many/FeatureServer/0/query")
    assert (len(answer["features"]), answer["exceededTransferLimit"]) == (2000, True)
    assert wire.json("Many/FeatureServer/0/query", returnCountOnly="true") == {"count": 2001}
    assert len(wire.json("Many/FeatureServer/0/query", returnIdsOnly="true")["objectIds"]) == 2001


def test_fields_geometry_and_spatial_reference_are_as_asked_for(layers: Any) -> None:
    bare = layers.json(QUERY, objectIds=1)
    assert bare["features"] == [{"attributes": {"FID": 1}, "geometry": {"x": 8, "y": 47}}]
    flat = layers.json(QUERY, objectIds=1, outFields="height", returnGeometry="false")
    assert flat["features"] == [{"attributes": {"FID": 1, "Height": 1.5}}]
    moved = layers.json(QUERY, objectIds=1, outSR=102100)
    assert moved["spatialReference"] == {"wkid": 102100, "latestWkid": 3857}
    assert moved["features"][0]["geometry"]["x"] == pytest.approx(890555.93)


def test_counts_ids_and_extents_are_answered_alone(layers: Any) -> None:
    where = "Kind IS NOT NULL"
    assert layers.json(QUERY, where=where, returnCountOnly="true") == {"count": 2}
    assert layers.json(QUERY, where=where, returnIdsOnly="true") == {
        "objectIdFieldName": "FID",
        "objectIds": [1, 2],
    }
    extent = layers.json(QUERY, where=where, returnExtentOnly="true", returnCountOnly="true")
    assert (extent["count"], extent["extent"]["ymax"]) == (2, 47)


def test_a_query_answers_geojson_in_wgs84(layers: Any) -> None:
    response = layers.get(QUERY, f="geojson", where="FID = 1", outFields="Kind")
    assert response.headers["content-type"].startswith("application/geo+json")
    (feature,) = response.json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [8, 47]}
    assert feature["properties"]["Kind"] == "Oak"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"where": "Kind = 3"}, "cannot be compared"),
        ({"where": "DELETE FROM Trees"}, "DELETE"),
        ({"outFields": "Kind,Hight"}, 'did you mean "Height"'),
        ({"orderByFields": "Height sideways"}, "orderByFields"),
        ({"orderByFields": "FID,FID,FID,FID"}, "orderByFields: met 4 names, expected 3 at most"),
        ({"orderByFields": "," * 1000}, "orderByFields: met 1001 names"),
        ({"outFields": "FID," * 4}, "outFields: met 5 names, expected 3 at most"),
        ({"objectIds": "1," * 10_000}, "objectIds: met 10001 ids"),
        (
            {"geometry": json.dumps(TANGLE), "geometryType": "esriGeometryPolygon"},
            "geometry: met lines or rings that cross each other more than",
        ),
        ({"objectIds": "1,x"}, "objectIds"),
        ({"resultOffset": "-1"}, "resultOffset"),
        ({"geometry": "1,2,3"}, "esriGeometryEnvelope"),
        ({"geometry": "1,2", "geometryType": "esriGeometryBlob"}, "geometry"),
        ({"geometry": "1,2,3,4", "spatialRel": "esriSpatialRelWithin"}, "spatialRel"),
        ({"outStatistics": "[{}]"}, "outStatistics"),
        ({"outSR": "999999"}, "outSR"),
        ({"returnGeometry": "maybe"}, "returnGeometry"),
    ],
)
def test_what_a_query_cannot_do_is_an_error_that_says_so(
    layers: Any, asked: dict[str, str], said: str
) -> None:
    error = layers.error(QUERY, **asked)
    assert error["code"] == 400
    assert said in error["details"][0]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Trees/Nowhere/FeatureServer", 404),
        ("Nowhere/FeatureServer/0", 404),
        ("Trees/Places/FeatureServer/7", 400),
        ("Trees/Places/FeatureServer/x", 400),
        ("Trees/Places/FeatureServer/0/applyEdits", 400),
    ],
)
def test_what_is_not_there_is_an_error(layers: Any, path: str, code: int) -> None:
    assert layers.error(path)["code"] == code


def test_pages_are_answered_to_browsers(layers: Any) -> None:
    for path in ("Trees/Places/FeatureServer", LAYER, QUERY):
        response = layers.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html;charset=utf-8"


def test_an_input_can_take_its_features_from_a_layer() -> None:
    site = Site()
    add_layers(site, "Trees/Places", {"Trees": TREES})
    assert len(features_of(site, LAYER).features) == 3
    assert [each["attributes"]["Kind"] for each in features_of(site, LAYER, "FID = 2").features] == ["Elm"]
    with pytest.raises(QueryRefused):
        features_of(site, "Trees/Places/FeatureServer/1")


@every_case("name", ["", "a/b/c", "a//b", "/a"])
def test_a_service_needs_a_name_that_an_address_can_have(name: str) -> None:
    with pytest.raises(SiteError):
        add_layers(Site(), name, {"Trees": TREES})


class TestSiteFiles:
    SERVICES: dict[str, Any] = {"S": {"executionType": "sync", "tasks": [{"name": "T"}]}}  # noqa: RUF012

    def load(self, folder: Path, layers: Any) -> Site:
        return site_from({"services": self.SERVICES, "layers": layers}, folder=folder, name="site.yaml")

    def test_files_are_layers(self, tmp_path: Path) -> None:
        point = {"geometry": {"x": 1, "y": 2}, "attributes": {"A": 1}}
        fields = [{"name": "A", "type": "esriFieldTypeInteger"}]
        (tmp_path / "one.json").write_text(json.dumps({"fields": fields, "features": [point]}))
        row = {"fields": fields, "features": [{"attributes": {"A": 5}}]}
        (tmp_path / "two.json").write_text(
            json.dumps({"paramName": "R", "dataType": "GPRecordSet", "value": row})
        )
        site = self.load(tmp_path, {"One": "one.json", "Folder/Both": ["one.json", "two.json"]})
        assert features_of(site, "One/FeatureServer/0").features[0]["geometry"] == {"x": 1, "y": 2}
        assert isinstance(features_of(site, "Folder/Both/FeatureServer/1"), RecordSet)

    @pytest.mark.parametrize(
        ("layers", "content", "said"),
        [
            ({"One": "two.json"}, "{}", "layers.One"),
            ({"One": "one.json"}, "{}", "layers.One (one.json)"),
            ({"One": "one.json"}, '{"features": [{"geometry": {"x": "y"}}]}', "features[0].geometry"),
            ({"a/b/c": "one.json"}, '{"features": []}', "layers.a/b/c"),
            ({"One": ["one.json", "one.json"]}, '{"features": []}', "two files of one name"),
            ({"One": 5}, "{}", "layers.One"),
            ({"One": "../one.json"}, "{}", "layers.One"),
        ],
    )
    def test_what_is_wrong_with_a_file_is_said(
        self, tmp_path: Path, layers: Any, content: str, said: str
    ) -> None:
        (tmp_path / "one.json").write_text(content)
        with pytest.raises(SiteFileError) as raised:
            self.load(tmp_path, layers)
        assert said in str(raised.value)


def test_more_fields_to_sort_by_than_so_many_rows_allow_are_refused() -> None:
    fields = tuple(Field(f"F{number}", "esriFieldTypeInteger") for number in range(300))
    rows = RecordSet((Field("FID", "esriFieldTypeOID"), *fields), [{"attributes": {"FID": 1}}] * 5000)
    names = [field.name for field in fields]
    with pytest.raises(QueryRefused, match="orderByFields: met 1500 looks for 5000 rows"):
        found_rows(rows, Query({"orderByFields": ",".join(names)}))
    assert found_rows(rows, Query({"orderByFields": ",".join(names[:200])}))[1] == 5000
