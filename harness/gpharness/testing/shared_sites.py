"""Sites that several tests share: of a module, of a package, of the whole run.

@pytest.fixture(scope="module")
def tools(gp_server):
    with site_for(gp_server, Path(__file__).with_name("tools.yaml")) as site:
        yield site
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpharness.testing.site_settings import SiteSettings, make_site, settings_of
from gpharness.testing.sites_of_a_test import serve_with_deviations

if TYPE_CHECKING:
    from gp_mockserver.server import RunningServer
    from gp_mockserver.sites import Site


@contextmanager
def site_for(server: RunningServer, *file: Any, **settings: Any) -> Iterator[Site]:
    """A site on a server for as long as the block lasts; its words are those of the marker `gp_site`, and its
    clock jumps, too. A site file is looked for in the current folder.

    At the block's end, unless it fails, all has to be in order on the site (see `Site.verify`). Raises
    SettingsError and SiteError.
    """
    chosen = settings_of([(file, settings)], SiteSettings(), "site_for")
    taken = server.app.sites
    context = next(name for number in range(1, len(taken) + 2) if (name := f"shared-{number}") not in taken)
    site = make_site(chosen, context, Path(), needs_manual_clock=False)
    serve_with_deviations(server.app, site, chosen)
    try:
        yield site
        site.verify(**chosen.allowed)
    finally:
        if taken.get(site.context) is site:
            server.app.remove_site(site.context)
