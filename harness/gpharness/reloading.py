"""`--reload`: a changed site file takes its site's place while the server runs.

Its site depends, too, on the files that it names and on the Python modules in its folder.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.sites import Site
from gp_protocol.errors import ProtocolError

from gpharness.serving import Loaded, Settings, load

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
    """Knows which site each file stands for, and swaps a site when a file on which it depends has changed."""

    def __init__(self, app: MockServer, sites: Mapping[Path | None, Loaded], settings: Settings) -> None:
        self._app = app
        self._settings = settings
        files = {file: loaded for file, loaded in sites.items() if file is not None}
        self._contexts = {file: loaded.site.context for file, loaded in files.items()}
        self._stamps = {
            file: {each: stamp(each) for each in (file, *loaded.named)} for file, loaded in files.items()
        }

    def look(self) -> None:
        """Serve every changed site anew. A broken one is reported on stderr, and the old site stays."""
        for file, stamps in self._stamps.items():
            met = {each: stamp(each) for each in stamps}
            changed = {each: now for each, now in met.items() if now not in (None, stamps[each])}
            if changed:
                stamps.update(changed)
                self._reload(file)

    def _reload(self, file: Path) -> None:
        stamps = self._stamps[file]
        named: set[Path] = set()
        forget_modules(stamps)
        try:
            site = load(file, self._settings, named)
            self._swap(file, site)
        except (MockServerError, ProtocolError) as error:
            said = f"the old site stays: {error}"
        else:
            said = f"reloaded {file}"
        stamps.update({each: stamp(each) for each in named - stamps.keys()})
        print(f"gpharness serve: {said}", file=sys.stderr, flush=True)

    def _swap(self, file: Path, site: Site) -> None:
        old = self._contexts[file]
        if site.context == old:
            self._app.replace_site(site)
        else:
            self._app.add_site(site)
            self._app.remove_site(old)
            self._contexts[file] = site.context


def forget_modules(files: Collection[Path]) -> None:
    """Have the modules of these files imported anew when they are next asked for."""
    paths = {str(file) for file in files}
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in paths:
            del sys.modules[name]


@contextmanager
def watching(app: MockServer, sites: Mapping[Path | None, Loaded], settings: Settings) -> Iterator[None]:
    """Look at the files of the sites in a thread until the block ends."""
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
        thread.join(timeout=1.0)  # it may be importing a module of the user's that never ends
