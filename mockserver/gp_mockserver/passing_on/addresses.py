"""The real server's address in what it answers, made the site's own: in texts as they come, in headers."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_IN_ANGLES: Final = re.compile(rb"<([^<>]*)>")
_ENDS_NAME: Final = rb"(?![\w~-])"
"""What may not follow an address: `/arcgis` is no part of `/arcgis2`."""


class Addresses:
    """`theirs` is the address of the server's context, `ours` that of the site, neither with a slash at its
    end."""

    def __init__(self, theirs: str, ours: str) -> None:
        self._theirs, self._ours = theirs.encode(), ours.encode()
        self._their_path, self._our_path = (urlsplit(each).path.encode() for each in (theirs, ours))

    def in_text(self, *, is_page: bool) -> Rewriting:
        """What rewrites one text; in a page also links that begin with the context's path."""
        slashes = b"/", b"\\/"  # JSON may escape them
        pairs = [
            (self._theirs, self._ours),
            (self._theirs.replace(*slashes), self._ours.replace(*slashes)),
        ]
        if is_page:
            pairs += [(quote + self._their_path, quote + self._our_path) for quote in (b'"', b"'")]
        return Rewriting([(old, new) for old, new in pairs if old != new])

    def in_header(self, name: bytes, value: bytes) -> bytes:
        """A header's value; `name` is in lower case. Of cookies only the path is changed."""
        if name in (b"location", b"content-location"):
            return self._reference(value)
        if name == b"link":
            return _IN_ANGLES.sub(lambda found: b"<%b>" % self._reference(found[1]), value)
        if name == b"set-cookie" and self._their_path != self._our_path:
            path = rb"(?i:(;\s*path\s*=\s*\"?))" + re.escape(self._their_path) + rb"(?=[/;\"\s]|$)"
            return re.sub(path, lambda found: found[1] + self._our_path, value)
        return value

    def _reference(self, value: bytes) -> bytes:
        path = re.compile(re.escape(self._their_path) + rb"(?=[/?#]|$)")
        if found := path.match(value):
            return self._our_path + value[found.end() :]
        rewriting = self.in_text(is_page=False)
        return rewriting.take(value) + rewriting.end()


class Rewriting:
    """Replaces words in a text that comes in pieces. It holds back no more than might be the start of one."""

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._new = dict(pairs)
        self._pattern = re.compile(b"(?:%b)%b" % (b"|".join(map(re.escape, self._new)), _ENDS_NAME))
        self._held = b""

    def take(self, piece: bytes) -> bytes:
        """The text as far as it is certain, once this piece has come."""
        if not self._new:
            return piece
        done, rest = self._replaced(self._held + piece, is_end=False)
        certain = len(rest) - self._may_begin(rest)
        self._held = rest[certain:]
        return done + rest[:certain]

    def end(self) -> bytes:
        """What was held back: nothing follows it."""
        text, self._held = self._held, b""
        return b"".join(self._replaced(text, is_end=True)) if text else text

    def _replaced(self, text: bytes, *, is_end: bool) -> tuple[bytes, bytes]:
        """The text up to the last word in it, replaced, and what follows that."""
        if not any(word in text for word in self._new):
            return b"", text
        parts, done = [], 0
        for found in self._pattern.finditer(text):
            if found.end() < len(text) or is_end:
                parts += [text[done : found.start()], self._new[found[0]]]
                done = found.end()
        return b"".join(parts), text[done:]

    def _may_begin(self, text: bytes) -> int:
        """How many bytes at the end may belong to a word: all of one, too, as what follows it counts."""
        return max(
            next((size for size in range(min(len(word), len(text)), 0, -1) if text.endswith(word[:size])), 0)
            for word in self._new
        )
