"""The secrets of a contract, what stands for each, and texts without them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from gpharness.contracts.secrets.packed_texts import (
    LARGE,
    packed,
    parts_of,
    runs_of,
    unpacked,
    unwrapped,
    user_and_password,
)
from gpharness.contracts.secrets.places import RANDOM, USER, secrets_in
from gpharness.contracts.secrets.secret_kinds import (
    COMMON,
    is_masked_everywhere,
    is_value_of_secret,
    looks_random,
)
from gpharness.contracts.secrets.server_paths import without_server_paths
from gpharness.contracts.secrets.spellings import (
    Spelling,
    canonical_of,
    hides_letters,
    without_hidden_letters,
)
from gpharness.contracts.secrets.stand_ins import is_stand_in, stand_in, user_stand_in

_GAP: Final = r"(?:[^\w]|%[0-9A-Fa-f]{2}|&\w+;|&#\w+;|\\u[0-9A-Fa-f]{4}){1,16}"
"""What may stand between a name and its value, in any spelling."""
_PADDING: Final = re.compile(r"(=|%(?:25)*3[Dd]|\\u003[Dd])\1?")
_DEEPEST: Final = 2
_MOST_IN_PLACE: Final = 500
_SHORTEST_GIVEN: Final = 4
SHORT: Final = 500
"""Characters of a text that is remembered with what was made of it: names and headers stand in many
exchanges."""
_MOST_REMEMBERED: Final = 20_000


class KnownSecrets:
    """Most secrets are replaced wherever they stand; short ones, and words of every day, only beside the
    names by which they were told to be secret."""

    def __init__(self, *, usernames: bool = False, server_paths: bool = False) -> None:
        self._usernames = usernames
        self._server_paths = server_paths
        self._stand_ins: dict[str, str] = {}
        self._spellings: dict[str, Spelling] = {}
        self._in_place: dict[tuple[str, str], re.Pattern[str]] = {}
        self._users: dict[str, tuple[re.Pattern[str], str]] = {}
        self._paths: dict[str, int] = {}
        self._longest_first: list[Spelling] | None = None
        self._told: dict[str, str] = {}
        """Short texts, and what stands for them as long as nothing more is known."""

    def __len__(self) -> int:
        return len(self._stand_ins)

    @property
    def spellings(self) -> Sequence[Spelling]:
        """What finds the secrets that are masked wherever they stand; longest first."""
        if self._longest_first is None:
            self._longest_first = sorted(self._spellings.values(), key=lambda each: -len(each.canonical))
        return self._longest_first

    def add(self, name: str, spelt: str, *, is_given: bool = False) -> str:
        """The stand-in for what is told to be secret by this name, and is from now on; what can be none, and
        stand-ins, as they are. `is_given`: whoever records said so."""
        if name == USER:
            return self.add_user(spelt)
        low = name.lower()
        if low.endswith("authorization") or low == "auth":
            scheme, _, rest = spelt.strip().partition(" ")
            if rest and scheme.lower() in ("basic", "bearer"):
                spelt = rest.strip()
            if (pair := user_and_password(canonical_of(spelt))) is not None:
                return self.add("password", pair[1]) if pair[1] else ""
        if low in ("cookie", "set-cookie", "set_cookie", "cookies") and "=" in spelt:
            for part in spelt.split(";"):
                called, _, value = part.partition("=")
                if looks_random(value.strip()):
                    self.add(f"{called.strip()} cookie", value)
        canonical = canonical_of(spelt)
        if not canonical or is_stand_in(canonical) or is_stand_in(spelt):
            return canonical or spelt
        if not is_given and name != RANDOM and self._is_only_an_address(canonical):
            return canonical
        key = canonical.replace("+", " ")
        known = self._stand_ins.get(key)
        if known is None:
            known = self._stand_ins[key] = stand_in(canonical, len(self._stand_ins) + 1)
            self._told.clear()
        is_everywhere = canonical.lower() not in COMMON and (
            name == RANDOM
            or (is_given and len(canonical) >= _SHORTEST_GIVEN)
            or is_masked_everywhere(name, canonical)
        )
        if is_everywhere and key not in self._spellings:
            self._spellings[key] = Spelling(canonical)
            self._longest_first = None
            self._told.clear()
        elif (
            not is_everywhere
            and name
            and (low, key) not in self._in_place
            and len(self._in_place) < _MOST_IN_PLACE
        ):
            value = Spelling(canonical).pattern.pattern
            self._told.clear()
            self._in_place[low, key] = re.compile(
                rf"({_spelt_name(name)}(?:{_GAP})(?:(?:value|defaultValue|content){_GAP})?){value}(?!\w)",
                re.IGNORECASE,
            )
        return known

    @staticmethod
    def _is_only_an_address(canonical: str) -> bool:
        return not is_value_of_secret(canonical) and not canonical.isdigit()

    def add_user(self, spelt: str) -> str:
        """The stand-in for a user's name."""
        name = canonical_of(spelt)
        if len(name) < 3 or is_stand_in(name) or name.lower() in COMMON - {"admin"}:
            return name
        if name.lower() not in self._users:
            other = user_stand_in(name, len(self._users) + 1)
            self._told.clear()
            whole = Spelling(name).pattern.pattern
            self._users[name.lower()] = (
                re.compile(rf"(?<![A-Za-z0-9]){whole}(?![A-Za-z0-9])", re.IGNORECASE),
                other,
            )
        return self._users[name.lower()][1]

    def whole(self, name: str, value: str) -> str:
        """The stand-in of a value that is secret whatever it says."""
        if not value or is_stand_in(value):
            return value
        for each_name, each in secrets_in(value, users=self._usernames):
            self.add(each_name, each)
        told = self.add(name, value)
        if told != value and told != canonical_of(value):
            return told
        key = canonical_of(value).replace("+", " ")
        if key not in self._stand_ins:
            self._stand_ins[key] = stand_in(value, len(self._stand_ins) + 1)
            self._told.clear()
        return self._stand_ins[key]

    def without(self, text: str, level: int = 0) -> str:
        """The text with stand-ins for all secrets that are known."""
        if len(text) < 2:
            return text
        if len(text) > SHORT or level:
            return self._without(text, level)
        if (told := self._told.get(text)) is None:
            told = self._without(text, level)
            if len(self._told) < _MOST_REMEMBERED:
                self._told[text] = told
        return told

    def _without(self, text: str, level: int) -> str:
        if (self._stand_ins or self._users) and "\0" not in text[:4096] and hides_letters(text):
            plain = without_hidden_letters(text)
            if self._without_known(plain, level) != plain:
                text = plain
        if (
            self._stand_ins
            and "\0" not in text[:4096]
            and (plain := unwrapped(text)) != text
            and self._without_in_runs(plain, level) != plain
        ):
            text = plain
        text = self._without_known(text, level)
        if self._server_paths:
            text = without_server_paths(text, self._path_number)
        return text

    def _without_known(self, text: str, level: int) -> str:
        if level < _DEEPEST and (self._stand_ins or self._users or self._server_paths):
            text = self._without_in_runs(text, level)
        text = self._without_whole(text)
        low = text.lower()
        for spelling in self.spellings:
            if spelling.may_begin_in(low):
                told = spelling.without_beginnings(
                    text, self._stand_ins[spelling.canonical.replace("+", " ")]
                )
                if told != text:
                    text = told
                    low = text.lower()
        for (name, key), pattern in self._in_place.items():
            if _first_word(name) in low:
                other = self._stand_ins[key]
                text = pattern.sub(lambda found, other=other: found[1] + other, text)  # type: ignore[misc]
        for pattern, other in self._users.values():
            text = pattern.sub(lambda _, other=other: other, text)  # type: ignore[misc]
        return text

    def _without_whole(self, text: str) -> str:
        """The text with stand-ins for secrets that stand there from the first letter to the last."""
        low = text.lower()
        for spelling in self.spellings:
            if spelling.may_stand_in(low):
                told = spelling.replaced(text, self._stand_ins[spelling.canonical.replace("+", " ")])
                if told is not text and told != text:
                    text = told
                    low = text.lower()
        return text

    def _without_in_runs(self, text: str, level: int) -> str:
        """The text with what is packed in it in base64 packed anew, without secrets."""
        pieces: list[str] = []
        done = 0
        met: dict[str, str] = {}
        for start, end in runs_of(text, 8 if len(text) < LARGE else 16):
            run = text[start:end]
            told = met[run] if run in met else met.setdefault(run, self._packed_anew(run, level))
            if told != run:
                if not pieces and (whole := self._without_whole(text)) != text:
                    return self._without_in_runs(whole, level)  # what is packed may be of a longer secret
                padding = _PADDING.match(text, end)
                told = told.rstrip("=")
                if padding is not None:
                    told += padding[1] * (-len(told) % 4)
                pieces += [text[done:start], told]
                done = padding.end() if padding is not None else end
        return "".join([*pieces, text[done:]]) if pieces else text

    def _packed_anew(self, run: str, level: int) -> str:
        for part in parts_of(run):
            if (plain := unpacked(part)) is not None:
                told = self.without(plain, level + 1)
                if told != plain:
                    run = run.replace(part, packed(told, part))
        for spelling in self.spellings:
            for form in spelling.packed:
                if form in run:
                    other = self._stand_ins[spelling.canonical.replace("+", " ")]
                    run = run.replace(form, b64encode(other.encode()).decode().rstrip("="))
        return run

    def _path_number(self, path: str) -> int:
        return self._paths.setdefault(path, len(self._paths) + 1)


def _spelt_name(name: str) -> str:
    return r"[\W_]{1,6}".join(map(re.escape, re.findall(r"[A-Za-z0-9]+", name)))


def _first_word(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name)
    return words[0] if words else ""
