"""A text as the tool spelt it.

A GPString whose whole text reads as JSON leaves a server unquoted and byte for byte: its spelling is in the
answer's bytes, and in no value that is made of them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gp_client.outputs.outputs import Output


class _Told(msgspec.Struct):
    value: msgspec.Raw = msgspec.Raw()


class _AllTold(msgspec.Struct):
    results: list[_Told]


def as_spelt(output: Output, source: bytes, number: int | None = None) -> Output:
    """An output with its text as it stands in the answer `source`, of which it is all, or with `number` that
    one of its results. Any other output, and one of an answer that is not plain JSON, is returned as it is.
    """
    if output.data_type != "GPString" or not isinstance(output.raw, list | dict):
        return output
    try:
        kind: Any = _Told if number is None else _AllTold
        if number is None and source.lstrip()[:1] == b"[":
            kind, number = list[_Told], 0
        told: Any = msgspec.json.decode(source, type=kind)
        told = told.results if isinstance(told, _AllTold) else told
        text = bytes(told.value if number is None else told[number].value).decode()
    except (msgspec.MsgspecError, UnicodeError, LookupError):
        return output
    return msgspec.structs.replace(output, value=text) if text else output
