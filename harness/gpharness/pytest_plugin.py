"""The pytest plugin: nothing to import, nothing to start.

    def test_reports_a_failed_job(gp_site):
        gp_site.task("WorldViewshed/viewshed").fails(with_messages=["ERROR 000735: Value is required"])
        assert my_app.viewshed(gp_site.url) == "could not be computed"
        assert [entry.operation for entry in gp_site.journal] == ["submitJob", "job", "job"]

`gp_site`: a site of the test's own on `gp_server`, the one server of the run (of each worker, under
pytest-xdist). Its clock jumps, so that no job takes time; a test that asks for `gp_clock` has one that stands
still until it is moved. The marker `gp_site` says what the site is. At the end of the test all has to be in
order: see `Site.verify`. A failing test's report shows the site's journal.

`gp_arcpy`: the façade `gp_client.arcpy` in the place of `arcpy`, fresh for each test. `gp_arcpy_server` says
which server toolboxes are looked for on, `gp_arcpy_arguments` what the script under test is given; override
them, such as `gp_arcpy_server` by a fixture that returns `gp_site.url`.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.clocks import Clock
    from gp_mockserver.server import RunningServer
    from gp_mockserver.sites import Site

    from gpharness.testing.site_settings import SiteSettings

_SITE: pytest.StashKey[Site] = pytest.StashKey()
_SETTINGS: pytest.StashKey[SiteSettings] = pytest.StashKey()
_BLOCK: pytest.StashKey[ExitStack] = pytest.StashKey()
_JOURNAL_LINES = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each of which the ini file has too, with `_` for `-`."""
    group = parser.getgroup("gpharness", "geoprocessing services (gpharness)")
    for name, kind, text in (
        ("site", "FILE", "site file for gp_site, relative to the root folder; the built-in site without it"),
        ("seed", "N", "seed of gp_site: job ids and generated values follow from it (default: 0)"),
        ("version", "VERSION", "the ArcGIS version that gp_site answers as, such as 10.91"),
        ("journal", "DIR", "folder in which the journal of each failing test is kept as HAR 1.2"),
        ("journal-lines", "N", f"requests that a failing test's report shows (default: {_JOURNAL_LINES})"),
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
    from gpharness.testing.site_settings import MARKER_TEXT

    config.addinivalue_line("markers", MARKER_TEXT)
    _number(config, "seed", 0)
    _number(config, "journal-lines", 0)
    blocks = config.getoption("--gp-block-network")
    if blocks if blocks is not None else config.getini("gp_block_network"):
        from gpharness.network_block import blocked_network

        config.stash[_BLOCK] = ExitStack()
        config.stash[_BLOCK].enter_context(blocked_network())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the network be as it was."""
    if block := config.stash.get(_BLOCK, None):
        block.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hold a test that has passed to what its site has seen."""
    __tracebackhide__ = True
    result = yield
    site = item.stash.get(_SITE, None)
    if site is not None:
        from gp_mockserver.journal.strictness import Unmet

        settings = item.stash[_SETTINGS]
        try:
            site.verify(allow_unexpected=settings.allow_unexpected, allow_unused=settings.allow_unused)
        except Unmet as unmet:  # the report has the journal in a section of its own
            raise Unmet(list(unmet.problems)) from unmet.__cause__
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, and keep, the journal of a test that has failed."""
    report = yield
    site = item.stash.get(_SITE, None)
    if site is not None and report.failed:
        from gpharness.testing.failing_tests import keep_har, sections

        report.sections += sections(site, _number(item.config, "journal-lines", _JOURNAL_LINES))
        if folder := _option(item.config, "journal"):
            file = keep_har(site, item.config.invocation_params.dir / folder, item.nodeid)
            report.sections.append(("GP journal as HAR", str(file)))
    return report


@pytest.fixture(scope="session")
def gp_server() -> Iterator[RunningServer]:
    """One mock server for the whole run, on a free port of loopback. `root` is its address; sites come and go
    by `app.add_site` and `app.remove_site`."""
    from gp_mockserver.server import serve

    with serve([]) as running:
        yield running


@pytest.fixture
def gp_site(gp_server: RunningServer, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A site of this test's own, under a context of its own: the built-in one, or what the marker says."""
    from gpharness.testing.site_settings import (
        MARKER,
        SettingsError,
        SiteSettings,
        context_for,
        make_site,
        settings_of,
    )

    item, config = request.node, request.config
    base = SiteSettings(
        file=config.rootpath / _option(config, "site") if _option(config, "site") else None,
        seed=_number(config, "seed", 0),
        version=_option(config, "version") or None,
    )
    try:
        settings = settings_of([(mark.args, mark.kwargs) for mark in item.iter_markers(MARKER)], base)
    except SettingsError as error:
        pytest.fail(str(error), pytrace=False)
    site = make_site(
        settings,
        context_for(item.nodeid),
        item.path.parent,
        needs_manual_clock="gp_clock" in request.fixturenames,
    )
    gp_server.app.add_site(site)
    item.stash[_SITE], item.stash[_SETTINGS] = site, settings
    yield site
    gp_server.app.remove_site(site.context)


@pytest.fixture
def gp_clock(gp_site: Site) -> Clock:
    """The clock of `gp_site`. It stands still, unless the marker names another: `gp_clock.advance(20)`."""
    return gp_site.clock


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
