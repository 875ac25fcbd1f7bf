"""Whatever value a client sends through the mock's echo comes back to it as it was, at once and as a job."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from gp_client import AsyncGPClient, CompositeValue, SharedClock
from gp_mockserver import ManualClock, MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from hypothesis import given, settings
from hypothesis import strategies as st

_PATH = Path(__file__).parents[1] / "protocol/tests/test_round_trips.py"
_spec = importlib.util.spec_from_file_location("spaces_of_values", _PATH)
assert _spec is not None
assert _spec.loader is not None
_spaces = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_spaces)
SPACES: dict[str, Any] = _spaces.SPACES
"""The values of each data type, as the protocol's own tests know them."""

MEMBERS = ("GPLong", "GPLinearUnit", "GPString")
"""What a value of the echo's GPComposite may be."""
COLUMNS = ("GPString", "GPDouble", "GPLong")
"""Those of the echo's GPValueTable."""
TASKS = ("DataTypes/Echo/Echo", "DataTypes/EchoJob/Echo")
EXAMPLES = max(1, settings.default.max_examples // 5)
"""Of a task that is run: a job is asked for each of its results."""
EVERYTHING = {"return_z": True, "return_m": True, "return_true_curves": True}

Call = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(scope="module")
def echoed() -> Iterator[Call]:
    """Runs an echo task with inputs by name; its outputs."""
    clock = ManualClock()
    app = MockServer([builtin_site(clock=clock)])
    with asyncio.Runner() as runner:
        client = AsyncGPClient(
            "http://testserver/arcgis",
            http=httpx.AsyncClient(transport=httpx.ASGITransport(app)),
            clock=SharedClock(clock.advance, start=clock.now()),
            seed=1,
        )
        yield lambda task, inputs: runner.run(client.task(task).with_options(**EVERYTHING).run(inputs))


def values(name: str) -> st.SearchStrategy[Any]:
    if name == "GPString":
        return SPACES[name].both.filter(lambda text: text.strip())
    if name in ("GPSQLExpression", "GPStringHidden"):  # where blanks alone are no value
        return SPACES[name].both.filter(lambda text: not text or text.strip())
    return SPACES[name].both


COMPOSITES = st.sampled_from(MEMBERS).flatmap(
    lambda name: values(name).map(lambda value: CompositeValue(name, value))
)
ALONE = {
    **{name: values(name) for name in SPACES},
    "GPComposite": COMPOSITES,
    "GPValueTable": st.lists(st.tuples(*map(values, COLUMNS)).map(list), max_size=3),
}
IN_LISTS = {
    f"GPMultiValue:{name}": st.lists(each, min_size=1, max_size=3)
    for name, each in {**{name: values(name) for name in SPACES}, "GPComposite": COMPOSITES}.items()
}


def there_and_back(echoed: Call, task: str, given: dict[str, Any]) -> dict[str, Any]:
    """Values by data type, sent all at once; what came back of them."""
    own = {name: name.replace(":", "_") for name in given}
    came = echoed(task, {f"In_{own[name]}": value for name, value in given.items()})
    return {name: came[f"Out_{own[name]}"] for name in given}


def answered(value: Any) -> Any:
    """A value as a server answers it: each row of a set has all fields, null where none was given."""
    if isinstance(value, list):
        return [answered(each) for each in value]
    if not isinstance(value, FeatureSet | RecordSet):
        return value
    nulls = {each.name: None for each in value.fields if each.type != "esriFieldTypeGeometry"}
    rows = [{**row, "attributes": nulls | row["attributes"]} for row in value.features]
    return msgspec.structs.replace(value, features=rows)


def test_every_data_type_is_here() -> None:
    task = builtin_site().find_task(TASKS[0]).descriptor
    assert sorted(each.data_type for each in task.inputs) == sorted([*ALONE, *IN_LISTS])


@pytest.mark.parametrize("task", TASKS)
@given(sent=st.fixed_dictionaries(ALONE))
@settings(max_examples=EXAMPLES)
def test_values_of_every_data_type_come_back_as_they_were(
    echoed: Call, task: str, sent: dict[str, Any]
) -> None:
    expected = {**sent, "GPComposite": sent["GPComposite"].value}  # which comes back as what it holds
    assert there_and_back(echoed, task, sent) == {name: answered(value) for name, value in expected.items()}


@pytest.mark.parametrize("task", TASKS)
@given(sent=st.fixed_dictionaries(IN_LISTS))
@settings(max_examples=EXAMPLES)
def test_lists_of_values_of_every_data_type_come_back_as_they_were(
    echoed: Call, task: str, sent: dict[str, Any]
) -> None:
    assert there_and_back(echoed, task, sent) == {name: answered(value) for name, value in sent.items()}


@pytest.mark.parametrize("task", TASKS)
@given(
    value=st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5),
    gap=st.sampled_from(["", " ", "\n  "]),
    in_a_list=st.booleans(),
)
@settings(max_examples=EXAMPLES)
def test_a_text_that_reads_as_json_comes_back_as_it_was_spelt(
    echoed: Call, task: str, value: Any, gap: str, in_a_list: bool
) -> None:
    text = f'{{"a":{gap}{json.dumps(value)},{gap}"b": 1.0 }}'
    if in_a_list:
        text = f"[{gap}{text}]"
    assert there_and_back(echoed, task, {"GPString": text}) == {"GPString": text}
