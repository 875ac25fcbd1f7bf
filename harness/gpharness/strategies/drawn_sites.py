"""Mock servers with random services, tasks and jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gp_mockserver.lifecycle.clocks import Clock, ManualClock
from gp_mockserver.sites import Site
from gp_protocol.job_states import JobStatus
from gp_protocol.versions import Profile, profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_descriptors import Described, several_described
from gpharness.strategies.drawn_timelines import ENDINGS, timelines
from gpharness.strategies.drawn_words import Version

VERSIONS: Final = (
    "12.0",
    "9.3",
    "10.0",
    "10.1",
    "10.51",
    "10.81",
    "10.91",
    "11.1",
    "11.3",
    "11.5",
    "agol-hosted",
    "notebook",
)


class DrawnSite(Site):
    """A site that tells what it serves, for who reads a failing example."""

    described: tuple[Described, ...] = ()

    def __repr__(self) -> str:
        told = ", ".join(map(repr, self.described))
        return f"<Site {self.context!r} of version {self.own_profile.name}, seed {self.seed}: {told}>"


def sites(
    *,
    version: Version = None,
    clock: Callable[[], Clock] = ManualClock,
    context: str = "arcgis",
    endings: tuple[JobStatus | None, ...] = ENDINGS,
) -> st.SearchStrategy[Site]:
    """Sites of one or two services, of that version or of any, whose jobs go every way there is.

    Each is new and has a clock of its own, which `clock` makes. Outputs are made from the descriptors, the
    same for the same inputs. `endings` are how its jobs may end; `(JobStatus.SUCCEEDED,)` for jobs that
    succeed. They shrink to one service with one task without inputs.
    """
    chosen = st.sampled_from(VERSIONS) if version is None else st.just(version)
    return chosen.flatmap(
        lambda each: _sites(
            each if isinstance(each, Profile) else profile(each), clock, context, tuple(endings)
        )
    )


@st.composite
def _sites(
    draw: st.DrawFn,
    version: Profile,
    clock: Callable[[], Clock],
    context: str,
    endings: tuple[JobStatus | None, ...],
) -> Site:
    described = draw(several_described(version))
    site = DrawnSite(context, version=version.name, seed=draw(st.integers(0, 1000)), clock=clock())
    site.described = tuple(described)
    for each in described:
        service = site.add_service(each.service)
        for task in each.tasks:
            timeline = None if service.is_synchronous else draw(timelines(endings=endings))
            service.add_task(task, timeline=timeline)
    return site
