"""What of an answer, and of an address, may stand in an error: no secrets, no more than a line or two."""

from __future__ import annotations

import re

LONGEST_QUOTE = 200
"""Characters of an answer that an error repeats."""

_HINT = r"(?i)token|passw|pwd|bearer|secret"
_SECRET = r"""(?xis)(?P<name>\b\w{0,40}(?:token|password|passwd|pwd|secret)(?:\\*["'])?)(?:
        (?P<sign>=|%3[dD])(?P<value>[^\s&"'<>\\\#]++)
        |(?P<colon>\s{0,8}:\s{0,8}(?P<quote>\\*["'])).*?(?:(?P=quote)|\Z)
    )
    |(?P<bearer>\bBearer[ ]+)[\w.~+/=-]{6,}"""
_CONTROL = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def masked(text: str) -> str:
    """The text with `***` in the place of what it calls a token or a password: `token=…` in an address or
    a form, `"token": "…"` in JSON, `Bearer …` in a header."""
    if not re.search(_HINT, text):
        return text
    return re.sub(_SECRET, _mask, text)


def _mask(found: re.Match[str]) -> str:
    if found["bearer"]:
        return f"{found['bearer']}***"
    if found["sign"]:
        return f"{found['name']}{found['sign']}***"
    return f"{found['name']}{found['colon']}***{found['quote']}"


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """A piece of an answer as an error may repeat it: masked, on one line, without control characters, and
    cut."""
    start = masked(text[: 4 * longest + 1000])
    line = " ".join(re.sub(_CONTROL, " ", start).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def bare_url(url: str) -> str:
    """An address without its query, its fragment and its user: all that may hold a secret."""
    bare = url.partition("#")[0].partition("?")[0]
    scheme, sign, rest = bare.partition("://")
    if sign and "@" in rest:
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return bare
