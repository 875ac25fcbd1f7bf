"""One exchange as the assembling of a contract sees it: where it belongs, what it asked, what it was told."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Final

import msgspec
from gp_protocol.error_envelopes import ErrorEnvelope, read_error
from msgspec import UNSET

from gpharness.contracts.answers import answer_from
from gpharness.contracts.contract import Answer, Asked
from gpharness.probing.exchanges import Exchange
from gpharness.recording.placing import Placed
from gpharness.recording.request_parameters import CACHE_BREAKERS, parameters_of

_JSONP: Final = re.compile(rb"\s*(?:/\*\*/\s*)?[\w$.\[\]]+\s*\((.*)\)\s*;?\s*", re.DOTALL)
_PAGE: Final = re.compile(rb"\s*(?:<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)
_DEEPEST: Final = 512
_FAILED_FOR_NOW: Final = frozenset({401, 403, 408, 425, 429, 498, 499})
_UNTOLD: Final = frozenset({"callback", *CACHE_BREAKERS})
BOM: Final = b"\xef\xbb\xbf"


class Piece:
    """An exchange under a server's root. Its answer is read when somebody asks for it."""

    def __init__(self, exchange: Exchange, place: Placed) -> None:
        self.exchange = exchange
        self.place = place
        self.operation = exchange.operation or place.operation
        self.service = exchange.service or place.service
        self.task = exchange.task or place.task
        self.job_id = exchange.job_id or place.job_id
        self.name = exchange.name or place.name
        said = exchange.parameters or parameters_of(
            exchange.url, exchange.request_headers, exchange.request_body
        )
        self.parameters = {name: value for name, value in said.items() if name not in _UNTOLD}
        self.callback = said.get("callback", "")

    def again(self, exchange: Exchange) -> Piece:
        """The piece of an exchange that is the same but for its time: what was read once is read for both."""
        self.error  # noqa: B018
        other = Piece.__new__(Piece)
        other.__dict__.update(self.__dict__)
        other.exchange = exchange
        return other

    @cached_property
    def json(self) -> Any:
        """The answer, decoded; UNSET where it is no JSON."""
        return decoded(self.body)

    @cached_property
    def body(self) -> bytes:
        """The answer's body, without the function call that JSONP puts around it."""
        body = self.exchange.body
        if self.callback and (found := _JSONP.fullmatch(body)):
            return found[1].strip()
        return body

    @cached_property
    def plain(self) -> bytes:
        """The body with its slashes as they are, which JSON may escape."""
        return self.body.replace(rb"\/", b"/")

    @cached_property
    def error(self) -> ErrorEnvelope | None:
        return None if self.json is UNSET else read_error(self.json)

    @property
    def is_page(self) -> bool:
        """Whether the answer is HTML."""
        kind = self.exchange.header("content-type").lower()
        return self.json is UNSET and ("html" in kind or _PAGE.match(self.exchange.body[:1000]) is not None)

    @property
    def wants_page(self) -> bool:
        return self.parameters.get("f", "html").lower() in ("", "html")

    @property
    def has_failed(self) -> bool:
        """Whether it says that it was not done."""
        if (self.exchange.status or 0) >= 400 or self.error is not None:
            return True
        return self.json is UNSET and self.parameters.get("f", "").lower() in ("json", "pjson")

    @property
    def has_failed_for_now(self) -> bool:
        """Whether the same request may well be answered otherwise a moment later."""
        if not self.has_failed:
            return False
        code = self.error.code if self.error is not None else self.exchange.status or 0
        return code >= 500 or code in _FAILED_FOR_NOW or self.error is None

    @property
    def status_word(self) -> str:
        """`jobStatus`, where the answer is a job."""
        word = self.json.get("jobStatus") if isinstance(self.json, dict) else None
        return word if isinstance(word, str) else ""

    @property
    def submitted(self) -> str:
        """The id of the job that this request has made; empty where it has made none."""
        if self.operation != "submit" or self.error is not None:
            return ""
        if isinstance(self.json, dict):
            job_id = self.json.get("jobId")
            return job_id if isinstance(job_id, str) else ""
        if 300 <= (self.exchange.status or 0) < 400:
            found = re.search(r"/jobs/([^/?#]+)", self.exchange.header("location"))
            return found[1] if found else ""
        return ""

    @property
    def same(self) -> tuple[str, str, str]:
        """What two requests that ask the same have in common, whatever their method."""
        said = sorted((name, value) for name, value in self.parameters.items() if name != "f")
        return self.operation, self.place.path.rstrip("/").lower(), repr(said)

    @property
    def answer(self) -> Answer:
        return answer_from(self.exchange.status or 0, self.exchange.headers, self.body)

    def asked(self, *, job_id: str = "", submitted_at: float | None = None) -> Asked:
        """As a request that belongs to no trace; of a job, relative to its submission."""
        path = self.place.path
        if job_id:
            path = re.sub(rf"(?<=/){re.escape(job_id)}(?=/|$)", "{job}", path, flags=re.IGNORECASE)
        after = None if submitted_at is None else round(self.exchange.at - submitted_at, 3)
        return Asked(
            operation=self.operation,
            path=path,
            answer=self.answer,
            method=self.exchange.method.upper(),
            parameters=dict(self.parameters),
            after=None if after is None or after < 0 else after,
        )


def decoded(body: bytes) -> Any:
    """JSON, decoded; UNSET for anything else, for what is nested too deeply too."""
    body = body.removeprefix(BOM).strip()
    if body[:1] not in (b"{", b"["):
        return UNSET
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return UNSET
    return value if _is_shallow(value, _DEEPEST) else UNSET


def _is_shallow(value: Any, left: int) -> bool:
    level = [value]
    while level and left:
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        level = [each for each in below if isinstance(each, dict | list)]
        left -= 1
    return not level
