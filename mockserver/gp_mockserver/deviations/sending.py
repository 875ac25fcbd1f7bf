"""An answer's way out where its bytes are to be slow, cut, or no HTTP at all.

Over a socket this is done by the wire under the request; in process, where there is no wire, the transport is
told how the request fails (`IN_PROCESS`), and what depends on the framing of HTTP alone is not seen.
"""

from __future__ import annotations

import asyncio
import logging
import re
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import WeakSet

from gp_mockserver.deviations.actions import CloseAfter, Cut, Drip, Pace, Raw, Stall
from gp_mockserver.deviations.body_limits import MOST_BYTES, BodyTooLarge, check_size
from gp_mockserver.deviations.given_answers import GivenAnswer
from gp_mockserver.wire_access import Wire, wire_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.deviations.injections import Injection
    from gp_mockserver.deviations.steps import Step

IN_PROCESS: Final = "gpharness.in-process"
"""The extension of ASGI under which a transport without a socket says how a request can fail."""

_LENGTH = re.compile(rb"\{length([+-]\d+)?\}")
_BRACES = re.compile(rb"\{[a-z]+\}")
_CHUNK = 1024
_SHORTEST = 0.001
"""Seconds that a timer of the loop may last at least."""

log = logging.getLogger("gp_mockserver")


class Failing(Protocol):
    """What a transport without a socket can make of a connection that fails."""

    def fail(self, kind: str) -> None:
        """Fail as `kind` says: `refused`, `connect-timeout`, `silent`, `stalled`, `reset`, `cut`, `closed`,
        `garbage` or `tls`; what was sent before comes first."""
        ...


def failing_of(scope: Scope) -> Failing | None:
    """How a request in process can be made to fail; None over a socket, and under other transports."""
    failing: Failing | None = scope.get("extensions", {}).get(IN_PROCESS)
    return failing


_warned_of: WeakSet[Injection] = WeakSet()


def followed_over(scope: Scope, injections: list[Injection]) -> list[Injection]:
    """Those of these deviations that can be followed for a request: where a server gives no access to its
    connections, those that need one are left out, with one warning each."""
    if not injections or wire_of(scope) is not None or failing_of(scope) is not None:
        return injections
    return [each for each in injections if _needs_no_connection(each)]


def _needs_no_connection(injection: Injection) -> bool:
    layer = next((step.layer for step in injection.steps if step.layer != "ASGI"), None)
    if layer is not None and injection not in _warned_of:
        _warned_of.add(injection)
        log.warning(
            "deviation %s is not followed: it needs the %s of a connection, which this ASGI server does not "
            "give; serve the site by gpharness.serve, or ask it by gpharness.in_process",
            injection.label,
            layer,
        )
    return layer is None


async def send_by(steps: list[Step], answer: GivenAnswer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer as the steps of its last stage say."""
    actions = [step.action for step in steps]
    pace = next((each for each in actions if isinstance(each, Pace)), None)
    end = next((each for each in actions if isinstance(each, Cut | Stall | Raw | Drip)), None)
    after = next((each for each in actions if isinstance(each, CloseAfter)), None)
    wire, failing = wire_of(scope), failing_of(scope)
    if scope["method"] == "HEAD":
        answer.body = b""
    if after is not None and wire is not None:
        wire.close_after(after.seconds, reset=after.with_ == "rst")
    if isinstance(end, Drip):
        await _drip(end, answer, receive, send)
    elif isinstance(end, Cut | Stall | Raw):
        if wire is not None:
            await _by_wire(wire, answer, end, pace)
        else:
            await _without_wire(failing, answer, end, pace, send)
    else:
        if wire is not None and (date := answer.header(b"date")) is not None:
            wire.date(date)
            answer.headers = answer.without(b"date")
        await _send(answer, pace, send)


async def end_connection(way: str, scope: Scope, send: Send) -> None:
    """End the connection without an answer; the request has been read."""
    wire, failing = wire_of(scope), failing_of(scope)
    if wire is not None:
        wire.take_over()
        _end(wire, way)
        await wire.gone()
    elif failing is not None:
        failing.fail("reset" if way == "rst" else "closed")
    else:
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


def _end(wire: Wire, way: str) -> None:
    match way:
        case "rst":
            wire.reset()
        case "eof" if not wire.is_tls:
            wire.end_writing()
        case _:
            wire.close()


def _start(answer: GivenAnswer) -> dict[str, Any]:
    headers = [(name.lower(), value) for name, value in answer.headers]
    is_framed = any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)
    if not is_framed and answer.status >= 200 and answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(answer: GivenAnswer, pace: Pace | None, send: Send) -> None:
    await send(_start(answer))
    if pace is not None:
        size = pace.size_for(len(answer.body))
        pause = pace.pause_for(len(answer.body))
        for begin in range(0, len(answer.body), size):
            piece = answer.body[begin : begin + size]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await _pause(pause)
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": answer.body})


async def _pause(seconds: float) -> None:
    """Let so much real time go by, also less than a loop's timers can tell apart."""
    if seconds >= _SHORTEST:
        await asyncio.sleep(seconds)
        return
    until = monotonic() + seconds
    await asyncio.sleep(0)
    while monotonic() < until:
        await asyncio.sleep(0)


async def _drip(drip: Drip, answer: GivenAnswer, receive: Receive, send: Send) -> None:
    """Send a text for ever, until the client leaves."""
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": answer.without(b"content-length")}
    )
    left = asyncio.ensure_future(_left(receive))
    try:
        while not left.done():
            await send({"type": "http.response.body", "body": drip.text, "more_body": True})
            await asyncio.wait([left], timeout=drip.seconds)
    finally:
        left.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _by_wire(wire: Wire, answer: GivenAnswer, end: Cut | Stall | Raw | None, pace: Pace | None) -> None:
    head = head_by_wire(wire, answer)
    wire.take_over()
    if isinstance(end, Raw):
        await _write(wire, raw_answer(end, answer), pace)
        _end(wire, end.with_)
    else:
        whole = head + answer.body
        size = len(whole) if end is None else place_in(end, len(head), len(answer.body))
        await _write(wire, whole[:size], pace)
        if isinstance(end, Cut):
            _end(wire, end.with_)
        elif end is None:
            wire.close()
    await wire.gone()


async def _write(wire: Wire, data: bytes, pace: Pace | None) -> None:
    if pace is None:
        wire.write(data)
        return
    size = pace.size_for(len(data))
    pause = pace.pause_for(len(data))
    for begin in range(0, len(data), size):
        wire.write(data[begin : begin + size])
        await wire.drain()
        await _pause(pause)


async def _without_wire(
    failing: Failing | None, answer: GivenAnswer, end: Cut | Stall | Raw | None, pace: Pace | None, send: Send
) -> None:
    """The nearest thing: the transport fails after as much of the body as would have come."""
    kind = _kind_in_process(end)
    if not kind or end is None:
        await _send(answer, pace, send)
        return
    if not isinstance(end, Raw) and end.of == "body":
        size = place_in(end, 0, len(answer.body))
        await send(_start(answer))
        await send({"type": "http.response.body", "body": answer.body[:size], "more_body": True})
    if failing is not None:
        failing.fail(kind)


def _kind_in_process(end: Cut | Stall | Raw | None) -> str:
    """How a request fails where there is no wire; empty where its answer comes whole."""
    match end:
        case Stall():
            return "stalled"
        case Raw():
            return end.in_process
        case Cut(at="end") | Cut(with_="eof") | None:
            return ""
        case _:
            return "reset" if end.with_ == "rst" else "cut"


def place_in(end: Cut | Stall, head: int, body: int) -> int:
    """How many bytes of an answer come, of one with a head and a body of so many."""
    whole = body if end.of == "body" else head + body
    before = head if end.of == "body" else 0
    match end.at:
        case "half":
            return before + whole // 2
        case "end":
            return before + whole
        case "start":
            return 0
        case places:
            return before + min(places, whole)


def head_by_wire(wire: Wire, answer: GivenAnswer) -> bytes:
    """The head as it would go out; a date of the answer's own comes in the place of the server's."""
    if (date := answer.header(b"date")) is not None:
        wire.date(date)
        answer.headers = answer.without(b"date")
    return wire.head(_start(answer))


def raw_answer(raw: Raw, answer: GivenAnswer) -> bytes:
    """The bytes of a `raw` action, its braces filled with the answer."""
    body = answer.body
    half = len(body) // 2
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = ""
    headers = b"".join(b"%b: %b\r\n" % each for each in answer.without(b"content-length"))
    fills = {
        b"{date}": formatdate(usegmt=True).encode(),
        b"{status}": f"{answer.status} {phrase}".encode(),
        b"{headers}": headers,
        b"{body}": body,
        b"{half}": body[:half],
        b"{rest}": body[half:],
        b"{chunks}": _in_chunks(body),
    }
    data = _LENGTH.sub(lambda found: str(max(0, len(body) + int(found[1] or 0))).encode(), raw.data)
    said = sum(len(fills.get(found[0], b"")) for found in _BRACES.finditer(data))
    try:
        check_size("raw", len(data) + said, MOST_BYTES + len(body))
    except BodyTooLarge as error:
        log.warning("%s: its braces are not filled", error)
        return data
    return _BRACES.sub(lambda found: fills.get(found[0], found[0]), data)


def _in_chunks(body: bytes) -> bytes:
    pieces = [body[begin : begin + _CHUNK] for begin in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
