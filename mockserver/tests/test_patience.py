"""How long a look at a job waits for a tool that is running: as the site says."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.sites import Site

from every_case import every_case

TOOL = "Tools/GPServer/Tool"


class Held:
    """A tool that runs until it is released."""

    def __init__(self) -> None:
        self.began, self.released = threading.Event(), threading.Event()

    def __call__(self) -> int:
        self.began.set()
        assert self.released.wait(20)
        return 1


def executing(open_wire: Any, site: Site, tool: Held) -> tuple[Any, str]:
    """A wire to a site whose job is due, its tool not having run."""

    @site.task("Tools/Tool")
    def work() -> int:
        return tool()

    wire = open_wire(site)
    job = f"{TOOL}/jobs/{wire.json(f'{TOOL}/submitJob')['jobId']}"
    wire.clock.advance(10)
    return wire, job


def test_with_patience_the_first_look_sees_what_came_of_the_tool(open_wire: Any, fresh: Any) -> None:
    tool = Held()
    wire, job = executing(open_wire, Site(**fresh, patience=20), tool)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(wire.json, job)
        assert tool.began.wait(20)
        tool.released.set()
        assert look.result(20)["jobStatus"] == "esriJobSucceeded"


@pytest.mark.parametrize("patience", [0, 0.01])
def test_without_patience_no_look_waits(open_wire: Any, fresh: Any, patience: float) -> None:
    tool = Held()
    wire, job = executing(open_wire, Site(**fresh, patience=patience), tool)
    started = time.monotonic()
    assert [wire.json(job)["jobStatus"] for _ in range(3)] == ["esriJobExecuting"] * 3
    assert time.monotonic() - started < 0.9
    assert tool.began.wait(20)
    tool.released.set()
    while wire.json(job)["jobStatus"] == "esriJobExecuting":
        pass
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"


@every_case(
    ("jobs", "seconds"),
    [({}, 1.0), ({"patience": "250ms"}, 0.25), ({"patience": 0}, 0.0), ({"patience": "1 min"}, 60.0)],
)
def test_a_site_file_says_the_patience(jobs: dict[str, Any], seconds: float) -> None:
    assert site_from({"services": {}, "jobs": jobs}).patience == seconds


@pytest.mark.parametrize("patience", ["soon", -1, None])
def test_a_patience_that_is_no_length_of_time_is_said_with_its_place(patience: Any) -> None:
    with pytest.raises(SiteFileError, match=r"jobs\.patience: met"):
        site_from({"services": {}, "jobs": {"patience": patience}})


@pytest.mark.parametrize("patience", [-1, math.inf, math.nan])
def test_a_site_takes_seconds_alone(patience: float) -> None:
    with pytest.raises(SiteError, match="expected seconds, 0 or more"):
        Site(patience=patience)
