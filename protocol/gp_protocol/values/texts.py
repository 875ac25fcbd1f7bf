"""The values of GPString, GPStringHidden and GPSQLExpression.

Source: ArcGIS REST, *GP data types*; that a GPString whose whole text reads as one JSON array or object
leaves the server unquoted and byte for byte is as recorded from servers of 10.x and 11.x.
"""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.json_text import RawJSON, encode_json
from gp_protocol.lenient_json import reads_as_json
from gp_protocol.values.crossings import DataType, Form, of_kind
from gp_protocol.values.parameter_specs import PLAIN, OutputOptions, ParameterSpec

QUOTES_AROUND_TEXT_STAY: Final[bool] = True
"""Assumed: a GPString sent as `"text"`, with the quotes, as one published client does, keeps its quotes."""


def _read_text(raw: Any, spec: ParameterSpec) -> str:
    text = raw if isinstance(raw, str) else encode_json(raw).decode()
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise RemoteProtocolError(met=shown(text), expected="text that UTF-8 can carry") from None
    if not QUOTES_AROUND_TEXT_STAY and len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def write_text(value: Any) -> str:
    """A text that is plain text wherever it stands. Raises `LocalProtocolError` for what is no text."""
    return _read_text(of_kind(value, str), PLAIN)


def _write_string_output(value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    if isinstance(value, list | dict):
        return value
    text = write_text(value)
    return RawJSON(text.encode()) if reads_as_json(text) else text


def _text_type(name: str, since: float) -> DataType:
    return DataType(
        name,
        since,
        "",
        Form.TEXT,
        _read_text,
        _write_string_output if name == "GPString" else lambda value, options, spec: write_text(value),
        lambda value, spec: write_text(value),
        lambda json, spec: json,
    )


TEXT_TYPES = (
    _text_type("GPString", 9.3),
    _text_type("GPStringHidden", 11.4),
    _text_type("GPSQLExpression", 11.4),
)
