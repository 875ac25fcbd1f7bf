"""The body of an answer on its way into a file: told apart from pages and errors, and held to its length."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from gp_client.errors import GPError, HTTPError, InvalidInput, TransportError
from gp_client.files.file_names import name_in_disposition, name_in_url
from gp_client.files.mistaken_answers import (
    LARGEST_ERROR,
    Label,
    error_in_file,
    is_in_doubt,
    is_page,
    may_be_error,
    page_error,
)
from gp_client.files.part_files import Origin, PartFile, is_validator, source_of
from gp_client.steps import Transferred
from gp_client.wire.http_messages import Response

_HELD = 64 * 1024
"""Bytes of a body that are looked at before any of it is written."""
_TOLD = 1024 * 1024
"""Bytes after which progress is told again."""
_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\s*", re.ASCII | re.IGNORECASE)
_NO_SUCH_RANGE = re.compile(r"\s*bytes\s+\*/(\d{1,18})\s*", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)

Listener = Callable[[Transferred], object]


class FileSink:
    """Takes the answers to the requests for one file, one after another, until the file is whole.

    `headers` are those of the next request; `finish` reads its answer and says whether the file is whole.
    `must_begin_anew` is whether the bytes so far turned out to be of no use.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        name: str,
        *,
        is_name_final: bool,
        overwrite: bool,
        resume: bool,
        listener: Listener | None = None,
    ) -> None:
        self._url = url
        self._part = PartFile(folder / name)
        self._is_name_final = is_name_final
        self._overwrite = overwrite
        self._resume = resume
        self._listener = listener
        self._told = 0
        self._asked_from = 0
        self._held: bytearray | None = bytearray()
        self._origin = Origin(source_of(url), "")
        self._content_type = ""
        self._is_open_ended = False
        self._seam: int | None = None
        self._expects: int | None = None
        self._came = 0
        self.must_begin_anew = False
        if is_name_final:
            self._check_place()
        self._part.check()
        if resume:
            self._part.take_up(url)

    @property
    def place(self) -> Path:
        """Where the file is, or will be."""
        return self._part.place

    @property
    def progress(self) -> Transferred:
        origin = self._part.origin
        return Transferred(self.place.name, self._part.size, origin.total if origin else None)

    @property
    def size(self) -> int:
        """Bytes of the file that have come so far, those that are still looked at included."""
        return self._part.size if self._held is None else max(self._part.size, len(self._held))

    @property
    def came_to_something(self) -> bool:
        """Whether any bytes came of the last request."""
        return self._came > 0

    @property
    def _label(self) -> Label:
        return Label(self._content_type, name_in_url(self._url), self.place.name)

    @property
    def _can_resume(self) -> bool:
        return bool(self._resume and self._part.origin and self._part.origin.validator and self._part.size)

    def headers(self) -> dict[str, str]:
        """What the next request says, from the bytes so far."""
        self._keep_start()
        self._asked_from = self._came = 0
        self._held, self.must_begin_anew = bytearray(), False
        said = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._can_resume:
            assert self._part.origin is not None
            self._asked_from = self._part.size
            said |= {"Range": f"bytes={self._part.size}-", "If-Range": self._part.origin.validator}
        return said

    def begin(self, head: Response) -> bool:
        """Whether an answer's body is one of the file's. Raises HTTPError for a part that was not asked for,
        and InvalidInput where there is a file already that is to stay."""
        self._expects = None
        self._came = 0
        if head.status not in (200, 206):
            return False
        self._content_type = head.header("content-type")
        self._is_open_ended, self._seam = False, None
        encoding = head.header("content-encoding").strip().lower()
        length = head.header("content-length").strip()
        self._expects = int(length) if not encoding and _DIGITS.fullmatch(length) else None
        self._held = bytearray()
        validator = "" if encoding else _validator(head)
        if head.status == 206:
            self._begin_part(head, encoding)
        else:
            self._begin_whole(head, validator)
        return True

    def write(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        self._came += len(chunk)
        if self._held is None:
            self._keep(chunk)
            return
        self._held += chunk
        if len(self._held) > _HELD:
            self._check_page(bytes(self._held), 200)
            self._release()

    def finish(self, response: Response) -> bool:
        """Read an answer whose body has come; True once the file is whole, and in its place.

        Raises what the answer is, where it is no file: UnexpectedPage, AuthError, ServerError, HTTPError.
        """
        if response.status == 416 and self._asked_from:
            if self._is_end(response):
                self._put_in_place()
                return True
            self.must_begin_anew = True
            raise HTTPError(
                "the server does not go on from where the file was left", status=416, url=self._url
            )
        if response.status not in (200, 206):
            raise self._error_in(response)
        if self._expects is not None and self._came < self._expects:
            if self._held is not None:
                self._release()
            raise TransportError(f"the file ended after {self._came} of {self._expects} bytes", url=self._url)
        if self._expects is not None and self._came > self._expects:
            self.must_begin_anew = True
            raise TransportError(
                f"the file went on after its {self._expects} bytes (content-length)", url=self._url
            )
        if self._held is not None:
            content = bytes(self._held)
            self._check_page(content, response.status)
            if (error := error_in_file(content, self._label, self._url)) is not None:
                raise error
            self._release()
        assert self._part.origin is not None
        total = self._part.origin.total
        if total is not None and self._part.size < total:
            return False
        if total is None and self._is_open_ended:
            self._seam = self._part.size
            return False
        self._put_in_place()
        return True

    def leave(self) -> None:
        """Keep what has come, if a later call can go on from it."""
        self._keep_start()
        if self._resume and not self.must_begin_anew:
            self._part.leave()
        else:
            self._part.discard()

    def begin_anew(self) -> None:
        """Drop the bytes so far."""
        self._part.discard()
        self._held = None

    def _begin_whole(self, head: Response, validator: str) -> None:
        self._told = 0
        called = name_in_disposition(head.header("content-disposition"))
        self._origin = Origin(source_of(self._url), validator, self._expects, called)
        self._take_place(called)

    def _begin_part(self, head: Response, encoding: str) -> None:
        """Hold a 206 to what was asked for: it has to go on at that very byte of that very file."""
        said = _CONTENT_RANGE.fullmatch(head.header("content-range"))
        origin = self._part.origin
        start, end, total = (int(said[1]), int(said[2]), said[3]) if said else (-1, -1, "*")
        whole = None if total == "*" else int(total)
        fits = (
            self._asked_from > 0
            and origin is not None
            and not encoding
            and start == self._asked_from == self._part.size
            and end >= start
            and (whole is None or end < whole)
            and (whole is None or origin.total is None or whole == origin.total)
            and (self._expects is None or self._expects == end - start + 1)
            and _is_same(head, origin.validator)
        )
        if not fits:
            self.must_begin_anew = self._asked_from > 0
            asked = f"the bytes from {self._asked_from} on" if self._asked_from else "the whole file"
            raise HTTPError(
                f"met status 206 with Content-Range {head.header('content-range')[:80]!r}, expected {asked}",
                status=206,
                content_type=head.header("content-type"),
                url=self._url,
            )
        assert origin is not None
        self._expects = end - start + 1
        self._held = None
        self._is_open_ended = whole is None
        if origin.total is None and whole is not None:
            self._part.origin = msgspec.structs.replace(origin, total=whole)
        self._take_place(origin.name)

    def _release(self) -> None:
        """What was held is the start of the file."""
        held, self._held = self._held, None
        self._part.begin(self._origin)
        self._keep(bytes(held or b""))

    def _keep_start(self) -> None:
        """What was held of an answer that was cut is worth keeping, unless it may be a page or an error."""
        held, is_useful = self._held, self._resume and self._origin.validator
        if held and is_useful and not is_in_doubt(bytes(held), self._label):
            self._release()

    def _keep(self, chunk: bytes) -> None:
        self._part.write(chunk)
        if self._listener is not None and self._part.size - self._told >= _TOLD:
            self._told = self._part.size
            self._listener(self.progress)

    def _take_place(self, called: str) -> None:
        """In a folder the file has the name that the server gives it, if it gives one."""
        if called and not self._is_name_final:
            self._part.place = self.place.with_name(called)
        self._check_place()

    def _check_place(self) -> None:
        """Raises InvalidInput where the file must not, or cannot, be put."""
        place = self.place
        if not os.path.lexists(place):
            return
        is_file = place.is_file() or not place.exists()  # else a link that leads nowhere
        if not (self._overwrite and is_file):
            what = "a file" if is_file else "something else than a file"
            raise InvalidInput(
                parameter="to",
                met=f"{place}, where there is {what} already",
                expected="a place for a new file",
                remedy="say overwrite=True or name another" if is_file else "name another",
                url=self._url,
            )

    def _check_page(self, start: bytes, status: int) -> None:
        """Raises UnexpectedPage where the body that begins so is a page instead of the file."""
        if is_page(start, self._label):
            raise page_error(start, self._label, status, self._url)

    def _is_end(self, response: Response) -> bool:
        """Whether a 416 says that the file ended with the last part, which did not tell the length."""
        if self._part.origin is None or self._seam is None or self._seam != self._part.size:
            return False
        said = _NO_SUCH_RANGE.fullmatch(response.header("content-range"))
        return (said is None or int(said[1]) == self._seam) and _is_same(
            response, self._part.origin.validator
        )

    def _put_in_place(self) -> None:
        """All bytes have come. Raises the error that they are, where they are none of a file."""
        if may_be_error(self._part.start(_HELD), self._label):
            error = error_in_file(self._part.start(LARGEST_ERROR + 1), self._label, self._url)
            if error is not None:
                self._part.discard()
                raise error
        self._check_place()
        self._part.finish()

    def _error_in(self, response: Response) -> GPError:
        """What an answer is that is neither 200 nor 206."""
        from gp_client.reading.answers import read_answer

        try:
            read_answer(response)
        except GPError as error:
            return error
        return HTTPError(
            f"met status {response.status}, expected the file {self.place.name!r}",
            status=response.status,
            content_type=response.header("content-type"),
            url=self._url,
        )


def _validator(head: Response) -> str:
    """What `If-Range` may say of an answer: its strong ETag, else its date."""
    for name in ("etag", "last-modified"):
        if is_validator(text := head.header(name).strip()):
            return text
    return ""


def _is_same(head: Response, validator: str) -> bool:
    """Whether a part is of the file with that validator; a part that does not say is taken to be."""
    said = head.header("etag" if validator.startswith('"') else "last-modified").strip()
    return said in ("", validator)
