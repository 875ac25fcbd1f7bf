"""An HTTP answer as a contract keeps it, and its bytes and its value again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_protocol.errors import LocalProtocolError
from gp_protocol.json_text import encode_json
from msgspec import UNSET, UnsetType

from gpharness.contracts.contract import Answer, Contract, Conversation

if TYPE_CHECKING:
    from gpharness.probing.exchanges import Exchange

LARGEST: Final = 8192
"""Bytes of a body that stands in the contract itself; larger ones get a file beside it."""
DEEPEST: Final = 60
"""Levels of JSON that stand in the contract itself."""

_TELLING: Final = (
    *("content-type", "www-authenticate", "location", "content-disposition", "retry-after"),
    *("content-language", "x-esri-ftiles-cache-compress", "allow"),
)
_JSON_TYPE: Final = re.compile(r"application/json(\s*;\s*charset=\"?utf-8\"?)?\s*$", re.IGNORECASE)
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ENDINGS: Final = {
    "application/json": "json",
    "application/geo+json": "json",
    "text/html": "html",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/pdf": "pdf",
    "application/x-protobuf": "pbf",
    "application/vnd.google-earth.kmz": "kmz",
    "application/vnd.google-earth.kml+xml": "kml",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/tiff": "tif",
}


def answer_of(exchange: Exchange) -> Answer:
    """What came of a request, as a contract keeps it; secrets are not its business: mask the exchange first.

    A body that is strict JSON of an object or a list becomes `json`, other text in UTF-8 `text`, all else
    `content`. Raises ValueError where no whole answer came.
    """
    if exchange.status is None or exchange.fault not in (None, "slow"):
        raise ValueError(f"no whole answer came: {exchange.fault or 'no status'}")
    return answer_from(exchange.status, exchange.headers, exchange.body)


def answer_from(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """An answer with these parts; of the headers are kept those that say something."""
    kept: dict[str, str] = {}
    for name, value in headers:
        low = name.lower()
        if low in _TELLING:
            kept[low] = f"{kept[low]}, {value}" if low in kept else value
    answer = Answer(status=status, headers=kept)
    if not body:
        return answer
    decoded = _strict_json(body)
    if decoded is not UNSET:
        answer.json = decoded
        if _JSON_TYPE.match(kept.get("content-type", "")):
            del kept["content-type"]
        return answer
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or _NO_TEXT.search(text):
        answer.content = body
    else:
        answer.text = text
    return answer


def _strict_json(body: bytes) -> Any | UnsetType:
    """The object or list that a body is; UNSET where it is none, or where a reader could not tell it from its
    value: keys that stand twice, halves of surrogate pairs, numbers beyond a double."""
    if body[:64].lstrip()[:1] not in (b"{", b"["):
        return UNSET
    try:
        value = msgspec.json.decode(body)
        json.loads(body, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return UNSET
    return value


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")


def answer_bytes(contract: Contract, answer: Answer) -> bytes:
    """The answer's body as it is served. Raises ContractFileError where its file is missing or another."""
    if answer.content is not UNSET:
        return answer.content
    if answer.body:
        return body_of(contract, answer.body)
    if answer.text is not UNSET:
        return answer.text.encode("utf-8", "surrogatepass")
    if answer.json is not UNSET:
        return json_bytes(answer.json)
    return b""


def answer_value(contract: Contract, answer: Answer) -> Any | UnsetType:
    """The JSON value of the answer's body, read leniently; UNSET where the body is no JSON. Raises
    ContractFileError where its file is missing or another."""
    if answer.json is not UNSET:
        return answer.json
    try:
        return json.loads(answer_bytes(contract, answer).decode("utf-8-sig", "surrogatepass"))
    except (ValueError, RecursionError):
        return UNSET


def body_of(contract: Contract, name: str) -> bytes:
    """The bytes of a file beside the contract. Raises ContractFileError."""
    from gpharness.contracts.errors import ContractFileError

    try:
        return contract.bodies[name]
    except KeyError:
        expected = "one of the files beside the contract"
        raise ContractFileError("", name, "a body that is not there", expected) from None


def json_bytes(value: Any) -> bytes:
    """A value as compact JSON, halves of surrogate pairs as escapes."""
    try:
        return encode_json(value)
    except LocalProtocolError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def answers_of(conversation: Conversation) -> Iterator[tuple[str, Answer]]:
    """Every answer of a conversation, and where it stands."""
    if conversation.submission is not None:
        yield "submission", conversation.submission
    for place, seen in enumerate(conversation.trace):
        yield f"trace[{place}].answer", seen.answer
    for name, answer in conversation.results.items():
        yield f"results.{name}", answer
    for place, asked in enumerate(conversation.asked):
        yield f"asked[{place}].answer", asked.answer


def body_name(body: bytes, content_type: str) -> str:
    """What a body's file is called, relative to the contract: by its hash, and for eyes by its type."""
    kind = content_type.partition(";")[0].strip().lower()
    ending = _ENDINGS.get(kind, "bin")
    return f"bodies/{sha256(body).hexdigest()}.{ending}"
