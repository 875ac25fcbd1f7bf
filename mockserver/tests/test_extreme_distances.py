"""The tools that reckon with distances on the ground make areas of whatever they get, or say why not."""

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.builtin.builtin_tools import SHORTEST_DISTANCE
from gp_mockserver.tools.tool_calls import Outcome, ToolCall, run_tool
from gp_protocol.job_states import JobStatus
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import SpatialReference
from gp_protocol.values.units import LINEAR_UNITS, LinearUnit
from hypothesis import example, given
from hypothesis import strategies as st

from every_case import every_case

VIEWSHED = "WorldViewshed/viewshed"
BUFFER = "GPFolder/BufferService/BufferPoints"
INPUTS = {
    VIEWSHED: ("Input_Observation_Point", "Viewshed_Distance"),
    BUFFER: ("Input_Points", "Distance"),
}
TASKS = {path: builtin_site().find_task(path) for path in INPUTS}

HALVES = {
    4326: (180.0, 90.0),
    3857: (20037508.342789244, 20037508.342789244),
    54003: (20015086.0, 14671436.0),
}
"""How far the world reaches from 0, 0, by spatial reference."""

OUT = st.sampled_from([None, *HALVES])
DISTANCES = st.one_of(
    st.integers(-300, 307).map(lambda exponent: 10.0**exponent),
    st.floats(5e-324, 1e308),
    st.floats(SHORTEST_DISTANCE, 2e7),
    st.sampled_from([1e308, SHORTEST_DISTANCE, math.nextafter(SHORTEST_DISTANCE, 0)]),
)


def ordinates(half: float) -> st.SearchStrategy[float]:
    edges = [0.0, half, math.nextafter(half, 0), half - 1e-10, half * 1.0000001, 1e-300, half * 4, 1e308]
    return st.floats(-half, half) | st.sampled_from(edges + [-edge for edge in edges])


PLACES = st.sampled_from(list(HALVES)).flatmap(
    lambda wkid: st.tuples(st.just(wkid), *(ordinates(half) for half in HALVES[wkid]))
)


def run(path: str, wkid: int, geometry: dict[str, Any], distance: LinearUnit, out: int | None) -> Outcome:
    task = TASKS[path]
    features, far = INPUTS[path]
    given = FeatureSet(
        spatial_reference=SpatialReference(wkid=wkid), features=[{"attributes": {}, "geometry": geometry}]
    )
    call = ToolCall(
        job_id="j",
        task=task.descriptor,
        inputs={features: given, far: distance},
        given={},
        seed=1,
        out_sr=SpatialReference(wkid=out) if out else None,
        process_sr=None,
        extent=None,
        make_scratch=lambda: pytest.fail("no file is made"),
    )
    return run_tool(task.tool, call)


def check(outcome: Outcome) -> None:
    """Hold an outcome to be one area, or a failure that the tool foresaw."""
    assert outcome.error is None
    if outcome.status is not JobStatus.SUCCEEDED:
        assert outcome.messages
        return
    (made,) = outcome.outputs.values()
    (feature,) = made.features
    assert feature["attributes"]["Shape_Length"] > 0
    assert feature["attributes"]["Shape_Area"] > 0
    for ring in feature["geometry"]["rings"]:
        assert ring[0] == ring[-1]
        assert all(math.isfinite(each) for vertex in ring for each in vertex)
        assert shapely.Polygon(ring).is_valid


@pytest.mark.parametrize("path", INPUTS)
@given(PLACES, st.builds(LinearUnit, DISTANCES, st.sampled_from(LINEAR_UNITS)), OUT)
@example((4326, 0.0, 90.0), LinearUnit(1e-300), None)
@example((4326, 180.0, 1.0), LinearUnit(5e-324, "esriInches"), 3857)
@example((4326, 1e308, 45.0), LinearUnit(1000.0), None)
@example((4326, 720.0, 45.0), LinearUnit(1000.0), None)
@example((4326, 180.0, 0.0), LinearUnit(1.0, "esriNauticalMiles"), 54003)
@example((54003, 1e308, -3293689.9813445713), LinearUnit(100_000.0), None)
@example((54003, -20012029.0, 9908058.115234375), LinearUnit(100_000.0), None)
@example((54003, 0.0, 14669799.0), LinearUnit(6533463.0, "esriPoints"), None)
@example((54003, 0.0, 14671158.0), LinearUnit(0.75, "esriMiles"), 4326)
@example((54003, 0.0, 0.0), LinearUnit(1e308, "esriNauticalMiles"), 4326)
def test_a_viewshed_or_buffer_of_any_place_is_an_area_or_a_failure_that_says_why(path, place, distance, out):
    wkid, x, y = place
    check(run(path, wkid, {"x": x, "y": y}, distance, out))


@every_case("path", INPUTS)
@every_case(("x", "y"), [(0.0, 0.0), (180.0, 0.0), (-180.0, 60.0), (7.0, 90.0), (-7.0, -90.0)])
@every_case("meters", [SHORTEST_DISTANCE, 1.0, 50_000.0])
def test_the_shortest_viewshed_and_buffer_are_areas_at_the_poles_and_the_antimeridian(path, x, y, meters):
    outcome = run(path, 4326, {"x": x, "y": y}, LinearUnit(meters), None)
    assert outcome.status is JobStatus.SUCCEEDED
    check(outcome)


@every_case(("path", "name"), [(path, far) for path, (_, far) in INPUTS.items()])
@every_case(
    ("distance", "unit"), [(1e-300, "esriMeters"), (0.9, "esriMillimeters"), (1e-9, "esriDecimalDegrees")]
)
def test_a_viewshed_or_buffer_of_next_to_nothing_is_an_error_that_names_the_parameter(
    path, name, distance, unit
):
    outcome = run(path, 4326, {"x": 0.0, "y": 90.0}, LinearUnit(distance, unit), None)
    first, second = [message.text for message in outcome.messages]
    assert first == f"ERROR 000628: Cannot set input into parameter {name}."
    assert second.endswith(f"met {distance:g} {unit}, expected 0.001 meters at least.")


@every_case(
    ("geometry", "said"),
    [
        ({"paths": [[[0.0, 0.0], [1e308, 10.0]]]}, "no place in spatial reference 4326"),
        ({"paths": [[[-700.0, 0.0], [700.0, 10.0]]]}, "no place in spatial reference 4326"),
        ({"points": [[1e300, 0.0]]}, "no place in spatial reference 4326"),
        (
            {"rings": [[[0.0, 0.0], [1e308, 1.0], [-1e308, 2.0], [3.0, 4.0], [0.0, 0.0]]]},
            "no place in spatial reference 4326",
        ),
        (
            {"rings": [[[-1e308, 1e308], [1e308, 0.0], [0.0, 0.0], [0.0, 1e308], [-1e308, 1e308]]]},
            "coordinates too large",
        ),
    ],
)
def test_a_buffer_of_what_reaches_beyond_the_world_says_so(geometry, said):
    outcome = run(BUFFER, 4326, geometry, LinearUnit(1000.0), None)
    assert outcome.error is None
    assert said in outcome.messages[0].text


def test_a_buffer_of_an_envelope_without_width_is_that_of_its_line():
    outcome = run(
        BUFFER, 4326, {"xmin": 1.0, "ymin": 1.0, "xmax": 1.0, "ymax": 2.0}, LinearUnit(1000.0), None
    )
    check(outcome)
    (feature,) = outcome.outputs["Output_Polygons"].features
    area = shapely.Polygon(feature["geometry"]["rings"][0])
    assert area.covers(shapely.LineString([(1, 1), (1, 2)]))
    assert area.bounds == pytest.approx((0.991, 0.991, 1.009, 2.009), abs=1e-3)
