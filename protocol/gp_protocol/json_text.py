"""JSON as it is written: strict, in one line, or indented as `f=pjson` has it."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, shown

RawJSON = msgspec.Raw
"""Bytes that stand anywhere in a value and leave as they are, valid JSON or not."""

_encode = msgspec.json.Encoder().encode


def encode_json(value: Any) -> bytes:
    """Strict JSON in UTF-8, without blanks.

    Raises `LocalProtocolError`, with the path, for NaN and infinities, for text that UTF-8 cannot carry and
    for what is no JSON.
    """
    try:
        encoded = _encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise LocalProtocolError(met=shown(value), expected=f"a JSON value ({error})") from None
    # The encoder writes null for what is not finite.
    if b"null" in encoded:
        _refuse_not_finite(value)
    return encoded


def encode_pjson(value: Any) -> bytes:
    """Strict JSON with a line for each member, one blank deeper per level, `"key": value`; raw parts
    untouched."""
    encoded = encode_json(value)
    if not _holds_raw(value):
        return msgspec.json.format(encoded, indent=1)
    return _pretty(value, b"\n")


def _pretty(value: Any, line_break: bytes) -> bytes:
    inner = line_break + b" "
    if isinstance(value, RawJSON):
        return bytes(value)
    if isinstance(value, dict) and value:
        members = (_encode(key) + b": " + _pretty(member, inner) for key, member in value.items())
        return b"{" + inner + (b"," + inner).join(members) + line_break + b"}"
    if isinstance(value, list | tuple) and value:
        elements = (_pretty(element, inner) for element in value)
        return b"[" + inner + (b"," + inner).join(elements) + line_break + b"]"
    return msgspec.json.format(_encode(value), indent=1).replace(b"\n", line_break)


def _holds_raw(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_raw, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_raw, value))
    return isinstance(value, RawJSON)


def _refuse_not_finite(value: Any, path: str = "") -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise LocalProtocolError(path=path, met=shown(value), expected="a finite number")
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_not_finite(member, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, element in enumerate(value):
            _refuse_not_finite(element, f"{path}[{index}]")
