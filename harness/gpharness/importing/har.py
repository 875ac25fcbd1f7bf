"""HTTP Archives, HAR 1.2, as browsers, proxies and this program's own journal write them.

What the format demands may be missing, and members that begin with `_` may say anything: only what is needed
is read, one entry at a time. Of requests that are no geoprocessing the bodies are left where they are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from gpharness.importing.imported import Imported, NotImported, contents_of, told, unpacked
from gpharness.probing.exchanges import Exchange
from gpharness.recording.placing import placed
from gpharness.recording.request_parameters import parameters_of

_WHEN: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    creator: Any = None
    comment: Any = None


class _Archive(msgspec.Struct):
    log: _Log


def read_har(path: Path) -> Imported:
    """The exchanges of an archive, packed by gzip or not. Raises NotImported."""
    log = _log(path, contents_of(path))
    creator = log.creator if isinstance(log.creator, dict) else {}
    by = " ".join(str(creator[key]) for key in ("name", "version") if creator.get(key))
    imported = Imported([], "har", by=by, is_own=str(creator.get("name")).lower() == "gpharness")
    left: Counter[str] = Counter()
    untimed = False
    for raw in log.entries:
        try:
            entry = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError, ValueError):
            left["what cannot be read"] += 1
            continue
        exchange = _exchange(entry, left)
        if exchange is None:
            continue
        if (at := _instant(entry.get("startedDateTime"))) is None:
            untimed = True
            exchange.at = float(len(imported.exchanges))
        else:
            exchange.at = at
        imported.exchanges.append(exchange)
    if untimed:
        for number, exchange in enumerate(imported.exchanges):
            exchange.at = float(number)
        imported.notes = "The archive does not say when: a second between two requests is assumed."
    elif imported.exchanges:
        imported.at = min(each.at for each in imported.exchanges)
    imported.left = told(left, "entry", "entries")
    return imported


def _log(path: Path, content: memoryview) -> _Log:
    try:
        return msgspec.json.decode(content, type=_Archive).log
    except msgspec.ValidationError as error:
        met = str(error).replace("$", "the archive")
        raise NotImported(path, f"no HTTP Archive ({met})", 'an object {"log": {"entries": […]}}') from None
    except RecursionError:
        raise NotImported(path, "JSON nested too deeply", "JSON of a sensible depth") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if bytes(content[:2]) in (b"\xff\xfe", b"\xfe\xff"):
            raise NotImported(path, "UTF-16", "JSON in UTF-8", "save it in UTF-8") from None
        raise NotImported(path, f"broken JSON ({error})", "an HTTP Archive") from None


def _exchange(entry: Any, left: Counter[str]) -> Exchange | None:
    if not isinstance(entry, dict):
        left["what is no object"] += 1
        return None
    request, response = _object(entry.get("request")), _object(entry.get("response"))
    url = request.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        left["no http address"] += 1
        return None
    exchange = Exchange("", str(request.get("method") or "GET").upper(), _whole(url, request))
    exchange.seconds = _seconds(entry.get("time"))
    exchange.request_headers = _headers(request.get("headers"))
    exchange.headers = _headers(response.get("headers"))
    status = response.get("status")
    exchange.status = status if isinstance(status, int) and status > 0 else None
    if exchange.status is None:
        said = entry.get("_error") or response.get("_error") or response.get("statusText")
        exchange.fault, exchange.fault_text = "cut", str(said or "the archive has no answer")[:200]
    if not placed(url).operation:
        return exchange
    exchange.request_body, pairs = _post(request, exchange.request_headers)
    exchange.parameters = {
        **parameters_of(exchange.url, exchange.request_headers, exchange.request_body),
        **parameters_of(f"?{urlencode(pairs)}"),
    }
    return exchange if exchange.status is None else _with_body(exchange, response, left)


def _with_body(exchange: Exchange, response: dict[str, Any], left: Counter[str]) -> Exchange | None:
    content = _object(response.get("content"))
    text = content.get("text")
    if isinstance(text, dict | list):  # a few programs unfold JSON
        exchange.body = msgspec.json.encode(text)
    elif isinstance(text, str):
        try:
            exchange.body = _bytes(text, content.get("encoding"))
        except (binascii.Error, ValueError):
            left["an answer whose Base64 is broken"] += 1
            return None
    elif _has_body(exchange, content):
        left["an answer whose body the archive does not have"] += 1
        return None
    if _is_cut(content):
        left["an answer of which the archive has the beginning only"] += 1
        return None
    if (body := unpacked(exchange.body, exchange.header("content-encoding"))) is None:
        left["an answer that cannot be unpacked"] += 1
        return None
    exchange.body = body
    return exchange


def _has_body(exchange: Exchange, content: dict[str, Any]) -> bool:
    size = content.get("size")
    has_size = isinstance(size, int | float) and size > 0
    return has_size or (exchange.status == 200 and exchange.method != "HEAD" and size is None)


def _is_cut(content: dict[str, Any]) -> bool:
    """As this program's journal, and Firefox, tell it."""
    comment = str(content.get("comment") or "")
    return comment.startswith("the first ") or "truncated" in comment.lower()


def _bytes(text: str, encoding: Any) -> bytes:
    if str(encoding or "").lower() == "base64":
        return base64.b64decode("".join(text.split()), validate=True)
    return text.encode("utf-8", "surrogatepass")


def _whole(url: str, request: dict[str, Any]) -> str:
    """The address with its query, which a few programs only have apart from it."""
    pairs = _pairs(request.get("queryString"))
    if not pairs or "?" in url:
        return url.partition("#")[0]
    return f"{url.partition('#')[0]}?{urlencode(pairs)}"


def _post(
    request: dict[str, Any], headers: tuple[tuple[str, str], ...]
) -> tuple[bytes, list[tuple[str, str]]]:
    """The request's body, or what is told of its fields."""
    data = _object(request.get("postData"))
    text = data.get("text")
    own = _object(data.get("_gpharness")).get("base64")
    try:
        if isinstance(own, str):
            return _bytes(own, "base64"), []
        if isinstance(text, str) and text:
            return _bytes(text, data.get("encoding")), []
    except (binascii.Error, ValueError):
        return b"", []
    pairs = _pairs(data.get("params"))
    if "%" in str(pairs) and _is_form(headers):  # Chromium's are as they were sent
        from urllib.parse import unquote_plus

        pairs = [(unquote_plus(name), unquote_plus(value)) for name, value in pairs]
    return b"", pairs


def _is_form(headers: Iterable[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and "urlencoded" in value.lower() for name, value in headers)


def _headers(given: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in _pairs(given) if not name.startswith(":"))


def _pairs(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, dict):
        return [(str(name), str(value)) for name, value in given.items()]
    if not isinstance(given, list):
        return []
    return [
        (str(each["name"]), "" if each.get("value") is None else str(each["value"]))
        for each in given
        if isinstance(each, dict) and each.get("name") is not None
    ]


def _object(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _seconds(given: Any) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < 1e9:
        return given / 1000
    return 0.0


def _instant(given: Any) -> float | None:
    """Seconds since the epoch. A time without a zone is UTC, *assumed*."""
    found = _WHEN.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        return None
    day, time, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        at = datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return at + float(fraction or 0)
