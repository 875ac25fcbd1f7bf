"""Looks for secrets in what is about to be written, or was: nothing of a secret is ever told, only where it
stands and what kind it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gpharness.contracts.secrets.packed_texts import unpacked, unpacked_parts
from gpharness.contracts.secrets.places import RANDOM, USER, Found, secrets_in
from gpharness.contracts.secrets.secret_kinds import (
    HOLDERS,
    is_value_of_secret,
    looks_random,
    name_of_held,
    names_a_secret,
)
from gpharness.contracts.secrets.spellings import Spelling, canonical_of
from gpharness.contracts.secrets.stand_ins import begins_with_stand_in, is_stand_in

if TYPE_CHECKING:
    from gpharness.contracts.contract import Contract
    from gpharness.contracts.secrets.masking import Mask

Known = "Iterable[str] | Mask"
_MOST: Final = 1000
"""Leaks that are told of one file."""
_SHORT: Final = 200
"""Characters of a text that most likely stands in many places: a name, a word of the protocol, an address."""


class Leak(msgspec.Struct, frozen=True):
    """A place where a secret stands. `path` reads like `conversations[0].submission.json.token` or
    `line 12`; `what` says what kind of secret it is; `file` is empty for what is no file."""

    path: str
    what: str
    file: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.path) if part)
        return f"{place or 'the whole'}: {self.what}"


def scan(what: bytes | str | Contract | Any, known: Iterable[str] | Mask = ()) -> list[Leak]:
    """Where secrets stand in a file's bytes, in a text, in a contract (its bodies included), or in data of
    JSON's kinds; stand-ins are none.

    `known` are secrets, or the mask that knows them: they are found in any spelling. Others are found by what
    names them, or by their looks. Raises ContractFileError where a contract's files cannot be read.
    """
    from gpharness.contracts.contract import Contract

    spellings = spellings_of(known)
    if isinstance(what, Contract):
        return list(_distinct(_in_contract(what, spellings)))
    if isinstance(what, bytes):
        return scan_bytes(what, spellings)
    if isinstance(what, str):
        return list(_distinct(_in_lines(what, spellings)))
    return list(_distinct(in_data(what, spellings)))


def spellings_of(known: Iterable[str] | Mask) -> Sequence[Spelling]:
    from gpharness.contracts.secrets.masking import Mask

    if not isinstance(known, Mask):
        known = Mask(known=known)
    return known.spellings


def scan_files(paths: Iterable[str | Path], known: Iterable[str] | Mask = ()) -> list[Leak]:
    """Where secrets stand in files, and in all files of folders: contracts and their bodies, captured bodies,
    HAR, cassettes, site files, also packed with gzip. Raises ContractFileError for a file that cannot be
    read."""
    from gpharness.contracts.errors import ContractFileError

    spellings = spellings_of(known)
    leaks: list[Leak] = []
    for path in paths:
        for file in _files_of(Path(path)):
            try:
                content = file.read_bytes()
            except OSError as error:
                raise ContractFileError(
                    str(file), "", error.strerror or str(error), "a file that can be read"
                ) from None
            if content[:2] == b"\x1f\x8b":
                content = _unzipped(content)
            leaks += (
                Leak(each.path, each.what, str(file)) for each in scan_bytes(content, spellings, file.suffix)
            )
    return leaks


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        each
        for each in path.rglob("*")
        if each.is_file() and not any(part.startswith(".") for part in each.relative_to(path).parts)
    )


def _unzipped(content: bytes) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def scan_bytes(content: bytes, spellings: Sequence[Spelling], ending: str = "") -> list[Leak]:
    """Where secrets stand in a file's bytes: by its structure where it is JSON or YAML, else by its lines."""
    text = content.decode("utf-8", "replace") if _is_text(content) else content.decode("latin-1")
    data = _parsed(text, ending) if _is_text(content) else None
    leaks = [] if data is None else list(_distinct(in_data(data, spellings)))
    if leaks:
        return leaks
    return list(_distinct(_in_lines(text, spellings, is_data=data is not None, is_text=_is_text(content))))


def _is_text(content: bytes) -> bool:
    return b"\0" not in content[:8192]


def _parsed(text: str, ending: str) -> Any:
    begin = text.lstrip("\ufeff \r\n\t")[:1]
    if begin in ("{", "["):
        try:
            data = json.loads(text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            return None
        return data
    if ending.lower() in (".yaml", ".yml"):
        from gp_mockserver.errors import SiteFileError

        from gpharness.contracts.contract_texts import read_yaml

        try:
            return read_yaml(text, "")
        except SiteFileError:
            return None
    return None


def _in_contract(contract: Contract, spellings: Sequence[Spelling]) -> Iterator[Leak]:
    from gpharness.contracts.contract_data import conversation_data, main_data

    yield from in_data(main_data(contract), spellings)
    for number, conversation in enumerate(contract.conversations):
        data, bodies = conversation_data(contract, conversation)
        yield from in_data(data, spellings, f"conversations[{number}]")
        for name, body in bodies.items():
            for leak in scan_bytes(body, spellings):
                yield Leak(f"conversations[{number}]: {name}: {leak.path}", leak.what)


def in_data(data: Any, spellings: Sequence[Spelling] = (), path: str = "", name: str = "") -> Iterator[Leak]:
    """Where secrets stand in data of JSON's kinds."""
    if isinstance(data, str):
        if name and names_a_secret(name) and _is_told(name, data):
            yield Leak(path, f"a value called {name[:60]}")
        else:
            yield from (Leak(path, what) for what in _kinds_in(data, spellings))
    elif isinstance(data, bool) or data is None:
        return
    elif isinstance(data, int):
        if len(str(data)) >= 4:
            yield from (Leak(path, what) for what in _known_in(str(data), spellings))
            if name and names_a_secret(name) and _is_told(name, str(data)):
                yield Leak(path, f"a number called {name[:60]}")
    elif isinstance(data, float):
        return
    elif isinstance(data, Mapping):
        held_as = name_of_held(data)
        for key, each in data.items():
            inner = f"{path}.{key}" if path else str(key)
            shown = inner
            if kinds := list(_kinds_in(str(key), spellings)):
                shown = f"{path}.(a key)" if path else "(a key)"
                yield from (Leak(shown, what) for what in kinds)
            name = held_as if held_as and key in HOLDERS else str(key)
            yield from in_data(each, spellings, shown, name)
    elif isinstance(data, list | tuple):
        if len(data) > 3 and all(isinstance(each, int | float) for each in data):
            return
        for place, each in enumerate(data):
            yield from in_data(each, spellings, f"{path}[{place}]", name)


def _kinds_in(text: str, spellings: Sequence[Spelling]) -> Iterator[str]:
    if len(text) < 4:
        return
    yield from _known_in(text, spellings)
    for name, value in _named_in(text) if len(text) <= _SHORT else secrets_in(text):
        if name != USER and _is_told(name, value):
            yield f"{name}" if name == RANDOM else f"a value called {name[:60]}"


@lru_cache(maxsize=4096)
def _named_in(text: str) -> tuple[Found, ...]:
    return tuple(secrets_in(text))


def _is_told(name: str, value: str) -> bool:
    """Whether what has this name is a secret, and no stand-in for one."""
    plain = canonical_of(value)
    if (
        is_stand_in(value)
        or is_stand_in(plain)
        or begins_with_stand_in(plain)
        or not is_value_of_secret(plain, name)
    ):
        return False
    low = name.lower()
    if low.endswith("authorization") or low == "auth":
        value = value.strip().rpartition(" ")[2]
        if is_stand_in(value):
            return False
    elif "cookie" in low and "=" in value:
        values = [part.partition("=")[2] for part in plain.split(";")]
        told = [word for each in values for word in re.split(r"[\s\"'{}\[\]:,]+", each)]
        return any(looks_random(each) and not is_stand_in(each) for each in told)
    return not _is_packed_stand_in(canonical_of(value))


def _is_packed_stand_in(value: str) -> bool:
    """Whether what is called a secret is base64 of one that was masked: `user:standin…`."""
    told = unpacked(value.rstrip("="))
    return told is not None and is_stand_in(told.rpartition(":")[2].strip("\"'} "))


def _known_in(text: str, spellings: Sequence[Spelling]) -> Iterator[str]:
    texts = [text, *unpacked_parts(text)] if spellings else []
    if any(spelling.stands_in(each) for each in texts for spelling in spellings):
        yield "a known secret"


def _in_lines(
    text: str, spellings: Sequence[Spelling], *, is_data: bool = False, is_text: bool = True
) -> Iterator[Leak]:
    """Where secrets stand in a text, by its lines. `is_data`: its structure was looked at before, so that
    only known secrets are still looked for; `is_text`: what has no lines is told as a whole."""

    def line_of(place: int) -> str:
        return f"line {text.count(chr(10), 0, place) + 1}" if is_text else ""

    packed = unpacked_parts(text) if spellings else []
    for spelling in spellings:
        if spelling.stands_in(text) or any(map(spelling.stands_in, packed)):
            found = spelling.pattern.search(text)
            yield Leak(line_of(found.start()) if found else "", "a known secret")
    if is_data:
        return
    for name, value in secrets_in(text):
        if name != USER and (is_text or name != RANDOM) and _is_told(name, value):
            place = text.find(value)
            where = line_of(place) if place >= 0 else ""
            yield Leak(where, name if name == RANDOM else f"a value called {name[:60]}")


def _distinct(leaks: Iterable[Leak]) -> Iterator[Leak]:
    seen = set()
    for leak in leaks:
        if leak not in seen:
            seen.add(leak)
            yield leak
            if len(seen) >= _MOST:
                return
