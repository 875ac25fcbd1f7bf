"""Puts stand-ins in the place of secrets, in everything that was recorded."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from gpharness.contracts.secrets.known_secrets import SHORT, KnownSecrets
from gpharness.contracts.secrets.packed_texts import user_and_password
from gpharness.contracts.secrets.places import secrets_in
from gpharness.contracts.secrets.secret_kinds import (
    HOLDERS,
    is_secret_header_name,
    is_value_of_secret,
    name_of_held,
    names_a_secret,
)
from gpharness.contracts.secrets.spellings import Spelling
from gpharness.contracts.secrets.stand_ins import is_stand_in

if TYPE_CHECKING:
    from gpharness.contracts.contract import Contract
    from gpharness.probing.exchanges import Exchange

Headers = tuple[tuple[str, str], ...]

_NEXT_COOKIE: Final = re.compile(r"(,\s*[\w.\-]+=)([^;,]+)")
"""Where several `Set-Cookie` were joined to one."""
_MOST_LEARNT: Final = 20_000


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
        self._known = KnownSecrets(usernames=usernames, server_paths=server_paths)
        self._learnt: set[object] = set()
        """Short texts, and headers, that were learnt: most come again and again."""
        for secret in known:
            if secret:
                self._known.add("password", secret, is_given=True)

    def __repr__(self) -> str:
        return f"Mask({len(self._known)} secrets)"

    @property
    def spellings(self) -> Sequence[Spelling]:
        """What finds the secrets that are masked wherever they stand; longest first."""
        return self._known.spellings

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
        if len(text) < 4 or (len(text) <= SHORT and not self._is_new(text)):
            return
        for name, value in secrets_in(text, users=self.usernames):
            self._known.add(name, value)

    def _is_new(self, told: object) -> bool:
        if told in self._learnt:
            return False
        if len(self._learnt) < _MOST_LEARNT:
            self._learnt.add(told)
        return True

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
        return self._known.without(text)

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
            url=self._known.without(each.url),
            parameters={
                self._known.without(name): self._parameter(name, value)
                for name, value in each.parameters.items()
            },
            headers=self._headers(each.headers),
            body=self._without_in_body(each.body),
            request_headers=self._headers(each.request_headers),
            request_body=self._without_in_body(each.request_body),
            fault_text=self._known.without(each.fault_text),
            service=self._known.without(each.service),
            task=self._known.without(each.task),
            name=self._known.without(each.name),
        )

    def _learn_pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        given = list(pairs)
        names = {name.lower() for name, _ in given}
        is_oauth = not names.isdisjoint({"grant_type", "code_verifier", "state", "redirect_uri"})
        for name, value in given:
            low = name.lower().strip()
            soft = "" if low in ("pass", "auth") else name
            if (names_a_secret(name) and is_value_of_secret(value, soft)) or (low == "code" and is_oauth):
                self._known.add(name, value)
            elif self.usernames and low in ("username", "user", "userid", "owner") and value:
                self._known.add_user(value)

    def _learn_headers(self, headers: Headers) -> None:
        for name, value in headers:
            if not self._is_new((name, value)):
                continue
            if is_secret_header_name(name):
                self._masked_header(name, value)
            else:
                if "?" in value or "#" in value:
                    address = urlsplit(value)
                    self._learn_pairs(_pairs(address.query) + _pairs(address.fragment))
                self.learn_text(f"{name}: {value}")

    def _learn_data(self, name: str, data: Any) -> None:
        if isinstance(data, str):
            if name and names_a_secret(name) and is_value_of_secret(data, name):
                self._known.add(name, data)
            else:
                self.learn_text(data)
        elif isinstance(data, Mapping):
            held_as = name_of_held(data)
            for key, each in data.items():
                if held_as and key in HOLDERS and isinstance(each, str) and is_value_of_secret(each):
                    self._known.add(held_as, each)
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
                self._known.without(str(key)): self._masked_data(
                    each, held_as if held_as and key in HOLDERS else str(key)
                )
                for key, each in data.items()
            }
        if isinstance(data, list | tuple):
            return [self._masked_data(each, name) for each in data]
        return data

    def _parameter(self, name: str, value: str) -> str:
        is_secret = name and value and names_a_secret(name)
        if is_secret and is_value_of_secret(value, name) and not is_stand_in(value):
            return self._known.add(name, value)
        return self._known.without(value)

    def _headers(self, headers: Headers) -> Headers:
        return tuple(
            (
                self._known.without(name),
                self._masked_header(name, value)
                if is_secret_header_name(name)
                else self._known.without(f"{name}: {value}").partition(": ")[2],
            )
            for name, value in headers
        )

    def _masked_header(self, name: str, value: str) -> str:
        low = name.lower()
        if "cookie" in low:
            return self._masked_cookies(value, every=not low.startswith("set-cookie"))
        scheme, blank, credentials = value.strip().partition(" ")
        if not blank or not re.match(r"[A-Za-z][\w-]*\Z", scheme) or "auth" not in low:
            return self._known.whole(name, value.strip())
        if scheme.lower() == "basic" and (pair := user_and_password(credentials)) is not None:
            user, password = pair
            if self.usernames and user:
                user = self._known.add_user(user)
            pair_told = f"{user}:{self._known.whole('password', password)}"
            return f"{scheme} {b64encode(pair_told.encode()).decode()}"
        if scheme.lower() == "digest":
            return re.sub(
                r'(\w+)="?([^",]+)"?',
                lambda found: (
                    found[0]
                    if found[1].lower() not in ("response", "nonce", "cnonce", "opaque")
                    else f'{found[1]}="{self._known.whole("token", found[2])}"'
                ),
                self._known.without(value),
            )
        return f"{scheme} {self._known.whole(name, credentials.strip())}"

    def _masked_cookies(self, text: str, *, every: bool) -> str:
        parts = text.split(";")
        for place, part in enumerate(parts):
            name, equals, value = part.partition("=")
            if equals and value.strip() and (every or not place):
                bare = value.strip().strip('"')
                told = self._known.whole(f"{name.strip()} cookie", bare)
                parts[place] = f"{name}={value.replace(bare, told)}"
            elif every and part.strip() and not equals:
                lead = part[: len(part) - len(part.lstrip())]
                parts[place] = lead + self._known.whole("cookie", part.strip())
            else:
                parts[place] = _NEXT_COOKIE.sub(self._masked_cookie, self._known.without(part))
        return ";".join(parts)

    def _masked_cookie(self, found: re.Match[str]) -> str:
        return f"{found[1]}{self._known.whole('cookie', found[2].strip())}"

    def _without_in_body(self, body: bytes) -> bytes:
        if not body:
            return body
        text = body.decode("latin-1")
        told = self._known.without(text)
        return body if told == text else told.encode("latin-1", "replace")


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
