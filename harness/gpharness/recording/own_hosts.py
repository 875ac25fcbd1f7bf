"""The names that a server has for itself: files of results lie at its machine's own, whatever it was asked
by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gpharness.probing.conversing import file_urls

_FILE: Final = re.compile(
    r"(https?://[^/?#\s]+(?:/[^/?#\s]+)*?)/rest/directories/arcgis(?:jobs|output)/", re.IGNORECASE
)


def roots_told(answers: Iterable[Any]) -> Iterator[str]:
    """The addresses of contexts below which results, decoded, say that their files are."""
    for url in file_urls(list(answers)):
        found = _FILE.match(url)
        if found is not None and "@" not in found[1]:
            yield found[1]


def results_in(answer: Any) -> list[Any]:
    """The results in what a result, a list of results or an execution was answered, decoded."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return list(answer["results"])
    return list(answer) if isinstance(answer, list) else [answer]
