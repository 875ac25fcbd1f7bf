"""What a value's reader and writer may know about the parameter, and what a client may ask of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec


class ColumnSpec(Protocol):
    """A column of a GPValueTable or a member of a GPComposite: an entry of `parameterInfos`."""

    @property
    def name(self) -> str: ...
    @property
    def data_type(self) -> str: ...
    @property
    def parameter_infos(self) -> Sequence[ColumnSpec] | None: ...


class ParameterSpec(Protocol):
    """The part of a parameter's descriptor that its values depend on;
    `gp_protocol.descriptions.descriptors.Parameter` is one."""

    @property
    def choice_list(self) -> Sequence[str] | None: ...
    @property
    def parameter_infos(self) -> Sequence[ColumnSpec] | None: ...
    @property
    def default_value(self) -> Any: ...


class PlainSpec(msgspec.Struct, frozen=True):
    """A parameter of which no more is known than stands here."""

    choice_list: Sequence[str] | None = None
    parameter_infos: Sequence[ColumnSpec] | None = None
    default_value: Any = None


PLAIN = PlainSpec()


class OutputOptions(msgspec.Struct, frozen=True):
    """How outputs are written: the request parameters of the same names, and the service's
    `maximumRecords`.

    `layer_name` names the layer of a feature collection.
    """

    return_z: bool = False
    return_m: bool = False
    return_true_curves: bool = False
    return_feature_collection: bool = False
    return_column_name: bool = False
    maximum_records: int | None = None
    layer_name: str = ""


PLAIN_OUTPUT = OutputOptions()
