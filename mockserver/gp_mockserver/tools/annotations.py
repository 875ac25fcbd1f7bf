"""Which data type a Python annotation stands for.

`bool`, `int`, `float`, `str`, `datetime` and the value classes of `gp_protocol` each have one; `Literal["a",
"b"]` is a text with a choice list, `list[T]` a `GPMultiValue:T`. `Annotated` adds `Choices(…)`, `Range(low,
high)` and `OfType("GPSQLExpression")`, for the types that share a Python class.
"""

from __future__ import annotations

import types
import typing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from gp_protocol.descriptions.filters import Filter, RangeFilter
from gp_protocol.errors import ProtocolError
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from gp_mockserver.errors import SiteError


class Choices:
    """The texts that an input may be: its choice list."""

    def __init__(self, *words: str) -> None:
        self.words = words


class Range(msgspec.Struct, frozen=True):
    """The numbers that an input may be, both ends included; None leaves an end open."""

    minimum: float | None = None
    maximum: float | None = None


class OfType(msgspec.Struct, frozen=True):
    """The name of the data type, where the Python class alone does not tell it."""

    name: str


class Kind(msgspec.Struct, frozen=True):
    """What an annotation stands for: a data type, what narrows it, and the classes that its values have, or
    those of a list's elements."""

    data_type: str
    python_types: tuple[type, ...] = ()
    choices: tuple[str, ...] | None = None
    filter: Filter | None = None
    is_list: bool = False


_KINDS: dict[type, str] = {
    bool: "GPBoolean",
    int: "GPLong",
    float: "GPDouble",
    str: "GPString",
    datetime: "GPDate",
    LinearUnit: "GPLinearUnit",
    ArealUnit: "GPArealUnit",
    TimeUnit: "GPTimeUnit",
    FeatureSet: "GPFeatureRecordSetLayer",
    RecordSet: "GPRecordSet",
    DataFile: "GPDataFile",
    Raster: "GPRasterDataLayer",
    Field: "Field",
    SpatialReference: "GPSpatialReference",
    Extent: "GPExtent",
    CompositeValue: "GPComposite",
}
_REFERENCES = (LayerReference, ItemReference)
POSSIBLE = (
    *(kind.__name__ for kind in _KINDS),
    'Literal["a", "b"]',
    "list[…] of one of them",
    "… | None",
    "Path for a file",
)


def kind_of(annotation: Any, *, is_output: bool = False) -> Kind | None:
    """What an annotation stands for, None where it is none of `POSSIBLE`.

    Raises SiteError for an `OfType` that is no data type.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind = kind_of(arguments[0], is_output=is_output)
        return _narrowed(kind, arguments[1:]) if kind else _narrowed(Kind(""), arguments[1:], required=True)
    if origin is Literal:
        is_text = all(isinstance(word, str) for word in arguments)
        return Kind("GPString", (str,), arguments) if is_text else None
    if origin is list and len(arguments) == 1:
        member = kind_of(arguments[0], is_output=is_output)
        return (
            msgspec.structs.replace(member, data_type=f"GPMultiValue:{member.data_type}", is_list=True)
            if member and not member.is_list
            else None
        )
    if origin in (Union, types.UnionType):
        return _kind_of_union(arguments, is_output)
    if annotation is Path:
        return Kind("GPDataFile", (Path,))
    if isinstance(annotation, type) and annotation in _KINDS:
        accepted = (int, float) if annotation is float else (annotation,)
        return Kind(_KINDS[annotation], accepted)
    return None


def _kind_of_union(members: tuple[Any, ...], is_output: bool) -> Kind | None:
    """Features or records that may also come by address: `FeatureSet | LayerReference | ItemReference`."""
    kinds = [kind_of(member, is_output=is_output) for member in members if member not in _REFERENCES]
    if len(kinds) != 1 or kinds[0] is None or kinds[0].python_types not in ((FeatureSet,), (RecordSet,)):
        return None
    return msgspec.structs.replace(kinds[0], python_types=tuple(members))


def _narrowed(kind: Kind, metadata: tuple[Any, ...], *, required: bool = False) -> Kind | None:
    for item in metadata:
        match item:
            case Choices():
                kind = msgspec.structs.replace(kind, choices=item.words)
            case Range():
                kind = msgspec.structs.replace(kind, filter=RangeFilter(item.minimum, item.maximum))
            case OfType():
                try:
                    data_type(item.name)
                except ProtocolError as error:
                    raise SiteError(f"OfType({item.name!r}): {error.detail}") from error
                kind = msgspec.structs.replace(kind, data_type=item.name)
    return None if required and not kind.data_type else kind


def without_none(annotation: Any) -> tuple[Any, bool]:
    """An annotation without its `| None`, and whether it had one."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) < len(get_args(annotation)):
            return typing.Union[tuple(members)], True  # noqa: UP007
    return annotation, False


def output_name(annotation: Any) -> str | None:
    """The name in `Annotated[int, "Count"]`, None where there is none."""
    if get_origin(annotation) is not Annotated:
        return None
    return next((item for item in get_args(annotation)[1:] if isinstance(item, str)), None)
