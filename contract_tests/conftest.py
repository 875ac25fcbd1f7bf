"""Where the contract tests look: the mock, or with `--gp-url` any server.

A server that is not on this machine is only read, unless `--gp-run` says that its tasks may be run. Which
ones are, `--gp-task` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

import hypothesis
import pytest

RUN_HERE = (
    "WorldViewshed/viewshed",
    "Elevation/ESRI_Elevation_World/Viewshed",
    "GPFolder/BufferService/BufferPoints",
    "DataTypes/Echo/Echo",
    "Simulation/JobOutcomes/StepProgress",
    "15_Names/OddNames/Extract Data Task",
)
"""The mock's tasks that are run with generated inputs."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract tests", "the server that is held to the contract")
    group.addoption(
        "--gp-url",
        metavar="URL",
        help="the root of a server to hold to the contract, such as https://gis.example.com/arcgis; "
        "without it the mock is started on a free port",
    )
    group.addoption(
        "--gp-task",
        action="append",
        default=[],
        metavar="FOLDER/SERVICE/TASK",
        help="a task of that server to run with generated inputs; may be given several times",
    )
    group.addoption(
        "--gp-run",
        action="store_true",
        help="run tasks of a server that is not on this machine; without it such a server is only read",
    )
    group.addoption("--gp-token", metavar="TOKEN", help="a token for that server")


class Server(NamedTuple):
    """The server that is held to the contract."""

    root: str
    """The address of its context, without a slash at its end."""
    is_mock: bool
    may_run: bool
    """Whether its tasks may be run."""
    tasks: tuple[str, ...]
    """Those that are, with generated inputs."""
    token: str | None
    pause: float
    """Seconds between two polls of a job: the mock's clock jumps, and any other server needs its time."""
    seed: int


def is_on_this_machine(url: str) -> bool:
    """Whether an address is a loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def seed_of(config: pytest.Config) -> int:
    """The `--gp-seed` of gpharness's pytest plugin: what decides the generated inputs; 0 unless given."""
    return int(config.getoption("--gp-seed", None) or 0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the seed decide what the generated examples are."""
    seed = seed_of(config)
    if seed == 0:
        return
    for item in items:
        test = getattr(item, "obj", None)
        if test is not None and hypothesis.is_hypothesis_test(test):
            hypothesis.seed(seed)(getattr(test, "__func__", test))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say with each failure by which seed it comes again."""
    report = yield
    if report.failed and report.when == "call":
        url = item.config.getoption("--gp-url")
        words = f"--gp-seed {seed_of(item.config)}" + (f" --gp-url {url}" if url else "")
        report.sections.append(
            ("seed", f"seed {seed_of(item.config)}; to repeat it: pytest contract_tests {words}")
        )
    return report


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The mock, or the server at `--gp-url`."""
    config = request.config
    url, seed = config.getoption("--gp-url"), seed_of(config)
    if url:
        may_run = is_on_this_machine(url) or config.getoption("--gp-run")
        tasks = tuple(config.getoption("--gp-task"))
        yield Server(url.rstrip("/"), False, may_run, tasks, config.getoption("--gp-token"), 1.0, seed)
        return
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.clocks import JumpingClock
    from gp_mockserver.server import serve

    with serve(builtin_site(clock=JumpingClock())) as running:
        yield Server(running.url, True, True, RUN_HERE, None, 0.0, seed)


@pytest.fixture(scope="session")
def runs(server: Server) -> Server:
    """The same server, for a test that runs its tasks."""
    if not server.may_run:
        pytest.skip(f"{server.root} is not on this machine: its tasks are run with --gp-run alone")
    return server


@pytest.fixture(scope="session")
def pause(server: Server) -> float:
    """Seconds between two polls of a job."""
    return server.pause


@pytest.fixture(scope="session")
def root(server: Server) -> str:
    """The address of the server's context, without a slash at its end."""
    return server.root
