"""Serving sites for as long as a block lasts, in plain and in async code, without pytest."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from gp_mockserver.server import RunningServer
    from gp_mockserver.sites import Site


class ServedBlock:
    """Serves sites, the built-in one if none is given, on a free port of loopback.

        with serve(site) as url: ...
        async with serve(site) as url: ...

    `url` is the first site's address, such as `http://127.0.0.1:50123/arcgis`. `settings` are those of
    `gp_mockserver.server.serve`: host, port, limits, tls. In async code the event loop goes on while the
    server, which has a thread of its own, starts and ends.
    """

    def __init__(self, *sites: Site, **settings: Any) -> None:
        self._sites = sites
        self._settings = settings
        self._block: AbstractContextManager[RunningServer] | None = None

    def __enter__(self) -> str:
        from gp_mockserver.server import serve

        sites = self._sites
        if not sites:
            from gp_mockserver.builtin.builtin_site import builtin_site

            sites = (builtin_site(),)
        self._block = serve(sites, **self._settings)
        self._block.__enter__()
        return sites[0].url

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(kind, error, traceback)

    async def __aenter__(self) -> str:
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


def serve(*sites: Site, **settings: Any) -> ServedBlock:
    """See ServedBlock."""
    return ServedBlock(*sites, **settings)
