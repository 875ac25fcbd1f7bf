"""Multipart forms, read piece by piece as they arrive.

Source: RFC 7578. Fields, and files where the operation takes none, become texts in memory, held to a limit;
files of operations that take them go to disk at once. Any order of the parts and any cut of the pieces is
the same form.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from gp_mockserver.limits import Limits
from gp_mockserver.uploads.incoming_files import IncomingFile
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.request_parameters import MalformedRequest

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

OpenFile = Callable[[str], IncomingFile]
"""Opens a file of ours for one that the client calls by that name. Raises Refusal for one that is not
taken."""

MAX_PART_HEAD: Final = 16 * 1024
MAX_AROUND: Final = 64 * 1024
"""Bytes before the first boundary, and in pieces after the last one."""
_CHARSETS = frozenset({"utf-8", "iso-8859-1", "us-ascii"})
_OPTION = re.compile(r';\s*([\w!#$%&\'*+.^`|~\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.ASCII | re.DOTALL)


class MultipartForm:
    """A form on its way in: `feed` it all pieces, then `finish` it; whoever opens files removes them.

    Without `open_file` the text of a file is its field's value. A field that comes twice keeps its first
    value, but those of `joined` are put together by commas. Raises MalformedRequest and Refusal; but what
    refuses a file is kept as `refusal`, so that who reads may still learn what form the answer is to have.
    """

    def __init__(
        self,
        content_type: bytes,
        limits: Limits,
        open_file: OpenFile | None = None,
        joined: Collection[str] = (),
    ) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, IncomingFile] = {}
        self._limits = limits
        self._open_file = open_file
        self._joined = joined
        self._parser = self._made_parser(content_type)
        self._begun = self._ended = False
        self._parts = self._head_size = self._around = 0
        self.in_memory = 0
        """Bytes of the fields so far, and of files that nobody takes."""
        self._head: list[tuple[bytearray, bytearray]] = []
        self.refusal: Refusal | None = None
        """Why a file is not taken; the rest of the form is then passed over."""
        self.passed_over = 0
        """Bytes since then."""
        self._name = ""
        self._value: bytearray | None = None
        self._file: IncomingFile | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        is_after = self._ended
        try:
            self._parser.write(piece)
        except ValueError as error:  # python-multipart's own errors are some
            raise MalformedRequest(f"the multipart form cannot be read: {error}") from None
        if is_after or not (self._begun or self._ended):
            self._around += len(piece)
        if self._around > MAX_AROUND:
            raise MalformedRequest("the multipart form has too much before or after its parts")

    def finish(self) -> None:
        """The body is whole. Raises MalformedRequest where the form is not."""
        if not self._ended:
            raise MalformedRequest("the multipart form does not end with its boundary")

    def _made_parser(self, content_type: bytes) -> MultipartParser:
        from python_multipart.multipart import MultipartParser

        _silence("python_multipart.multipart")
        boundary = options(content_type.decode("latin-1")).get("boundary", "")
        if not boundary:
            raise MalformedRequest("the multipart form names no boundary")
        try:
            bytes_of_boundary = boundary.encode("latin-1")
        except UnicodeEncodeError:
            raise MalformedRequest("the multipart form's boundary has letters beyond Latin-1") from None
        try:
            return MultipartParser(
                bytes_of_boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_begin": self._begin_header,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_headers_finished": self._end_head,
                    "on_part_data": self._take,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except ValueError as error:
            raise MalformedRequest(f"the multipart form cannot be read: {error}") from None

    def _begin_part(self) -> None:
        self._begun = True
        self._parts += 1
        if self._parts > self._limits.parts:
            raise Refusal(
                "invalid-parameters", self._limits.passed("parts", "a multipart form of more", "parts")
            )
        self._head = []
        self._head_size = 0

    def _begin_header(self) -> None:
        self._head.append((bytearray(), bytearray()))

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._head[-1][0].extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._head[-1][1].extend(data[start:end])

    def _count_head(self, size: int) -> None:
        self._head_size += size + len(self._head)
        if self._head_size > MAX_PART_HEAD:
            raise MalformedRequest(
                f"a multipart form with a part of more than {MAX_PART_HEAD} bytes of headers"
            )

    def _end_head(self) -> None:
        said = next((value for name, value in self._head if name.lower() == b"content-disposition"), b"")
        found = options(_text(bytes(said)))
        if "name" not in found:
            raise MalformedRequest("the multipart form has a part without a name")
        self._name = found["name"]
        if len(self._name) > self._limits.names:
            met = f"a field's name of {len(self._name)}"
            raise Refusal("invalid-parameters", self._limits.passed("names", met, "characters"))
        self._value = self._file = None
        if "filename" not in found or self._open_file is None:
            self._value = bytearray()
        elif found["filename"] and self._name not in self.files and self.refusal is None:
            try:
                self._file = self.files[self._name] = self._open_file(found["filename"])
            except Refusal as refusal:
                self.refusal = refusal

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None and self.refusal is None:
            try:
                self._file.write(memoryview(data)[start:end])
            except Refusal as refusal:
                self.refusal = refusal
            return
        if self.refusal is not None:
            self.passed_over += end - start
        # What nobody takes (an unnamed or second file) counts too: else it could go on for ever.
        self.in_memory += end - start
        if self.in_memory > self._limits.body:
            raise Refusal("too-large", self._limits.passed("body", "more"))
        if self._value is not None:
            self._value += memoryview(data)[start:end]

    def _end_part(self) -> None:
        if self._file is not None:
            if self.refusal is None:
                self._file.close()
        elif self._value is not None and self._name:
            value = self._value.decode(errors="replace")
            if self._name not in self.fields:
                self.fields[self._name] = value
            elif self._name in self._joined:
                self.fields[self._name] += f",{value}"
        self._file = self._value = None

    def _end(self) -> None:
        self._ended = True


def _silence(logger: str) -> None:
    """Keep a library from writing of what a client sends: it is answered with an error that says it."""
    logging.getLogger(logger).setLevel(logging.CRITICAL)


def options(header: str) -> dict[str, str]:
    """The options of a header such as `form-data; name="file"; filename="a.txt"`, by name in lower case; the
    first of a name counts.

    A value by RFC 5987 (`filename*=UTF-8''%c3%a4.txt`) comes before the plain one: RFC 7578 forbids it in
    forms, and clients send it all the same. One in another encoding than RFC 5987 asks for, ISO 8859-1 or
    ASCII is passed over: Python knows many, some of which are none of text.
    """
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for match in _OPTION.finditer(header):
        name, value = match[1].lower(), match[2].strip()
        if value.startswith('"') and len(value) > 1:
            value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if not name.endswith("*"):
            plain.setdefault(name, value)
        elif value.count("'") >= 2:
            charset, _, encoded = value.split("'", 2)
            if charset.lower() in _CHARSETS:
                extended.setdefault(name[:-1], unquote_to_bytes(encoded).decode(charset, "replace"))
    return plain | extended


def _text(header: bytes) -> str:
    """A header as text: UTF-8, as browsers send names, or Latin-1 where it is none."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")
