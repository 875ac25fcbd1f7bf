"""The recorded requests that are no runs, by their paths: descriptions, files, uploads, wrong requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import UNSET

from gpharness.contracts.contract import Asked
from gpharness.replaying.canonical_values import Canonical
from gpharness.replaying.recordings import Place, plain_path
from gpharness.replaying.submissions import form_of, is_ignored


def same_method(asked: Asked, method: str) -> bool:
    """Whether two methods ask the same: HEAD is GET's."""
    asked_by = asked.method.upper() or "GET"
    return asked_by == method or {asked_by, method} == {"GET", "HEAD"}


def is_page(asked: Asked) -> bool:
    """Whether a page, and no JSON, was answered."""
    answer = asked.answer
    kind = next((each for name, each in answer.headers.items() if name.lower() == "content-type"), "")
    is_text = isinstance(answer.text, str) and answer.text.lstrip().startswith("<")
    return answer.json is UNSET and (is_text or "html" in kind)


class Same:
    """Whether requests ask the same, by the parameters that say something."""

    def __init__(self, canonical: Canonical) -> None:
        self._canonical = canonical

    def differing(self, asked: Asked, parameters: Mapping[str, str]) -> list[str]:
        """The names of the parameters in which a request differs from a recorded one."""
        recorded, given = self._told(asked.parameters), self._told(parameters)
        return [name for name in {**recorded, **given} if recorded.get(name) != given.get(name)]

    def asks_for_more(self, options: Mapping[str, str]) -> bool:
        """Whether options ask for anything but what is usual."""
        return bool(self._canonical.options(options))

    def _told(self, parameters: Mapping[str, str]) -> dict[str, str]:
        told = {
            name: self._canonical.text(text)
            for name, text in parameters.items()
            if not is_ignored(name) and text.strip() and name not in ("returnMessages", "returnType")
        }
        return {name: text for name, text in told.items() if text and text != "false"}

    def best(
        self, candidates: Iterable[tuple[Place, Asked]], method: str, parameters: Mapping[str, str]
    ) -> tuple[Place | None, tuple[Asked, list[str]] | None]:
        """Where the request was recorded, else the nearest recorded one and in what it differs."""
        near: tuple[Asked, list[str]] | None = None
        found: tuple[bool, Place] | None = None
        wants_page = parameters.get("f", "").strip().lower() in ("", "html")
        for place, asked in candidates:
            names = self.differing(asked, parameters)
            page = is_page(asked)
            form = form_of(asked.parameters, is_page=page)
            fits = form == form_of(parameters, is_page=page and wants_page)
            if not fits and asked.operation not in ("file", ""):
                names = [*names, "f"]
            if names:
                if near is None or len(names) < len(near[1]):
                    near = asked, names
                continue
            same = same_method(asked, method)
            if found is None or (same and not found[0]):
                found = same, place
        return (None if found is None else found[1]), near


class Paths:
    """Where something was asked for at a path that names no job."""

    def __init__(self) -> None:
        self._by_path: dict[str, list[Place]] = {}

    def add(self, path: str, place: Place) -> None:
        self._by_path.setdefault(path, []).append(place)

    def at(self, path: str) -> list[tuple[Place, Asked]]:
        """All that was asked for there."""
        return [
            (place, place.conversation.asked[place.asked])
            for place in self._by_path.get(plain_path(path), ())
        ]

    def known(self) -> list[str]:
        """All the paths."""
        return list(self._by_path)
