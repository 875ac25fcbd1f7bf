"""Inputs that are secret since their task's descriptor says so: those of the data type GPStringHidden.

Nothing beside such a value says that it is one, in a form as little as in the answer about an input. Source
of the data type: ArcGIS REST, *GP data types*; that it holds passwords is what the tools use it for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gpharness.recording.pieces import Piece
from gpharness.recording.placing import placed

if TYPE_CHECKING:
    from gpharness.contracts.secrets.masking import Mask
    from gpharness.probing.exchanges import Exchange

HIDDEN: Final = "GPStringHidden"


class HiddenInputs:
    """What descriptors say of a recording's hidden inputs. `learn` from all exchanges, the mask too, before
    any of them is masked; `without` then puts stand-ins where the values are, however short they are."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def learn(self, exchanges: Sequence[Exchange]) -> None:
        """Take in which inputs are hidden, and let the mask know their values."""
        for each in exchanges:
            if HIDDEN.encode() in each.body:
                self._note_descriptor(_piece_of(each))
        if self._names:
            self.without(exchanges)

    def without(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """The exchanges with stand-ins for hidden inputs in their parameters, in JSON that was sent, and in
        answers about inputs."""
        return [self._without(each) for each in exchanges] if self._names else list(exchanges)

    def _note_descriptor(self, piece: Piece) -> None:
        listed = piece.json.get("parameters") if isinstance(piece.json, dict) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict) and str(each.get("dataType")).endswith(HIDDEN):
                self._names[piece.task.lower()].add(str(each.get("name")))

    def _without(self, exchange: Exchange) -> Exchange:
        piece = _piece_of(exchange)
        names = self._names.get(piece.task.lower())
        if not names or not piece.task:
            return exchange
        changes: dict[str, Any] = {}
        if found := names.intersection(piece.parameters):
            told = {name: self._masked(piece.parameters[name]) for name in found}
            changes["parameters"] = {**(exchange.parameters or piece.parameters), **told}
        if exchange.request_body[:1] in (b"{", b"["):
            for value in _values_in(_decoded(exchange.request_body), names):
                self._masked(value)
        if piece.operation in ("input", "inputs") and piece.json:
            answer = self._answer(piece.json, names)
            if answer != piece.json:
                changes["body"] = msgspec.json.encode(answer)
        return msgspec.structs.replace(exchange, **changes) if changes else exchange

    def _answer(self, value: Any, names: Container[str]) -> Any:
        if isinstance(value, list):
            return [self._answer(each, names) for each in value]
        if isinstance(value, dict) and str(value.get("paramName")) in names:
            return {**value, "value": self._masked_value(value.get("value"))}
        return value

    def _masked_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._masked_value(each) for each in value]
        return self._masked(value) if isinstance(value, str) else value

    def _masked(self, text: str) -> str:
        """What stands for a value; of a list (GPMultiValue) for each of its elements."""
        if text.lstrip()[:1] == "[" and isinstance(listed := _decoded(text.encode()), list):
            return json.dumps(self._masked_value(listed), ensure_ascii=False)
        return self._mask.value(HIDDEN, text) if text.strip() else text


def _piece_of(exchange: Exchange) -> Piece:
    return Piece(exchange, placed(exchange.url))


def _values_in(value: Any, names: Container[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name in names and isinstance(each, str):
                yield each
            else:
                yield from _values_in(each, names)
    elif isinstance(value, list):
        for each in value:
            yield from _values_in(each, names)


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
