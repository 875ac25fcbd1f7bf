"""The sites of one test: made, served, judged when the test is over, and removed.

What has gone wrong by the end of the test's function, and cannot be mended, fails the test there. The rest is
judged when the test's fixtures have been torn down, since they may still do what is expected.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpharness.testing.site_settings import SiteSettings, context_for, inject, make_site

if TYPE_CHECKING:
    from gp_mockserver.app import MockServer
    from gp_mockserver.sites import Site


class SitesOfATest:
    """What one test has been given. `folder` is where its site files are looked for."""

    def __init__(self, app: MockServer, node_id: str, folder: Path) -> None:
        self._app = app
        self._node_id = node_id
        self._folder = folder
        self._all: list[tuple[Site, SiteSettings]] = []

    @property
    def sites(self) -> list[Site]:
        return [site for site, _ in self._all]

    def add(self, settings: SiteSettings, *, needs_manual_clock: bool = False) -> Site:
        """Serve one more site. Raises SiteError."""
        again = f"-{len(self._all) + 1}" if self._all else ""
        context = context_for(self._node_id) + again
        site = make_site(settings, context, self._folder, needs_manual_clock=needs_manual_clock)
        serve_with_deviations(self._app, site, settings)
        self._all.append((site, settings))
        return site

    def settings_of(self, site: Site) -> SiteSettings:
        return next(settings for each, settings in self._all if each is site)

    def judge_what_is_done(self) -> None:
        """Raise Unmet, with all that is wrong now, where something is that cannot be mended any more: an
        unexpected request, one too many, a mistake in a tool."""
        __tracebackhide__ = True
        if any(_is_beyond_mending(site, settings) for site, settings in self._all):
            self.judge()

    def judge(self) -> None:
        """Raise Unmet unless all is in order on each of the sites (see `Site.verify`)."""
        __tracebackhide__ = True
        from gp_mockserver.journal.strictness import Unmet

        problems: list[str] = []
        cause = None
        for site, settings in self._all:
            try:
                site.verify(**settings.allowed)
            except Unmet as unmet:
                who = f"site {site.context}: " if len(self._all) > 1 else ""
                problems += [who + each for each in unmet.problems]
                cause = cause or unmet.__cause__
        if problems:  # the report has the journals in sections of their own
            raise Unmet(problems) from cause

    def remove(self) -> None:
        """Serve them no longer."""
        for site in self.sites:
            if self._app.sites.get(site.context) is site:
                self._app.remove_site(site.context)


def serve_with_deviations(app: MockServer, site: Site, settings: SiteSettings) -> None:
    """Serve a site that departs as its settings say. Raises SiteError; then it is not served."""
    app.add_site(site)
    try:
        inject(site, settings.deviations)
    except BaseException:
        app.remove_site(site.context)
        raise


def _is_beyond_mending(site: Site, settings: SiteSettings) -> bool:
    has_errors = bool(site.tool_errors) and not settings.allow_tool_errors
    if has_errors or (site.journal.unmatched() and not settings.allow_unexpected):
        return True
    counted: list[Any] = [each for each in site.expectations if hasattr(each, "at_most")]
    return any(each.at_most is not None and each.count > each.at_most for each in counted)
