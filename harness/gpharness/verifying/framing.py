"""Bytes that an HTTP library does not show: those behind the length of an answer, and those that are none.

A library reads as far as content-length says, and calls what does not begin as HTTP a connection that was
closed. Where the first answer of a server is of such a kind it is asked for once more, over a bare socket.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from gp_client.errors import ProtocolViolation
from gp_client.reading.json_faults import CUT_SHORT
from gp_client.reading.strict_json import read_json

from gpharness.probing.prober import Prober
from gpharness.verifying.looks import Look

_MOST: Final = 1 << 20
_EXPECTED: Final = "an answer in the form that HTTP gives it"
_UNANSWERED: Final = "without sending a response"


def is_cut_short(look: Look) -> bool:
    """Whether an answer is the beginning of JSON."""
    if look.exchange.fault is not None or not any(each.name == "format.not-json" for each in look.findings):
        return False
    try:
        read_json(look.exchange.body, look.exchange.header("content-type"), url="")
    except ProtocolViolation as violation:
        return violation.met == CUT_SHORT
    return False


def is_misframed(prober: Prober, look: Look) -> bool:
    """Whether a plain read that was answered with the beginning of JSON, or with nothing, was answered with
    bytes that are no HTTP answer, or more of them than it says. False where that cannot be seen: the prober
    has no sockets, or a proxy is between."""
    exchange = look.exchange
    if exchange.method != "GET" or not prober.has_sockets:
        return False
    if not is_cut_short(look) and _UNANSWERED not in exchange.fault_text:
        return False
    received = _received(exchange.url, prober.session.settings.timeout)
    if not received:
        return False
    head, mark, body = received.partition(b"\r\n\r\n")
    if not received.startswith(b"HTTP/") or not mark:
        return True
    lengths = [
        line.partition(b":")[2].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return len(lengths) == 1 and lengths[0].isdigit() and len(body) > int(lengths[0])


def correct(look: Look, *, misframed: bool) -> None:
    """Say of an answer that was not whole what it is: cut where only the connection's end says that it is
    over, badly framed where that was seen to be this server's way."""
    if misframed and (is_cut_short(look) or _UNANSWERED in look.exchange.fault_text):
        look.without("format.not-json", "transport.cut")
        look.find("http.framing", _EXPECTED, "other bytes, or more than its length says")
    elif is_cut_short(look) and not _says_its_length(look):
        look.without("format.not-json")
        look.find("transport.cut", "a whole answer", "the beginning of one, and the connection's end")


def _says_its_length(look: Look) -> bool:
    return bool(look.exchange.header("content-length") or look.exchange.header("transfer-encoding"))


def _received(url: str, timeout: float) -> bytes:
    """All that comes back for a GET; nothing where the server is not reached."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n"
    )
    received = b""
    with suppress(OSError, ValueError), socket.create_connection((parts.hostname, port), timeout) as plain:
        connection: Any = plain
        if parts.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        connection.sendall(request.encode("ascii", "replace"))
        while len(received) < _MOST and (piece := connection.recv(65536)):
            received += piece
    return received
