"""What comes in the place of a file: pages and errors, told apart from files by bytes, label and name.

A label alone says little, as servers give many a file a wrong one; but HTML in the place of a zip file is no
file, however it begins, and neither is the service's error.
"""

from __future__ import annotations

import re

import msgspec

from gp_client.errors import GPError, HTTPError, UnexpectedPage

LARGEST_ERROR = 4 * 1024 * 1024
"""Bytes of JSON that are read to see whether it is an error."""
_BEGINNING = 64 * 1024
_PAGE_NAMES = (".html", ".htm", ".xhtml", ".mht")
_JSON_NAMES = (".json", ".geojson")
_PAGE_TAG = re.compile(
    r"<(?:!doctype\s{1,40}html|html|head|body|title|meta|script|center|h1)\b", re.IGNORECASE
)
_BLANK = re.compile(r"\s*")
_BINARY = re.compile("[\x00-\x08\x0e-\x1a]")
_ENVELOPE = re.compile(r'\s*\{\s*"error"\s*:\s*[{\["]')
_JSON_TYPE = re.compile(r"\s*(?:application|text)/(?:[\w.\-]{1,40}\+)?json\s*(?:;|,|\Z)", re.IGNORECASE)


class Label(msgspec.Struct, frozen=True):
    """An answer's content type, and both names of the file that was asked for: its address's, and ours."""

    content_type: str
    name_there: str
    name: str

    @property
    def is_page_wanted(self) -> bool:
        return any(each.lower().endswith(_PAGE_NAMES) for each in (self.name_there, self.name))

    @property
    def is_json_wanted(self) -> bool:
        return any(each.lower().endswith(_JSON_NAMES) for each in (self.name_there, self.name))

    @property
    def says_html(self) -> bool:
        return "html" in self.content_type.partition(";")[0].lower()

    @property
    def says_json(self) -> bool:
        return _JSON_TYPE.match(self.content_type) is not None


def is_page(start: bytes, label: Label) -> bool:
    """Whether a body that begins so is a page instead of the file.

    Where no page is wanted, text that is labelled as HTML is one, and so is what begins as one whatever its
    label. A page that is wanted is none unless it is there to sign in at.
    """
    from gp_client.reading.json_packing import text_of

    text = text_of(start[:_BEGINNING], label.content_type)
    begins_so = _begins_as_page(text)
    if not label.is_page_wanted:
        return begins_so or (label.says_html and bool(text) and not _BINARY.search(text))
    if not (begins_so or label.says_html):
        return False
    from gp_client.reading.pages import page_in

    page = page_in(start, "text/html")
    return page is not None and page.kind == "log-in"


def page_error(start: bytes, label: Label, status: int, url: str) -> UnexpectedPage:
    """The error that such a page is."""
    from gp_client.reading.pages import page_in

    page = page_in(start, "text/html")
    title = page.title[:200] if page is not None else ""
    what = "a log-in page" if page is not None and page.kind == "log-in" else "a page"
    return UnexpectedPage(
        f"met {what}{f' titled {title!r}' if title else ''}, expected the file {label.name!r}",
        title=title,
        status=status,
        content_type=label.content_type[:200],
        url=url,
        beginning=page.text[:200] if page is not None else "",
    )


def may_be_error(start: bytes, label: Label) -> bool:
    """Whether a body that begins so has to be read to know that it is the file: JSON that was not asked for,
    or that begins as the service's errors do."""
    text = _text_of_start(start, label)
    if not text.lstrip().startswith("{"):
        return False
    return (label.says_json and not label.is_json_wanted) or _ENVELOPE.match(text) is not None


def error_in_file(content: bytes, label: Label, url: str) -> GPError | None:
    """The service's error in a body that should be a file; None for any other JSON, which may well be one.

    Of more than `LARGEST_ERROR` bytes, and of what is no JSON after all, the beginning decides, where the
    label says JSON.
    """
    from gp_client.reading.envelopes import error_in
    from gp_client.reading.strict_json import read_json

    text = _text_of_start(content, label)
    if not text.lstrip().startswith("{"):
        return None
    is_envelope = label.says_json and _ENVELOPE.match(text) is not None
    if len(content) > LARGEST_ERROR:
        if not is_envelope:
            return None
        return HTTPError(
            f"met JSON that begins as an error, of more than {LARGEST_ERROR} bytes, expected the file "
            f"{label.name!r}",
            status=200,
            content_type=label.content_type[:200],
            url=url,
        )
    try:
        value = read_json(content, label.content_type, url=url)
    except GPError as error:
        return error if is_envelope else None
    found: GPError | None = error_in(value, url=url)
    return found


def is_in_doubt(start: bytes, label: Label) -> bool:
    """Whether a body of which no more has come than this may still turn out to be no file."""
    text = _text_of_start(start, label).lstrip()
    if not text or text.startswith(("<", "{")):
        return True
    return (label.says_html and not label.is_page_wanted) or (label.says_json and not label.is_json_wanted)


def _text_of_start(start: bytes, label: Label) -> str:
    from gp_client.reading.json_packing import text_of

    return text_of(bytes(start[:_BEGINNING]), label.content_type).removeprefix("\ufeff")


def _begins_as_page(text: str) -> bool:
    """Whether the first tag after blanks, comments and an XML declaration is one that only pages begin
    with. Every character is looked at once."""
    at = 1 if text.startswith("\ufeff") else 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if text.startswith("<!--", at):
            end, length = text.find("-->", at + 2), 3
        elif text[at : at + 5].lower() == "<?xml":
            end, length = text.find("?>", at, at + 220), 2
        else:
            return _PAGE_TAG.match(text, at) is not None
        if end < 0:
            return False
        at = end + length
