"""What a data type is: a name, and the four ways in which its values cross the wire.

A server reads inputs leniently and writes outputs strictly; a client writes inputs strictly and reads
outputs tolerantly. So there are four functions to a type and no role knows the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, RemoteProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.lenient_json import check_parts, decode_json
from gp_protocol.values.parameter_specs import PLAIN, PLAIN_OUTPUT, OutputOptions, ParameterSpec
from gp_protocol.values.references import points_nowhere

_JSON_STARTS = frozenset("{[\"'")


class Form(Enum):
    """How the text of a request stands for a value."""

    TEXT = "the text is the value"
    LITERAL = "a literal such as 12 or true, not parsed any further"
    JSON = "JSON where it begins as JSON does, else a literal"


class DataType(msgspec.Struct, frozen=True):
    """One data type and its four crossings. `since` is the first server version that has it.

    `empty_output` is what leaves a server for an output that was not made. The functions given to it raise
    `RemoteProtocolError` for any bad value and are never called with None; the methods say whose fault it is.
    """

    name: str
    since: float
    empty_output: Any
    form: Form
    read_input: Callable[[Any, ParameterSpec], Any]
    write_output: Callable[[Any, OutputOptions, ParameterSpec], Any]
    write_input: Callable[[Any, ParameterSpec], Any]
    read_output: Callable[[Any, ParameterSpec], Any]
    read_plain_text: Callable[[str, ParameterSpec], Any] | None = None
    """A short cut for the commonest texts; None from it sends a text the long way."""

    @property
    def is_text(self) -> bool:
        """Whether values are plain text, so that an empty text is a value."""
        return self.form is Form.TEXT

    def decode_input(self, raw: Any, spec: ParameterSpec = PLAIN) -> Any:
        """A server's reading of a form text, or of JSON, as leniently as servers read.

        None for null and, except for text types, for blank text and `{}`. Raises `RemoteProtocolError`.
        """
        if self.form is not Form.TEXT:
            if self.form is Form.JSON and type(raw) is str:
                raw = raw.strip()
                if raw[:1] in _JSON_STARTS:
                    check_parts(raw)
                    if self.read_plain_text and (plain := self.read_plain_text(raw, spec)) is not None:
                        return plain
                    raw = decode_json(raw)
                elif raw in ("null", "None"):
                    return None
            if (type(raw) is dict and points_nowhere(raw)) or (type(raw) is str and not raw.strip()):
                return None
        if raw is None:
            return None
        return self.read_input(raw, spec)

    def encode_output(
        self, value: Any, options: OutputOptions = PLAIN_OUTPUT, spec: ParameterSpec = PLAIN
    ) -> Any:
        """The JSON that a server answers for a value. Raises `LocalProtocolError`.

        `spec` is needed for the columns of a GPValueTable and for the members of a GPComposite.
        """
        if value is None:
            return self.empty_output
        try:
            return self.write_output(value, options, spec)
        except RemoteProtocolError as error:
            raise LocalProtocolError.of(error) from None

    def encode_input(self, value: Any, spec: ParameterSpec = PLAIN) -> str:
        """The form text by which a client sends a value, strictly; empty for None.

        Raises `LocalProtocolError`.
        """
        if value is None:
            return ""
        json = self.encode_input_json(value, spec)
        return json if isinstance(json, str) else encode_json(json).decode()

    def decode_output(self, json: Any, spec: ParameterSpec = PLAIN) -> Any:
        """A client's reading of an output's JSON, tolerantly.

        None for null and, except for texts, for `""` and `{}`. Raises `RemoteProtocolError`.
        """
        if json is None or (self.form is not Form.TEXT and (json == "" or json == {})):
            return None
        return self.read_output(json, spec)

    def encode_input_json(self, value: Any, spec: ParameterSpec) -> Any:
        """An input as JSON, for a value within another one. Raises `LocalProtocolError`."""
        try:
            return self.write_input(value, spec)
        except RemoteProtocolError as error:
            raise LocalProtocolError.of(error) from None


def of_kind(value: Any, *kinds: type) -> Any:
    """The value, if it is of one of the kinds. Raises `LocalProtocolError`; bool is no int here."""
    if type(value) in kinds or (isinstance(value, kinds) and not isinstance(value, bool)):
        return value
    names = " or ".join(kind.__name__ for kind in kinds)
    raise LocalProtocolError(met=shown(value), expected=f"a value of type {names}")
