"""What a run asks for besides its inputs, for servers of each version."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy
import pyproj
import pytest
from gp_client.errors import InvalidInput, NotSupported
from gp_client.options import RunOptions
from gp_protocol.values.spatial_references import Extent, SpatialReference

from every_case import every_case

WGS84 = SpatialReference(4326)


def test_nothing_asked_is_nothing_sent() -> None:
    for version in (None, 9.3, 12.0):
        assert RunOptions().parameters(version) == RunOptions().result_parameters(version) == {}


@every_case(
    ("version", "sent"),
    [
        (None, {"env:outSR": "4326", "env:processSR": '{"wkid":102100,"latestWkid":3857}'}),
        (10.0, {"env:outSR": "4326", "env:processSR": '{"wkid":102100,"latestWkid":3857}'}),
        (10.6, {"env:outSR": "4326", "env:processSR": '{"wkid":102100,"latestWkid":3857}'}),
        *(
            (version, {"context": '{"outSR":{"wkid":4326},"processSR":{"wkid":102100,"latestWkid":3857}}'})
            for version in (10.61, 10.7, 10.91, 11.0, 12.0)
        ),
    ],
)
def test_spatial_references_go_in_context_from_10_6_1_on(version: float | None, sent: dict[str, str]) -> None:
    options = RunOptions(out_sr=4326, process_sr={"wkid": 102100, "latestWkid": 3857})
    assert options.parameters(version) == sent


@every_case("value", [4326, "4326", "EPSG:4326", {"wkid": 4326}, WGS84, pyproj.CRS(4326), numpy.int64(4326)])
def test_a_spatial_reference_is_kept_as_one_whatever_it_is_given_as(value: Any) -> None:
    options = RunOptions(out_sr=value)
    assert options.out_sr == options.asked_reference == WGS84
    assert RunOptions(process_sr=value).asked_reference == WGS84
    assert msgspec.structs.replace(options, return_z=True).out_sr == WGS84


@every_case(
    "value",
    [
        (1, 2, 3, 4),
        numpy.array([1, 2, 3, 4]),
        {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4},
        Extent(1, 2, 3, 4),
    ],
)
def test_an_extent_goes_in_context(value: Any) -> None:
    sent = RunOptions(extent=value).parameters(11.1)
    assert json.loads(sent["context"]) == {"extent": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}}
    with_reference = RunOptions(extent=Extent(1, 2, 3, 4, spatial_reference=WGS84)).parameters(11.1)
    assert json.loads(with_reference["context"])["extent"]["spatialReference"] == {"wkid": 4326}


@pytest.mark.parametrize("version", [None, 10.6])
def test_an_extent_is_not_asked_of_a_server_that_would_ignore_it(version: float | None) -> None:
    with pytest.raises(NotSupported, match="context") as caught:
        RunOptions(extent=(1, 2, 3, 4)).parameters(version)
    assert caught.value.feature == "extent"


FLAGS = [
    ("return_z", "returnZ", 10.1, True, True),
    ("return_m", "returnM", 10.1, True, True),
    ("return_true_curves", "returnTrueCurves", 10.5, True, False),
    ("return_feature_collection", "returnFeatureCollection", 10.6, True, True),
    ("return_column_name", "returnColumnName", 11.0, True, True),
    ("simplify_features", "simplifyFeatures", 11.4, False, False),
]


@every_case(("attribute", "name", "since", "asks", "of_results"), FLAGS)
def test_a_flag_is_sent_where_the_version_has_it(
    attribute: str, name: str, since: float, asks: bool, of_results: bool
) -> None:
    options = RunOptions(**{attribute: asks})  # type: ignore[arg-type]
    sent = {name: "true" if asks else "false"}
    for version in (None, since, 12.0):
        assert options.parameters(version) == sent
        assert options.result_parameters(version) == (sent if of_results else {})
    with pytest.raises(NotSupported, match=name) as caught:
        options.parameters(since - 0.05)
    assert caught.value.feature == attribute
    usual = RunOptions(**{attribute: not asks})  # type: ignore[arg-type]
    assert usual.parameters(since - 0.05) == {}
    assert usual.parameters(since) == {name: "false" if asks else "true"}


def test_further_parameters_are_sent_as_they_are_and_win() -> None:
    options = RunOptions(out_sr=4326, env={"env:workspace": "x", "context": "{}"})
    assert options.parameters(11.1) == {"context": "{}", "env:workspace": "x"}
    assert options.result_parameters(11.1) == {}


@every_case(
    ("given", "parameter"),
    [
        ({"out_sr": "mercator"}, "out_sr"),
        ({"process_sr": True}, "process_sr"),
        ({"extent": (1, 2, 3)}, "extent"),
        ({"extent": {"xmin": 1}}, "extent"),
        ({"extent": Extent(1, 2, 3, 4, spatial_reference=SpatialReference(name="X"))}, "extent"),
        ({"return_z": 1}, "return_z"),
        ({"simplify_features": "false"}, "simplify_features"),
        ({"env": {"f": "html"}}, "env"),
        ({"env": {"token": "secret"}}, "env"),
        ({"env": {"env:x": 1}}, "env"),
        ({"env": ["env:x"]}, "env"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(given: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RunOptions(**given)
    assert caught.value.parameter == parameter
    assert "secret" not in str(caught.value)
