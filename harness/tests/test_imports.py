"""What a command imports: only what it uses, so that it starts quickly."""

from __future__ import annotations

import pytest

SLOW = {"rich", "yaml", "jinja2", "shapely", "pyproj", "numpy", "httpx", "hypothesis"}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import gpharness", SLOW | {"click", "starlette", "uvicorn", "msgspec", "asyncio"}),
        ("import gpharness.command_line", SLOW | {"starlette", "uvicorn", "msgspec", "asyncio"}),
        ("from gpharness.serving import Settings, load; load(None, Settings())", SLOW),
    ],
    ids=["the package", "the command's options", "serving the built-in site"],
)
def test_nothing_is_imported_before_it_is_used(start, code, unwanted):
    running = start("-c", f"import sys; {code}; print(*sys.modules)")
    assert running.status() == 0, running.rest_of(running.err)
    assert unwanted & set(running.line().split()) == set()
