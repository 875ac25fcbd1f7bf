"""The inputs of a run, as a task's descriptor allows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from gp_protocol.descriptions.descriptors import Parameter, ParameterType, Task
from gp_protocol.descriptions.filters import ListFilter
from gp_protocol.errors import ProtocolError
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import FIELD_TYPES, Field
from gp_protocol.versions import Profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_features import feature_sets, record_sets
from gpharness.strategies.drawn_values import Form, fields_in, input_text, values_of
from gpharness.strategies.drawn_words import Version, profile_of

_SETS: Final = frozenset({"GPFeatureRecordSetLayer", "GPRecordSet"})
_PLAIN_TEXTS: Final = frozenset(
    {"GPString", "GPStringHidden", "GPSQLExpression", "GPLong", "GPDouble", "GPBoolean", "GPDate"}
)
"""The types whose texts are not JSON objects: of them only an empty text is none."""
_USUAL_TYPE: Final = "esriFieldTypeString"


def inputs(
    task: Task,
    *,
    form: Literal["input", "value"] = "input",
    references: bool = False,
    blanks: bool = False,
    version: Version = None,
) -> st.SearchStrategy[dict[str, Any]]:
    """Inputs by parameter name that a server with this task accepts, and the reference client sends.

    They are the texts of a request (`form="input"`), which the client's `run` takes as well, or Python's
    values (`"value"`). A required input is there unless it has a default; what is optional mostly is not. An
    input that depends on a layer names fields of that layer. With `references` some layers and files are
    addresses or uploaded items, which stand nowhere. With `blanks` some of what is left out is there all the
    same, as other clients send it: as None among values, as an empty text, `null` or `{}` among texts, which
    servers take for nothing given (*assumed*) and the reference client does not send. `version` as for
    `values`.

    Raises ValueError for a task with a required input that can have no value: of an unknown type, or with a
    filter that lets nothing through.
    """
    plan = Plan(task, profile_of(version), "input" if references else "value")
    return _inputs(plan, form, plan.blanks(form) if blanks else st.just({}))


@st.composite
def _inputs(
    draw: st.DrawFn, plan: Plan, form: Form, blanks: st.SearchStrategy[dict[str, Any]]
) -> dict[str, Any]:
    found = draw(plan.drawn)
    blank = draw(blanks)
    return plan.in_order({**blank, **(plan.texts(found) if form == "input" else found)})


class Plan:
    """In which order a task's inputs are drawn, and what each may be. Raises ValueError as `inputs` does."""

    def __init__(self, task: Task, version: Profile, side: Form = "value") -> None:
        self.task = task
        self._by_name = {parameter.name: parameter for parameter in task.inputs}
        self._alone: dict[str, st.SearchStrategy[Any]] = {}
        self._dependent: dict[str, Parameter] = {}
        self._version = version
        self._side: Form = side
        for parameter in task.inputs:
            if self._layer_of(parameter) is not None:
                self._dependent[parameter.name] = parameter
        for parameter in task.inputs:
            if parameter.name in self._dependent:
                continue
            drawn = self._values(parameter)
            if not drawn.is_empty:
                self._alone[parameter.name] = drawn
            elif is_needed(parameter):
                raise ValueError(
                    f"task {task.label!r}: its required input {parameter.name!r} of type "
                    f"{parameter.data_type} can have no value; give it a known type, and a choice list and a "
                    "filter that let one through"
                )
        self.drawn = self._all()
        """Inputs in the task's order. To make a strategy takes longer than to draw from it."""

    def _all(self) -> st.SearchStrategy[dict[str, Any]]:
        needed = {name: drawn for name, drawn in self._alone.items() if is_needed(self._by_name[name])}
        further = {name: drawn for name, drawn in self._alone.items() if name not in needed}
        alone = st.fixed_dictionaries(needed, optional=further)
        if not self._dependent:
            return alone.map(self.in_order)
        return _with_dependents(alone, self)

    def draw_dependents(self, draw: st.DrawFn, found: dict[str, Any]) -> dict[str, Any]:
        """Add the inputs that depend on layers, as these are."""
        for name, parameter in self._dependent.items():
            if not is_needed(parameter) and not draw(st.booleans()):
                continue
            drawn = self._dependent_values(parameter, found)
            if not drawn.is_empty:
                found[name] = draw(drawn)
        return self.in_order(found)

    def texts(self, found: Mapping[str, Any]) -> dict[str, str]:
        """The texts of a request for inputs."""
        return {name: input_text(self._by_name[name], value) for name, value in found.items()}

    def blanks(self, form: Form) -> st.SearchStrategy[dict[str, Any]]:
        """What says of some inputs, none of which is needed, that they are not given."""
        some = {
            each.name: st.none() if form == "value" else _one_of_blanks(each)
            for each in self.task.inputs
            if not is_needed(each)
        }
        return st.fixed_dictionaries({}, optional=some)

    def in_order(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {each.name: found[each.name] for each in self.task.inputs if each.name in found}

    def _layer_of(self, parameter: Parameter) -> Parameter | None:
        """The layer that a parameter depends on for the names of its fields."""
        layer = self._by_name.get(parameter.dependency or "")
        names_fields = parameter.data_type.removeprefix("GPMultiValue:") in ("Field", "GPSQLExpression")
        return layer if layer is not None and layer.data_type in _SETS and names_fields else None

    def _values(self, parameter: Parameter) -> st.SearchStrategy[Any]:
        wanted = self._wanted_fields(parameter) if parameter.data_type in _SETS else ()
        filled = is_needed(parameter) or bool(wanted)
        if wanted and not parameter.choice_list:
            make: Any = feature_sets if parameter.data_type == "GPFeatureRecordSetLayer" else record_sets
            found: st.SearchStrategy[Any] = make(parameter, fields=wanted, version=self._version)
            return found
        return values_of(parameter, self._version, side=self._side, filled=filled)

    def _wanted_fields(self, layer: Parameter) -> tuple[Field, ...]:
        """The fields that a layer has so that what depends on it finds one of a type that it takes."""
        types = dict.fromkeys(
            _field_type(each) for each in self._dependent.values() if self._layer_of(each) is layer
        )
        return tuple(Field(f"FIELD_{number}", kind) for number, kind in enumerate(types, 1))

    def _dependent_values(self, parameter: Parameter, found: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        layer = self._layer_of(parameter)
        assert layer is not None
        around = fields_in(found.get(layer.name)) or _fields_of_default(layer)
        return values_of(parameter, self._version, side=self._side, around=around)


@st.composite
def _with_dependents(draw: st.DrawFn, alone: st.SearchStrategy[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    return plan.draw_dependents(draw, dict(draw(alone)))


def _one_of_blanks(parameter: Parameter) -> st.SearchStrategy[str]:
    return st.just("") if parameter.data_type in _PLAIN_TEXTS else st.sampled_from(("", "null", "{}"))


def is_needed(parameter: Parameter) -> bool:
    """Whether a run without this input is refused."""
    return parameter.parameter_type is ParameterType.REQUIRED and not _has_default(parameter)


def _has_default(parameter: Parameter) -> bool:
    """Whether the default is a value that can be read and lets the parameter be left out."""
    kind = DATA_TYPES.get(parameter.data_type)
    default = parameter.default_value
    if kind is None or default is None or default in ("", {}, []):
        return False
    try:
        value = kind.decode_input(default, parameter)
    except ProtocolError:
        return False
    if isinstance(value, FeatureSet | RecordSet):
        return bool(value.features)
    return value is not None and value != []


def _field_type(parameter: Parameter) -> str:
    listed = parameter.filter
    words: Sequence[str] = listed.words if isinstance(listed, ListFilter) and listed.type == "field" else ()
    bare = {word.casefold().removeprefix("esrifieldtype") for word in words}
    known = (each for each in FIELD_TYPES if each.casefold().removeprefix("esrifieldtype") in bare)
    return next(known, _USUAL_TYPE)


def _fields_of_default(layer: Parameter) -> tuple[Field, ...]:
    default = layer.default_value
    if not isinstance(default, Mapping):
        return ()
    try:
        return fields_in(DATA_TYPES[layer.data_type].decode_input({"features": [], **default}, layer))
    except ProtocolError:
        return ()
