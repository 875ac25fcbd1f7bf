"""How JSON may be packed in an answer's bytes: charsets, byte order marks, wrappers, odd characters in texts.

Nothing here runs on a good answer."""

from __future__ import annotations

import re

_WRAPPER = re.compile(r"\s*[A-Za-z_$][\w$.\[\]]{0,200}\s*\(")
_WRAPPER_END = re.compile(r"\)\s*;?\s*\Z")
_HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_PLAIN = r"[^\"\\\x00-\x1f]++|\\(?!u[dD][89a-fA-F])[^\x00-\x1f]"
_STRINGS = re.compile(
    rf'(?P<plain>(?:[^"]++|"(?:{_PLAIN})*+"){{1,2000}}+)|"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL
)
_IN_STRING = re.compile(
    rf'(?P<plain>(?:"|{_PLAIN}|\\u[dD][89abAB][0-9a-fA-F]{{2}}\\u[dD][c-fC-F][0-9a-fA-F]{{2}})++)'
    rf"|(?P<half>{_HALF})|(?P<control>[\x00-\x1f])"
)
_MAYBE_ODD = re.compile(r"[\x00-\x1f]|\\u[dD][89a-fA-F]")
_ODD_ESCAPE = re.compile(r"\\(?:[\x00-\x1f]|u[dD][89a-fA-F])")
_CONTROLS_ESCAPED = {code: f"\\u{code:04x}" for code in range(32)}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_ENCODINGS = re.compile(
    r"(?:iso-?8859-?\d+|latin-?\d|l1|us-ascii|ascii|(?:windows-|cp)\d{3,4}|koi8-[ru]|mac-?roman"
    r"|gb2312|gbk|gb18030|big5|shift[_-]jis|sjis|euc[_-](?:jp|kr)|utf-?(?:16|32)(?:le|be)?)\Z",
    re.IGNORECASE,
)

_NUL_PATTERNS: dict[tuple[bool, ...], str] = {
    (False, False, False, True): "utf-32-be",
    (True, False, False, False): "utf-32-le",
    (False, True, False, True): "utf-16-be",
    (True, False, True, False): "utf-16-le",
}


def text_of(content: bytes, content_type: str = "") -> str:
    """An answer's bytes as text: by its byte order mark or the NULs of UTF-16 and UTF-32, else UTF-8, else by
    the charset of its label, else with U+FFFD for what is no UTF-8."""
    start = content[:4]
    if start.startswith(b"\xef\xbb\xbf"):
        return content[3:].decode("utf-8", "replace")
    if start in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        return content.decode("utf-32", "replace")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    pattern = tuple(byte != 0 for byte in start)
    wide = _NUL_PATTERNS.get(pattern)
    if wide:
        return content.decode(wide, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        named = _CHARSET.search(content_type)
        charset = named[1] if named and _ENCODINGS.match(named[1]) else "utf-8"
        try:
            return content.decode(charset, "replace")
        except LookupError:
            return content.decode("utf-8", "replace")


def unpacked(text: str) -> str:
    """The text without what only its packing added, and with every text in it as strict JSON writes it."""
    text = text.removeprefix("\ufeff")
    wrapper = _WRAPPER.match(text)
    if wrapper:
        end = _WRAPPER_END.search(text, max(wrapper.end(), len(text) - 1000))
        if end:
            text = text[wrapper.end() : end.start()]
    if _MAYBE_ODD.search(text):
        text = _STRINGS.sub(_mended_string, text)
    return text


def _mended_string(string: re.Match[str]) -> str:
    token = string[0]
    if string["plain"] or not _MAYBE_ODD.search(token):
        return token
    if not _ODD_ESCAPE.search(token):
        return token.translate(_CONTROLS_ESCAPED)
    return _IN_STRING.sub(_mended_piece, token)


def _mended_piece(piece: re.Match[str]) -> str:
    if piece["half"]:
        return "\ufffd"
    control = piece["control"]
    return _CONTROLS_ESCAPED[ord(control)] if control else piece[0]
