"""One mock server for the whole run; every test gets a site of its own on it, under a context of its own."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
from gp_mockserver.server import RunningServer, serve
from gp_mockserver.sites import Site

_numbers = itertools.count(1)

_spec = importlib.util.spec_from_file_location(
    "deviation_probe", Path(__file__).with_name("deviation_probe.py")
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["deviation_probe"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["deviation_probe"])


@dataclass
class Wire:
    """A site seen over HTTP by a plain client. `clock` is the site's, and stands still unless it is moved."""

    site: Site
    clock: ManualClock
    http: httpx.Client

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(path, params=parameters)

    def post(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.post(path, data=parameters)

    def json(self, path: str, **parameters: Any) -> Any:
        """The JSON answer to a GET, which must come with status 200."""
        response = self.get(path, f="json", **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def error(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The error that a GET is answered with, inside HTTP status 200."""
        answer = self.json(path, **parameters)
        assert list(answer) == ["error"], answer
        return dict(answer["error"])


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    with serve([]) as running:
        yield running


@pytest.fixture
def open_wire(server: RunningServer) -> Iterator[Any]:
    """Serves a site under a context that no other test has, and gives the wire to it."""
    opened: list[Wire] = []

    def open_site(site: Site) -> Wire:
        server.app.add_site(site)
        http = httpx.Client(base_url=f"{server.root}/{site.context}/rest/services/", timeout=10)
        assert isinstance(site.clock, ManualClock)
        opened.append(Wire(site, site.clock, http))
        return opened[-1]

    yield open_site
    for wire in opened:
        wire.http.close()
        server.app.remove_site(wire.site.context)


@pytest.fixture
def fresh() -> dict[str, Any]:
    """What every site of a test is made with: a context of its own and a clock that stands still."""
    return {"context": f"site{next(_numbers)}", "clock": ManualClock()}


@pytest.fixture
def wire(open_wire: Any, fresh: dict[str, Any]) -> Wire:
    """The built-in site."""
    wire: Wire = open_wire(builtin_site(**fresh))
    return wire


@pytest.fixture
def probe(server: RunningServer) -> Iterator[Any]:
    """The built-in site on a clock that jumps, for the tests of deviations: sockets and bytes."""
    from deviation_probe import Probe

    site = builtin_site(context=f"site{next(_numbers)}", clock=JumpingClock())
    server.app.add_site(site)
    yield Probe(site)
    server.app.remove_site(site.context)
