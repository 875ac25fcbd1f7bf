"""The parameters of a request: query, urlencoded form and multipart form, merged.

Both query and form count, and a parameter that comes twice keeps its first value, the query's before the
form's (*assumed*: what servlet containers do).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from sys import getsizeof
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from gp_mockserver.large_requests import SMALL
from gp_mockserver.limits import DEFAULT_LIMITS, Limits
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.callers import Caller
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.requests import ReceivedFile

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from gp_mockserver.uploads.incoming_files import IncomingFile

T = TypeVar("T")

_SHORT = 64
_LARGE = 200_000
"""Bytes: so long a form is decoded in a worker thread while the server goes on."""
_PIECE = 1024 * 1024
"""Characters of one value, and bytes of a multipart form, that are decoded at a time."""
_SEARCHED = 1024 * 1024
"""Bytes of a refused form that are read on in search of `f`."""
_ENDS = 4096
"""Bytes at the beginning, and at the end, of a form that is not kept in which `f` is looked for."""
_FORMAT = re.compile(rb"""(?:&f=|name="?f"?\r\n\r\n)([A-Za-z]{1,10})""")


class MalformedRequest(Exception):
    """The body or query cannot be read as parameters; the text says why.

    `parameters` are those of the body that had been read, None where there were none.
    """

    parameters: Mapping[str, str] | None = None


class ClientLeft(Exception):
    """The connection ended before the request was whole."""


_CREDENTIALS = frozenset({b"authorization", b"x-esri-authorization", b"cookie"})


def brings_token(caller: Caller, parameters: Mapping[str, str]) -> bool:
    """Whether a request has anything in which a token may stand."""
    return "token" in parameters or not _CREDENTIALS.isdisjoint(caller.headers)


async def read_form(
    query: Mapping[str, str], caller: Caller, receive: Receive, address: Address | None
) -> tuple[Mapping[str, str], Mapping[str, ReceivedFile]]:
    """A query's parameters with those of the form in the body, and the files of a multipart form where the
    operation takes files. Raises Refusal, MalformedRequest or ClientLeft."""
    limits = caller.site.limits
    content_type, length = caller.headers.get(b"content-type"), caller.headers.get(b"content-length")
    if b"content-encoding" in caller.headers:
        receive = _unpacked(caller.every(b"content-encoding"), receive, limits)
    files: Mapping[str, ReceivedFile] = {}
    joined = OPERATIONS[address.operation].joined if address else ()
    if content_type and content_type.lower().startswith(b"multipart/form-data"):
        if address and OPERATIONS[address.operation].takes_files:
            _check_announced(length, address)
            form, files = await _receive_files(
                content_type, receive, address, caller, knows_form="f" in query
            )
        else:
            body = await _read_body(length, receive, caller)
            form = await _unless_large(body, _read_multipart, content_type, body, limits, joined)
    else:
        body = await _read_body(length, receive, caller)
        if len(body) < _LARGE:  # as nearly all are
            form = _decode_pairs(body, limits, joined)
        else:
            form = await _unless_large(body, _decode_pairs, body, limits, joined)
    if caller.length > SMALL and not caller.hold(max(caller.length, sum(map(getsizeof, form.values())))):
        caller.let_go()
        busy = _busy(limits)
        busy.parameters = {"f": form["f"]} if "f" in form else {}
        raise busy
    return ({**form, **query} if query else form), files


async def _unless_large(body: bytes | bytearray, function: Callable[..., T], *arguments: Any) -> T:
    if len(body) < _LARGE:
        return function(*arguments)
    from gp_mockserver.running.job_runs import in_worker

    return await in_worker(function, *arguments)


def _unpacked(encodings: list[bytes], receive: Receive, limits: Limits) -> Receive:
    from gp_mockserver.wire.content_encodings import unpacked

    return unpacked(b", ".join(encodings), receive, limits)


def query_parameters(query: bytes, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, str]:
    """The parameters of a query string, which may be shared: polls repeat theirs. Raises Refusal."""
    if len(query) <= _SHORT and limits is DEFAULT_LIMITS:
        return _short_query(query)
    return _decode_pairs(query, limits)


@lru_cache(maxsize=1024)
def _short_query(query: bytes) -> Mapping[str, str]:
    return MappingProxyType(_decode_pairs(query, DEFAULT_LIMITS))


def _decode_pairs(encoded: bytes | bytearray, limits: Limits, joined: Collection[str] = ()) -> dict[str, str]:
    """The first value of each name, all of those that are `joined`; bytes that are not UTF-8 become
    U+FFFD."""
    if encoded and (pairs := encoded.count(b"&") + 1) > limits.fields:
        raise Refusal("invalid-parameters", limits.passed("fields", str(pairs), "parameters"))
    if len(encoded) <= SMALL:
        return _first_values(_small_pairs(encoded), limits, joined)
    with _large_form:
        return _first_values(_large_pairs(encoded), limits, joined)


_large_form = Lock()
"""Held by who decodes a large form: one at a time."""


def _first_values(
    pairs: Iterable[tuple[str, str]], limits: Limits, joined: Collection[str]
) -> dict[str, str]:
    longest = limits.names
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if len(name) > longest:
            met = f"a parameter's name of {len(name)}"
            raise Refusal("invalid-parameters", limits.passed("names", met, "characters"))
        if name and name not in parameters:
            parameters[name] = value
        elif name and name in joined:
            parameters[name] += f",{value}"
    return parameters


def _small_pairs(encoded: bytes | bytearray) -> Iterator[tuple[str, str]]:
    for pair in encoded.decode(errors="replace").split("&"):
        name, _, value = pair.partition("=")
        if "%" in value:
            value = _unquoted(value)
        elif "+" in value:
            value = value.replace("+", " ")
        if "%" in name or "+" in name:
            name = _unquoted(name)
        yield name, value


def _large_pairs(encoded: bytes | bytearray) -> Iterator[tuple[str, str]]:
    """The same without a copy of the whole, which may take four times its bytes as a text."""
    start = 0
    while start <= len(encoded):
        end = encoded.find(b"&", start)
        end = len(encoded) if end < 0 else end
        equals = encoded.find(b"=", start, end)
        equals = end if equals < 0 else equals
        yield _text(encoded, start, equals), _text(encoded, equals + 1, end)
        start = end + 1


def _unquoted(text: str) -> str:
    encoded = text.encode()
    return _text(encoded, 0, len(encoded))


def _text(encoded: bytes | bytearray, start: int, end: int) -> str:
    """What percent-encoding says from one place to another."""
    if end - start <= _PIECE:
        return _decoded(bytes(encoded[start:end])).decode(errors="replace")
    decoded = bytearray()
    while start < end:
        stop = min(start + _PIECE, end)
        if stop < end and (escape := encoded.find(b"%", stop - 2, stop)) >= 0:
            stop = escape  # which is not cut in two
        decoded += _decoded(bytes(encoded[start:stop]))
        start = stop
    return decoded.decode(errors="replace")


def _decoded(encoded: bytes) -> bytes:
    # Quoted-printable is percent-encoding with another sign, and decoded in C: ten times as fast as urllib.
    # Where it would read a text differently (an escape that is none, a soft line break) it is rewritten.
    encoded = encoded.replace(b"+", b" ")
    quoted = encoded.replace(b"=", b"=3D").replace(b"%", b"=")
    decoded = binascii.a2b_qp(quoted)
    if len(decoded) != len(quoted) - 2 * quoted.count(b"=") or b"\n" in encoded or b"\r" in encoded:
        decoded = _with_bad_escapes(encoded)
    return decoded


_SWAPPED = bytes.maketrans(b"%=", b"=%")


def _with_bad_escapes(encoded: bytes) -> bytes:
    """What percent-encoding says where not every `%` begins an escape: one that begins none is a `%`.

    Each step takes time in proportion to the length, which urllib and a regular expression do only for few
    escapes. `%` and `=` change places, back and forth, since quoted-printable keeps a lone `=`.
    """
    quoted = encoded.translate(_SWAPPED)
    quoted = quoted.replace(b"=3d", b"=3D").replace(b"=25", b"=3d").replace(b"=3D", b"=25")
    for _ in range(2):  # `==`, which stands for one `=`; the second time for those between two replaced
        quoted = quoted.replace(b"==", b"=3D=")
    quoted = quoted.replace(b"=\n", b"=3D\n").replace(b"=\r", b"=3D\r")  # soft line breaks
    if quoted.endswith(b"="):
        quoted += b"3D"
    return binascii.a2b_qp(quoted).translate(_SWAPPED)


async def _read_body(announced: bytes | None, receive: Receive, caller: Caller) -> bytes | bytearray:
    limits = caller.site.limits
    if announced and announced.isdigit():
        if len(announced) > 18 or (size := int(announced)) > limits.body:
            raise Refusal("too-large", limits.passed("body", announced.decode()))
        if not caller.site.large_requests.has_room(size):
            raise await _no_room(receive, limits)
    message = await receive()
    chunks: bytes | bytearray = b""
    while message["type"] != "http.disconnect":
        piece: bytes = message.get("body", b"")
        length = len(chunks) + len(piece)
        if length > limits.body:
            raise Refusal("too-large", limits.passed("body", "more"))
        if not caller.hold(length):
            begun, chunks = bytes(chunks[:_ENDS]), b""
            caller.let_go()
            raise await _no_room(receive, limits, begun, message)
        if not chunks and not message.get("more_body"):
            return piece
        chunks = chunks or bytearray()
        chunks += piece
        if not message.get("more_body"):
            return chunks
        message = await receive()
    raise ClientLeft


def _busy(limits: Limits) -> Refusal:
    """*Assumed*: that a server with too much in its hands says so instead of letting clients wait for it."""
    return Refusal(
        "server-busy", limits.passed("bodies", "more in the requests under way") + "; try again later"
    )


async def _no_room(
    receive: Receive, limits: Limits, begun: bytes = b"", message: Message | None = None
) -> Refusal:
    """The refusal of a body that `begun` begins, and `message` goes on with.

    What comes is thrown away to its end, but for the first and the last bytes, which may say in which form to
    answer: clients send `f` before everything else or after it.
    """
    first, last, size = begun, b"", 0
    while size <= limits.body:
        message = message or await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        piece: bytes = message.get("body", b"")
        size += len(piece)
        first += piece[: max(0, _ENDS - len(first))]
        last = (last + piece[-_ENDS:])[-_ENDS:]
        if not message.get("more_body"):
            break
        message = None
    refusal = _busy(limits)
    if found := _FORMAT.search(b"&" + first) or _FORMAT.search(last):
        refusal.parameters = {"f": found[1].decode()}
    return refusal


def _read_multipart(
    content_type: bytes, body: bytes | bytearray, limits: Limits, joined: Collection[str]
) -> dict[str, str]:
    """The fields of a multipart form; a file's content is its value."""
    from gp_mockserver.wire.multipart_forms import MultipartForm

    form = MultipartForm(content_type, limits, joined=joined)
    try:
        for start in range(0, len(body), _PIECE):
            form.feed(bytes(body[start : start + _PIECE]))
        form.finish()
    except (Refusal, MalformedRequest) as error:
        error.parameters = form.fields
        raise
    return form.fields


def _check_announced(size: bytes | None, address: Address) -> None:
    """Refuse a form that can only hold a file that is too large: a client that waits to be told to go on
    need not send it."""
    assert address.service is not None
    rules = address.service.upload_rules
    most = rules.max_file_size + address.site.limits.body
    if size and size.isdigit() and (len(size) > 18 or int(size) > most):
        raise rules.too_large("file")


async def _receive_files(
    content_type: bytes, receive: Receive, address: Address, caller: Caller, *, knows_form: bool
) -> tuple[dict[str, str], Mapping[str, ReceivedFile]]:
    """The fields of a multipart form, and its files as they were written to disk piece by piece. Where
    something goes wrong, or the client leaves, none is left.

    A file that is refused is not read to its end; but where it is not known yet in which form to say so, `f`
    is looked for in a little more of what comes.
    """
    from gp_mockserver.uploads.file_names import plain_name
    from gp_mockserver.wire.multipart_forms import MultipartForm

    assert address.service is not None
    incoming, rules = address.site.uploads.incoming, address.service.upload_rules

    def open_file(name: str) -> IncomingFile:
        name = plain_name(name)
        if address.operation == "upload":
            rules.check_type(name)
        return incoming.open(name, rules.max_file_size, rules.too_large(name))

    form = MultipartForm(content_type, address.site.limits, open_file)
    try:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            form.feed(message.get("body", b""))
            if not caller.hold(form.in_memory):
                raise _busy(address.site.limits)
            more = message.get("more_body", False)
            if form.refusal is not None and (
                knows_form or "f" in form.fields or form.passed_over > _SEARCHED
            ):
                raise form.refusal
        form.finish()
        if form.refusal is not None:
            raise form.refusal
    except BaseException as error:
        for file in form.files.values():
            incoming.discard(file.path)
        if isinstance(error, Refusal | MalformedRequest):
            error.parameters = form.fields
        raise
    files = {field: ReceivedFile(file.name, file.path, file.size) for field, file in form.files.items()}
    return form.fields, files
