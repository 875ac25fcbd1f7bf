"""The journal as an HTTP Archive, HAR 1.2, which browsers' developer tools and many others open.

What HAR has no place for stands in members called `_gpharness`. What is masked in an entry is masked here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from gp_mockserver.journal.bodies import UNPACKED
from gp_mockserver.journal.entries import KEPT, Entry, Headers
from gp_mockserver.journal.masked_parts import MOST_PARAMETERS

_PROTOCOL: Final = "HTTP/1.1"
_UNKNOWN: Final = -1


def har_of(entries: Iterable[Entry], dropped: int = 0) -> dict[str, Any]:
    """Entries as a HAR; `dropped` says how many came before and are no longer there."""
    return archive([har_entry(each) for each in entries], dropped)


def archive(entries: list[Any], dropped: int = 0, cut: int = 0) -> dict[str, Any]:
    """A HAR of entries that are in its form already; `cut` says how many more there are, which are left out
    for its size."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("gpharness")
    except PackageNotFoundError:
        own = ""
    log: dict[str, Any] = {
        "version": "1.2",
        "creator": {"name": "gpharness", "version": own},
        "entries": entries,
    }
    said = [f"of the requests before, {dropped} are not kept"] if dropped else []
    if cut:
        said.append(f"{cut} earlier ones are left out here")
    if said:
        log["comment"] = "; ".join(said)
    return {"log": log}


def har_entry(entry: Entry) -> dict[str, Any]:
    """An entry as HAR has it."""
    milliseconds = round((entry.seconds or 0.0) * 1000, 3)
    told: dict[str, Any] = {
        "startedDateTime": _date(entry.at),
        "time": milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_gpharness": _own(entry),
    }
    address = _address(entry.url)
    if address:
        told["serverIPAddress"] = address
    if entry.client:
        told["connection"] = entry.client
    if comment := _comment(entry):
        told["comment"] = comment
    return told


def _date(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "0001-01-01T00:00:00.000Z" if at < 0 else "9999-12-31T23:59:59.999Z"


def _address(url: str) -> str:
    """The server's IP address, where the request names it by that."""
    from ipaddress import ip_address

    host = urlsplit(url).hostname or ""
    try:
        return str(ip_address(host))
    except ValueError:
        return "127.0.0.1" if host == "localhost" else ""


def _request(entry: Entry) -> dict[str, Any]:
    pairs, more = _query(entry.url)
    request: dict[str, Any] = {
        "method": entry.method,
        "url": entry.url,
        "httpVersion": _PROTOCOL,
        "cookies": _cookies(entry.request_headers),
        "headers": _headers(entry.request_headers),
        "queryString": _pairs(pairs),
        "headersSize": _UNKNOWN,
        "bodySize": entry.request_size,
    }
    if more:
        request["comment"] = f"of the query's parameters {more} more are left out"
    if entry.request_size:
        request["postData"] = _post_data(entry)
    return request


def _query(url: str) -> tuple[list[tuple[str, str]], int]:
    """The first parameters of an address's query, and how many more there are."""
    query = urlsplit(url).query
    more = query.count("&") + 1 - MOST_PARAMETERS
    if more > 0:
        query = "&".join(query.split("&", MOST_PARAMETERS)[:-1])
    return parse_qsl(query, keep_blank_values=True), max(0, more)


def _post_data(entry: Entry) -> dict[str, Any]:
    """HAR has the fields of a form or a text, never both; bytes that are no text are in `_gpharness`."""
    kind = _header(entry.request_headers, "content-type")
    data: dict[str, Any] = {"mimeType": kind}
    if kind.lower().startswith("multipart/"):
        in_query = dict(_query(entry.url)[0])
        data["params"] = _pairs((n, v) for n, v in entry.parameters.items() if n not in in_query)
        data["comment"] = "files are left out"
        return data
    text = _text(entry.request_body)
    data["text"] = text or ""
    if text is None:
        data["comment"] = "no text"
        data["_gpharness"] = {"base64": base64.b64encode(entry.request_body).decode()}
    elif entry.request_size > KEPT:
        data["comment"] = f"the first {len(entry.request_body)} of {entry.request_size} bytes"
    return data


def _response(entry: Entry) -> dict[str, Any]:
    status = entry.status or 0
    try:
        phrase = HTTPStatus(status).phrase if status else ""
    except ValueError:
        phrase = ""
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": _PROTOCOL if status else "",
        "cookies": _set_cookies(entry.response_headers),
        "headers": _headers(entry.response_headers),
        "content": _content(entry),
        "redirectURL": _header(entry.response_headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": entry.response_size,
    }


def _content(entry: Entry) -> dict[str, Any]:
    body, size = entry.response_body, entry.response_size
    encodings = _header(entry.response_headers, "content-encoding").lower()
    is_packed = any(each.strip() in UNPACKED for each in encodings.split(","))
    is_cut = size > KEPT or (is_packed and len(body) >= KEPT)
    content: dict[str, Any] = {"mimeType": _header(entry.response_headers, "content-type")}
    content["size"] = len(body) if is_packed and not is_cut else size
    if is_packed and not is_cut:
        content["compression"] = len(body) - size
    if body:
        text = _text(body, is_cut=is_cut)
        content["text"] = base64.b64encode(body).decode() if text is None else text
        if text is None:
            content["encoding"] = "base64"
    if is_cut:
        content["comment"] = f"the first {len(body)} bytes; {size} were sent"
    return content


def _own(entry: Entry) -> dict[str, Any]:
    """What only the mock knows."""
    return {
        "number": entry.number,
        "operation": entry.operation,
        "service": entry.service,
        "task": entry.task,
        "job": entry.job_id,
        "name": entry.name,
        "jobStatus": entry.job_status,
        "parameters": dict(entry.parameters),
        "deviations": list(entry.deviations),
        "refusal": entry.refusal,
        "nearMiss": entry.near_miss,
        "error": entry.error,
        "unexpected": entry.unexpected,
        "cutShort": entry.cut_short,
        "requestSha256": entry.request_sha256,
        "responseSha256": entry.response_sha256,
    }


def _comment(entry: Entry) -> str:
    if entry.seconds is None:
        return "not answered yet"
    return f"cut short: {entry.cut_short}" if entry.cut_short else ""


def _text(body: bytes, *, is_cut: bool = True) -> str | None:
    """Bytes as text; None where they are none. The last character of what was cut may be half of one."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        if not is_cut or error.start < len(body) - 3:
            return None
        text = body[: error.start].decode()
    return None if "\0" in text else text


def _header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _headers(headers: Headers) -> list[dict[str, str]]:
    return _pairs(headers)


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(headers: Headers) -> list[dict[str, str]]:
    values = [value for name, value in headers if name.lower() == "cookie"]
    parts = [part for value in values for part in value.split(";", MOST_PARAMETERS)[:MOST_PARAMETERS]]
    return _pairs((name.strip(), value) for name, _, value in (part.partition("=") for part in parts) if name)


def _set_cookies(headers: Headers) -> list[dict[str, Any]]:
    found = []
    for name, value in headers:
        if name.lower() != "set-cookie":
            continue
        first, *attributes = [part.strip() for part in value.split(";")]
        called, _, said = first.partition("=")
        cookie: dict[str, Any] = {"name": called, "value": said}
        for attribute in attributes:
            key, _, given = attribute.partition("=")
            match key.lower():
                case "path" | "domain":
                    cookie[key.lower()] = given
                case "httponly":
                    cookie["httpOnly"] = True
                case "secure":
                    cookie["secure"] = True
        found.append(cookie)
    return found
