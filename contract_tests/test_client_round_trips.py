"""Whatever value a client sends through the mock's echo comes back to it as it was, at once and as a job."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_client import AsyncGPClient, CompositeValue, SharedClock
from gp_mockserver import ManualClock, MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
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
    return SPACES[name].both


def there_and_back(echoed: Call, task: str, name: str, value: Any) -> Any:
    own = name.replace(":", "_")
    return echoed(task, {f"In_{own}": value})[f"Out_{own}"]


def test_every_data_type_is_here() -> None:
    several = {f"GPMultiValue:{name}" for name in [*SPACES, "GPComposite"]}
    task = builtin_site().find_task(TASKS[0]).descriptor
    assert {each.data_type for each in task.inputs} == {*SPACES, *several, "GPComposite", "GPValueTable"}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", sorted(SPACES))
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_value_comes_back_as_it_was(echoed: Call, task: str, name: str, data: st.DataObject) -> None:
    value = data.draw(values(name))
    assert there_and_back(echoed, task, name, value) == value


@pytest.mark.parametrize("task", TASKS)
@given(
    value=st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5),
    gap=st.sampled_from(["", " ", "\n  "]),
)
@settings(max_examples=20, deadline=None)
def test_a_text_that_reads_as_json_comes_back_as_it_was_spelt(
    echoed: Call, task: str, value: Any, gap: str
) -> None:
    text = f'{{"a":{gap}{json.dumps(value)},{gap}"b": 1.0 }}'
    assert there_and_back(echoed, task, "GPString", text) == text
    assert there_and_back(echoed, task, "GPString", f"[{gap}{text}]") == f"[{gap}{text}]"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", sorted(SPACES))
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_several_values_come_back_as_they_were(
    echoed: Call, task: str, name: str, data: st.DataObject
) -> None:
    several = data.draw(st.lists(values(name), min_size=1, max_size=3))
    assert there_and_back(echoed, task, f"GPMultiValue:{name}", several) == several


def composites() -> st.SearchStrategy[CompositeValue]:
    return st.sampled_from(MEMBERS).flatmap(
        lambda name: values(name).map(lambda value: CompositeValue(name, value))
    )


@pytest.mark.parametrize("task", TASKS)
@given(value=composites())
@settings(max_examples=20, deadline=None)
def test_a_composite_comes_back_as_what_it_holds(echoed: Call, task: str, value: CompositeValue) -> None:
    assert there_and_back(echoed, task, "GPComposite", value) == value.value


@pytest.mark.parametrize("task", TASKS)
@given(several=st.lists(composites(), min_size=1, max_size=3))
@settings(max_examples=10, deadline=None)
def test_several_composites_come_back_as_they_were(
    echoed: Call, task: str, several: list[CompositeValue]
) -> None:
    assert there_and_back(echoed, task, "GPMultiValue:GPComposite", several) == several


@pytest.mark.parametrize("task", TASKS)
@given(rows=st.lists(st.tuples(*map(values, COLUMNS)).map(list), max_size=3))
@settings(max_examples=20, deadline=None)
def test_a_table_comes_back_as_it_was(echoed: Call, task: str, rows: list[list[Any]]) -> None:
    assert there_and_back(echoed, task, "GPValueTable", rows) == rows
