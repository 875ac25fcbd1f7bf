"""Which recorded run a request repeats: an index of all runs by task and by what their inputs mean."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from sys import intern
from typing import Final, Literal

import msgspec
from gp_mockserver.security.secret_names import is_secret_name
from gp_mockserver.sites import ServedTask

from gpharness.replaying.canonical_values import OPTIONS, Canonical
from gpharness.replaying.recordings import Place

_OF_FORM: Final = frozenset({"f", "callback"})
_CACHE_BREAKERS: Final = frozenset({"_", "_ts", "dojo.preventCache", "request.preventCache"})
_ONE_VALUE: Final = frozenset({"", "html", "json", "pjson"})
"""The forms that one JSON value is answered in."""
_ROOT: Final = "(root)"
_JOB_IN_TEXT: Final = re.compile(r"(?<=/jobs/)[^/?#\"\s]+")


def is_ignored(name: str) -> bool:
    """Whether a parameter says nothing of what is asked: the form, credentials, what breaks caches."""
    return name in _OF_FORM or name in _CACHE_BREAKERS or is_secret_name(name) or name == "username"


def form_of(parameters: Mapping[str, str], *, is_page: bool = False) -> str:
    """The form that tells two answers apart: empty for JSON, however it is written; `html` for a page that
    was recorded as one."""
    form = parameters.get("f", "").strip().lower()
    if form not in _ONE_VALUE:
        return form
    return "html" if is_page and form in ("", "html") else ""


class Meaning(msgspec.Struct, frozen=True):
    """What a run asks for: a digest for each input and option that is given, by name."""

    digests: dict[str, bytes]

    def key(self, *words: str) -> bytes:
        """What two runs that mean the same have in common."""
        whole = blake2b(digest_size=16)
        for word in words:
            whole.update(word.encode() + b"\0")
        for name in sorted(self.digests):
            whole.update(name.encode() + b"\0" + self.digests[name])
        return whole.digest()

    def differing(self, other: Meaning) -> list[str]:
        """The names in which the two differ, this one's first."""
        names = dict.fromkeys((*self.digests, *other.digests))
        return [name for name in names if self.digests.get(name) != other.digests.get(name)]


class Reading:
    """Reads what requests mean. `roots`: the addresses that stand for the server's own; `jobs`: the recorded
    id of a job that is replayed."""

    def __init__(self, canonical: Canonical) -> None:
        self._canonical = canonical
        self.extras: dict[str, set[str]] = defaultdict(set)
        """By task the parameters that no descriptor has and that were recorded."""

    def meaning(
        self,
        task: ServedTask,
        given: Mapping[str, str],
        roots: Iterable[str],
        jobs: Mapping[str, str] | None = None,
        *,
        is_recorded: bool = False,
        is_described: bool = True,
    ) -> Meaning:
        """The meaning of a run's parameters, of which those that nobody knows count only where they were
        recorded, or where no descriptor says which are known."""
        digests: dict[str, bytes] = {}
        texts = {name: _neutral(text, roots, jobs or {}) for name, text in given.items()}
        inputs = {each.name for each in task.descriptor.inputs}
        for parameter in task.descriptor.inputs:
            form = self._canonical.input(parameter, texts.get(parameter.name, ""))
            _note(digests, parameter.name, form)
        for name, form in self._canonical.options(
            {name: text for name, text in texts.items() if name not in inputs}
        ).items():
            _note(digests, name, form)
        extras = self.extras[task.path]
        for name, text in texts.items():
            if name in inputs or name in OPTIONS or is_ignored(name) or name.startswith("env:"):
                continue
            if is_recorded and text:
                extras.add(name)
            if name in extras or not is_described:
                _note(digests, name, self._canonical.text(text))
        return Meaning(digests)


def _neutral(text: str, roots: Iterable[str], jobs: Mapping[str, str]) -> str:
    if "/" in text:
        for root in roots:
            text = text.replace(root, _ROOT)
        if jobs:
            text = _JOB_IN_TEXT.sub(lambda found: jobs.get(found[0], found[0]), text)
    return text


def _note(digests: dict[str, bytes], name: str, form: str) -> None:
    if form:
        digests[intern(name)] = blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest()


Wholeness = Literal["whole", "cut", "cancelled"]
"""How much of a run a recording has: all of it; a job without an end or without the results of its success;
a job that its client cancelled."""
_ORDER: Final[tuple[Wholeness, ...]] = ("whole", "cut", "cancelled")


class Recorded(msgspec.Struct, frozen=True):
    """A run that was recorded: where, by which method, and what it asked for."""

    place: Place
    method: str
    form: str
    meaning: Meaning
    wholeness: Wholeness = "whole"


class Submissions:
    """Every recorded run. Several that mean the same are given in turn; the last one stays. One that was cut
    short is given only where no whole one means the same, one that its client cancelled where nothing else
    does."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, list[Recorded]] = {}
        self._by_task: dict[tuple[str, str], list[Recorded]] = {}
        self._turns: dict[tuple[bytes, str], int] = {}
        self._lock = threading.Lock()

    def add(self, task: str, operation: str, recorded: Recorded) -> None:
        """Take a run of `execute` or `submitJob` in."""
        key = recorded.meaning.key(task, operation, recorded.form)
        self._by_key.setdefault(key, []).append(recorded)
        self._by_task.setdefault((task, operation), []).append(recorded)

    def next(
        self, task: str, operation: str, forms: Iterable[str], method: str, meaning: Meaning
    ) -> Recorded | None:
        """The run that a request repeats, in the first of these forms that was recorded: the next of those
        that were sent by the same method, else of all; None where there is none."""
        for form in forms:
            key = meaning.key(task, operation, form)
            alike = self._by_key.get(key)
            if not alike:
                continue
            best = min(_ORDER.index(each.wholeness) for each in alike)
            alike = [each for each in alike if _ORDER.index(each.wholeness) == best]
            same = [each for each in alike if each.method == method]
            chosen = same or alike
            turn = (key, method if same else "")
            with self._lock:
                number = self._turns.get(turn, 0)
                self._turns[turn] = min(number + 1, len(chosen) - 1)
            return chosen[number]
        return None

    def cancelled_like(self, task: str, operation: str, recorded: Recorded) -> Place | None:
        """Where a run that means the same was cancelled by its client."""
        alike = self._by_key.get(recorded.meaning.key(task, operation, recorded.form), ())
        return next((each.place for each in alike if each.wholeness == "cancelled"), None)

    def start_anew(self) -> None:
        """Give the first of several runs again."""
        with self._lock:
            self._turns.clear()

    def nearest(self, task: str, operation: str, meaning: Meaning) -> tuple[Recorded, list[str]] | None:
        """The recorded run that differs from a request in the fewest names, and these; None where the task
        has none."""
        best: tuple[Recorded, list[str]] | None = None
        for each in self._by_task.get((task, operation), ()):
            names = each.meaning.differing(meaning)
            if best is None or len(names) < len(best[1]):
                best = each, names
        return best

    def tasks(self) -> list[str]:
        """The tasks of which runs were recorded."""
        return list(dict.fromkeys(task for task, _ in self._by_task))

    def count(self, task: str) -> int:
        return sum(len(each) for (name, _), each in self._by_task.items() if name == task)
