"""What stands behind a name that says that it is secret: in JSON, in addresses, forms and tags, in settings,
in sentences, and in the columns of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gpharness.contracts.secrets.secret_kinds import (
    is_likely_secret,
    is_no_plain_word,
    looks_random,
    names_a_secret,
)

AFTER: Final = re.compile(
    r"""
      (?: ["']? [\s+]{0,20} (?:[:=]|:=|=>|->) [\s+]{0,20} u? (?P<q>["'])
          (?P<quoted> (?: \\. | (?!(?P=q)) [^\\] ){0,8192} ) (?P=q) )
    | (?: ["']? [\s+]{0,20} : [\s+]{0,20} \[ (?P<list> [^\]\[]{0,8000} ) \] )
    | (?: ["'] \s{0,20} : \s{0,20} (?P<bare> [^\s"',}\]\[{]+ ) )
    | (?: ["'] [\s+]{0,5} , [\s+]{0,5} (?P<q4>["'])
          (?P<second> (?: \\. | (?!(?P=q4)) [^\\] ){4,8192} ) (?P=q4)
          \s{0,5} [\])] )
    | (?: \s{0,3} = \s{0,3} (?:(?:basic|bearer|ntlm|negotiate|token)(?:\s+|\+|%(?:25)?20))?
          (?P<form> (?: [^\s"'&;,<>{}\[\]\\] | (?<=\w)'(?=\w) )+ ) )
    | (?: \s{0,3} = \s{0,3} \{ (?P<braced> [^{}\r\n]{4,256} ) \} )
    | (?: ["'] [^\r\n]{0,200} (?:\r?\n[^\r\n]{1,300}){0,8}? \r?\n\r?\n (?P<part> [^\r\n]+ ) )
    | (?: ["'] [^{}<>]{0,300}? ["'] (?:value|defaultValue|content) ["'] \s*:\s*
          (?P<q2>["']) (?P<beside> (?: \\. | (?!(?P=q2)) [^\\] ){0,8192} ) (?P=q2) )
    | (?: (?: \s{0,3} : | \s{1,3} (?:->|=>|:=) ) \s{1,20}
          (?:(?:basic|bearer|token|ntlm|negotiate|apikey|key)\s+)?
          (?P<said> (?: (?!\\[nr]) [^\s"'<>{}\[\],;&] | (?<=\w)'(?=\w) ){3,} ) )
    | (?: : (?P<close> (?: (?!\\[nr]) [^\s"'<>{}\[\],;&:/\\] ){8,} ) )
    | (?: \s{1,3} (?:is\s|was\s|of\s)? \s{0,3} (?P<q3>["'])
          (?P<cited> (?: \\. | (?!(?P=q3)) [^\\\r\n] ){3,4096} ) (?P=q3) )
    | (?: \s{1,3} (?:is|was) \s{1,3} (?P<stated> [^\s"'<>{}\[\],;&]{6,} ) )
    | (?: \s{1,3} (?P<loose> (?: [\w\-.~+/=%!#$*^@\x80-\uffff] | (?<=\w)'(?=\w) ){8,} ) )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ELEMENT: Final = re.compile(r"[^<>]{0,300}>\s*(?:<!\[CDATA\[)?([^<>]+?)\s*(?:\]\]>|<|\Z)")
_QUOTED: Final = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'")
AFTER_COLUMN: Final = re.compile(r"[\"']?\s{0,3}(?:[,;\t][^\n]{0,800})?\r?\n")


_PREFIX: Final = re.compile(r"<[\w.-]+:\Z")
"""The beginning of an element whose name has a prefix, but not of its end."""


_SETTING_BEFORE: Final = re.compile(r"(?:\A|[^\w.-])[\w.-]{1,40}[ ]?=[^;&?<>{}\r\n]{0,200};[ ]{0,3}\Z")
_TO_SEMICOLON: Final = re.compile(
    r"[ ]{0,3}=[ ]{0,3}((?:&(?:amp|lt|gt|quot|apos|\#\w{1,6});|[^;\"'<>\r\n\\]|(?<=\w)'(?=\w)){2,256})",
    re.IGNORECASE,
)
_SETTING_BEHIND: Final = re.compile(r";[ ]{0,3}[A-Za-z][\w.-]{0,40}(?:[ ][\w.-]{1,40})?[ ]?=[^=&]")


def _in_connection_string(view: str, begin: int, end: int) -> str:
    """What a connection string holds there, `SERVER=db1;PASSWORD=a&b;VERSION=v`; empty where it is none, or
    where it holds nothing that a query cannot hold."""
    found = _TO_SEMICOLON.match(view, end)
    if (
        found is None
        or not any(sign in found[1] for sign in "& ,")
        or view[max(0, begin - 1) : begin] in ("?", "&")
    ):
        return ""
    if _SETTING_BEFORE.search(view[max(0, begin - 250) : begin]) is None and (
        "=" in found[1] or _SETTING_BEHIND.match(view, found.end()) is None
    ):
        return ""
    if found[1][:1] == "{" and found[1].rstrip()[-1:] == "}":
        return found[1].strip(" {}")
    is_ended = view[found.end() : found.end() + 1] in (";", '"', "'")
    return found[1].strip() if is_ended else (found[1].split() or [""])[0]


def quoted_in(listed: str) -> list[str]:
    """The texts in quotes of a list's inside."""
    return [one or other for one, other in _QUOTED.findall(listed)]


def values_after(view: str, begin: int, end: int) -> Iterator[str]:
    if "=" in view[end : end + 4] and (whole := _in_connection_string(view, begin, end)):
        yield whole
        if "&" in whole:
            return
    ahead = view[max(0, begin - 1) : begin]
    if ahead == "<" or (ahead == ":" and _PREFIX.search(view[max(0, begin - 40) : begin])):
        if inside := _ELEMENT.match(view, end):
            yield inside[1]
        return
    found = AFTER.match(view, end)
    if found is None:
        return
    groups = found.groupdict()
    if (several := groups["list"]) is not None:
        yield from quoted_in(several)
    elif groups["quoted"] is not None:
        yield groups["quoted"]
    elif groups["beside"] is not None:
        if view[max(0, begin - 1) : begin] in "\"'" and ":" in view[max(0, begin - 6) : begin]:
            yield groups["beside"]
    elif groups["bare"] is not None:
        if len(groups["bare"]) >= 4 and groups["bare"].lower() not in ("false", "undefined"):
            yield groups["bare"]
    elif groups["form"] is not None:
        value = groups["form"].partition("?")[0] if ahead == ";" else groups["form"]
        yield value.rstrip(").") if value.endswith(")") else value
    elif groups["braced"] is not None:
        end = found.end("braced") + 1
        if ";" in (ahead, view[end : end + 1]) and is_no_plain_word(groups["braced"]):
            yield groups["braced"]
    elif groups["close"] is not None:
        if looks_random(groups["close"]):
            yield groups["close"].rstrip(")")
    elif groups["part"] is not None:
        if "name=" in view[max(0, begin - 8) : begin].lower():
            yield groups["part"]
    elif groups["second"] is not None:
        if view[max(0, begin - 2) : begin - 1] in ("[", "(") and is_no_plain_word(groups["second"]):
            yield groups["second"]
    elif groups["said"] is not None:
        if not view[max(0, begin - 40) : begin].rpartition("\n")[2].strip(" \t-"):
            yield from _rest_of_line(view, found.start("said"), found.end())
        if is_likely_secret(groups["said"]) or _stands_alone(view, begin, found.end()):
            yield groups["said"].rstrip(".")
    elif groups["cited"] is not None:
        if is_likely_secret(groups["cited"], is_cited=True):
            yield groups["cited"]
    elif groups["stated"] is not None:
        if is_likely_secret(groups["stated"]):
            yield groups["stated"].rstrip(".")
    elif groups["loose"] is not None and looks_random(groups["loose"].rstrip(".,;:")):
        yield groups["loose"].rstrip(",;:")


def _stands_alone(view: str, begin: int, end: int) -> bool:
    """Whether a line, or a text in quotes, holds nothing but a name and its value."""
    lead = view[max(0, begin - 40) : begin].rpartition("\n")[2].strip(" \t-")
    return (not lead or lead[-1] in ('"', "'")) and _ENDS_TEXT.match(view, end) is not None


def _rest_of_line(view: str, start: int, end: int) -> Iterator[str]:
    """What a line of settings holds, blanks included: `password: pa$$ word`."""
    line = view[start : start + 80].partition("\n")[0].strip()
    if end - start < len(line) < 64 and (
        is_no_plain_word(view[start:end]) or _SETTING.search(view[max(0, start - 200) : start])
    ):
        yield line


_SETTING: Final = re.compile(r"(?:\A|\n)[ \t-]*[\w.-]+:(?:[ \t][^\n]{0,60})?\n[ \t]*[a-z_]+:[ \t]+\Z")
"""The end of a line of settings, and the name in the next."""


_ENDS_TEXT: Final = re.compile(r"\s*(?:[\r\n\"'<]|\\[nr\"]|\Z)")


def in_columns(view: str, word: int) -> Iterator[str]:
    """What stands below a name in a table whose columns commas, semicolons or tabs part."""
    begin = view.rfind("\n", 0, word) + 1
    for found in _BEFORE_TABLE.finditer(view, begin, word):
        begin = found.end()
    head, *rows = view[begin:].splitlines()[:200]
    sign = next((each for each in ",;\t" if each in head), "")
    if not sign or len(head) > 1000:
        return
    names = [each.strip(" \"'") for each in head.split(sign)]
    if not all(_COLUMN.match(each) for each in names):
        return
    for row in rows:
        cells = [each.strip(" \"'") for each in row.split(sign)]
        if len(cells) != len(names):
            return
        yield from (
            cell
            for name, cell in zip(names, cells, strict=True)
            if names_a_secret(name) and is_no_plain_word(cell)
        )


_BEFORE_TABLE: Final = re.compile(r"[:=]\s*[\"']")
_COLUMN: Final = re.compile(r"[^\W\d][\w.-]{0,40}\Z")
