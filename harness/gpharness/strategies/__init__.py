"""Hypothesis strategies made from what a server says of its tasks: inputs, values, descriptors, sites, jobs.

    from gpharness.strategies import inputs, nearly_valid_inputs

    @given(inputs(task))
    def test_my_client_runs_it(given): ...

| strategy | draws |
|---|---|
| `inputs(task)` | the inputs of a run that the task's descriptor allows, as the texts of a request by name |
| `nearly_valid_inputs(task)` | the same with exactly one fault, and an `InputFault` that says which |
| `values(data_type, parameter)` | a value of a data type, in Python or as it stands on the wire |
| `feature_sets(schema)` | features with the geometry type, fields and spatial reference of a schema |
| `parameters`, `tasks`, `descriptors` | what a server of some version may describe |
| `timelines()`, `sites()` | how jobs go, and mocks with random services, tasks and jobs |

`gpharness.strategies.machines` is a stateful test of any server's jobs. What is found shrinks to small
examples: one point at 0,0, one word, a job without a wait.

Hypothesis is an optional dependency: without it this package says so when it is imported (ImportError).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

try:
    import hypothesis as _  # noqa: F401
except ImportError:
    raise ImportError(
        "gpharness.strategies draws with Hypothesis, which is not installed: pip install hypothesis",
        name="hypothesis",
    ) from None

if TYPE_CHECKING:
    from gpharness.strategies.drawn_descriptors import Described as Described
    from gpharness.strategies.drawn_descriptors import descriptors as descriptors
    from gpharness.strategies.drawn_descriptors import parameters as parameters
    from gpharness.strategies.drawn_descriptors import tasks as tasks
    from gpharness.strategies.drawn_features import feature_sets as feature_sets
    from gpharness.strategies.drawn_features import record_sets as record_sets
    from gpharness.strategies.drawn_inputs import inputs as inputs
    from gpharness.strategies.drawn_sites import sites as sites
    from gpharness.strategies.drawn_timelines import timelines as timelines
    from gpharness.strategies.drawn_values import values as values
    from gpharness.strategies.input_faults import InputFault as InputFault
    from gpharness.strategies.input_faults import can_be_wrong as can_be_wrong
    from gpharness.strategies.input_faults import nearly_valid_inputs as nearly_valid_inputs
    from gpharness.strategies.machines import JobMachine as JobMachine
    from gpharness.strategies.machines import job_machine as job_machine

_HOMES = {
    "Described": "drawn_descriptors",
    "InputFault": "input_faults",
    "JobMachine": "machines",
    "can_be_wrong": "input_faults",
    "descriptors": "drawn_descriptors",
    "feature_sets": "drawn_features",
    "inputs": "drawn_inputs",
    "job_machine": "machines",
    "nearly_valid_inputs": "input_faults",
    "parameters": "drawn_descriptors",
    "record_sets": "drawn_features",
    "sites": "drawn_sites",
    "tasks": "drawn_descriptors",
    "timelines": "drawn_timelines",
    "values": "drawn_values",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    """The public names too, which are imported when they are first used."""
    return sorted({*globals(), *__all__})
