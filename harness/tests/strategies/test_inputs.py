"""What is drawn for a task is what servers with that task accept, or refuse for the one wrong thing in it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from gp_client import GPClient, InvalidInput, SharedClock
from gp_client.inputs.inputs import encode_inputs
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.running.task_inputs import BadInputs, read_inputs
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import (
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
    parse_parameter,
)
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.units import LINEAR_UNITS
from gp_protocol.versions import PROFILES, profile
from gpharness.in_process import SiteTransport
from gpharness.strategies import (
    InputFault,
    can_be_wrong,
    feature_sets,
    inputs,
    nearly_valid_inputs,
    tasks,
    values,
)
from gpharness.strategies.drawn_features import REFERENCES
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

VERSIONS = sorted(PROFILES)
FEW = max(1, settings.default.max_examples // 4)
"""Examples that ask a mock over HTTP."""
BUILT_IN = ["WorldViewshed/viewshed", "GPFolder/BufferService/BufferPoints", "DataTypes/Echo/Echo"]
ROOT = "https://gis.example.com"


def wanted(name: str, data_type: str, **rules: Any) -> Parameter:
    return parse_parameter(
        {"name": name, "dataType": data_type, "parameterType": "esriGPParameterTypeRequired", **rules}
    )


def smallest(strategy: st.SearchStrategy[Any], condition: Any = None) -> Any:
    how = settings(database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
    return find(strategy, condition or (lambda drawn: True), settings=how)


def served(task: Task, version: str) -> Site:
    site = Site(version=version, clock=JumpingClock())
    site.add_service(Service("Tools", execution_type=task.execution_type)).add_task(task)
    return site


VERSION_AND_TASK = st.sampled_from(VERSIONS).flatmap(
    lambda version: st.tuples(st.just(version), tasks(version=version))
)


@given(
    VERSION_AND_TASK.flatmap(
        lambda drawn: st.tuples(st.just(drawn), inputs(drawn[1], version=drawn[0], references=True))
    )
)
def test_what_is_drawn_is_read_by_a_server_and_written_by_the_client(
    drawn: tuple[tuple[str, Task], dict[str, str]],
) -> None:
    (version, task), texts = drawn
    read = read_inputs(task, texts, profile(version))
    sent = encode_inputs(task, texts, version=profile(version).number)
    assert read_inputs(task, sent, profile(version)) == read


@given(
    VERSION_AND_TASK.flatmap(
        lambda drawn: st.tuples(st.just(drawn), inputs(drawn[1], version=drawn[0], form="value"))
    )
)
def test_values_are_those_that_arrive(drawn: tuple[tuple[str, Task], dict[str, Any]]) -> None:
    (version, task), values = drawn
    sent = encode_inputs(task, values, version=profile(version).number)
    read = read_inputs(task, sent, profile(version))
    assert {name: read[name] for name in values} == values


@given(VERSION_AND_TASK.flatmap(lambda drawn: st.tuples(st.just(drawn), inputs(drawn[1], version=drawn[0]))))
@settings(max_examples=FEW)
def test_a_mock_runs_the_task_and_the_client_reads_what_comes_of_it(
    drawn: tuple[tuple[str, Task], dict[str, str]],
) -> None:
    (version, task), texts = drawn
    site = served(task, version)
    with httpx.Client(transport=SiteTransport(site, ROOT)) as http:
        client = GPClient(f"{ROOT}/arcgis", http=http, clock=SharedClock())
        result = client.task(f"Tools/{task.label}").run(texts)
    assert set(result) == {each.name for each in task.outputs}


WRONG = VERSION_AND_TASK.filter(lambda drawn: can_be_wrong(drawn[1], version=drawn[0])).flatmap(
    lambda drawn: st.tuples(st.just(drawn), nearly_valid_inputs(drawn[1], version=drawn[0]))
)


@given(WRONG)
def test_what_is_nearly_valid_has_exactly_one_fault_which_a_server_names(
    drawn: tuple[tuple[str, Task], tuple[dict[str, str], InputFault]],
) -> None:
    (version, task), (texts, fault) = drawn
    with pytest.raises(BadInputs) as refused:
        read_inputs(task, texts, profile(version))
    faults = [each.path.partition(".")[0].partition("[")[0] for each in refused.value.faults]
    missing = [each.name for each in refused.value.missing]
    assert faults + missing == [fault.parameter]
    assert (fault.kind == "missing") == bool(missing)
    assert texts.get(fault.parameter) == fault.text


@given(WRONG)
@settings(max_examples=FEW)
def test_what_is_nearly_valid_is_refused_over_http_or_fails_by_the_name_of_its_parameter(
    drawn: tuple[tuple[str, Task], tuple[dict[str, str], InputFault]],
) -> None:
    (version, task), (texts, fault) = drawn
    verb = "execute" if task.execution_type is ExecutionType.SYNCHRONOUS else "submitJob"
    url = f"{ROOT}/arcgis/rest/services/Tools/GPServer/{task.label}/{verb}"
    with httpx.Client(transport=SiteTransport(served(task, version), ROOT)) as http:
        answer = http.post(url, data={**texts, "f": "json"}).json()
    assert fault.parameter in str(answer["error"]["details"])


@given(WRONG)
@settings(max_examples=FEW)
def test_what_is_nearly_valid_is_not_sent_by_the_client(
    drawn: tuple[tuple[str, Task], tuple[dict[str, str], InputFault]],
) -> None:
    (version, task), (texts, fault) = drawn
    with pytest.raises(InvalidInput, match=fault.parameter):
        encode_inputs(task, texts, version=profile(version).number)


@pytest.mark.parametrize("path", BUILT_IN)
@settings(max_examples=FEW)
@given(data=st.data())
def test_the_built_in_tasks_run_with_what_is_drawn(path: str, data: st.DataObject) -> None:
    task = builtin_site().find_task(path).descriptor
    given_inputs = data.draw(_inputs_of(path, task))
    with httpx.Client(transport=SiteTransport(builtin_site(clock=JumpingClock()), ROOT)) as http:
        client = GPClient(f"{ROOT}/arcgis", http=http, clock=SharedClock())
        client.task(path).run(given_inputs)


_drawn_for: dict[str, st.SearchStrategy[dict[str, str]]] = {}


def _inputs_of(path: str, task: Task) -> st.SearchStrategy[dict[str, str]]:
    return _drawn_for.setdefault(path, inputs(task, version="12.0"))


OPTIONAL = Task(
    "T",
    execution_type=ExecutionType.SYNCHRONOUS,
    parameters=(
        wanted("Points", "GPFeatureRecordSetLayer"),
        *(
            Parameter(name.rpartition(":")[2], name, parameter_type=ParameterType.OPTIONAL)
            for name in (
                "GPString",
                "GPLong",
                "GPBoolean",
                "GPDate",
                "GPLinearUnit",
                "GPRecordSet",
                "GPMultiValue:GPDouble",
            )
        ),
    ),
)


@given(inputs(OPTIONAL, blanks=True), inputs(OPTIONAL, blanks=True, form="value"))
@settings(max_examples=FEW)
def test_blank_inputs_are_as_good_as_none(texts: dict[str, str], values: dict[str, Any]) -> None:
    kept = {name: text for name, text in texts.items() if text not in ("", "null", "{}")}
    assert read_inputs(OPTIONAL, texts, profile("11.1")) == read_inputs(OPTIONAL, kept, profile("11.1"))
    sent = encode_inputs(OPTIONAL, values)
    assert set(sent) == {name for name, value in values.items() if value is not None}


def seen(drawn: st.SearchStrategy[Any], examples: int) -> list[Any]:
    found: list[Any] = []
    settings(max_examples=examples)(given(drawn)(lambda each: found.append(each)))()
    return found


def test_the_forms_of_a_value_all_come_up() -> None:
    sets = seen(feature_sets(), 120)
    assert {each.spatial_reference for each in sets} == {None, *REFERENCES}
    units = {each.units for each in seen(values("GPLinearUnit"), 150)}
    assert units == {*LINEAR_UNITS} - {"esriUnknownUnits"}
    texts = {text for each in seen(inputs(OPTIONAL, blanks=True), 40) for text in each.values()}
    assert {"", "null", "{}"} <= texts


# What shrinks, shrinks to what is read at a glance.


def test_the_smallest_inputs_are_one_point_at_0_0() -> None:
    task = Task(
        "T",
        parameters=(
            wanted("Points", "GPFeatureRecordSetLayer"),
            Parameter("Note", "GPString", parameter_type=ParameterType.OPTIONAL),
        ),
    )
    assert smallest(inputs(task)) == {
        "Points": '{"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, '
        '"features": [{"geometry": {"x": 0, "y": 0}}]}'
    }


def test_the_smallest_wrong_inputs_leave_one_out_and_the_smallest_of_a_kind_say_no_more_than_it() -> None:
    task = Task("T", parameters=(wanted("Count", "GPLong"), wanted("Note", "GPString")))
    assert smallest(nearly_valid_inputs(task)) == ({"Note": "a"}, InputFault("Count", "missing"))
    of_type = smallest(nearly_valid_inputs(task), lambda drawn: drawn[1].kind == "type")
    assert of_type == ({"Count": "one", "Note": "a"}, InputFault("Count", "type", "one"))


def test_a_number_shrinks_to_the_edge_of_what_is_looked_for() -> None:
    task = Task("T", parameters=(wanted("Count", "GPLong"),))
    assert smallest(inputs(task), lambda drawn: int(drawn["Count"]) > 12) == {"Count": "13"}


# What the descriptor says is obeyed.


@given(st.data())
def test_a_field_is_one_of_the_layer_that_it_depends_on(data: st.DataObject) -> None:
    filters = {"filter": {"type": "field", "list": ["esriFieldTypeDouble"]}}
    task = Task(
        "T",
        parameters=(
            wanted("Zone", "Field", dependency="Areas", **filters),
            wanted("Areas", "GPFeatureRecordSetLayer"),
        ),
    )
    drawn = data.draw(inputs(task, form="value"))
    assert drawn["Zone"] in drawn["Areas"].fields
    assert drawn["Zone"].type == "esriFieldTypeDouble"
    assert list(drawn) == ["Zone", "Areas"]


SCHEMA = {
    "geometryType": "esriGeometryPolyline",
    "hasZ": True,
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "FID", "type": "esriFieldTypeOID", "alias": "FID"},
        {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 4},
    ],
    "features": [],
}


@given(
    inputs(
        Task("T", parameters=(wanted("Lines", "GPFeatureRecordSetLayer", defaultValue=SCHEMA),)), form="value"
    )
)
def test_features_follow_the_schema_of_their_parameter(drawn: dict[str, FeatureSet]) -> None:
    lines = drawn["Lines"]
    assert (lines.geometry_type, lines.has_z) == ("esriGeometryPolyline", True)
    assert lines.spatial_reference is not None  # where a schema has one, that is what none would stand for
    assert [field.name for field in lines.fields] == ["FID", "Name"]
    for number, feature in enumerate(lines.features, 1):
        assert feature["attributes"].get("FID", number) == number
        assert len(feature["attributes"].get("Name") or "") <= 4
        assert all(len(vertex) == 3 for path in feature["geometry"]["paths"] for vertex in path)


@pytest.mark.parametrize(
    ("parameter", "allowed"),
    [
        (wanted("P", "GPString", choiceList=["car", "foot"]), {"car", "foot"}),
        (wanted("P", "GPLong", choiceList=["1", "2", "30"]), {"1", "2", "30"}),
        (wanted("P", "GPLong", filter={"type": "range", "minimum": 3, "maximum": 5}), {"3", "4", "5"}),
        (wanted("P", "GPLong", filter={"type": "range", "minimum": 2.5, "maximum": 3.5}), {"3"}),
        (wanted("P", "GPMultiValue:GPString", choiceList=["a", "b"]), {'["a"]', '["b"]', '["a", "b"]'}),
        (
            wanted(
                "P",
                "GPLong",
                filter={"type": "codedValue", "list": [{"dataType": "GPLong", "name": "six", "value": 6}]},
            ),
            {"6"},
        ),
    ],
    ids=["texts", "numbers", "range", "narrow range", "many texts", "coded values"],
)
def test_choice_lists_and_filters_are_all_there_is(parameter: Parameter, allowed: set[str]) -> None:
    seen: set[str] = set()

    @given(inputs(Task("T", parameters=(parameter,))))
    def look(drawn: dict[str, str]) -> None:
        seen.add(drawn["P"])

    look()
    assert seen == allowed


def test_what_is_required_is_there_and_what_has_a_default_or_is_optional_may_be_left_out() -> None:
    parameters = (
        wanted("Needed", "GPLong"),
        wanted("Usual", "GPLong", defaultValue=5),
        wanted("Schema", "GPRecordSet", defaultValue=SCHEMA),
        Parameter("Free", "GPLong", parameter_type=ParameterType.OPTIONAL),
    )
    seen: set[tuple[str, ...]] = set()

    @given(inputs(Task("T", parameters=parameters)))
    def look(drawn: dict[str, str]) -> None:
        seen.add(tuple(drawn))

    look()
    assert seen == {
        ("Needed", "Schema"),
        ("Needed", "Usual", "Schema"),
        ("Needed", "Schema", "Free"),
        ("Needed", "Usual", "Schema", "Free"),
    }


@pytest.mark.parametrize(
    "parameter",
    [
        wanted("P", "GPHologram"),
        wanted("P", "GPLong", filter={"type": "range", "minimum": 5, "maximum": 3}),
        wanted("P", "GPComposite"),
    ],
    ids=["unknown type", "empty range", "no members"],
)
def test_a_required_input_without_values_is_named(parameter: Parameter) -> None:
    with pytest.raises(ValueError, match=r"task 'T': its required input 'P' of type .* can have no value"):
        inputs(Task("T", parameters=(parameter,)))


def test_a_task_that_takes_anything_is_told_so() -> None:
    task = Task("T", parameters=(Parameter("Note", "GPString", parameter_type=ParameterType.OPTIONAL),))
    assert not can_be_wrong(task)
    with pytest.raises(ValueError, match="task 'T' takes anything"):
        nearly_valid_inputs(task)


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_version_inputs_are_right_and_wrong_in_every_version(version: str) -> None:
    task = Task("T", parameters=(wanted("Count", "GPLong"),))

    @given(inputs(task), nearly_valid_inputs(task))
    @settings(max_examples=FEW)
    def holds(right: dict[str, str], wrong: tuple[dict[str, str], InputFault]) -> None:
        read_inputs(task, right, profile(version))
        with pytest.raises(BadInputs):
            read_inputs(task, wrong[0], profile(version))

    holds()
