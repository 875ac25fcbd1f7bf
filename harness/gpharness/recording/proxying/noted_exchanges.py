"""What was noted while it passed, read as exchanges once all is over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from gpharness.importing.imported import unpacked
from gpharness.probing.exchanges import Exchange, Fault
from gpharness.recording.proxying.kept_bodies import Headers
from gpharness.recording.proxying.notes import Note, Notes, Times
from gpharness.recording.request_parameters import parameters_of


def exchanges_of(notes: Notes, left: Counter[str]) -> Iterator[tuple[Exchange, Times]]:
    """The exchanges, one at a time, each with all the times at which it was met. `left` counts what cannot be
    used of what was noted, by the reason. Where the proxy stood in front of the server, its own address
    becomes the server's again."""
    for note, times in notes.distinct():
        if note.left:
            left[note.left] += len(times)
            continue
        swap = _swap(note.own, note.url)
        headers = _headers(note.headers, swap)
        coding = next((value for name, value in headers if name.lower() == "content-encoding"), "")
        body = unpacked(note.body, coding)
        if body is None:
            left["an answer that cannot be unpacked"] += len(times)
            continue
        exchange = Exchange(
            "",
            note.method,
            swap(note.url).decode("latin-1"),
            at=note.at,
            seconds=note.seconds,
            status=note.status or None,
            headers=tuple(each for each in headers if each[0].lower() != "content-encoding"),
            body=swap(body),
            request_headers=_headers(note.request_headers, swap),
            request_body=swap(note.request_body),
            fault=_fault(note),
            fault_text=note.fault,
        )
        exchange.parameters = parameters_of(exchange.url, exchange.request_headers, exchange.request_body)
        yield exchange, times


Swap = Callable[[bytes], bytes]


def _swap(own: bytes, url: bytes) -> Swap:
    """What puts the server's address where a text has the proxy's, in the forms in which texts have
    addresses."""
    if not own:
        return bytes
    scheme, _, rest = url.partition(b"://")
    return _swapping(own, scheme + b"://" + rest.partition(b"/")[0].partition(b"?")[0])


@lru_cache(maxsize=64)
def _swapping(own: bytes, theirs: bytes) -> Swap:
    ours, others = own.decode("latin-1"), theirs.decode("latin-1")
    port = own.rpartition(b":")[2]
    mark = port if port.isdigit() else b""
    """What stands in every form of the address."""
    pairs = [
        (form(ours).encode("latin-1"), form(others).encode("latin-1"))
        for form in (str, lambda text: text.replace("/", "\\/"), quote_plus, quote)
    ]

    def swap(text: bytes) -> bytes:
        if mark in text:
            for address, other in pairs:
                if address in text:
                    text = re.sub(re.escape(address) + _NO_MORE, lambda _, other=other: other, text)  # type: ignore[misc]
        return text

    return swap


_NO_MORE: Final = rb"(?![\w-]|\.\w|:\d|%3[Aa]\d)"
"""What does not follow an address: more of its host's name, or its port."""


def _headers(headers: Headers, swap: Swap) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), swap(value).decode("latin-1")) for name, value in headers)


def _fault(note: Note) -> Fault | None:
    if not note.fault:
        return None
    return "cut" if note.status else "unreachable"
