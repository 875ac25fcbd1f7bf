"""Decoded inputs as the JSON that rules and templates see."""

from __future__ import annotations

from typing import Any

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.values.data_types import data_type

_SCALARS = (bool, int, float, str, type(None))


def json_of(parameter: Parameter, value: Any) -> Any:
    """The JSON value of a decoded input: scalars as they are, dates as ms since the epoch."""
    if isinstance(value, _SCALARS):
        return value
    return data_type(parameter.data_type).encode_input_json(value, parameter)
