"""What stands in a contract where a secret stood: of the same form, and to be told from a secret at sight.

A stand-in is made of the number of its secret alone, in the order in which secrets were met: nothing of the
secret can be derived from it. It has the secret's kind of letters, and its length, which is rounded up to a
class where a person may have chosen the secret.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from typing import Final

_LONGEST: Final = 4096
_TOKEN: Final = re.compile(r"[\w\-.~+/=]+\Z", re.ASCII)
_MARK: Final = "standin"
_HEX_MARK: Final = "5ec2e7"
_LENGTHS: Final = (8, 12, 16, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
_JWT: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*\Z", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_HEX: Final = re.compile(r"(?:[0-9a-f]{16,}|[0-9A-F]{16,})\Z")
_JWT_HEAD: Final = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
_FORM: Final = rf"""(?:Basic\s+|Bearer\s+)?(?:
      (?:{_MARK}|STANDIN)0*\d+[.=]{{0,3}}
    | (?:{_HEX_MARK}|{_HEX_MARK.upper()})0+[0-9a-fA-F]{{1,6}}
    | {_HEX_MARK}00-0000-4000-8000-[0-9a-f]{{12}}
    | {re.escape(_JWT_HEAD)}\.[\w-]*\.{_MARK}0*\d+
    | 90{{2,}}\d{{1,6}}
    | user\d{{4,}}(?:@example\.com)?
    )"""
_FLAGS: Final = re.VERBOSE | re.ASCII | re.IGNORECASE
_STAND_IN: Final = re.compile(rf"{_FORM}(?:[.:+/]?{_FORM}){{0,3}}\Z", _FLAGS)
_BEGINNING: Final = re.compile(rf"{_FORM}(?![A-Za-z0-9])", _FLAGS)
_BLOTTED: Final = re.compile(
    r"[*•.…xX_\s-]*\Z|[\[<({]*(?:redacted|masked|removed|filtered|scrubbed|omitted)[\]>)}]*\Z"
    r"|<[\w .-]*>\Z|\{\{?[\w .-]*\}?\}\Z|\$\{?[\w.]+\}?\Z|%\(?[\w]+\)?[s%]\Z",
    re.IGNORECASE,
)
"""What others put in the place of secrets: `*****`, `[REDACTED]`, `<token>`, `${TOKEN}`."""


def stand_in(secret: str, number: int) -> str:
    """The stand-in for the secret that was met as the number-th, from 1."""
    if _JWT.match(secret):
        payload = urlsafe_b64encode(b'{"standin":%d}' % number).decode().rstrip("=")
        digits = len(secret) - len(f"{_JWT_HEAD}.{payload}.{_MARK}")
        return f"{_JWT_HEAD}.{payload}.{_MARK}{number:0{max(9, digits)}d}"
    if _UUID.match(secret):
        return f"{_HEX_MARK}00-0000-4000-8000-{number:012x}"
    if secret.isascii() and secret.isdigit():
        digits = max(5, _length(secret) - 1, len(str(number)) + 2)
        return f"9{number:0{digits}d}"  # which is a number of JSON, too
    if _HEX.match(secret):
        digits = _length(secret) - len(_HEX_MARK)
        text = f"{_HEX_MARK}{number:0{digits}x}"
        return text.upper() if secret.isupper() else text
    end = re.search(r"[.=]{1,3}\Z", secret) if len(secret) >= 16 else None
    tail = end[0] if end else ""
    return f"{_MARK}{number:0{max(1, _length(secret) - len(_MARK) - len(tail))}d}{tail}"


def user_stand_in(name: str, number: int) -> str:
    """What stands for the name, or the address, of a user."""
    return f"user{number:04d}@example.com" if "@" in name else f"user{number:04d}"


def is_stand_in(text: str) -> bool:
    """Whether the text is a stand-in, or what others blot secrets out with."""
    text = text.strip()
    return _STAND_IN.match(text) is not None or _BLOTTED.match(text) is not None


def begins_with_stand_in(text: str) -> bool:
    """Whether nothing but a few letters follows a stand-in: the ending of a file's name, the end of a
    sentence."""
    found = _BEGINNING.match(text.strip())
    return found is not None and len(text.strip()) - found.end() <= 12


def _length(secret: str) -> int:
    """A token's own length, which tells nothing; of what a person may have chosen, the class."""
    if _LONGEST > len(secret) >= 20 and _TOKEN.match(secret) and re.search(r"\d", secret):
        return len(secret)
    return next((length for length in _LENGTHS if len(secret) <= length), _LENGTHS[-1])
