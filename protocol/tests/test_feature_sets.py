from __future__ import annotations

from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.values.feature_sets import (
    FeatureSet,
    RecordSet,
    decode_feature_set,
    decode_record_set,
    encode_feature_set,
    encode_record_set,
)
from gp_protocol.values.fields import Field
from gp_protocol.values.parameter_specs import OutputOptions
from gp_protocol.values.spatial_references import SpatialReference

from every_case import every_case

OID = Field("OBJECTID", "esriFieldTypeOID")
NAME = Field("Name", "esriFieldTypeString", length=20)
ONE_POINT = {"attributes": {"OBJECTID": 1}, "geometry": {"x": 1.5, "y": 2.5}}


def test_features_alone_are_points_of_an_unknown_spatial_reference() -> None:
    assert decode_feature_set({"features": [{"geometry": {"x": 1.5, "y": 2.5}}]}) == FeatureSet(
        "esriGeometryPoint", None, (), [{"attributes": {}, "geometry": {"x": 1.5, "y": 2.5}}]
    )


def test_what_an_input_leaves_out_is_the_defaults() -> None:
    default = {
        "geometryType": "esriGeometryPolyline",
        "spatialReference": {"wkid": 54003},
        "Fields": [],
        "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}],
        "features": [],
    }
    line = {"paths": [[[0, 0], [1, 1]]]}
    read = decode_feature_set({"features": [{"geometry": line, "attributes": {"OBJECTID": 1}}]}, default)
    assert read.geometry_type == "esriGeometryPolyline"
    assert read.spatial_reference == SpatialReference(54003)
    assert read.fields == (OID,)
    given = {"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "features": []}
    read = decode_feature_set(given, default)
    assert (read.geometry_type, read.spatial_reference) == ("esriGeometryPoint", SpatialReference(4326))


@every_case("default", [None, "", {}, {"geometryType": None}])
def test_a_parameter_without_a_default_helps_nothing(default: Any) -> None:
    assert decode_feature_set({"features": []}, default) == FeatureSet("esriGeometryPoint")


def test_a_spatial_reference_may_stand_in_the_geometries() -> None:
    reference = {"wkid": 102100, "latestWkid": 3857}
    point = {"geometry": {"x": 1, "y": 2, "spatialReference": reference}, "attributes": None}
    default = {"spatialReference": {"wkid": 4326}}
    read = decode_feature_set({"features": [point, point]}, default)
    assert read.spatial_reference == SpatialReference(102100, 3857)
    assert read.features[0] == {"attributes": {}, "geometry": {"x": 1, "y": 2}}
    assert decode_feature_set(
        {"features": [point], "spatialReference": {"wkid": 3857}}
    ).spatial_reference == SpatialReference(3857)


@pytest.mark.parametrize("other", [{"wkid": 3857}, {"name": "WGS 1984"}])
def test_features_of_two_spatial_references_are_refused(other: Any) -> None:
    features = [
        {"geometry": {"x": 1, "y": 2, "spatialReference": {"wkid": 4326}}},
        {"geometry": {"x": 1, "y": 2, "spatialReference": other}},
    ]
    with pytest.raises(RemoteProtocolError) as caught:
        decode_feature_set({"features": features})
    assert caught.value.path == "features[1].geometry.spatialReference"


def test_keys_that_nobody_knows_are_passed_over() -> None:
    feature = {
        "geometry": None,
        "attributes": {"a": 1},
        "aggregateGeometries": None,
        "symbol": None,
        "popupTemplate": 1,
    }
    assert decode_feature_set(
        {"features": [feature], "exceededTransferLimit": None, "transform": None}
    ) == FeatureSet("esriGeometryPoint", features=[{"attributes": {"a": 1}, "geometry": None}])


def test_z_and_m_are_announced_by_the_set_or_its_geometries_or_by_a_points_keys() -> None:
    ring = [[0, 0, 5], [0, 1, 5], [1, 1, 5], [0, 0, 5]]
    polygons = {"geometryType": "esriGeometryPolygon"}
    read = decode_feature_set(polygons | {"hasZ": True, "features": [{"geometry": {"rings": [ring]}}]})
    assert (read.has_z, read.has_m) == (True, False)
    read = decode_feature_set(polygons | {"features": [{"geometry": {"hasM": True, "rings": [ring]}}]})
    assert (read.has_z, read.has_m) == (False, True)
    read = decode_feature_set({"features": [{"geometry": {"x": 1, "y": 2, "z": 3}}]})
    assert (read.has_z, read.has_m) == (True, False)
    with pytest.raises(RemoteProtocolError, match='say "hasZ": true') as caught:
        decode_feature_set(polygons | {"features": [{"geometry": {"rings": [ring]}}]})
    assert caught.value.path == "features[0].geometry.rings[0][0]"


@pytest.mark.parametrize(
    "collection",
    [
        {
            "layerDefinition": {
                "geometryType": "esriGeometryPolyline",
                "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}],
            },
            "featureSet": {"features": [], "geometryType": None, "fields": []},
        },
        {
            "layers": [
                {
                    "layerDefinition": {"fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}]},
                    "featureSet": {"features": [], "geometryType": "esriGeometryPolyline"},
                }
            ]
        },
    ],
)
def test_a_feature_collection_of_one_layer_is_a_feature_set(collection: Any) -> None:
    assert decode_feature_set(collection) == FeatureSet("esriGeometryPolyline", fields=(OID,))


@every_case(
    ("value", "path"),
    [
        ([], ""),
        ("{}", ""),
        ({"geometryType": "esriGeometryPoint"}, ""),
        ({"features": {}}, "features"),
        ({"features": [1]}, "features[0].attributes"),
        ({"features": [{"attributes": []}]}, "features[0].attributes"),
        ({"features": [{"geometry": [1, 2]}]}, "features[0].geometry"),
        ({"features": [], "geometryType": "Point"}, "geometryType"),
        ({"features": [], "spatialReference": {"wkid": "x"}}, "spatialReference.wkid"),
        ({"features": [], "fields": [{"name": "A"}]}, "fields[0].type"),
        (
            {
                "fields": [{"name": "A", "type": "esriFieldTypeInteger"}],
                "features": [{"attributes": {"A": "1"}}],
            },
            "features[0].attributes.A",
        ),
    ],
)
def test_other_inputs_are_refused_at_their_place(value: Any, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_feature_set(value)
    assert caught.value.path == path


def test_a_client_takes_outputs_as_they_come() -> None:
    read = decode_feature_set(
        {
            "geometryType": "esriGeometryPolyline",
            "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}],
            "features": [
                {"attributes": {"OBJECTID": 2**40}, "geometry": {"paths": [[[0, 0, 1], [1, 1, 1]]]}}
            ],
        },
        tolerant=True,
    )
    assert read.features[0]["attributes"] == {"OBJECTID": 2**40}
    assert decode_feature_set({"exceededTransferLimit": True}, tolerant=True).exceeded_transfer_limit


def test_a_feature_set_leaves_in_the_recorded_order_of_keys() -> None:
    value = FeatureSet(
        "esriGeometryPoint",
        SpatialReference(102100, 3857),
        (OID, NAME),
        [{"attributes": {"OBJECTID": 1, "Name": None}, "geometry": {"x": 1.5, "y": 2.5, "z": 3.5, "m": 4.5}}],
        has_z=True,
        has_m=True,
        display_field_name="Name",
        field_aliases={"Name": "The name"},
    )
    encoded = encode_feature_set(value, OutputOptions(return_z=True, return_m=True))
    assert encoded == {
        "displayFieldName": "Name",
        "fieldAliases": {"Name": "The name"},
        "hasZ": True,
        "hasM": True,
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 102100, "latestWkid": 3857},
        "fields": [
            {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
            {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 20},
        ],
        "features": [
            {
                "attributes": {"OBJECTID": 1, "Name": None},
                "geometry": {"x": 1.5, "y": 2.5, "z": 3.5, "m": 4.5},
            }
        ],
        "exceededTransferLimit": False,
    }
    assert list(encoded) == [
        "displayFieldName",
        "fieldAliases",
        "hasZ",
        "hasM",
        "geometryType",
        "spatialReference",
        "fields",
        "features",
        "exceededTransferLimit",
    ]


def test_z_and_m_stay_behind_unless_they_are_asked_for() -> None:
    value = FeatureSet(
        "esriGeometryPolyline", features=[{"geometry": {"paths": [[[0, 0, 5], [1, 1, 5]]]}}], has_z=True
    )
    assert encode_feature_set(value, OutputOptions()) == {
        "displayFieldName": "",
        "geometryType": "esriGeometryPolyline",
        "fields": [],
        "features": [{"attributes": {}, "geometry": {"paths": [[[0, 0], [1, 1]]]}}],
        "exceededTransferLimit": False,
    }
    asked = encode_feature_set(value, OutputOptions(return_z=True, return_m=True))
    assert asked["hasZ"] is True
    assert "hasM" not in asked
    assert asked["features"][0]["geometry"] == {"hasZ": True, "paths": [[[0, 0, 5], [1, 1, 5]]]}


def test_over_the_limit_no_feature_leaves() -> None:
    value = FeatureSet("esriGeometryPoint", features=[ONE_POINT, ONE_POINT])
    at_limit = encode_feature_set(value, OutputOptions(maximum_records=2))
    assert (len(at_limit["features"]), at_limit["exceededTransferLimit"]) == (2, False)
    over = encode_feature_set(value, OutputOptions(maximum_records=1))
    assert (over["features"], over["exceededTransferLimit"]) == ([], True)
    records = RecordSet((OID,), [{"attributes": {"OBJECTID": 1}}])
    assert encode_record_set(records, OutputOptions(maximum_records=0)) == {
        "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}],
        "features": [],
        "exceededTransferLimit": True,
    }


def test_a_feature_collection_has_a_layer_definition_and_the_feature_set() -> None:
    value = FeatureSet("esriGeometryPoint", SpatialReference(4326), (OID,), [ONE_POINT])
    encoded = encode_feature_set(value, OutputOptions(return_feature_collection=True, layer_name="Result"))
    assert list(encoded) == ["layerDefinition", "featureSet"]
    assert encoded["featureSet"] == encode_feature_set(value, OutputOptions())
    layer = encoded["layerDefinition"]
    assert list(layer) == [
        "name",
        "type",
        "geometryType",
        "objectIdField",
        "fields",
        "drawingInfo",
        "templates",
    ]
    assert (layer["name"], layer["type"], layer["objectIdField"]) == ("Result", "Feature Layer", "OBJECTID")
    assert decode_feature_set(encoded) == value


@every_case(
    ("value", "path"),
    [
        (FeatureSet(features=[{"geometry": {"x": float("nan"), "y": 0.0}}]), "features[0].geometry.x"),
        (FeatureSet(features=[{"geometry": {"paths": []}}]), "features[0].geometry"),
        (
            FeatureSet(fields=(OID,), features=[{"attributes": {"OBJECTID": "1"}}]),
            "features[0].attributes.OBJECTID",
        ),
        (
            FeatureSet("esriGeometryPolygon", features=[{"geometry": {"rings": [[[0, 0, 0]]]}}]),
            "features[0].geometry.rings[0][0]",
        ),
    ],
)
def test_what_a_server_may_not_say_is_our_own_fault(value: FeatureSet, path: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        encode_feature_set(value, OutputOptions())
    assert caught.value.path == path


def test_record_sets() -> None:
    table = {
        "displayFieldName": "Name",
        "fields": [{"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 20}],
        "features": [{"attributes": {"Name": "a"}}],
        "exceededTransferLimit": False,
    }
    value = RecordSet((NAME,), [{"attributes": {"Name": "a"}}], "Name")
    assert decode_record_set(table) == value
    assert encode_record_set(value, OutputOptions()) == table
    assert decode_record_set({"features": [{"attributes": {"Name": "a"}}]}, table).fields == (NAME,)
    assert decode_record_set({"features": [], "exceededTransferLimit": True}) == RecordSet(
        exceeded_transfer_limit=True
    )
    with pytest.raises(RemoteProtocolError) as caught:
        decode_record_set(table | {"features": [{"attributes": {"Name": 1}}]})
    assert caught.value.path == "features[0].attributes.Name"
