from __future__ import annotations

from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.values.spatial_references import (
    Extent,
    SpatialReference,
    decode_extent,
    decode_spatial_reference,
    encode_any_spatial_reference,
    encode_extent,
    encode_spatial_reference,
)

from every_case import every_case


@every_case(
    ("value", "reference"),
    [
        (4326, SpatialReference(4326)),
        ("102100", SpatialReference(102100)),
        ({"wkid": 102100, "latestWkid": 3857}, SpatialReference(102100, 3857)),
        ({"latestWkid": 3857}, SpatialReference(latest_wkid=3857)),
        ({"wkid": 4326, "vcsWkid": 5773}, SpatialReference(4326, vcs_wkid=5773)),
        ({"wkt": "GEOGCS[…]", "wkid": 4326}, SpatialReference(4326)),
        ({"wkid": None, "wkt": "GEOGCS[…]"}, SpatialReference(wkt="GEOGCS[…]")),
        ({"wkt2": "GEOGCRS[…]", "name": "x"}, SpatialReference(wkt2="GEOGCRS[…]")),
        ({"name": "WGS 1984", "vcsName": "EGM96"}, SpatialReference(name="WGS 1984", vcs_name="EGM96")),
        ({"projectionFile": "http://x/a.prj"}, SpatialReference(projection_file="http://x/a.prj")),
        ({"projectionFileItemID": "i1"}, SpatialReference(projection_file_item_id="i1")),
        ({"wkid": 4326, "xyTolerance": 0.001}, SpatialReference(4326)),
        ({"wkid": None}, None),
        ({}, None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_valid_form_wins(value: Any, reference: SpatialReference | None) -> None:
    assert decode_spatial_reference(value) == reference


@every_case(
    "value", [{"wkid": "EPSG:4326"}, "EPSG:4326", {"wkid": -1}, {"wkid": 10**12}, {"x": 1}, [4326], True]
)
def test_other_forms_are_refused(value: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_spatial_reference(value)


def test_outputs_are_by_id_or_by_wkt() -> None:
    assert encode_spatial_reference(SpatialReference(4326, 4326, 5773, 5773)) == {
        "wkid": 4326,
        "latestWkid": 4326,
        "vcsWkid": 5773,
        "latestVcsWkid": 5773,
    }
    assert encode_spatial_reference(SpatialReference(wkt="PROJCS[…]")) == {"wkt": "PROJCS[…]"}
    with pytest.raises(LocalProtocolError, match="look its wkid or wkt up"):
        encode_spatial_reference(SpatialReference(name="WGS 1984"))
    with pytest.raises(LocalProtocolError):
        SpatialReference()


def test_inputs_may_be_by_name_or_file() -> None:
    named = {"name": "WGS 1984", "vcsName": "EGM96"}
    assert encode_any_spatial_reference(SpatialReference(name="WGS 1984", vcs_name="EGM96")) == named


def test_ids_of_the_same_system_agree() -> None:
    assert SpatialReference(102100).agrees_with(SpatialReference(3857))
    assert SpatialReference(102719, 2264).agrees_with(SpatialReference(2264))
    assert not SpatialReference(4326).agrees_with(SpatialReference(3857))
    assert SpatialReference(wkt="a").agrees_with(SpatialReference(wkt="a"))


def test_an_extent_spells_its_spatial_reference_as_its_type_does() -> None:
    extent = Extent(0, 1, 2, 3, zmin=4, zmax=5, spatial_reference=SpatialReference(4326))
    box = {"xmin": 0.0, "ymin": 1.0, "xmax": 2.0, "ymax": 3.0, "zmin": 4.0, "zmax": 5.0}
    assert encode_extent(extent, reference_key="spatial_reference") == box | {
        "spatial_reference": {"wkid": 4326}
    }
    assert encode_extent(extent, reference_key="spatialReference") == box | {
        "spatialReference": {"wkid": 4326}
    }
    with pytest.raises(LocalProtocolError, match="GPEnvelope carries no spatial reference"):
        encode_extent(extent, reference_key=None)
    assert decode_extent(box | {"spatial_reference": {"wkid": 4326}}) == extent
    assert decode_extent(box | {"spatialReference": {"wkid": 4326}}) == extent


@every_case(
    ("value", "path"),
    [
        ({"xmin": 0, "ymin": 0, "xmax": 1}, "ymax"),
        ({"xmin": "NaN", "ymin": 0, "xmax": 1, "ymax": 1}, "xmin"),
        ({"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "zmin": []}, "zmin"),
        (
            {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "spatial_reference": {"wkid": "a"}},
            "spatial_reference.wkid",
        ),
        ("0,0,1,1", ""),
    ],
)
def test_other_extents_are_refused_at_their_place(value: Any, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_extent(value)
    assert caught.value.path == path


def test_an_extent_is_finite() -> None:
    with pytest.raises(LocalProtocolError):
        Extent(0, 0, float("nan"), 1)
