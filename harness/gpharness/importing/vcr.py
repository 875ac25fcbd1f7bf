"""Cassettes of VCR and its kin: vcrpy (YAML, JSON), Ruby's vcr, Betamax, PHP-VCR, go-vcr.

Files are data: YAML tags that would make objects are refused, only plain texts of Python 2 are taken.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gpharness.importing.imported import Imported, NotImported, text_of, told, unpacked
from gpharness.probing.exchanges import Exchange
from gpharness.recording.placing import placed
from gpharness.recording.request_parameters import parameters_of

if TYPE_CHECKING:
    import yaml

_TAG: Final = "tag:yaml.org,2002:"
_EXPECTED: Final = "a cassette, with a list of interactions of request and response"
_MOST_VALUES: Final = 2_000_000
_MOST_JSON_DEPTH: Final = "JSON nested too deeply"


def read_vcr(path: Path) -> Imported:
    """The exchanges of a cassette. Raises NotImported."""
    text = text_of(path)
    data = _json(path, text) if text.lstrip()[:1] in ("{", "[") else _yaml(path, text)
    interactions, by = _interactions(path, data)
    imported = Imported([], "vcr", by=by)
    left: Counter[str] = Counter()
    instants: list[float | None] = []
    for each in interactions:
        exchange = _exchange(each, left)
        if exchange is not None:
            imported.exchanges.append(exchange)
            instants.append(_instant(each, exchange))
    _time(imported, instants)
    imported.left = told(left, "interaction", "interactions")
    return imported


def _time(imported: Imported, instants: list[float | None]) -> None:
    known = [each for each in instants if each is not None]
    if known and len(known) == len(instants):
        imported.at = min(known)
        for exchange, at in zip(imported.exchanges, known, strict=True):
            exchange.at = at
        return
    for number, exchange in enumerate(imported.exchanges):
        exchange.at = float(number)
    imported.notes = "The cassette does not say when: a second between two requests is assumed."


def _json(path: Path, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise NotImported(path, _MOST_JSON_DEPTH, "JSON of a sensible depth") from None
    except msgspec.DecodeError as error:
        raise NotImported(path, f"broken JSON ({error})", _EXPECTED) from None


def _yaml(path: Path, text: str) -> Any:
    import yaml

    try:
        loader = _loader()(text)
        try:
            node = loader.get_single_node()
            if node is None or _values(node, {}) > _MOST_VALUES:
                met = "nothing" if node is None else f"aliases that make more than {_MOST_VALUES} values"
                raise NotImported(path, met, _EXPECTED)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}" if mark else ""
        met = ", ".join(part for part in (error.context, error.problem) if part)
        raise NotImported(path, f"{' '.join(met.split())}{place}", _EXPECTED, str(error.note or "")) from None
    except yaml.YAMLError as error:
        raise NotImported(path, " ".join(str(error).split()), _EXPECTED) from None
    except RecursionError:
        raise NotImported(path, "YAML nested too deeply", "YAML of a sensible depth") from None
    except (ValueError, OverflowError) as error:  # a date or a number that is none
        raise NotImported(path, str(error), _EXPECTED) from None


def _values(node: yaml.Node, counted: dict[int, int]) -> int:
    """The number of values below a node, each alias counted as often as it stands; one that holds itself
    counts as too many."""
    if id(node) not in counted:
        counted[id(node)] = _MOST_VALUES + 1
        parts = node.value if isinstance(node.value, list) else ()
        each = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
        counted[id(node)] = 1 + sum(_values(part, counted) for part in each)
    return counted[id(node)]


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    parent: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class CassetteLoader(parent):  # type: ignore[valid-type, misc]
        def text(self, node: yaml.ScalarNode) -> Any:
            return self.construct_scalar(node)

        def refuse(self, node: yaml.Node) -> Any:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"the tag {node.tag.replace(_TAG, '!!')}, which would make an object",
                node.start_mark,
                "record the cassette anew with a current version of its library, or write the body as "
                "!!binary",
            )

    for tag in (f"{_TAG}python/unicode", f"{_TAG}python/str", "!ruby/string", f"{_TAG}timestamp"):
        CassetteLoader.add_constructor(tag, CassetteLoader.text)
    CassetteLoader.add_constructor(None, CassetteLoader.refuse)
    return CassetteLoader


def _interactions(path: Path, data: Any) -> tuple[list[Mapping[str, Any]], str]:
    """The interactions, and the program that wrote them."""
    found, by = data, ""
    if isinstance(data, Mapping):
        found = data.get("interactions", data.get("http_interactions"))
        by = str(data.get("recorded_with") or "")
        if not by and "version" in data and "interactions" in data:
            by = "a VCR cassette"
    if not isinstance(found, list) or not all(
        isinstance(each, Mapping) and "request" in each for each in found
    ):
        raise NotImported(path, f"{type(data).__name__} without interactions", _EXPECTED)
    return found, by


def _exchange(interaction: Mapping[str, Any], left: Counter[str]) -> Exchange | None:
    request, response = _mapping(interaction.get("request")), _mapping(interaction.get("response"))
    url = request.get("uri", request.get("url"))
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        left["no http address"] += 1
        return None
    exchange = Exchange("", str(request.get("method") or "GET").upper(), url)
    exchange.request_headers = _headers(request.get("headers"))
    exchange.headers = _headers(response.get("headers"))
    exchange.status = _status(response)
    if exchange.status is None:
        exchange.fault, exchange.fault_text = "cut", "the cassette has no answer"
    if not placed(url).operation:
        return exchange
    try:
        asked, answered = _bytes(request.get("body")), _bytes(response.get("body"))
    except (binascii.Error, ValueError, LookupError):
        left["a body whose Base64 or charset is broken"] += 1
        return None
    body = unpacked(answered, exchange.header("content-encoding"))
    if body is None:
        left["an answer that cannot be unpacked"] += 1
        return None
    exchange.request_body, exchange.body = asked, body
    form = _mapping(request.get("form"))
    exchange.parameters = {
        **{name: _first(value) for name, value in form.items()},
        **parameters_of(url, exchange.request_headers, asked),
    }
    return exchange


def _status(response: Mapping[str, Any]) -> int | None:
    status = response.get("status", response.get("code"))
    if isinstance(status, Mapping):
        status = status.get("code")
    if isinstance(status, str):  # such as `200 OK`
        found = re.match(r"\s*(\d{3})\b", status)
        status = int(found[1]) if found else response.get("code")
    return status if isinstance(status, int) and 100 <= status < 1000 else None


def _bytes(body: Any) -> bytes:
    """A body in any of the forms in which cassettes have it. Raises binascii.Error, ValueError or
    LookupError."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, Mapping):
        packed = body.get("base64_string", body.get("base64"))
        if packed is not None:
            return base64.b64decode("".join(str(packed).split()), validate=True)
        text = body.get("string", body.get("text"))
        if isinstance(text, str) and str(body.get("encoding", "")).upper() in ("ASCII-8BIT", "ISO-8859-1"):
            return text.encode("utf-8" if any(ord(each) > 255 for each in text) else "latin-1")
        return _bytes(text)
    return msgspec.json.encode(body)


def _headers(given: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(given, Mapping):
        return tuple(
            (str(name), _text(value))
            for name, values in given.items()
            for value in (values if isinstance(values, list) else [values])
        )
    if isinstance(given, list):
        return tuple(
            (str(each[0]), _text(each[1])) for each in given if isinstance(each, list) and len(each) == 2
        )
    return ()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _first(value: Any) -> str:
    return _text(value[0]) if isinstance(value, list) and value else _text(value)


def _instant(interaction: Mapping[str, Any], exchange: Exchange) -> float | None:
    """When it was: as the cassette says, else by the answer's own date, in whole seconds."""
    said = interaction.get("recorded_at")
    for text in (said, exchange.header("date")):
        if isinstance(text, str | datetime) and text:
            try:
                at = parsedate_to_datetime(text) if isinstance(text, str) else text
            except ValueError:
                try:
                    at = datetime.fromisoformat(str(text))
                except ValueError:
                    continue
            try:
                return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
            except (OverflowError, ValueError):
                continue
    return None


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
