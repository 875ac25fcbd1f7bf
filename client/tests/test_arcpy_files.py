"""Feature classes in files and in memory."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gp_client.arcpy as arcpy
import pytest
from gp_client.arcpy_style.script_runs import ScriptRun, script_run
from gp_protocol.values.feature_sets import FeatureSet as Features

SQUARE = {
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
        {"name": "gridcode", "type": "esriFieldTypeInteger", "alias": "gridcode"},
        {"name": "name", "type": "esriFieldTypeString", "alias": "name", "length": 20},
        {"name": "area", "type": "esriFieldTypeDouble", "alias": "area"},
        {"name": "seen", "type": "esriFieldTypeDate", "alias": "seen", "length": 8},
    ],
    "features": [
        {
            "attributes": {"OBJECTID": 7, "gridcode": 1, "name": "é", "area": 0.5, "seen": 1767225600000},
            "geometry": {"rings": [[[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]]},
        },
        {
            "attributes": {"OBJECTID": 9, "gridcode": None, "name": None, "area": None, "seen": None},
            "geometry": {"rings": [[[20, 20], [20, 30], [30, 30], [20, 20]]]},
        },
    ],
}
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"attributes": {"a": 1}, "geometry": {"x": -118.8, "y": 37.5}}],
}


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptRun]:
    monkeypatch.chdir(tmp_path)
    with script_run(arguments=(), drives=tmp_path / "drives") as made:
        yield made


def loaded(given: Any) -> arcpy.FeatureSet:
    features = arcpy.FeatureSet()
    features.load(given)
    return features


def value(features: arcpy.RecordSet) -> Features:
    assert isinstance(features.value, Features)
    return features.value


@pytest.mark.parametrize(
    "name",
    ["out.geojson", "out.json", "out.shp", "out", "out.gpkg", "out.gpkg/areas", "out.gdb/areas", "memory/x"],
)
def test_features_are_written_and_read_back(name: str) -> None:
    written = arcpy.CopyFeatures_management(loaded(SQUARE), name)
    assert arcpy.Exists(name)
    back = value(loaded(written[0]))
    assert back.geometry_type == "esriGeometryPolygon"
    assert back.spatial_reference is not None
    assert 3857 in (back.spatial_reference.wkid, back.spatial_reference.latest_wkid)
    first, second = back.features
    assert first["geometry"]["rings"] == SQUARE["features"][0]["geometry"]["rings"]  # type: ignore[index]
    assert first["attributes"]["gridcode"] == 1
    assert first["attributes"]["name"] == "é"
    assert first["attributes"]["area"] == 0.5
    assert second["attributes"]["name"] is None
    assert second["attributes"]["gridcode"] is None
    assert arcpy.GetCount_management(name)[0] == "2"


@pytest.mark.parametrize("name", ["out.geojson", "out.shp", "out.gpkg", "out.gdb/areas"])
def test_an_empty_feature_set_is_written(name: str) -> None:
    arcpy.management.CopyFeatures({**SQUARE, "features": []}, name)
    assert int(arcpy.GetCount_management(name)[0]) == 0


def test_object_ids_stay_where_a_file_has_none_of_its_own() -> None:
    arcpy.management.CopyFeatures(SQUARE, "out.json")
    assert json.loads(Path("out.json").read_text())["features"][0]["attributes"]["OBJECTID"] == 7
    arcpy.management.CopyFeatures(SQUARE, "out.shp")
    assert "OBJECTID" not in value(loaded("out.shp")).features[0]["attributes"]


def test_a_file_that_is_there_is_written_over_only_where_that_is_said(run: ScriptRun) -> None:
    for name in ("out.geojson", "out.shp", "out.gpkg/a", "out.gdb/a", "memory/a"):
        arcpy.management.CopyFeatures(POINT, name)
        with pytest.raises(arcpy.ExecuteError, match=r"ERROR 000725: .*already exists"):
            arcpy.management.CopyFeatures(SQUARE, name)
        assert arcpy.GetMessages(2).startswith("ERROR 000725")
        arcpy.env.overwriteOutput = True
        arcpy.management.CopyFeatures(SQUARE, name)
        arcpy.env.overwriteOutput = False
        assert arcpy.GetCount_management(name)[0] == "2"


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_the_schema_before_a_tables_name_is_no_part_of_it(separator: str) -> None:
    name = f"out.gpkg{separator}main.areas"
    arcpy.management.CopyFeatures(SQUARE, name)
    loaded(POINT).save(f"out.gpkg{separator}MAIN.points")
    assert [arcpy.Exists(f"out.gpkg/{each}") for each in ("areas", "points", "main.areas")] == [True] * 3
    assert arcpy.GetCount_management(name)[0] == arcpy.GetCount_management("out.gpkg/areas")[0] == "2"
    import geopandas

    assert sorted(geopandas.list_layers("out.gpkg")["name"]) == ["areas", "points"]


def test_dates_in_a_file_without_a_time_zone_are_utc() -> None:
    import geopandas

    frame = geopandas.GeoDataFrame(
        {"seen": ["2026-01-01T00:00:00"]}, geometry=geopandas.points_from_xy([1], [2]), crs=4326
    )
    frame["seen"] = frame["seen"].astype("datetime64[ms]")
    frame.to_file("out.gpkg", engine="pyogrio")
    assert value(loaded("out.gpkg")).features[0]["attributes"]["seen"] == 1767225600000


def test_a_file_that_cannot_be_read_is_not_written_over() -> None:
    Path("broken.gpkg").write_bytes(b"something of value")
    with pytest.raises(arcpy.ExecuteError, match="ERROR 000725"):
        arcpy.management.CopyFeatures(POINT, "broken.gpkg/points")
    assert Path("broken.gpkg").read_bytes() == b"something of value"


def test_writing_a_layer_leaves_the_others_in_its_file() -> None:
    for name in ("out.gpkg", "out.gdb"):
        arcpy.management.CopyFeatures(POINT, f"{name}/first")
        arcpy.management.CopyFeatures(SQUARE, f"{name}/second")
        arcpy.env.overwriteOutput = True
        arcpy.management.CopyFeatures(SQUARE, f"{name}/first")
        arcpy.env.overwriteOutput = False
        assert arcpy.GetCount_management(f"{name}/second")[0] == "2"


def test_names_without_a_folder_stand_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    arcpy.env.workspace = str(tmp_path / "here")
    assert arcpy.management.CopyFeatures(POINT, "a.geojson")[0] == str(tmp_path / "here" / "a.geojson")
    assert (tmp_path / "here" / "a.geojson").is_file()
    arcpy.env.workspace = str(tmp_path / "here" / "all.gpkg")
    assert arcpy.management.CopyFeatures(POINT, "points")[0] == str(tmp_path / "here" / "all.gpkg" / "points")
    assert arcpy.Exists("points")
    arcpy.env.workspace = "memory"
    assert arcpy.management.CopyFeatures(POINT, "points")[0] == "points"
    assert arcpy.GetCount_management("points")[0] == "1"


@pytest.mark.skipif(os.name == "nt", reason="there the drives are real")
def test_drives_of_windows_are_folders(tmp_path: Path) -> None:
    (tmp_path / "drives" / "c" / "data").mkdir(parents=True)
    arcpy.management.CopyFeatures(POINT, r"c:\data\inputPoint.geojson")
    assert (tmp_path / "drives" / "c" / "data" / "inputPoint.geojson").is_file()
    assert arcpy.GetCount_management("C:/data/inputPoint.geojson")[0] == "1"
    with script_run(), pytest.raises(arcpy.ExecuteError, match=r"no drive c: .*GPHARNESS_ARCPY_DRIVES"):
        loaded(r"c:\data\inputPoint.shp")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.shp", "ERROR 000732: Dataset nowhere.shp does not exist"),
        ("nowhere.gpkg/layer", "ERROR 000732"),
        ("memory/nothing", "ERROR 000732"),
        ("", "ERROR 000732"),
        ("broken.geojson", "ERROR 000732"),
        ("broken.shp", "ERROR 000732"),
        ("list.json", "ERROR 000732"),
        ("{broken", "no JSON"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, said: str) -> None:
    Path("broken.geojson").write_text("{")
    Path("broken.shp").write_bytes(b"no shapefile")
    Path("list.json").write_text("[1, 2]")
    with pytest.raises(arcpy.ExecuteError, match=said):
        loaded(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nofolder/out.geojson", "ERROR 000210: .*no folder"),
        ("out.docx", "not written"),
        ("", "ERROR 000732"),
        (None, "ERROR 000735"),
    ],
)
def test_what_cannot_be_written_is_named(name: Any, said: str) -> None:
    with pytest.raises(arcpy.ExecuteError, match=said):
        arcpy.management.CopyFeatures(POINT, name)


def test_an_output_that_was_not_made_cannot_be_copied() -> None:
    with pytest.raises(arcpy.ExecuteError, match="not made"):
        arcpy.management.CopyFeatures(None, "out.geojson")


def test_field_names_that_a_shapefile_cuts_are_a_warning() -> None:
    features = {
        **POINT,
        "features": [{"attributes": {"a_rather_long_name": 1}, "geometry": {"x": 1, "y": 2}}],
    }
    result = arcpy.management.CopyFeatures(features, "out.shp")
    assert result.status == 4
    assert "a_rather_l" in arcpy.GetMessages(1)
    assert arcpy.GetMaxSeverity() == 1


def test_a_number_that_its_field_cannot_hold_is_written_as_it_is() -> None:
    fields = [{"name": "a", "type": "esriFieldTypeDouble"}, {"name": "b", "type": "esriFieldTypeInteger"}]
    features = loaded({**POINT, "fields": fields})
    value(features).features[0]["attributes"].update(a=1.5, b=2**40)
    arcpy.management.CopyFeatures(features, "out.gpkg")
    assert value(loaded("out.gpkg")).features[0]["attributes"] == {"a": 1.5, "b": 2**40}


def test_a_shapefile_without_a_projection_has_an_unknown_reference() -> None:
    arcpy.management.CopyFeatures(POINT, "out.shp")
    Path("out.prj").unlink()
    assert value(loaded("out.shp")).spatial_reference is None
    assert "unknown spatial reference" in arcpy.GetMessages(1)


def test_features_come_as_json_geojson_and_the_addresses_of_layers() -> None:
    assert value(loaded(json.dumps(POINT))).features == value(loaded(POINT)).features
    geojson = loaded('{"type": "Point", "coordinates": [1, 2]}')
    assert value(geojson).features[0]["geometry"] == {"x": 1, "y": 2}
    assert json.loads(geojson.GeoJSON)["features"][0]["geometry"]["coordinates"] == [1, 2]
    assert json.loads(geojson.JSON)["spatialReference"]["wkid"] == 4326
    layer = loaded("https://gis.example.com/arcgis/rest/services/P/FeatureServer/0")
    assert json.loads(layer.JSON) == {"url": "https://gis.example.com/arcgis/rest/services/P/FeatureServer/0"}
    with pytest.raises(arcpy.ExecuteError, match="not here"):
        layer.save("out.geojson")
    url = "https://gis.example.com/arcgis/rest/services/P/FeatureServer/0"
    assert arcpy.FeatureSet(url, "POP > 5").value.filter == "POP > 5"  # type: ignore[union-attr]
    arcpy.management.CopyFeatures(POINT, "here.geojson")
    with pytest.raises(arcpy.ExecuteError, match="ERROR: FeatureSet: where_clause is provided for"):
        arcpy.FeatureSet("here.geojson", "name = 'a'")
    with pytest.raises(arcpy.ExecuteError, match="ERROR: FeatureSet: time_filter is not provided"):
        arcpy.FeatureSet("here.geojson", time_filter="x")
    layer.load(json.dumps({"url": "https://h/0", "serviceToken": "s3cret"}), "POP > 5")
    assert layer.value.filter == "POP > 5"  # type: ignore[union-attr]
    assert "s3cret" not in layer.JSON
    with pytest.raises(arcpy.ExecuteError, match="where_clause"):
        layer.load(POINT, "POP > 5")


def test_a_table_is_json() -> None:
    table = {
        "fields": [{"name": "a", "type": "esriFieldTypeInteger"}],
        "features": [{"attributes": {"a": 1}}],
    }
    rows = arcpy.RecordSet(json.dumps(table))
    rows.save("out.json")
    assert arcpy.GetCount_management("out.json")[0] == "1"
    with pytest.raises(arcpy.ExecuteError, match="no geometries"):
        rows.save("out.geojson")


def test_without_geopandas_geojson_works_and_the_rest_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "geopandas":
            raise ImportError("No module named 'geopandas'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    arcpy.management.CopyFeatures(POINT, "out.geojson")
    assert arcpy.GetCount_management("out.geojson")[0] == "1"
    Path("in.shp").touch()
    for call in (lambda: loaded("in.shp"), lambda: arcpy.management.CopyFeatures(POINT, "out.shp")):
        with pytest.raises(arcpy.ExecuteError, match=r"gpharness\[geo\]"):
            call()


def test_a_failed_write_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(arcpy.ExecuteError, match=r"ERROR 000210: .*No space left"):
        arcpy.management.CopyFeatures(POINT, "out.geojson")
    assert list(tmp_path.iterdir()) == []
