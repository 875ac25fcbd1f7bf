"""The machine of `docs/contracts.md` runs as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings


@pytest.fixture
def _no_shrinking() -> Iterator[None]:
    settings.register_profile("before", settings.default)
    settings.register_profile("unshrunk", phases=[Phase.generate], database=None, derandomize=False)
    settings.load_profile("unshrunk")
    yield
    settings.load_profile("before")


@pytest.mark.usefixtures("_no_shrinking")
def test_the_machine_runs_by_the_lines_for_pytest(
    pytester: pytest.Pytester, request: pytest.FixtureRequest
) -> None:
    text = (request.config.rootpath / "docs" / "contracts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (code,) = [block for block in blocks if "job_machine" in block]
    pytester.makepyfile(code)
    pytester.runpytest("-p", "no:asyncio").assert_outcomes(passed=3)
