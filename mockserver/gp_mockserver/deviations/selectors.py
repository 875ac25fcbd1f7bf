"""Which requests a deviation is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Literal
from urllib.parse import parse_qsl

import msgspec
from gp_protocol.errors import shown

from gp_mockserver.deviations.records import ANY, ON, OWN_WORDS, SETS
from gp_mockserver.deviations.request_bodies import form_values
from gp_mockserver.errors import SiteFileError

_RANGE = re.compile(r"(\d+)(?:\.\.(\d*))?")
_EVERY = re.compile(r"every(?: (\d+))?")
_MAX_COUNTED = 100_000
"""Jobs whose requests are counted at once; the count of the one that was counted first is forgotten."""


class Occasion(msgspec.Struct):
    """One request as selectors see it.

    `operation` is a word of `records.ON`, else the mock's own name, which is `own`. `name` is the result,
    input or file. `status` is the job's, empty where it is not known. `at`: seconds since the epoch on the
    site's clock. `body` is the first part of a form, where a selector looks at it. `scheme` is that by which
    the client asks.
    """

    operation: str
    method: str
    service: str = ""
    task: str = ""
    name: str = ""
    job_id: str = ""
    status: str = ""
    at: float = 0.0
    token: str = ""
    own: str = ""
    headers: Iterable[tuple[bytes, bytes]] = ()
    query: bytes = b""
    body: bytes = b""
    scheme: str = ""


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold of a request. What is not said holds for every one.

    `operation` is a word or set of `records`, or the mock's own name for a part of one (`commit` of
    `upload`). `service`, `task` and `parameter` are globs (`task` is `Folder/Service/Label`, `parameter` the
    name of a result). `headers` and `form` (the query's parameters, too) hold globs for values by name, of
    which one value must fit, or, after a `!`, none; a name may be a glob, too. `query` does so for the
    address alone. `scheme`: `http` or `https`, as the client asks. `over`: the query has more bytes than
    that. `status` is that of the job now, one or several. `nth` counts, from 1, the requests of which all
    else holds, per operation and, where there is one, job: `2`, `"2..4"`, `"3.."`, `"every"`, `"every 2"`;
    `per` has them counted for each `task`, for each `result`, or for each `job` whatever is asked of it.
    `times`: so often, then never again. `after`: so many seconds after the injection, on the site's clock.
    `probability` is decided by a hash of `seed`, the deviation's name, the operation and `nth`, so that the
    order in which requests come does not matter. `until`: `token-renewed` ends it for a request that brings
    another token than the one it first met, for each job by itself; `signed-in` does so for all requests
    together.
    """

    operation: str | tuple[str, ...] | None = None
    method: str | None = None
    service: str | None = None
    task: str | None = None
    parameter: str | None = None
    job: str | None = None
    headers: dict[str, str] = {}
    form: dict[str, str] = {}
    query: dict[str, str] = {}
    scheme: Literal["http", "https"] | None = None
    over: int | None = None
    status: str | tuple[str, ...] | None = None
    nth: int | str = "every"
    per: Literal["operation", "job", "task", "result"] = "operation"
    times: int | None = None
    after: float = 0.0
    probability: float = 1.0
    seed: int = 0
    until: Literal["cleared", "token-renewed", "signed-in"] = "cleared"

    def __post_init__(self) -> None:
        if isinstance(self.nth, bool) or not (
            (isinstance(self.nth, int) and self.nth >= 1)
            or (isinstance(self.nth, str) and (_EVERY.fullmatch(self.nth) or _RANGE.fullmatch(self.nth)))
        ):
            raise SiteFileError(
                "nth", shown(self.nth), 'a number from 1, "2..4", "3..", "every" or "every 2"'
            )
        if self.times is not None and self.times < 1:
            raise SiteFileError("times", shown(self.times), "1 or more", "leave it out for no end")
        if not 0 <= self.probability <= 1:
            raise SiteFileError("probability", shown(self.probability), "a number from 0 to 1")
        if self.after < 0:
            raise SiteFileError("after", shown(self.after), "0 or more seconds")

    @property
    def limits(self) -> dict[str, object]:
        """What it says beside its operation, by name: nothing where it holds for every request, for ever."""
        said = ((name, getattr(self, name)) for name in self.__struct_fields__ if name not in _NO_LIMITS)
        return {name: each for name, each in said if each != getattr(_EVERYTHING, name)}

    @property
    def is_unlimited(self) -> bool:
        """Whether it holds for every request of its operations, services and tasks, for ever."""
        return not self.limits.keys() - {"service", "task"}

    def fits(self, occasion: Occasion) -> bool:
        """Whether all holds that needs no counting."""
        return (
            (self.operation is None or _is_meant(occasion, self.operation))
            and (self.method is None or occasion.method == self.method.upper())
            and _is_like(occasion.service, self.service)
            and _is_like(occasion.task, self.task)
            and _is_like(occasion.name, self.parameter)
            and (self.job is None or occasion.job_id == self.job)
            and _is_one_of(occasion.status, self.status)
            and (self.over is None or len(occasion.query) > self.over)
            and (not self.headers or _all_fit(self.headers, _header_texts(occasion)))
            and (not self.form or _all_fit(self.form, _form_texts(occasion)))
            and (not self.query or _all_fit(self.query, _query_texts(occasion)))
            and (self.scheme is None or occasion.scheme == self.scheme)
        )

    def takes(self, number: int) -> bool:
        """Whether the request of this number is one of the `nth`."""
        if isinstance(self.nth, int):
            return number == self.nth
        if every := _EVERY.fullmatch(self.nth):
            return number % int(every[1] or 1) == 0
        found = _RANGE.fullmatch(self.nth)
        assert found is not None
        first, last = int(found[1]), found[2]
        if last is None:
            return number == first
        return number >= first and (not last or number <= int(last))

    def draws(self, name: str, occasion: Occasion, number: int) -> bool:
        """Whether chance is for it."""
        if self.probability == 1:
            return True
        text = f"{self.seed}/{name}/{occasion.operation}/{number}"
        drawn = int.from_bytes(sha256(text.encode()).digest()[:8]) / 2**64
        return drawn < self.probability


_EVERYTHING = Selector()
_NO_LIMITS = frozenset({"operation", "per", "seed"})


def _is_meant(occasion: Occasion, wanted: str | tuple[str, ...]) -> bool:
    """Whether one of the words names the operation: its own, a set's, or the mock's for it."""
    for word in (wanted,) if isinstance(wanted, str) else wanted:
        if word in SETS:
            is_meant = occasion.operation in SETS[word]
        elif word in ON or not occasion.own:
            is_meant = occasion.operation == OWN_WORDS.get(word, word)
        else:
            is_meant = occasion.own == word
        if is_meant or word == ANY:
            return True
    return False


def _all_fit(wanted: Mapping[str, str], met: list[tuple[str, str]]) -> bool:
    """Whether, by each name, one of the values fits, or none where none must."""
    for name, glob in wanted.items():
        fits = any(
            fnmatchcase(each, name) and fnmatchcase(value, glob.removeprefix("!")) for each, value in met
        )
        if fits is glob.startswith("!"):
            return False
    return True


def _header_texts(occasion: Occasion) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in occasion.headers]


def _form_texts(occasion: Occasion) -> list[tuple[str, str]]:
    """Names and values; all of a multipart form is one value, too, without a name."""
    body = occasion.body
    found = [*_query_texts(occasion), *form_values(body)]
    return [*found, ("", body.decode("latin-1"))] if body.startswith(b"--") else found


def _query_texts(occasion: Occasion) -> list[tuple[str, str]]:
    return parse_qsl(occasion.query.decode("latin-1"), keep_blank_values=True)


def _is_one_of(met: str, wanted: str | tuple[str, ...] | None) -> bool:
    return wanted is None or met == wanted or (not isinstance(wanted, str) and met in wanted)


def _is_like(met: str, glob: str | None) -> bool:
    return glob is None or fnmatchcase(met, glob)


class Counter:
    """Counts requests: of each operation, and of each job by itself, or as `Selector.per` says."""

    def __init__(self, per: str = "operation") -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._per = per

    def next(self, occasion: Occasion) -> int:
        """The number of this request, from 1."""
        key: tuple[str, ...] = (occasion.operation, occasion.job_id)
        match self._per:
            case "job":
                key = (occasion.job_id,)
            case "task":
                key = (*key, occasion.task)
            case "result":
                key = (*key, occasion.name)
        number = self._numbers.get(key, 0) + 1
        if number == 1 and len(self._numbers) >= _MAX_COUNTED:
            del self._numbers[next(iter(self._numbers))]
        self._numbers[key] = number
        return number
