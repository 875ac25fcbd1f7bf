"""What of an answer, and of an address, may stand in an error: no secrets, no more than a line or two."""

from __future__ import annotations

import re

LONGEST_QUOTE = 200
"""Characters of an answer that an error repeats."""
_BEYOND = 1000
"""Characters beyond those that are kept that are masked, too."""

_HINT = r"(?i)token|passw|pwd|bearer|secret"
_NAMES = r"\w{0,40}(?:token|password|passwd|pwd|secret)"
_QUOTE = r"""(?:\\*["']|&(?:amp;)*(?:quot|apos|\#0*3[49]);|%(?:25)*2[27])"""
_BLANKS = r"(?:\s|%(?:25)*20){0,8}"
_SECRET = rf"""(?xis)
    (?P<before>\b{_NAMES}(?P<close>{_QUOTE}{{1,2}})?(?:=|%(?:25)*3d|{_BLANKS}(?::|%(?:25)*3a){_BLANKS})
        (?P<quote>(?P=close)|{_QUOTE})).*?(?:(?P=quote)|\Z)
    |(?P<sign>\b{_NAMES}(?:=|%(?:25)*3d))
        (?:[^\s&"'<>\\\#]|&(?:amp;)*(?:lt|gt|quot|apos|\#x?[0-9a-f]{{1,6}});|&amp;(?!(?:amp;)*\w{{1,40}}=))++
    |(?P<tag>(?:<|&(?:amp;)*lt;){_NAMES}(?:>|&(?:amp;)*gt;))[^\s<&]++
    |(?P<bearer>\bBearer(?:[ +]|%(?:25)*20)+)[\w.~+/=%-]{{6,}}"""
_CONTROL = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def masked(text: str) -> str:
    """The text with `***` in the place of what it calls a token or a password: `token=…` in an address or
    a form, `"token": "…"` in JSON, `Bearer …` in a header, and these as they stand in addresses, in texts
    of JSON and in HTML, also twice so."""
    if not re.search(_HINT, text):
        return text
    return re.sub(_SECRET, _mask, text)


def _mask(found: re.Match[str]) -> str:
    before: str = found["before"] or found["sign"] or found["tag"] or found["bearer"]
    return f"{before}***{found['quote'] or ''}"


def beginning(text: str, longest: int) -> str:
    """The start of a text, masked, and cut after that."""
    start = text[: longest + _BEYOND]
    kept = masked(start)
    return kept if len(kept) <= longest and start == text else kept[: longest - 1] + "…"


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """A piece of an answer as an error may repeat it: masked, on one line, without control characters, and
    cut, which shows, as somebody may look for more secrets to mask."""
    start = text[: 4 * longest + _BEYOND]
    line = " ".join(re.sub(_CONTROL, " ", masked(start)).split())
    return line if len(line) <= longest and start == text else line[: longest - 1] + "…"


def bare_url(url: str) -> str:
    """An address without its query, its fragment and its user: all that may hold a secret."""
    bare = url.partition("#")[0].partition("?")[0]
    scheme, sign, rest = bare.partition("://")
    if sign and "@" in rest:
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return bare
