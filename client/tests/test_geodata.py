"""Features as GeoJSON and as tables of geopandas."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from gp_client.errors import InvalidInput, NotSupported
from gp_client.outputs.geodata import crs_name, to_geojson, to_geopandas
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference

from every_case import every_case

WGS84 = SpatialReference(4326)
FIELDS = (
    Field("OBJECTID", "esriFieldTypeOID"),
    Field("Count", "esriFieldTypeBigInteger"),
    Field("When", "esriFieldTypeDate"),
    Field("Name", "esriFieldTypeString"),
)


def point(x: float, y: float, **attributes: Any) -> dict[str, Any]:
    return {"attributes": attributes, "geometry": {"x": x, "y": y}}


def test_points_become_a_feature_collection() -> None:
    value = FeatureSet("esriGeometryPoint", WGS84, FIELDS[:1], [point(1, 2, OBJECTID=7)])
    assert to_geojson(value) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": 7,
                "geometry": {"type": "Point", "coordinates": [1, 2]},
                "properties": {"OBJECTID": 7},
            }
        ],
    }


def test_an_empty_geometry_is_null() -> None:
    value = FeatureSet("esriGeometryPolygon", WGS84, (), [{"attributes": {}, "geometry": None}])
    assert to_geojson(value)["features"][0]["geometry"] is None


def test_m_is_left_out_z_is_kept_and_curves_are_straight() -> None:
    curved = {"curvePaths": [[[0, 0, 5, 1], {"c": [[0, 2, 5, 2], [1, 1]]}]]}
    value = FeatureSet(
        "esriGeometryPolyline", WGS84, (), [{"attributes": {}, "geometry": curved}], has_z=True, has_m=True
    )
    line = to_geojson(value)["features"][0]["geometry"]
    assert line["type"] == "LineString"
    assert len(line["coordinates"]) > 10
    assert {len(position) for position in line["coordinates"]} == {3}


@every_case(
    ("reference", "name"),
    [
        (SpatialReference(4326), "EPSG:4326"),
        (SpatialReference(102100, 3857), "EPSG:3857"),
        (SpatialReference(102100), "EPSG:3857"),
        (SpatialReference(102719, 2264), "EPSG:2264"),
        (SpatialReference(102719), "ESRI:102719"),
        (SpatialReference(wkt="PROJCS[]"), "PROJCS[]"),
        (None, None),
    ],
)
def test_coordinates_that_are_not_wgs84_say_what_they_are(reference: Any, name: str | None) -> None:
    assert crs_name(reference) == name
    collection = to_geojson(FeatureSet("esriGeometryPoint", reference, (), [point(1, 2)]))
    if name == "EPSG:4326":
        assert "crs" not in collection
    else:
        told = None if name is None else {"type": "name", "properties": {"name": name}}
        assert collection["crs"] == told
    assert collection["features"][0]["geometry"]["coordinates"] == [1, 2]


def test_attributes_that_do_not_fit_their_fields_pass() -> None:
    value = FeatureSet("esriGeometryPoint", WGS84, FIELDS, [point(1, 2, Count="many", More=[1])])
    assert to_geojson(value)["features"][0]["properties"] == {"Count": "many", "More": [1]}


@pytest.mark.parametrize("value", [None, {"features": []}, RecordSet()])
def test_what_is_no_feature_set_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput):
        to_geojson(value)


def test_a_geometry_made_wrong_by_hand_is_named() -> None:
    wrong = FeatureSet("esriGeometryPoint", WGS84, (), [point(1, 2), point(1, "y")])  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as caught:
        to_geojson(wrong)
    assert caught.value.path == "features[1].geometry.y"


def test_features_become_a_geodataframe() -> None:
    pytest.importorskip("geopandas")
    value = FeatureSet(
        "esriGeometryPoint",
        SpatialReference(102100, 3857),
        FIELDS,
        [
            point(1, 2, OBJECTID=1, Count=2**60 + 1, When=1678181829123, Name="a", More=True),
            {"attributes": {"OBJECTID": 2, "Count": None, "When": None, "Name": None}, "geometry": None},
        ],
    )
    table = to_geopandas(value)
    assert list(table.columns) == ["OBJECTID", "Count", "When", "Name", "More", "geometry"]
    assert table.crs.to_epsg() == 3857
    assert table["Count"][0] == 2**60 + 1
    assert str(table["Count"].dtype) == "Int64"
    assert table["When"][0].isoformat().startswith("2023-03-07T09:37:09.123")
    assert table["When"].isna().tolist() == [False, True]
    assert table.geometry[0].coords[0] == (1, 2)
    assert table.geometry[1] is None


def test_no_features_become_an_empty_geodataframe_with_columns() -> None:
    pytest.importorskip("geopandas")
    table = to_geopandas(FeatureSet("esriGeometryPoint", WGS84, FIELDS, []))
    assert len(table) == 0
    assert list(table.columns) == ["OBJECTID", "Count", "When", "Name", "geometry"]
    assert table.crs.to_epsg() == 4326


@pytest.mark.parametrize("reference", [None, SpatialReference(wkt="nonsense"), SpatialReference(999999)])
def test_a_reference_that_nobody_knows_is_no_crs(reference: Any) -> None:
    pytest.importorskip("geopandas")
    assert to_geopandas(FeatureSet("esriGeometryPoint", reference, (), [point(1, 2)])).crs is None


def test_an_attribute_called_geometry_stays() -> None:
    pytest.importorskip("geopandas")
    table = to_geopandas(FeatureSet("esriGeometryPoint", WGS84, (), [point(1, 2, geometry="g")]))
    assert table["geometry"][0] == "g"
    assert table.geometry.name == "SHAPE"


def test_attributes_of_odd_types_stay_as_they_are() -> None:
    pytest.importorskip("geopandas")
    odd = point(1, 2, OBJECTID=2**70, Count="many", When=10**18, Name={"a": [1]})
    table = to_geopandas(FeatureSet("esriGeometryPoint", WGS84, FIELDS, [odd]))
    assert table["OBJECTID"][0] == 2**70
    assert table["Count"][0] == "many"
    assert table["When"][0] == 10**18
    assert table["Name"][0] == {"a": [1]}


def test_rows_become_a_dataframe() -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("geopandas")
    table = to_geopandas(RecordSet(FIELDS[:1], [{"attributes": {"OBJECTID": 1}}]))
    assert type(table) is pandas.DataFrame
    assert table["OBJECTID"].tolist() == [1]


def test_without_geopandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(NotSupported) as caught:
        to_geopandas(FeatureSet())
    assert "gpharness[geo]" in str(caught.value)
