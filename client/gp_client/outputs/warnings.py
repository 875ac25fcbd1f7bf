"""What is remarkable about an output that is handed over nevertheless, and what cannot be."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gp_client.errors import ProtocolViolation
from gp_client.reading.json_pointers import pointer_to

WarningCode = Literal["type", "transfer-limit", "spatial-reference", "attributes", "newer-type"]


class OutputWarning(msgspec.Struct, frozen=True):
    """Something about an output that a program may want to test.

    `parameter` is the output's name; `text` tells it in words. `code` is one of

    - `type`: the value, or a part of it that decides nothing, is of another type than was due (`"5"` for a
      number, features for a table, a picture's extent of `"NaN"`); it was read all the same, or the text says
      what was passed over, or, a date beyond the years 1 to 9999, it is as delivered;
    - `transfer-limit`: the server had more features or rows than it may send: what is here is not all;
    - `spatial-reference`: none is told, so nobody can say where the features lie, or another one than asked
      for;
    - `attributes`: values without a field, fields without a value, values that their field cannot hold; they
      are as delivered;
    - `newer-type`: of a data type, or with a field of a type, that newer servers brought; the values are the
      JSON as delivered.
    """

    parameter: str
    code: WarningCode
    text: str


class Reading:
    """One reading of one output: what it may assume, and what it has remarked so far."""

    def __init__(
        self, parameter: str, *, url: str, asked_reference: Any = None, rows_by_name: bool = False
    ) -> None:
        self.parameter = parameter
        self.asked_reference = asked_reference
        self.rows_by_name = rows_by_name
        self._url = url
        self._remarks: dict[WarningCode, list[Any]] = {}

    def remark(self, code: WarningCode, pointer: str, text: str) -> None:
        """Keep the first remark of each code and count the others."""
        self._remarks.setdefault(code, [pointer, text, -1])[2] += 1

    def warnings(self) -> tuple[OutputWarning, ...]:
        return tuple(
            OutputWarning(
                self.parameter,
                code,
                f"{self.parameter}: {pointer}: {text}" + (f"; {more} more like it" if more else ""),
            )
            for code, (pointer, text, more) in self._remarks.items()
        )

    def violation(self, pointer: str, met: Any, expected: str) -> ProtocolViolation:
        """The error for a value that stands where the protocol does not allow it."""
        from gp_protocol.errors import shown

        return ProtocolViolation(pointer=pointer, met=shown(met), expected=expected, url=self._url)

    def violation_of(self, error: Any, value: Any, pointer: str) -> ProtocolViolation:
        """What gp_protocol found wrong in a value, as our error with the pointer to the place."""
        after = f"; {error.remedy}" if error.remedy else ""
        return ProtocolViolation(
            pointer=pointer_to(error.path, value, pointer),
            met=error.met,
            expected=error.expected + after,
            url=self._url,
        )
