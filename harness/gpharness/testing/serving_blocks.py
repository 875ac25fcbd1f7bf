"""Serving sites for as long as a block lasts, in plain and in async code, without pytest."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from gp_mockserver.app import MockServer
    from gp_mockserver.server import RunningServer
    from gp_mockserver.sites import Site


class ServedUrl(str):
    """The first site's address, such as `http://127.0.0.1:50123/arcgis`, which knows the server, too: `root`
    is that one's address, `app` what serves the sites. `url` is the text itself."""

    __slots__ = ("app", "root", "url")

    app: MockServer
    root: str
    url: str

    @classmethod
    def of(cls, running: RunningServer) -> ServedUrl:
        """The address of a server's first site; of one without sites, its own."""
        first = next(iter(running.app.sites.values()), None)
        made = cls(running.root if first is None else first.url)
        made.app, made.root, made.url = running.app, running.root, str(made)
        return made


class ServedBlock:
    """Serves sites, the built-in one if none is given, on a free port of loopback.

        with serve(site) as url: ...
        async with serve(site) as url: ...

    `url` is the first site's address (see `ServedUrl`). What is served is sites, an iterable of them, or a
    `MockServer`; `settings` are those of `gp_mockserver.serve`: host, port, limits, tls. In async code the
    event loop goes on while the server, which has a thread of its own, starts and ends.
    """

    def __init__(self, *sites: Site | Iterable[Site] | MockServer, **settings: Any) -> None:
        self._sites = sites
        self._settings = settings
        self._block: AbstractContextManager[RunningServer] | None = None

    def __enter__(self) -> ServedUrl:
        from gp_mockserver.server import serve

        self._block = serve(self._served(), **self._settings)
        return ServedUrl.of(self._block.__enter__())

    def _served(self) -> Any:
        from gp_mockserver.sites import Site

        if not self._sites:
            from gp_mockserver.builtin.builtin_site import builtin_site

            return builtin_site()
        if len(self._sites) == 1 and not isinstance(self._sites[0], Site):
            return self._sites[0]
        return self._sites

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(kind, error, traceback)

    async def __aenter__(self) -> ServedUrl:
        from anyio import to_thread

        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from anyio import CancelScope, to_thread

        with CancelScope(shield=True):
            await to_thread.run_sync(self.__exit__, None, None, None)


def serve(*sites: Site | Iterable[Site] | MockServer, **settings: Any) -> ServedBlock:
    """See ServedBlock."""
    return ServedBlock(*sites, **settings)
