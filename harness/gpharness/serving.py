"""What `gpharness serve` does: load the sites, say when they are ready, serve until a signal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.server import PortInUse, run
from gp_mockserver.sites import Site
from gp_protocol.errors import ProtocolError

SITE_FILE_SUFFIXES = (".yaml", ".yml", ".json")


class ServeError(Exception):
    """What was asked of `gpharness serve` cannot be done; the text says what and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line or the environment says about a site; None leaves it to the site file."""

    context: str | None = None
    seed: int | None = None
    clock: str | None = None
    version: str | None = None
    public_url: str | None = None

    def given(self) -> dict[str, Any]:
        """The settings that are not None, as `load_site` and `builtin_site` take them. Raises ServeError."""
        from gp_mockserver.clocks import parse_clock

        try:
            clock = None if self.clock is None else parse_clock(self.clock)
        except ValueError as error:
            raise ServeError(str(error)) from error
        values = {
            "context": self.context,
            "seed": self.seed,
            "clock": clock,
            "version": self.version,
            "public_url": self.public_url,
        }
        return {name: value for name, value in values.items() if value is not None}


def site_files(paths: Sequence[Path]) -> list[Path]:
    """The site files that stand for the given files and folders: a folder's own, by name, no subfolder's."""
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in SITE_FILE_SUFFIXES)
        if not found:
            raise ServeError(f"{path}: no site file there; they end in {', '.join(SITE_FILE_SUFFIXES)}")
        files += found
    return files


def load(file: Path | None, settings: Settings) -> Site:
    """The site of a site file, or the built-in one. Raises ServeError, MockServerError or ProtocolError."""
    if file is None:
        from gp_mockserver.builtin_site import builtin_site

        return builtin_site(**settings.given())
    from gp_mockserver.site_files import load_site

    return load_site(file, **settings.given())


def load_all(paths: Sequence[Path], settings: Settings) -> dict[Path | None, Site]:
    """Every site to serve by its file. Raises ServeError, MockServerError or ProtocolError."""
    files = site_files(paths)
    for option, value in (("--context", settings.context), ("--public-url", settings.public_url)):
        if value is not None and len(files) > 1:
            raise ServeError(f"{option} {value} fits one site, and {len(files)} site files are given")
    sites: dict[Path | None, Site] = {}
    owners: dict[str, Path | None] = {}
    chosen: list[Path | None] = [*files] or [None]
    for file in chosen:
        site = load(file, settings)
        if site.context in owners:
            raise ServeError(
                f"{owners[site.context]} and {file} both use the context {site.context!r}; "
                "give one of them another `context:`"
            )
        owners[site.context] = file
        sites[file] = site
    return sites


def serve_sites(
    paths: Sequence[Path],
    settings: Settings,
    *,
    host: str,
    port: int,
    ready_file: Path | None,
    reload: bool,
) -> int:
    """Serve until SIGINT or SIGTERM; the command's exit status."""
    try:
        if ready_file is not None and not os.access(ready_file.parent, os.W_OK):
            raise ServeError(f"--ready-file {ready_file}: no folder there that can be written to")
        sites = load_all(paths, settings)
        with ExitStack() as stack:
            app = MockServer(list(sites.values()))

            def announce(base_url: str) -> None:
                lines = [f"serving {base_url}/{site.context}/rest/services" for site in sites.values()]
                print("\n".join(lines), flush=True)
                if ready_file is not None:
                    stack.enter_context(readiness_file(ready_file, lines))

            if reload:
                from gpharness.reloading import watching

                stack.enter_context(watching(app, sites, settings))
            run(app, host=host, port=port, ready=announce)
    except (ServeError, PortInUse, MockServerError, ProtocolError) as error:
        print(f"gpharness serve: {error}", file=sys.stderr)
        return 2
    return 0


@contextmanager
def readiness_file(path: Path, lines: Sequence[str]) -> Iterator[None]:
    """A file that holds `lines` at once or is not there; removed at the end."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    unfinished.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
