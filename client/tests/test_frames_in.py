"""Inputs out of pandas and geopandas, where these are installed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from gp_client.errors import InvalidInput
from gp_client.inputs.features import feature_set_from, record_set_from
from gp_client.inputs.inputs import encode_inputs
from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo, Task
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference

from every_case import every_case

pandas: Any = pytest.importorskip("pandas")
geopandas: Any = pytest.importorskip("geopandas")

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def sent(data_type: str, value: Any, **more: Any) -> str:
    task = Task("T", parameters=(Parameter("P", data_type, **more),))
    return encode_inputs(task, {"P": value})["P"]


@pytest.mark.parametrize(
    "value",
    [
        geopandas.GeoSeries([shapely.Point(10.5, 50.25)], crs=4326),
        geopandas.GeoDataFrame(geometry=[shapely.Point(10.5, 50.25)], crs="OGC:CRS84"),
    ],
)
def test_geometries_of_a_frame_lie_where_its_crs_says(value: Any) -> None:
    assert feature_set_from(value, {"spatialReference": {"wkid": 3857}}) == FeatureSet(
        "esriGeometryPoint",
        SpatialReference(4326),
        features=[{"attributes": {}, "geometry": {"x": 10.5, "y": 50.25}}],
    )


def test_a_frame_without_a_crs_is_refused() -> None:
    with pytest.raises(InvalidInput, match="set_crs"):
        feature_set_from(geopandas.GeoDataFrame(geometry=[shapely.Point(1, 2)]))


def test_a_frame_of_a_reference_without_an_id_goes_by_its_text() -> None:
    frame = geopandas.GeoSeries([shapely.Point(1, 2)], crs="+proj=laea +lat_0=10 +lon_0=20 +ellps=GRS80")
    found = feature_set_from(frame)
    assert isinstance(found, FeatureSet)
    assert found.spatial_reference is not None
    assert str(found.spatial_reference.wkt).startswith("PROJCS[")


def test_a_frames_columns_are_attributes() -> None:
    frame = geopandas.GeoDataFrame(
        {
            "n": pandas.array([1, None], dtype="Int64"),
            "t": ["a", None],
            "d": pandas.to_datetime(["2026-01-31T12:00", None], utc=True),
            "geometry": [shapely.Point(1, 2), None],
        },
        crs=25832,
    )
    found = feature_set_from(frame)
    assert isinstance(found, FeatureSet)
    assert [field.type[13:] for field in found.fields] == ["Integer", "String", "Date"]
    assert found.features == [
        {"attributes": {"n": 1, "t": "a", "d": 1769860800000}, "geometry": {"x": 1, "y": 2}},
        {"attributes": {"n": None, "t": None, "d": None}, "geometry": None},
    ]
    assert found.spatial_reference == SpatialReference(25832)


def test_a_second_geometry_column_and_columns_of_one_name_are_refused() -> None:
    point = shapely.Point(1, 2)
    frame = geopandas.GeoDataFrame(geometry=[point], crs=4326)
    frame["other"] = geopandas.GeoSeries([point], crs=4326)
    with pytest.raises(InvalidInput, match="a second geometry column"):
        feature_set_from(frame)
    twice = geopandas.GeoDataFrame([[1, 2, point]], columns=["A", "A", "geometry"], crs=4326)
    with pytest.raises(InvalidInput):
        feature_set_from(twice)


def test_a_frame_is_a_table() -> None:
    frame = pandas.DataFrame({"A": [1, 2]})
    assert record_set_from(frame) == RecordSet(
        (Field("A", "esriFieldTypeInteger"),), [{"attributes": {"A": 1}}, {"attributes": {"A": 2}}]
    )


@pytest.mark.parametrize(
    "rows",
    [geopandas.GeoDataFrame(geometry=[]), pandas.DataFrame([[1, 2]], columns=["A", "A"])],
)
def test_a_frame_that_is_no_table_is_refused(rows: Any) -> None:
    with pytest.raises(InvalidInput):
        record_set_from(rows)


def test_a_frame_is_the_rows_of_a_value_table_by_its_column_names() -> None:
    columns = (ParameterInfo("Layer", "GPString"), ParameterInfo("Weight", "GPDouble"))
    frame = pandas.DataFrame({"Weight": [1, 2], "Layer": ["a", "b"]})
    assert sent("GPValueTable", frame, parameter_infos=columns) == '[["a",1.0],["b",2.0]]'


@every_case(
    ("data_type", "value", "text"),
    [
        ("GPDate", pandas.Timestamp(NOON), "1769860800000"),
        ("GPMultiValue:GPString", pandas.Series(["a"]), '["a"]'),
        ("GPMultiValue:GPDate", pandas.Series([NOON]), "[1769860800000]"),
        ("GPTimeUnit", pandas.Timedelta(minutes=1), '{"time":60.0,"units":"esriTimeUnitsSeconds"}'),
    ],
)
def test_scalars_and_series_are_values(data_type: str, value: Any, text: str) -> None:
    assert sent(data_type, value) == text


@every_case(
    ("data_type", "value", "words"),
    [
        ("GPDouble", pandas.NA, "leave it out"),
        ("GPDate", pandas.Timestamp(2026, 1, 31), "say its zone"),
        ("GPDate", pandas.NaT, "leave it out"),
        ("GPMultiValue:GPDate", pandas.Series([datetime(2026, 1, 31)]), "say its zone"),
    ],
)
def test_no_value_and_no_zone_are_refused(data_type: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        sent(data_type, value)
