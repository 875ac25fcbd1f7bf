"""HTML where JSON or a file was due: whether an answer is a page, and what kind of page.

A page is known by its bytes first and by its label second, as either alone misleads: JSON comes as text/html,
and pages come as application/json.

Sources: recorded pages of the Services Directory and of the REST framework's errors; the others *assumed*.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Literal

import msgspec

from gp_client.reading.json_packing import text_of
from gp_client.reading.quoting import quoted

_LOOKED_AT = 64 * 1024
"""Bytes of a page that are looked at."""
_LARGEST_ENVELOPE = 8_000_000
"""Bytes of a page up to which the JSON in it is read."""
_CUT = "…"
_LONGEST_TEXT = 2000

_MARKUP = re.compile(
    r"\s*(?:<\?xml[^<>]{0,200}>(?=\s*<(?:!doctype\s+html|html\b))\s*)?(?:<!--(?:(?!-->).){0,4000}-->\s*)*"
    r"<(?:!doctype\s+html|(?:html|head|body|title|meta|script|style|link|form|table|div|p|h[1-6]|center|iframe"
    r"|span|font|b|br|hr|pre|textarea|a|ul|img|noscript|main|section|article|header)(?=[\s/>]))",
    re.IGNORECASE | re.DOTALL,
)
_JSON_START = re.compile(
    r"\s*(?:[\[{\"']|-?[0-9]|(?:true|false|null|NaN|-?Infinity)\s*\Z|[A-Za-z_$][\w$.]{0,200}\s*\(\s*[\[{])"
)
_TAG = re.compile(r"<[^<>]*+>")
_HEADING = re.compile(r"<h[1-3]\b[^<>]*+>([^<]{1,300})", re.IGNORECASE)
_PASSWORD = re.compile(r"""\btype\s{0,4}=\s{0,4}["']?password\b""", re.IGNORECASE)
_LOGIN_TARGET = re.compile(
    r"""(?:\baction\s{0,4}=\s{0,4}["']?|\burl\s{0,4}=\s{0,4}["']?|\blocation(?:\.href)?\s{0,4}=\s{0,4}["']"""
    r"""|\blocation\.(?:replace|assign)\(\s{0,4}["'])[^"'<>\s]{0,300}?"""
    r"(?:log-?in|log-?on|sign-?in|oauth2?|authorize|saml|/sso|\bsso\b|adfs|openid|/idp\b|\bidp\b)",
    re.IGNORECASE,
)
_SSO_FIELD = re.compile(
    r"""\bname\s{0,4}=\s{0,4}["']?(?:SAMLRequest|SAMLResponse|RelayState|wresult|wctx|oauth_state)\b""",
    re.IGNORECASE,
)
_LOGIN_TITLE = re.compile(
    r"\b(?:sign(?:ed|ing)?[ -]?in|log[ -]?in|log[ -]?on|single sign-on)\b", re.IGNORECASE
)
_LOGIN_WORDS = re.compile(
    r"\b(?:(?:please|must|need to|have to|required to)\s+(?:first\s+)?(?:be\s+)?"
    r"(?:sign(?:ed)?[ -]?in|log(?:ged)?[ -]?(?:in|on)|authenticate)|authentication (?:is )?required"
    r"|session (?:has |is )?(?:expired|timed out)|token required|invalid token)\b",
    re.IGNORECASE,
)
_ERROR_WORDS = re.compile(
    r"\b(?:error|unavailable|not available|maintenance"
    r"|forbidden|denied|not found|bad (?:gateway|request)|timed? ?-?out|[45]\d\d)\b",
    re.IGNORECASE,
)
_FRAMEWORK_CODE = re.compile(r"<b>\s{0,4}Code:?\s{0,4}</b>\s{0,4}:?\s{0,4}(-?\d{1,10})", re.IGNORECASE)
_ENVELOPE = re.compile(
    r"\s*(?:<(?:html|head|body|title|/head|/title)\b[^<>]*+>\s*)*<(textarea|pre)\b[^<>]*+>", re.IGNORECASE
)
_AFTER_ENVELOPE = re.compile(r"\s*(?:</(?:body|html)\s*>\s*)*\Z", re.IGNORECASE)


class Page(msgspec.Struct, frozen=True):
    """`kind`: a page to sign in at; the Services Directory's page of the resource that was asked for; the
    page of an error; any other. `title` is the page's, `text` the start of what it shows, without its tags.
    `code` is what the REST framework's page of an error tells.
    """

    kind: Literal["log-in", "services-directory", "error", "other"]
    title: str
    text: str
    code: int | None = None


def page_in(content: bytes, content_type: str) -> Page | None:
    """The page that an answer is; None where it is none, which says nothing of whether it is JSON."""
    start = content[:1]
    if start in (b"{", b"["):
        return None
    html = text_of(content[:_LOOKED_AT], content_type).removeprefix("\ufeff")
    if len(content) > _LOOKED_AT:
        html += _CUT
    if not _MARKUP.match(html):
        labelled = "html" in content_type.partition(";")[0].lower()
        if not labelled or not html.strip() or _JSON_START.match(html):
            return None
    title = _between(html, "title")
    visible = _visible(html)
    code = _FRAMEWORK_CODE.search(html)
    return Page(
        _kind(html, title, visible),
        quoted(unescape(_TAG.sub(" ", title))),
        quoted(visible, _LONGEST_TEXT),
        int(code[1]) if code else None,
    )


def json_in_page(content: bytes) -> bytes | None:
    """The JSON that a page of nothing but a `textarea` or a `pre` holds, as old upload forms are answered."""
    if len(content) > _LARGEST_ENVELOPE or not content[:200].lstrip().startswith(b"<"):
        return None
    html = content.decode("utf-8", "replace")
    begin = _ENVELOPE.match(html)
    if begin is None:
        return None
    end = html.lower().rfind(f"</{begin[1].lower()}", begin.end())
    after = html.find(">", end) + 1
    if end < 0 or not after or not _AFTER_ENVELOPE.match(html, after):
        return None
    inner = html[begin.end() : end].strip()
    if not inner.startswith("{"):
        return None
    return (unescape(inner) if "&quot;" in inner and '"' not in inner else inner).encode()


def _kind(html: str, title: str, visible: str) -> Literal["log-in", "services-directory", "error", "other"]:
    if _PASSWORD.search(html):
        return "log-in"
    lower = html.lower()
    is_framework = "arcgis rest framework" in lower
    has_style = "/rest/static/main.css" in lower
    if is_framework or (has_style and title.strip().lower().startswith("error")):
        return "error"
    if "rest services directory" in lower or (has_style and ("breadcrumbs" in lower or "usertable" in lower)):
        return "services-directory"
    headings = " ".join([title, *_HEADING.findall(html)])
    if (
        _SSO_FIELD.search(html)
        or _LOGIN_TITLE.search(headings)
        or _LOGIN_TARGET.search(html)
        or _LOGIN_WORDS.search(visible[:_LONGEST_TEXT])
    ):
        return "log-in"
    if _ERROR_WORDS.search(headings if headings.strip() else visible[:200]):
        return "error"
    return "other"


def _between(html: str, tag: str) -> str:
    found = re.search(rf"<{tag}\b[^<>]*+>", html, re.IGNORECASE)
    if found is None:
        return ""
    end = html.find("</", found.end(), found.end() + 1000)
    return html[found.end() : end] if end >= 0 else html[found.end() : found.end() + 1000]


def _visible(html: str) -> str:
    for tag in ("script", "style"):
        html = _without(html, tag)
    body = re.search(r"<body\b[^<>]*+>", html, re.IGNORECASE)
    shown = html[body.end() if body else 0 :]
    if len(shown) > 20 * _LONGEST_TEXT:
        shown = shown[: 20 * _LONGEST_TEXT] + _CUT
    return " ".join(unescape(_TAG.sub(" ", shown)).split())


def _without(html: str, tag: str) -> str:
    lower = html.lower()
    if len(lower) != len(html):  # a letter whose lower case is two
        return html
    kept, place = [], 0
    while (start := lower.find(f"<{tag}", place)) >= 0:
        kept.append(html[place:start])
        end = lower.find(f"</{tag}", start)
        if end < 0:
            return "".join(kept)
        place = end
    return "".join([*kept, html[place:]])
