"""One test of a whole table: `@every_case` in the place of `@pytest.mark.parametrize`.

    @every_case(("text", "value"), [("1", 1), ("0x1", None)])
    def test_a_number_is_read(text: str, value: int | None) -> None:
        assert read(text) == value

Thousands of tests that pytest collects, sets up and reports one by one, in each worker, take longer than what
they check. So all cases run in one test, to the last of them whatever fails, and its failure shows each case
that failed: its name, its values and its traceback. Fixtures are set up once for all cases, so that none of
them may be spoilt by a case.

`EACH_CASE=1 pytest …` makes each case a test of its own, to select it by its name or to count them.
"""

from __future__ import annotations

import functools
import inspect
import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def every_case(
    names: str | Sequence[str],
    cases: Iterable[Any],
    *,
    ids: Iterable[str] | Callable[[Any], object] | None = None,
) -> Callable[[Callable[..., None]], Any]:
    """Runs a test function with each of the cases, in order; `names`, `cases` and `ids` are those of
    `parametrize`, and `pytest.param` may name a case, yet not mark it."""
    split = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = list(cases)
    assert table, f"{names}: a table without a case checks nothing"
    if os.environ.get("EACH_CASE"):
        return pytest.mark.parametrize(names, table, ids=ids)
    titles = list(ids) if ids is not None and not callable(ids) else [None] * len(table)
    assert len(titles) == len(table), f"{names}: {len(titles)} ids of {len(table)} cases"
    rows = [_row(split, case, title, ids) for case, title in zip(table, titles, strict=True)]

    def over_all(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def test(*itself: Any, **fixtures: Any) -> None:
            __tracebackhide__ = True
            failures = []
            for title, values in rows:
                try:
                    function(*itself, **fixtures, **values)
                except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
                    failures.append(_told(title, values, error))
            if failures:
                head = f"{len(failures)} of {len(rows)} cases failed"
                pytest.fail("\n\n".join([head, *failures]), pytrace=False)

        signature = inspect.signature(function)
        left = [each for name, each in signature.parameters.items() if name not in split]
        assert len(left) + len(split) == len(signature.parameters), f"{function}: takes no {names}"
        test.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return test

    return over_all


def _row(names: list[str], case: Any, title: str | None, ids: Any) -> tuple[str, dict[str, Any]]:
    """A case's name and its values by name."""
    if hasattr(case, "marks"):
        assert not case.marks, f"{names}: a case has no marks of its own"
        case, title = (case.values[0] if len(names) == 1 else case.values), case.id or title
    values = dict(zip(names, [case] if len(names) == 1 else case, strict=True))
    if title is None and callable(ids):
        title = "-".join(str(ids(value)) for value in values.values())
    return title or "", values


def _told(title: str, values: dict[str, Any], error: BaseException) -> str:
    """What a failing case was, and what it met."""
    said = ", ".join(f"{name}={value!r}" for name, value in values.items())
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this file's frame
    return f"[{title}] {said}\n{''.join(traceback.format_exception(error)).rstrip()}"
