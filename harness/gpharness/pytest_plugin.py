"""The pytest plugin: nothing to import, nothing to start.

    def test_reports_a_failed_job(gp_site):
        gp_site.task("WorldViewshed/viewshed").fails(with_messages=["ERROR 000735: Value is required"])
        assert my_app.viewshed(gp_site.url) == "could not be computed"
        assert [entry.operation for entry in gp_site.journal] == ["submitJob", "job", "job"]

`gp_site`: a site of the test's own on `gp_server`, the one server of the run (of each worker, under
pytest-xdist); `gp_new_site` makes more of them. Its clock jumps, so that no job takes time; a test that asks
for `gp_clock` has one that stands still until it is moved. The marker `gp_site` says what the site is. At the
end of the test all has to be in order: see `Site.verify`. What cannot be mended by then fails the test; the
rest is judged when all fixtures of the test are torn down, and is an error there. The report of a failing
test shows its sites' journals.

`gp_arcpy`: the façade `gp_client.arcpy` in the place of `arcpy`, fresh for each test. `gp_arcpy_server` says
which server toolboxes are looked for on, `gp_arcpy_arguments` what the script under test is given; override
them, such as `gp_arcpy_server` by a fixture that returns `gp_site.url`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.settable_clocks import SiteClock
    from gp_mockserver.server import RunningServer
    from gp_mockserver.sites import Site

    from gpharness.testing.site_settings import SiteSettings
    from gpharness.testing.sites_of_a_test import SitesOfATest

_SERVER: pytest.StashKey[RunningServer] = pytest.StashKey()
_SITES: pytest.StashKey[SitesOfATest] = pytest.StashKey()
_SEEN: pytest.StashKey[dict[str, int]] = pytest.StashKey()
"""The last request, before a test, of each site that is there longer than that."""
_HAS_PASSED: pytest.StashKey[bool] = pytest.StashKey()
_INTERRUPTED: pytest.StashKey[list[tuple[str, str]]] = pytest.StashKey()
_BLOCK: pytest.StashKey[ExitStack] = pytest.StashKey()
_JOURNAL_LINES = 30


class UnusedMarkerWarning(pytest.PytestWarning):
    """A test has the marker `gp_site`, and does not use the fixture."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each of which the ini file has too, with `_` for `-`."""
    group = parser.getgroup("gpharness", "geoprocessing services (gpharness)")
    for name, kind, text in (
        ("site", "FILE", "site file for gp_site, relative to the root folder; the built-in site without it"),
        ("seed", "N", "seed of gp_site: job ids and generated values follow from it (default: 0)"),
        ("version", "VERSION", "the ArcGIS version that gp_site answers as, such as 10.91"),
        ("journal", "DIR", "folder below the root folder that keeps failing tests' journals as HAR 1.2"),
        ("journal-lines", "N", f"lines of a journal in a failing test's report (default: {_JOURNAL_LINES})"),
        ("allow-hosts", "HOSTS", "names, addresses and networks that --gp-block-network lets through: A,B"),
    ):
        group.addoption(f"--gp-{name}", metavar=kind, help=text)
        parser.addini(f"gp_{name.replace('-', '_')}", f"as --gp-{name}", default="")
    group.addoption(
        "--gp-block-network",
        action="store_true",
        default=None,
        help="let no test reach anything but this machine, whatever library it uses",
    )
    parser.addini("gp_block_network", "as --gp-block-network", type="bool", default=False)


def _option(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--gp-{name}")
    said = given if given is not None else config.getini(f"gp_{name.replace('-', '_')}")
    return str(said or "")


def _number(config: pytest.Config, name: str, default: int) -> int:
    text = _option(config, name)
    if text and not text.isdecimal():
        raise pytest.UsageError(f"--gp-{name}: met {text!r}, expected a whole number")
    return int(text) if text else default


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and block the network where that is asked for."""
    from gpharness.testing.site_settings import MARKER_TEXT, check_version

    config.addinivalue_line("markers", MARKER_TEXT)
    _number(config, "seed", 0)
    _number(config, "journal-lines", 0)
    if version := _option(config, "version"):
        try:
            check_version(version)
        except ValueError as error:
            raise pytest.UsageError(f"--gp-version: {error}") from None
    blocks = config.getoption("--gp-block-network")
    if blocks if blocks is not None else config.getini("gp_block_network"):
        from gpharness.network_block import blocked_network

        allowed = [host for host in re.split(r"[,\s]+", _option(config, "allow-hosts")) if host]
        config.stash[_BLOCK] = ExitStack()
        config.stash[_BLOCK].enter_context(blocked_network(allow=allowed))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the network be as it was."""
    if block := config.stash.get(_BLOCK, None):
        block.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Know what sites have seen before the test; tell what they saw in it where the run is interrupted."""
    item.stash[_SEEN] = {site.context: site.journal.last_number for site in _served(item.config)}
    try:
        return (yield)
    except (KeyboardInterrupt, pytest.exit.Exception):
        interrupted = item.config.stash.setdefault(_INTERRUPTED, [])
        interrupted += [(f"{title}, of {item.nodeid}", text) for title, text in _told(item)]
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hold a test whose function has passed to what cannot be mended any more."""
    __tracebackhide__ = True
    result = yield
    if (sites := item.stash.get(_SITES, None)) is not None:
        sites.judge_what_is_done()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hold a test that has passed to all that its sites have seen, when its fixtures are torn down."""
    __tracebackhide__ = True
    sites = item.stash.get(_SITES, None)
    try:
        result = yield
        if item.stash.get(_HAS_PASSED, False):
            if sites is not None:
                sites.judge()
            else:
                _warn_of_marker(item)
    finally:
        if sites is not None:
            sites.remove()
    return result


def _warn_of_marker(item: pytest.Item) -> None:
    from gpharness.testing.site_settings import MARKER

    if any(mark.name == MARKER for mark in item.own_markers):
        item.warn(
            UnusedMarkerWarning(
                f"{item.nodeid} has the marker {MARKER}, and does not use the fixture {MARKER}"
            )
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, and keep, the journals of a test that has failed."""
    report = yield
    if report.when == "call":
        item.stash[_HAS_PASSED] = report.passed
    if report.failed:
        report.sections += _told(item)
    if report.when == "teardown":
        if _SITES in item.stash:
            del item.stash[_SITES]
        item.stash[_HAS_PASSED] = False
    return report


def _told(item: pytest.Item) -> list[tuple[str, str]]:
    """The journals of a test's sites, and of those that others share with it and that were asked in it."""
    sites = item.stash[_SITES].sites if _SITES in item.stash else []
    seen = item.stash.get(_SEEN, {})
    others = [
        site
        for site in _served(item.config)
        if site not in sites and site.journal.last_number > seen.get(site.context, 0)
    ]
    if not sites and not others:
        return []
    from gpharness.testing.failing_tests import told

    folder = _option(item.config, "journal")
    lines = _number(item.config, "journal-lines", _JOURNAL_LINES)
    return told([*sites, *others], lines, item.config.rootpath / folder if folder else None, item.nodeid)


def _served(config: pytest.Config) -> list[Site]:
    server = config.stash.get(_SERVER, None)
    return [] if server is None else list(server.app.sites.values())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the journals of a test in which the run was interrupted: it has no report."""
    for title, text in config.stash.get(_INTERRUPTED, []):
        terminalreporter.section(title)
        terminalreporter.line(text)


@pytest.fixture(scope="session")
def gp_server(request: pytest.FixtureRequest) -> RunningServer:
    """One mock server for the whole run, on a free port of loopback. `root` is its address; sites come and go
    by `gp_new_site`, and those that several tests share by `gpharness.testing.site_for`."""
    from gp_mockserver.server import serve

    block = ExitStack()
    running = block.enter_context(serve([]))
    request.config.stash[_SERVER] = running
    request.config.add_cleanup(block.close)  # when the last test has been judged, too
    return running


def _sites_of(request: pytest.FixtureRequest, server: RunningServer) -> SitesOfATest:
    from gpharness.testing.sites_of_a_test import SitesOfATest

    item: pytest.Item = request.node
    if _SITES not in item.stash:
        item.stash[_SITES] = SitesOfATest(server.app, item.nodeid, item.path.parent)
    return item.stash[_SITES]


def _base(config: pytest.Config) -> SiteSettings:
    """What command line and ini file say."""
    from gpharness.testing.site_settings import SiteSettings

    return SiteSettings(
        file=config.rootpath / _option(config, "site") if _option(config, "site") else None,
        seed=_number(config, "seed", 0),
        version=_option(config, "version") or None,
    )


@pytest.fixture
def gp_site(gp_server: RunningServer, request: pytest.FixtureRequest) -> Site:
    """A site of this test's own, under a context of its own: the built-in one, or what the marker says."""
    from gp_mockserver.errors import MockServerError

    from gpharness.testing.site_settings import MARKER, SettingsError, settings_of

    item = request.node
    marks = [(mark.args, mark.kwargs) for mark in item.iter_markers(MARKER)]
    who = f"marker {MARKER} of {item.nodeid}"
    try:
        settings = settings_of(marks, _base(request.config), who)
        return _sites_of(request, gp_server).add(
            settings, needs_manual_clock="gp_clock" in request.fixturenames
        )
    except SettingsError as error:
        problem = str(error)
    except MockServerError as error:
        problem = f"{who if marks else 'gp_site'}: {error}"
    raise pytest.fail.Exception(problem, pytrace=False)


@pytest.fixture
def gp_new_site(gp_server: RunningServer, request: pytest.FixtureRequest) -> Callable[..., Site]:
    """Makes more sites of this test's own: `gp_new_site("tools.yaml", clock="manual")`, by the words of the
    marker `gp_site`. Each has to be in order at the end, and is in the report."""
    sites = _sites_of(request, gp_server)
    base = _base(request.config)

    def new_site(*file: str | Path, **settings: Any) -> Site:
        __tracebackhide__ = True
        from gp_mockserver.errors import MockServerError

        from gpharness.testing.site_settings import SettingsError, settings_of

        try:
            return sites.add(settings_of([(file, settings)], base, "gp_new_site"))
        except (SettingsError, MockServerError) as error:
            problem = error
        raise problem.with_traceback(None)

    return new_site


@pytest.fixture
def gp_clock(gp_site: Site, request: pytest.FixtureRequest) -> SiteClock:
    """The clock of `gp_site`, to be moved: `advance(20)`, `advance("1h")`, `freeze()`, `run(60)`. It stands
    still from the beginning, unless the marker names another."""
    from gp_mockserver.lifecycle.settable_clocks import SiteClock

    clock = SiteClock(gp_site)
    if request.node.stash[_SITES].settings_of(gp_site).clock is None:
        clock.freeze()
    return clock


@pytest.fixture
def gp_arcpy_server() -> str | None:
    """The server for all toolboxes of a test, whatever their addresses name; None: what they name."""
    return None


@pytest.fixture
def gp_arcpy_arguments() -> Sequence[str]:
    """The arguments of the script under test: `arcpy.GetParameterAsText(0)` is the first, and so is
    `sys.argv[1]`. None, unless it is overridden."""
    return ()


@pytest.fixture
def gp_arcpy(
    gp_arcpy_server: str | None, gp_arcpy_arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The module `arcpy`, which is the façade, for one test: no toolboxes, no messages, default
    environments, and the arguments that `gp_arcpy_arguments` says."""
    from gp_client.arcpy_style.script_runs import script_run
    from gp_client.arcpy_style.standing_in import as_arcpy

    instead = gp_arcpy_server is not None
    monkeypatch.setattr(sys, "argv", [*sys.argv[:1], *gp_arcpy_arguments])
    with script_run(server=gp_arcpy_server, instead=instead), as_arcpy() as arcpy:
        yield arcpy
