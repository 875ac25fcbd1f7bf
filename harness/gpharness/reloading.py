"""`--reload`: a changed site file takes its site's place while the server runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.sites import Site
from gp_protocol.errors import ProtocolError

from gpharness.serving import Settings, load

LOOK_EVERY = 0.25
"""Seconds between two looks at the files' times of change."""

Stamp = tuple[int, int] | None


def stamp(file: Path) -> Stamp:
    """A file's time of change in ns and its size; None while an editor has it replaced."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class Reloader:
    """Knows which site each file stands for, and swaps a site when its file has changed."""

    def __init__(self, app: MockServer, sites: Mapping[Path | None, Site], settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._contexts = {file: site.context for file, site in sites.items() if file is not None}
        self._stamps = {file: stamp(file) for file in self._contexts}

    def look(self) -> None:
        """Serve every changed file anew. A broken one is reported on stderr, and its old site stays."""
        for file, known in self._stamps.items():
            met = stamp(file)
            if met is not None and met != known:
                self._stamps[file] = met
                self._reload(file)

    def _reload(self, file: Path) -> None:
        try:
            site = load(file, self._settings)
            self._swap(file, site)
        except (MockServerError, ProtocolError) as error:
            print(f"gpharness serve: the old site stays: {error}", file=sys.stderr, flush=True)
        else:
            print(f"gpharness serve: reloaded {file}", file=sys.stderr, flush=True)

    def _swap(self, file: Path, site: Site) -> None:
        old = self._contexts[file]
        if site.context == old:
            self._app.replace_site(site)
        else:
            self._app.add_site(site)
            self._app.remove_site(old)
            self._contexts[file] = site.context


@contextmanager
def watching(app: MockServer, sites: Mapping[Path | None, Site], settings: Settings) -> Iterator[None]:
    """Look at the site files in a thread until the block ends."""
    reloader = Reloader(app, sites, settings)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_EVERY):
            reloader.look()

    thread = threading.Thread(target=watch, name="gpharness-reload", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
