"""Files to a service: whole or in parts, and the items that they become there.

Source: ArcGIS REST, *Uploads*, *Upload*, *Register*, *Upload part*, *Commit*, *Delete*. For a part's number
the service pages say `partId` and the administrator's pages `partNumber`: both are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from gp_protocol.values.references import ItemReference

from gp_client.errors import GPError, InvalidInput, ProtocolViolation, ServerError, TransportError
from gp_client.files.upload_sources import UploadSource as UploadSource
from gp_client.steps import Flow, Tell, Transferred
from gp_client.wire.http_messages import Body, Request, Response

if TYPE_CHECKING:
    from gp_client.sessions import Deadline, Session

WHOLE = 10 * 1024 * 1024
"""Bytes up to which a file goes in one request, where nothing else is said, and of one part of a larger."""
MOST_PARTS = 10_000
_PACE = 4 * 1024 * 1024
"""Bytes for which a request that carries a file has its time limit once more."""
_TOLD = 1024 * 1024
"""Bytes after which progress is told again."""
_ITEM_ID = re.compile(r"[\w{}.\-]{1,200}", re.ASCII)
_MOST_PAGES = 1000

Listener = Callable[[Transferred], object]


class UploadedItem(msgspec.Struct, frozen=True):
    """An item as the service tells of it. `committed` says whether it is whole; `date` is aware, None where
    the service does not tell it."""

    item_id: str
    name: str = ""
    description: str = ""
    date: datetime | None = None
    committed: bool | None = None
    raw: dict[str, Any] = {}

    @property
    def reference(self) -> ItemReference:
        """What an input takes."""
        return ItemReference(self.item_id)


class UploadLimits(msgspec.Struct, frozen=True):
    """What a service takes: bytes of one file, and extensions without a dot, none of them: any. None: the
    service does not tell."""

    largest: int | None = None
    file_types: tuple[str, ...] = ()
    raw: dict[str, Any] = {}


def upload(
    session: Session,
    service_url: str,
    source: UploadSource,
    *,
    description: str = "",
    part_size: int | None = None,
    deadline: Deadline,
    listener: Listener | None = None,
) -> Flow[ItemReference]:
    """Upload a file to a service (version 10.0 on, capability `Uploads`).

    A file of more than `part_size` bytes (10 MB) goes in parts of that size, each of which may be repeated;
    a smaller one in a single request, which may not. `listener` hears of each megabyte while it is on its
    way; without one, progress is told between requests. The time limit of a request grows with what it
    carries.
    """
    if part_size is not None and (isinstance(part_size, bool) or part_size < 1):
        raise InvalidInput(
            parameter="part_size", met=repr(part_size), expected="a number of bytes, at least 1"
        )
    progress = _Progress(source.name, source.size, listener)
    uploads = f"{service_url.rstrip('/')}/uploads"
    size = part_size or WHOLE
    if source.size > size:
        if part_size is None:
            size = max(size, -(-source.size // MOST_PARTS))
        return (yield from _in_parts(session, uploads, source, description, size, deadline, progress))
    fields = {"f": "json"} | ({"description": description} if description else {})
    answer = yield from _send_file(
        session, f"{uploads}/upload", fields, source, (0, source.size), progress, deadline, safe=False
    )
    item = _item_in(answer, f"{uploads}/upload", committed=True)
    yield from progress.tell(source.size)
    return item.reference


def list_uploads(session: Session, service_url: str, deadline: Deadline) -> Flow[list[UploadedItem]]:
    """The items of a service. The reference has this list in HTML only; where a server does answer JSON, it
    is read in the form that other lists have (*assumed*), page by page until one brings nothing new."""
    from gp_client.wire.exchange import ask

    url = f"{service_url.rstrip('/')}/uploads"
    items: dict[str, UploadedItem] = {}
    start = 1
    for _ in range(_MOST_PAGES):
        parameters = {"start": str(start)} if start > 1 else {}
        answer = yield from ask(session, url, parameters, safe=True, deadline=deadline)
        listed = answer.get("uploads", answer.get("items"))
        if not isinstance(listed, list):
            raise _violation("/uploads", listed, "a list of items", url)
        before = len(items)
        for number, each in enumerate(listed):
            item = _read_item(each, f"/uploads/{number}", url)
            items.setdefault(item.item_id, item)
        following = answer.get("nextStart")
        if not isinstance(following, int) or isinstance(following, bool) or following <= start:
            return list(items.values())
        if len(items) == before:
            return list(items.values())
        start = following
    raise _violation("/nextStart", start, f"a list of at most {_MOST_PAGES} pages", url)


def item_info(session: Session, service_url: str, item_id: str, deadline: Deadline) -> Flow[UploadedItem]:
    """One item of a service."""
    from gp_client.wire.exchange import ask

    url = _item_url(service_url, item_id)
    answer = yield from ask(session, url, safe=True, deadline=deadline)
    nested = answer.get("item")
    pointer, value = ("/item", nested) if isinstance(nested, dict) else ("", answer)
    item = _read_item(value, pointer, url)
    if item.item_id != item_id:
        raise _violation(f"{pointer}/itemID", item.item_id, f"{item_id!r}, the item that was asked for", url)
    return item


def delete_upload(session: Session, service_url: str, item_id: str, deadline: Deadline) -> Flow[None]:
    """Remove an item. Raises ServerError where there is none."""
    from gp_client.wire.exchange import ask

    url = f"{_item_url(service_url, item_id)}/delete"
    answer = yield from ask(session, url, safe=False, deadline=deadline)
    _check_success(answer, url)


def upload_limits(session: Session, service_url: str, deadline: Deadline) -> Flow[UploadLimits]:
    """What a service takes. Source: `uploads/info`, as clients read it: a size in megabytes, and extensions,
    `*` for any."""
    from gp_client.wire.exchange import ask

    url = f"{service_url.rstrip('/')}/uploads/info"
    answer = yield from ask(session, url, safe=True, deadline=deadline)
    size = answer.get("maxUploadFileSize")
    largest = None
    if isinstance(size, int | float) and not isinstance(size, bool) and 0 < size < 1 << 40:
        largest = int(size * 1024 * 1024)
    said = answer.get("allowedUploadFileTypes")
    types = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else []
    words = [each.strip().lstrip(".").lower() for each in types if isinstance(each, str)]
    return UploadLimits(largest, () if "*" in words else tuple(filter(None, words)), answer)


def _in_parts(
    session: Session,
    uploads: str,
    source: UploadSource,
    description: str,
    size: int,
    deadline: Deadline,
    progress: _Progress,
) -> Flow[ItemReference]:
    from gp_client.wire.exchange import ask

    url = f"{uploads}/register"
    fields = (
        {"itemName": source.name, "description": description} if description else {"itemName": source.name}
    )
    answer = yield from ask(session, url, fields, safe=False, deadline=deadline)
    item = _item_in(answer, url)
    at = f"{uploads}/{quote(item.item_id, safe='')}"
    try:
        numbers = []
        for number, start in enumerate(range(0, source.size, size), 1):
            extent = (start, min(size, source.size - start))
            fields = {"f": "json", "partId": str(number), "partNumber": str(number)}
            answer = yield from _send_file(
                session, f"{at}/uploadPart", fields, source, extent, progress, deadline, safe=True
            )
            if "item" in answer:
                _item_in(answer, f"{at}/uploadPart", item.item_id)
            elif "success" in answer:
                _check_success(answer, f"{at}/uploadPart")
            else:
                raise _violation("/success", None, "true: the part has come", f"{at}/uploadPart")
            numbers.append(str(number))
            yield from progress.tell(sum(extent))
        parts = {"parts": ",".join(numbers)}
        answer = yield from ask(session, f"{at}/commit", parts, safe=False, deadline=deadline)
        _item_in(answer, f"{at}/commit", item.item_id, committed=True)
    except GPError as error:
        error.add_note(f"The item {item.item_id} is left on the server, not committed: {at}")
        raise
    return item.reference


def _send_file(
    session: Session,
    url: str,
    fields: dict[str, str],
    source: UploadSource,
    extent: tuple[int, int],
    progress: _Progress,
    deadline: Deadline,
    *,
    safe: bool,
) -> Flow[dict[str, Any]]:
    """Post one file, or one part of it, as a form. A server that answers success before all of it was sent
    cannot have it."""
    from gp_client.files.multipart import multipart_form
    from gp_client.wire.exchange import fetch

    start, length = extent
    headers, body = multipart_form(
        fields,
        field="file",
        name=source.name,
        length=length,
        chunks=lambda: progress.watch(start, source.chunks(start, length)),
        random=session.random,
    )
    taken = Taken(body)
    timeout = session.settings.timeout * (1 + length / _PACE)
    request = Request("POST", url, headers, Body(body.length, taken.chunks), timeout)

    def read(response: Response) -> dict[str, Any]:
        answer = read_upload_answer(response)
        taken.check(response.url)
        return answer

    return (yield from fetch(session, request, safe=safe, deadline=deadline, read=read))


def read_upload_answer(response: Response) -> dict[str, Any]:
    """The answer to a form with a file: as any other, or within a `textarea`, as browsers' frames of old had
    it. Raises what `read_answer` raises."""
    from gp_client.reading.answers import read_answer
    from gp_client.reading.pages import json_in_page

    if (inner := json_in_page(response.content.removeprefix(b"\xef\xbb\xbf"))) is not None:
        headers = [("content-type", "application/json")]
        response = Response(response.status, headers, inner, response.url)
    answer: dict[str, Any] = read_answer(response)
    return answer


class Taken:
    """A body of which is known whether whoever carries it took it to its end."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._bytes = 0
        self._is_whole = False

    def chunks(self) -> Iterator[bytes]:
        """The body's, from its beginning."""
        self._bytes, self._is_whole = 0, False
        for chunk in self._body.chunks():
            yield chunk
            self._bytes += len(chunk)  # whoever asks for the next one has sent this one
        self._is_whole = True

    def check(self, url: str) -> None:
        """Raises TransportError where not all of it was taken."""
        if not self._is_whole:
            raise TransportError(
                f"the server answered success after {self._bytes} of {self._body.length} bytes were sent",
                url=url,
            )


class _Progress:
    """Who is told how much has gone through: a listener while it is on its way, else the flow's own."""

    def __init__(self, name: str, total: int, listener: Listener | None) -> None:
        self._name = name
        self._total = total
        self._listener = listener

    def watch(self, done: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces."""
        told = done
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if self._listener is not None and done - told >= _TOLD:
                told = done
                self._listener(Transferred(self._name, done, self._total))

    def tell(self, done: int) -> Flow[None]:
        """So much has arrived."""
        event = Transferred(self._name, done, self._total)
        if self._listener is not None:
            self._listener(event)
        else:
            yield Tell(event)


def _item_in(
    answer: dict[str, Any], url: str, expected_id: str | None = None, *, committed: bool = False
) -> UploadedItem:
    """The item that an answer tells of. `committed`: it has to be whole."""
    _check_success(answer, url)
    item = _read_item(answer.get("item"), "/item", url)
    if expected_id is not None and item.item_id != expected_id:
        raise _violation("/item/itemID", item.item_id, f"{expected_id!r}, the item that was registered", url)
    if committed and item.committed is False:
        raise _violation("/item/committed", False, "true: the file is whole", url)
    return item


def _check_success(answer: dict[str, Any], url: str) -> None:
    """Raises ServerError for a `success` that is neither true nor missing; a false one has been read as an
    error by now."""
    success = answer.get("success", True)
    if success is True or (isinstance(success, str) and success.lower() == "true"):
        return
    raise ServerError(f"the service answered success: {success!r:.80}", raw=answer, url=url)


def _read_item(value: Any, pointer: str, url: str) -> UploadedItem:
    if not isinstance(value, dict):
        raise _violation(pointer, value, "an object with an itemID", url)
    item_id = value.get("itemID")
    if not isinstance(item_id, str) or not _ITEM_ID.fullmatch(item_id) or not item_id.strip("."):
        raise _violation(f"{pointer}/itemID", item_id, "the id of an item", url)
    committed = value.get("committed")
    if committed is not None and not isinstance(committed, bool):
        raise _violation(f"{pointer}/committed", committed, "true or false", url)
    name, description = (value.get(key) for key in ("itemName", "description"))
    return UploadedItem(
        item_id,
        name if isinstance(name, str) else "",
        description if isinstance(description, str) else "",
        _date(value.get("date")),
        committed,
        value,
    )


def _date(value: Any) -> datetime | None:
    """Milliseconds since the epoch; None for anything else: nothing depends on it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    except (OverflowError, ValueError):
        return None


def _item_url(service_url: str, item_id: str) -> str:
    if not isinstance(item_id, str) or not _ITEM_ID.fullmatch(item_id) or not item_id.strip("."):
        raise InvalidInput(parameter="item_id", met=repr(item_id)[:80], expected="the id of an uploaded item")
    return f"{service_url.rstrip('/')}/uploads/{quote(item_id, safe='')}"


def _violation(pointer: str, met: Any, expected: str, url: str) -> ProtocolViolation:
    shown = "nothing" if met is None else repr(met)[:120]
    return ProtocolViolation(pointer=pointer, met=shown, expected=expected, url=url)
