"""What `gpharness serve` does: load the sites, say when they are ready, serve until a signal."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.lifecycle.clocks import Clock, ManualClock, parse_clock
from gp_mockserver.server import PortInUse, run
from gp_mockserver.sites import Site
from gp_protocol.errors import ProtocolError

from gpharness.listening import ListenError, Listening
from gpharness.standard_output import OutputLost, give_up, written

SITE_FILE_SUFFIXES = (".yaml", ".yml", ".json")


class ServeError(Exception):
    """What was asked of `gpharness serve` cannot be done; the text says what and what to do."""


class Settings(msgspec.Struct, frozen=True):
    """What the command line or the environment says about a site; None leaves it to the site file."""

    context: str | None = None
    seed: int | None = None
    clock: str | None = None
    version: str | None = None
    public_url: str | None = None
    store: Path | None = None
    deviations: tuple[str, ...] = ()
    in_front_of: str | None = None

    def given(self) -> dict[str, Any]:
        """The settings that are not None, as `load_site` and `builtin_site` take them, without the store.

        Raises ServeError.
        """
        values = {
            "context": self.context,
            "seed": self.seed,
            "clock": None if self.clock is None else clock_called(self.clock),
            "version": self.version,
            "public_url": self.public_url,
        }
        return {name: value for name, value in values.items() if value is not None}


def clock_called(text: str) -> Clock:
    """The clock that `--clock` names. Raises ServeError, also for one that nobody could move."""
    try:
        clock = parse_clock(text)
    except ValueError:
        clock = None
    if clock is None or isinstance(clock, ManualClock):
        raise ServeError(f"--clock {text}: expected real, jump, or x and a rate such as x60")
    return clock


class Loaded(msgspec.Struct, frozen=True):
    """A site, and the files beside its site file on which it depends."""

    site: Site
    named: frozenset[Path]


def site_files(paths: Sequence[Path]) -> list[Path]:
    """The site files that stand for the given files and folders: a folder's own, by name, no subfolder's."""
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        from gp_mockserver.configuration.site_files import is_site_file

        written = sorted(file for file in path.iterdir() if file.suffix.lower() in SITE_FILE_SUFFIXES)
        found = [file for file in written if is_site_file(file)]
        if not found:
            raise ServeError(f"{path}: no site file there; they end in {', '.join(SITE_FILE_SUFFIXES)}")
        files += found
    return files


def load(file: Path | None, settings: Settings, named: set[Path] | None = None) -> Site:
    """The site of a site file, or the built-in one. `named` gathers the files that the site file names.

    Raises ServeError, MockServerError or ProtocolError.
    """
    site = _load(file, settings, named)
    let_deviate(site, settings.deviations)
    return site


def let_deviate(site: Site, deviations: Sequence[str]) -> None:
    """Let a site depart from the protocol as `--deviate` says. Raises DeviationError or SiteFileError."""
    if deviations:
        from gp_mockserver.configuration.deviation_forms import inject_written

        inject_written(site, [_written(text) for text in deviations], "--deviate")


def _written(text: str) -> str | dict[str, Any]:
    """A deviation as the command line has it: its word, or a mapping in YAML or JSON."""
    if not text.lstrip().startswith("{"):
        return text
    from gp_mockserver.configuration.data_files import parse_data

    data = parse_data(text, Path("deviation.yaml"), "--deviate")
    assert isinstance(data, dict)
    return data


def _load(file: Path | None, settings: Settings, named: set[Path] | None) -> Site:
    if settings.in_front_of is not None:
        from gp_mockserver.passing_on import site_in_front_of

        return site_in_front_of(settings.in_front_of, **settings.given())
    if file is None:
        from gp_mockserver.builtin.builtin_site import builtin_site

        given = settings.given()
        if settings.store is not None:
            from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore

            given["store"] = SQLiteJobStore(settings.store)
        return builtin_site(**given)
    from gp_mockserver.configuration.site_files import load_site

    return load_site(file, **settings.given(), store=settings.store, named=named)


def load_all(paths: Sequence[Path], settings: Settings) -> dict[Path | None, Loaded]:
    """Every site to serve by its file. Raises ServeError, MockServerError or ProtocolError."""
    files = site_files(paths)
    for option, value in (("--context", settings.context), ("--public-url", settings.public_url)):
        if value is not None and len(files) > 1:
            raise ServeError(f"{option} {value} fits one site, and {len(files)} site files are given")
    if settings.in_front_of is not None and (files or settings.store):
        beside = "a site file" if files else "--store"
        raise ServeError(f"--in-front-of {settings.in_front_of} and {beside}: give one of the two")
    if settings.store is not None and len(files) > 1:
        raise ServeError(
            f"--store {settings.store} keeps the jobs of one site, and {len(files)} site files are given; "
            "write `jobs: {store: FILE}` into each of them, with a file of its own"
        )
    sites: dict[Path | None, Loaded] = {}
    owners: dict[str, Path | None] = {}
    chosen: list[Path | None] = [*files] or [None]
    for file in chosen:
        named: set[Path] = set()
        site = load(file, settings, named)
        if site.context in owners:
            raise ServeError(
                f"{owners[site.context]} and {file} both use the context {site.context!r}; "
                "give one of them another `context:`"
            )
        owners[site.context] = file
        sites[file] = Loaded(site, frozenset(named))
    return sites


def serve_sites(paths: Sequence[Path], settings: Settings, listening: Listening, *, reload: bool) -> int:
    """Serve until SIGINT or SIGTERM; the command's exit status."""
    if reload:  # Python takes a compiled module for current while its source has the same second and size.
        sys.dont_write_bytecode = True

    def prepared(app: MockServer, stack: ExitStack) -> Callable[[], None]:
        loaded = load_all(paths, settings)
        sites = [each.site for each in loaded.values()]
        if reload and any(site.store.past.files for site in sites):
            raise ServeError("--reload forgets jobs and a store keeps them; leave out one of the two")
        for site in sites:
            app.add_site(site)

        def watch() -> None:
            if reload:
                from gpharness.reloading import watching

                stack.enter_context(watching(app, loaded, settings))

        return watch

    return serve_prepared("serve", prepared, listening)


Prepare = Callable[[MockServer, ExitStack], Callable[[], None]]
"""Adds the sites to an application, and says what to do once it is ready to be run; what lasts as long as it
runs is entered into the stack."""


def serve_prepared(command: str, prepare: Prepare, listening: Listening) -> int:
    """Serve what `prepare` adds until SIGINT or SIGTERM; the exit status of the command of that name."""
    host, ready_file = listening.host, listening.ready_file
    try:
        if ready_file is not None:
            prepare_readiness_file(ready_file)
        with ExitStack() as stack:
            app = MockServer()
            begin = prepare(app, stack)
            sites = list(app.sites.values())
            secured = listening.tls.secured(host)
            app.control.token = listening.control_token
            app.authority = secured.authority

            def announce(base_url: str) -> None:
                lines = [f"serving {site.url}/rest/services" for site in sites]
                said = [*secured.trust, *_moved(sites, base_url)]
                if said:
                    print("\n".join(said), file=sys.stderr, flush=True)
                with written():
                    print("\n".join(lines), flush=True)
                if ready_file is not None:
                    stack.enter_context(readiness_file(ready_file, lines))
                gc.freeze()
                gc.enable()

            begin()
            run(app, host, listening.port, announce, limits=listening.limits, tls=secured.context)
    except (ServeError, ListenError, PortInUse, MockServerError, ProtocolError) as error:
        print(f"gpharness {command}: {error}", file=sys.stderr)
        return 2
    except OutputLost as error:
        return give_up(command, error)
    return 0


def _moved(sites: Sequence[Site], base_url: str) -> list[str]:
    """What to say of sites that have sockets of their own, since they deviate before a request is read."""
    moved = [site for site in sites if not site.url.startswith(f"{base_url}/")]
    return [
        f"{site.url} deviates before a request is read; "
        f"it is controlled at {base_url}/{quote(site.context)}/__admin"
        for site in moved
    ]


def prepare_readiness_file(path: Path) -> None:
    """Remove one that an earlier run left. Raises ServeError where none can be written."""
    if not os.access(path.parent, os.W_OK):
        raise ServeError(f"--ready-file {path}: no folder there that can be written to")
    path.unlink(missing_ok=True)


@contextmanager
def readiness_file(path: Path, lines: Sequence[str]) -> Iterator[None]:
    """A file that holds `lines` at once or is not there; removed at the end, unless it is another's by then.

    Raises OutputLost where it cannot be written.
    """
    text = "".join(f"{line}\n" for line in lines)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise OutputLost(f"--ready-file {path} cannot be written: {error.strerror or error}") from None
    try:
        yield
    finally:
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
            path.unlink(missing_ok=True)
