"""Where the contract tests look: the mock, or with `--gp-url` any server that has the sample services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--gp-url",
        metavar="URL",
        help="the root of a server to hold to the contract, such as https://gis.example.com/arcgis; "
        "without it the mock is started on a free port",
    )


@pytest.fixture(scope="session")
def pause(request: pytest.FixtureRequest) -> float:
    """Seconds between two polls of a job: the mock's clock jumps, and any other server needs its time."""
    return 1.0 if request.config.getoption("--gp-url") else 0.0


@pytest.fixture(scope="session")
def root(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server's context, without a slash at its end."""
    url = request.config.getoption("--gp-url")
    if url:
        yield str(url).rstrip("/")
        return
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.clocks import JumpingClock
    from gp_mockserver.server import serve

    with serve(builtin_site(clock=JumpingClock())) as server:
        yield server.url
