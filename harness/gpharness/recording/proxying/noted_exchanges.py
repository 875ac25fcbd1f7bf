"""What was noted while it passed, read as exchanges once all is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, urlsplit

from gpharness.importing.imported import unpacked
from gpharness.probing.exchanges import Exchange, Fault
from gpharness.recording.proxying.notes import Headers, Note
from gpharness.recording.request_parameters import parameters_of


def exchanges_of(notes: Iterable[Note], left: Counter[str]) -> Iterator[Exchange]:
    """The exchanges, one at a time. `left` counts what cannot be used of what was noted, by the reason. Where
    the proxy stood in front of the server, its own address becomes the server's again."""
    for note in notes:
        if note.left:
            left[note.left] += 1
            continue
        swap = _Swap(note)
        headers = _headers(note.headers, swap)
        coding = next((value for name, value in headers if name.lower() == "content-encoding"), "")
        body = unpacked(note.body, coding)
        if body is None:
            left["an answer that cannot be unpacked"] += 1
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
        yield exchange


class _Swap:
    """Puts the server's address where a text has the proxy's, in the forms in which texts have addresses."""

    def __init__(self, note: Note) -> None:
        self._pairs: list[tuple[bytes, bytes]] = []
        self._port = note.own.rpartition(b":")[2]
        """Its port stands in every form of the address."""
        if note.own:
            parts = urlsplit(note.url.decode("latin-1"))
            theirs, ours = f"{parts.scheme}://{parts.netloc}", note.own.decode("latin-1")
            self._pairs = [
                (form(ours).encode("latin-1"), form(theirs).encode("latin-1"))
                for form in (str, lambda text: text.replace("/", "\\/"), quote_plus, quote)
            ]

    def __call__(self, text: bytes) -> bytes:
        if not self._pairs or self._port not in text:
            return text
        for ours, theirs in self._pairs:
            if ours in text:
                text = text.replace(ours, theirs)
        return text


def _headers(headers: Headers, swap: _Swap) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), swap(value).decode("latin-1")) for name, value in headers)


def _fault(note: Note) -> Fault | None:
    if not note.fault:
        return None
    return "cut" if note.status else "unreachable"
