"""Puts stand-ins in the place of secrets, in everything that was recorded."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from gpharness.contracts.secrets.places import (
    LARGE,
    RANDOM,
    USER,
    parts_of,
    runs_of,
    secrets_in,
    unpacked,
    user_and_password,
)
from gpharness.contracts.secrets.secret_kinds import (
    COMMON,
    HOLDERS,
    is_masked_everywhere,
    is_secret_header_name,
    is_value_of_secret,
    name_of_held,
    names_a_secret,
)
from gpharness.contracts.secrets.server_paths import without_server_paths
from gpharness.contracts.secrets.spellings import (
    Spelling,
    canonical_of,
    hides_letters,
    without_hidden_letters,
)
from gpharness.contracts.secrets.stand_ins import is_stand_in, stand_in, user_stand_in

if TYPE_CHECKING:
    from gpharness.contracts.contract import Contract
    from gpharness.probing.exchanges import Exchange

Headers = tuple[tuple[str, str], ...]

_GAP: Final = r"(?:[^\w]|%[0-9A-Fa-f]{2}|&\w+;|&#\w+;|\\u[0-9A-Fa-f]{4}){1,16}"
"""What may stand between a name and its value, in any spelling."""
_DEEPEST: Final = 2


class Mask:
    """What was met as a secret, and what stands for it: one for each contract.

    `known` are secrets that nothing need name: the password and the token of whoever records. `usernames` and
    `server_paths` are masked, too, on request. What is found to be a secret in one exchange is masked in all
    of them: `learn` all before masking the first, or let `exchanges` do so.
    """

    def __init__(
        self, usernames: bool = False, server_paths: bool = False, known: Iterable[str] = ()
    ) -> None:
        self.usernames = usernames
        self.server_paths = server_paths
        self._stand_ins: dict[str, str] = {}
        self._spellings: dict[str, Spelling] = {}
        self._in_place: dict[tuple[str, str], re.Pattern[str]] = {}
        self._users: dict[str, tuple[re.Pattern[str], str]] = {}
        self._paths: dict[str, int] = {}
        self._longest_first: list[Spelling] | None = None
        for secret in known:
            if secret:
                self._add("password", secret, is_given=True)

    def __repr__(self) -> str:
        return f"Mask({len(self._stand_ins)} secrets)"

    @property
    def spellings(self) -> Sequence[Spelling]:
        """What finds the secrets that are masked wherever they stand; longest first."""
        if self._longest_first is None:
            self._longest_first = sorted(self._spellings.values(), key=lambda each: -len(each.canonical))
        return self._longest_first

    def learn(self, *exchanges: Exchange) -> None:
        """Take in what these exchanges tell to be secret."""
        for each in exchanges:
            self._learn_headers(each.request_headers)
            self._learn_headers(each.headers)
            self._learn_pairs(each.parameters.items())
            parts = urlsplit(each.url) if "?" in each.url or "#" in each.url else None
            if parts is not None:
                self._learn_pairs(_pairs(parts.query) + _pairs(parts.fragment))
            self.learn_text(each.url)
            if each.request_body:
                body = each.request_body.decode("latin-1")
                if _is_form(body, each.request_headers):
                    self._learn_pairs(_pairs(body))
                self.learn_text(body)
            if each.body:
                self.learn_text(each.body.decode("latin-1"))
            for text in (*each.parameters.values(), each.fault_text, each.name):
                self.learn_text(text)

    def learn_text(self, text: str) -> None:
        """Take in what a text tells to be secret."""
        if len(text) < 4:
            return
        for name, value in secrets_in(text, users=self.usernames):
            self._add(name, value)

    def exchanges(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        """All of them without secrets, whatever the order in which a secret was told to be one."""
        met = list(exchanges)
        self.learn(*met)
        return [self._masked(each) for each in met]

    def exchange(self, exchange: Exchange) -> Exchange:
        """The same without what it, or what was learnt before, tells to be secret."""
        self.learn(exchange)
        return self._masked(exchange)

    def text(self, text: str) -> str:
        """The text without secrets: those that it tells, and those that were learnt before."""
        self.learn_text(text)
        return self._without(text)

    def body(self, body: bytes) -> bytes:
        """The bytes of a body without secrets; what holds none stays as it is, be it text or not."""
        text = body.decode("latin-1")
        self.learn_text(text)
        return self._without_in_body(body)

    def value(self, name: str, value: str) -> str:
        """What a parameter or a header of this name holds, without secrets."""
        if names_a_secret(name) or is_secret_header_name(name):
            return self._masked_header(name, value) if value else value
        return self.text(value)

    def data(self, data: Any) -> Any:
        """Data of JSON's kinds without secrets."""
        self._learn_data("", data)
        return self._masked_data(data)

    def contract(self, contract: Contract) -> Contract:
        """The contract without secrets. Its conversations are all held in memory."""
        from gpharness.contracts.masked_contracts import masked_contract

        return masked_contract(self, contract)

    def _masked(self, each: Exchange) -> Exchange:
        return msgspec.structs.replace(
            each,
            url=self._without(each.url),
            parameters={
                self._without(name): self._parameter(name, value) for name, value in each.parameters.items()
            },
            headers=self._headers(each.headers),
            body=self._without_in_body(each.body),
            request_headers=self._headers(each.request_headers),
            request_body=self._without_in_body(each.request_body),
            fault_text=self._without(each.fault_text),
            service=self._without(each.service),
            task=self._without(each.task),
            name=self._without(each.name),
        )

    def _add(self, name: str, spelt: str, *, is_given: bool = False) -> str:
        """The stand-in for a secret, which is one from now on."""
        if name == USER:
            return self._add_user(spelt)
        low = name.lower()
        if low.endswith("authorization") or low == "auth":
            scheme, _, rest = spelt.strip().partition(" ")
            if rest and scheme.lower() in ("basic", "bearer"):
                spelt = rest.strip()
            if (pair := user_and_password(spelt)) is not None:
                return self._add("password", pair[1]) if pair[1] else ""
        canonical = canonical_of(spelt)
        if not canonical or is_stand_in(canonical) or is_stand_in(spelt):
            return canonical or spelt
        if not is_given and name != RANDOM and self._is_only_an_address(canonical):
            return canonical
        key = canonical.replace("+", " ")
        known = self._stand_ins.get(key)
        if known is None:
            known = self._stand_ins[key] = stand_in(canonical, len(self._stand_ins) + 1)
        is_everywhere = (
            name == RANDOM or (is_given and len(canonical) >= 4) or is_masked_everywhere(name, canonical)
        )
        if is_everywhere and key not in self._spellings and canonical.lower() not in COMMON:
            self._spellings[key] = Spelling(canonical)
            self._longest_first = None
        elif not is_everywhere and name and (low, key) not in self._in_place and len(self._in_place) < 500:
            value = Spelling(canonical).pattern.pattern
            self._in_place[low, key] = re.compile(
                rf"({_spelt_name(name)}(?:{_GAP})(?:(?:value|defaultValue|content){_GAP})?){value}(?!\w)",
                re.IGNORECASE,
            )
        return known

    @staticmethod
    def _is_only_an_address(canonical: str) -> bool:
        return not is_value_of_secret(canonical) and not canonical.isdigit()

    def _add_user(self, spelt: str) -> str:
        name = canonical_of(spelt)
        if len(name) < 3 or is_stand_in(name) or name.lower() in COMMON - {"admin"}:
            return name
        if name.lower() not in self._users:
            other = user_stand_in(name, len(self._users) + 1)
            whole = Spelling(name).pattern.pattern
            self._users[name.lower()] = (
                re.compile(rf"(?<![A-Za-z0-9]){whole}(?![A-Za-z0-9])", re.IGNORECASE),
                other,
            )
        return self._users[name.lower()][1]

    def _learn_pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        given = list(pairs)
        names = {name.lower() for name, _ in given}
        is_oauth = not names.isdisjoint({"grant_type", "code_verifier", "state", "redirect_uri"})
        for name, value in given:
            low = name.lower().strip()
            if value and (names_a_secret(name) or (low == "code" and is_oauth)):
                self._add(name, value)
            elif self.usernames and low in ("username", "user", "userid", "owner") and value:
                self._add_user(value)

    def _learn_headers(self, headers: Headers) -> None:
        for name, value in headers:
            if is_secret_header_name(name):
                self._masked_header(name, value)
            else:
                if "?" in value or "#" in value:
                    address = urlsplit(value)
                    self._learn_pairs(_pairs(address.query) + _pairs(address.fragment))
                self.learn_text(f"{name}: {value}")

    def _learn_data(self, name: str, data: Any) -> None:
        if isinstance(data, str):
            if name and names_a_secret(name) and is_value_of_secret(data):
                self._add(name, data)
            else:
                self.learn_text(data)
        elif isinstance(data, Mapping):
            held_as = name_of_held(data)
            for key, each in data.items():
                if held_as and key in HOLDERS and isinstance(each, str) and is_value_of_secret(each):
                    self._add(held_as, each)
                self.learn_text(str(key))
                self._learn_data(str(key), each)
        elif isinstance(data, list | tuple):
            for each in data:
                self._learn_data(name, each)

    def _masked_data(self, data: Any, name: str = "") -> Any:
        if isinstance(data, str):
            return self._parameter(name, data)
        if isinstance(data, Mapping):
            held_as = name_of_held(data)
            return {
                self._without(str(key)): self._masked_data(
                    each, held_as if held_as and key in HOLDERS else str(key)
                )
                for key, each in data.items()
            }
        if isinstance(data, list | tuple):
            return [self._masked_data(each, name) for each in data]
        return data

    def _parameter(self, name: str, value: str) -> str:
        is_secret = name and value and names_a_secret(name)
        if is_secret and is_value_of_secret(value) and not is_stand_in(value):
            return self._add(name, value)
        return self._without(value)

    def _headers(self, headers: Headers) -> Headers:
        return tuple(
            (
                self._without(name),
                self._masked_header(name, value)
                if is_secret_header_name(name)
                else self._without(f"{name}: {value}").partition(": ")[2],
            )
            for name, value in headers
        )

    def _masked_header(self, name: str, value: str) -> str:
        low = name.lower()
        if "cookie" in low:
            return self._masked_cookies(value, every=not low.startswith("set-cookie"))
        scheme, blank, credentials = value.strip().partition(" ")
        if not blank or not re.match(r"[A-Za-z][\w-]*\Z", scheme) or "auth" not in low:
            return self._whole(name, value.strip())
        if scheme.lower() == "basic" and (pair := user_and_password(credentials)) is not None:
            user, password = pair
            if self.usernames and user:
                user = self._add_user(user)
            pair_told = f"{user}:{self._whole('password', password)}"
            return f"{scheme} {b64encode(pair_told.encode()).decode()}"
        if scheme.lower() == "digest":
            return re.sub(
                r'(\w+)="?([^",]+)"?',
                lambda found: (
                    found[0]
                    if found[1].lower() not in ("response", "nonce", "cnonce", "opaque")
                    else f'{found[1]}="{self._whole("token", found[2])}"'
                ),
                self._without(value),
            )
        return f"{scheme} {self._whole(name, credentials.strip())}"

    def _masked_cookies(self, text: str, *, every: bool) -> str:
        parts = text.split(";")
        for place, part in enumerate(parts):
            name, equals, value = part.partition("=")
            if equals and value.strip() and (every or not place):
                bare = value.strip().strip('"')
                told = self._whole(f"{name.strip()} cookie", bare)
                parts[place] = f"{name}={value.replace(bare, told)}"
            elif every and part.strip() and not equals:
                lead = part[: len(part) - len(part.lstrip())]
                parts[place] = lead + self._whole("cookie", part.strip())
            else:
                parts[place] = self._without(part)
        return ";".join(parts)

    def _whole(self, name: str, value: str) -> str:
        """The stand-in of a value that is secret whatever it says."""
        if not value or is_stand_in(value):
            return value
        for each_name, each in secrets_in(value, users=self.usernames):
            self._add(each_name, each)
        told = self._add(name, value)
        if told != value and told != canonical_of(value):
            return told
        key = canonical_of(value).replace("+", " ")
        if key not in self._stand_ins:
            self._stand_ins[key] = stand_in(value, len(self._stand_ins) + 1)
        return self._stand_ins[key]

    def _without_in_body(self, body: bytes) -> bytes:
        if not body:
            return body
        text = body.decode("latin-1")
        told = self._without(text)
        return body if told == text else told.encode("latin-1", "replace")

    def _without(self, text: str, level: int = 0) -> str:
        """The text with stand-ins for all secrets that are known."""
        if len(text) < 2:
            return text
        if (self._stand_ins or self._users) and "\0" not in text[:4096] and hides_letters(text):
            plain = without_hidden_letters(text)
            if self._without_known(plain, level) != plain:
                text = plain
        text = self._without_known(text, level)
        if self.server_paths:
            text = without_server_paths(text, self._path_number)
        return text

    def _without_known(self, text: str, level: int) -> str:
        if level < _DEEPEST and (self._stand_ins or self._users or self.server_paths):
            text = self._without_in_runs(text, level)
        low = text.lower()
        for spelling in self.spellings:
            if spelling.may_stand_in(low):
                told = spelling.replaced(text, self._stand_ins[spelling.canonical.replace("+", " ")])
                if told is not text and told != text:
                    text = told
                    low = text.lower()
        for (name, key), pattern in self._in_place.items():
            if _first_word(name) in low:
                other = self._stand_ins[key]
                text = pattern.sub(lambda found, other=other: found[1] + other, text)  # type: ignore[misc]
        for pattern, other in self._users.values():
            text = pattern.sub(lambda _, other=other: other, text)  # type: ignore[misc]
        return text

    def _without_in_runs(self, text: str, level: int) -> str:
        """The text with what is packed in it in base64 packed anew, without secrets."""
        pieces, done = [], 0
        met: dict[str, str] = {}
        for start, end in runs_of(text, 8 if len(text) < LARGE else 16):
            run = text[start:end]
            told = met[run] if run in met else met.setdefault(run, self._packed_anew(run, level))
            if told != run:
                end_of_padding = end
                while text[end_of_padding : end_of_padding + 1] == "=" and end_of_padding - end < 2:
                    end_of_padding += 1
                told = told.rstrip("=") + ("=" * (-len(told.rstrip("=")) % 4) if end_of_padding > end else "")
                pieces += [text[done:start], told]
                done = end_of_padding
        return "".join([*pieces, text[done:]]) if pieces else text

    def _packed_anew(self, run: str, level: int) -> str:
        for part in parts_of(run):
            if (plain := unpacked(part)) is not None:
                told = self._without(plain, level + 1)
                if told != plain:
                    packed = b64encode(told.encode("utf-8")).decode()
                    if "-" in part or "_" in part:
                        packed = packed.replace("+", "-").replace("/", "_")
                    run = run.replace(part, packed)
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


def _pairs(encoded: str) -> list[tuple[str, str]]:
    if "=" not in encoded:
        return []
    try:
        return parse_qsl(encoded, keep_blank_values=True, max_num_fields=10_000)
    except ValueError:
        return []


def _is_form(body: str, headers: Headers) -> bool:
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    return "urlencoded" in kind.lower() or (not kind and "=" in body[:200] and body[:1] not in "{[<-")
