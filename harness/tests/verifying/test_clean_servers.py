"""A server that keeps its promises has nothing told of it: mocks of every version, and sites as they come."""

from __future__ import annotations

import pytest
import verifying_scenarios as scenarios
from gp_mockserver.sites import Site
from gp_protocol.job_states import JobStatus
from gp_protocol.versions import PROFILES, profile
from gpharness.contracts.contract import Contract, Conversation
from gpharness.probing.prober import Prober
from gpharness.strategies import inputs, sites
from gpharness.verifying.verify import verify
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCENARIOS = [
    "viewshed",
    "cancel",
    "errors",
    "gone",
    "long",
    "echo",
    "optional",
    "execute",
    "secured",
    "files",
    "uploads",
]
SITES = 200
ENDINGS = (JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMED_OUT)


@pytest.mark.parametrize("version", PROFILES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_clean_mock_keeps_every_promise(version: str, scenario: str) -> None:
    if not _has(version, scenario):
        pytest.skip(f"{version} has nothing of {scenario}")
    contract = scenarios.contract(scenario, version)
    clock = scenarios.OneClock()
    site = scenarios.site(clock, version=version)
    section = verify(contract, scenarios.ROOT, **scenarios.options_for(site, clock, scenario, is_clean=True))
    assert section.findings == []
    assert [each.skipped for each in section.cases] == ["" for _ in contract.conversations]
    assert section.cases


def _has(version: str, scenario: str) -> bool:
    """Whether a version knows what a scenario asks for: synchronous services, cancels, uploads."""
    known = profile(version)
    if scenario == "execute":
        return version != "notebook"
    if scenario == "cancel":
        return known.number > 9.3
    return scenario not in ("uploads", "secured") or known.number >= 10.0


@pytest.mark.timeout(300)  # two hundred sites, on a machine that may be busy
@given(site=sites(clock=scenarios.OneClock, endings=ENDINGS), data=st.data())
@settings(max_examples=SITES, suppress_health_check=list(HealthCheck))
def test_a_random_site_keeps_the_promises_that_it_made(site: Site, data: st.DataObject) -> None:
    contract = _recorded(site, data)
    clock = site.clock
    assert isinstance(clock, scenarios.OneClock)
    section = verify(contract, scenarios.ROOT, **scenarios.options_for(site, clock, is_clean=True))
    assert [(each.name, each.path, each.expected, each.met) for each in section.findings] == []
    assert not any(each.skipped for each in section.cases)


def _recorded(site: Site, data: st.DataObject) -> Contract:
    """A contract with one run of each task."""
    runs = []
    for name, service in site.services.items():
        for label, task in service.tasks.items():
            sent = data.draw(inputs(task.descriptor, version=site.profile))
            kind = "execute" if service.is_synchronous else "job"
            runs.append(Conversation(f"{name} {label}", kind, f"{name}/{label}", sent))  # type: ignore[arg-type]
    clock = site.clock
    assert isinstance(clock, scenarios.OneClock)
    with Prober(scenarios.ROOT, **scenarios.options_for(site, clock, is_clean=True)) as prober:
        return scenarios.recorded(prober, runs)
