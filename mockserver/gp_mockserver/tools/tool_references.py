"""What the inputs of a tool refer to: features, rows and files, or the error messages of ArcGIS's tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gp_protocol.errors import shown
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.parameter_specs import PLAIN, ParameterSpec
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster

from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed

if TYPE_CHECKING:
    from gp_mockserver.running.own_addresses import LocalFile

T = TypeVar("T")

_REFERENCES = (LayerReference, ItemReference, DataFile, Raster)


def features(call: ToolCall, name: str, element: Any = None) -> FeatureSet:
    """The features of an input, within the extent of the call. Raises ToolFailed."""
    value = _value(call, name, element)
    if not isinstance(value, FeatureSet):
        spec = _spec(call, name, element)
        value = _followed(call, name, value, lambda own: own.features(value, spec))
        if call.extent is not None:
            from gp_mockserver.geometry.spatial import within_extent

            value = within_extent(value, call.extent)
    features: FeatureSet = value
    return features


def records(call: ToolCall, name: str, element: Any = None) -> RecordSet:
    """The rows of an input. Raises ToolFailed."""
    value = _value(call, name, element)
    if isinstance(value, RecordSet):
        return value
    spec = _spec(call, name, element)
    rows: RecordSet = _followed(call, name, value, lambda own: own.records(value, spec))
    return rows


def local_file(call: ToolCall, name: str, element: Any = None) -> LocalFile:
    """The file of an input. Raises ToolFailed."""
    value = _value(call, name, element)
    file: LocalFile = _followed(call, name, value, lambda own: own.file(value))
    return file


def is_in_reach(call: ToolCall, name: str, element: Any = None) -> bool:
    """Whether the site may follow an input, if it is a reference."""
    value = call.inputs[name] if element is None else element
    return (
        isinstance(value, _REFERENCES) and call.references is not None and call.references.is_in_reach(value)
    )


def _value(call: ToolCall, name: str, element: Any) -> Any:
    value = call.inputs[name] if element is None else element
    if value is None:
        raise ToolFailed(f"ERROR 000735: {_label(call, name)}: Value is required")
    return value


def _followed(call: ToolCall, name: str, value: Any, follow: Callable[[Any], T]) -> T:
    from gp_mockserver.running.input_references import NotReadable
    from gp_mockserver.running.references_given import dataset_name

    label = _label(call, name)
    if not isinstance(value, _REFERENCES):
        raise ToolFailed(f"ERROR 000840: {label}: met {shown(value)}, expected a reference or what it means.")
    if call.references is None:
        called = dataset_name(value)
        raise ToolFailed(f"ERROR 000732: {label}: Dataset {called} does not exist or is not supported")
    try:
        return follow(call.references)
    except NotReadable as error:
        raise ToolFailed(
            f"ERROR 000732: {label}: Dataset {error.dataset} does not exist or is not supported",
            f"{label}: {error.dataset}: {error.why}",
        ) from None


def _label(call: ToolCall, name: str) -> str:
    parameter = call.task.parameter(name)
    return parameter.display_name if parameter and parameter.display_name else name.replace("_", " ")


def _spec(call: ToolCall, name: str, element: Any) -> ParameterSpec:
    """What a file's features take where they say nothing: the fields of the parameter's default."""
    parameter = call.task.parameter(name)
    return PLAIN if element is not None or parameter is None else parameter
