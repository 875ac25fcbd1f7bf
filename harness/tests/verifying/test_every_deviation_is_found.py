"""The judge of `verify`: the whole catalogue, entry by entry, in a site that was clean when its contract was
made. What the entry names is found, and nothing else."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import verifying_expectations as expectations
import verifying_scenarios as scenarios
from gp_mockserver.deviations.catalogue import catalogue
from gp_mockserver.deviations.records import Deviation
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gpharness.findings.reports.report import Section
from gpharness.verifying.verify import verify

CATALOGUE = catalogue()
IN_PROCESS = [name for name, each in CATALOGUE.items() if each.by == "ASGI"]
ON_THE_WIRE = [name for name in CATALOGUE if name not in IN_PROCESS]
SHORT = 0.2
"""Seconds that the client waits for what never comes."""


def judge(entry: Deviation, section: Section) -> None:
    wanted = set() if entry.finding is None else {entry.finding}
    found = sorted({(each.name, each.operation, each.path, each.met) for each in section.findings})
    assert scenarios.told(section) == wanted, found
    assert scenarios.drift(section) == expectations.DRIFT.get(entry.name, frozenset()), found


@pytest.mark.parametrize("name", IN_PROCESS)
def test_an_entry_is_found_by_its_finding_and_by_no_other(name: str) -> None:
    entry = CATALOGUE[name]
    scenario = expectations.scenario_of(entry)
    scenarios.contract(scenario)  # made of the clean site, once
    clock = scenarios.OneClock()
    site = scenarios.site(clock)
    injection = site.deviate(name, **expectations.CHOSEN.get(name, {}))
    timeout = expectations.TIMEOUTS.get(name, 60.0)
    section = scenarios.verified(scenario, site, clock, timeout=timeout)
    judge(entry, section)
    assert (injection.applied == 0) == (name in expectations.NOT_MET)


@pytest.mark.parametrize("name", ON_THE_WIRE)
def test_an_entry_of_the_wire_is_found_over_a_socket(name: str) -> None:
    if name == "connect-never-completes" and sys.platform != "linux":
        pytest.skip("only Linux lets a connection hang")
    entry = CATALOGUE[name]
    scenario = expectations.scenario_of(entry)
    contract = scenarios.contract(scenario)
    clock = scenarios.OneClock()
    site = scenarios.site(clock)
    with serve(site):
        injection = site.deviate(name, **expectations.CHOSEN.get(name, {}))
        with client_of(site, name) as http:
            section = verify(
                contract,
                site.url,
                http=http,
                clock=scenarios.ClientsClock(clock),
                rate=None,
                seed=1,
                timeout=SHORT,
            )
        assert injection.applied
    judge(entry, section)


@contextmanager
def client_of(site: Site, name: str) -> Iterator[httpx.Client]:
    """A client that trusts whoever issued the site's certificates."""
    verify_by: Any = True
    if name.startswith("tls-"):
        pem = site.doors.authority
        verify_by = ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERTIFICATE") :].decode())
    with httpx.Client(verify=verify_by, trust_env=False) as http:
        yield http


def test_the_tables_name_entries_of_the_catalogue() -> None:
    for table in (expectations.DRIFT, expectations.NOT_MET, expectations.CHOSEN, expectations.TIMEOUTS):
        assert set(table) <= set(CATALOGUE)


def test_a_finding_of_the_catalogue_is_in_the_closed_list() -> None:
    from gpharness.findings.finding_names import finding_names

    names = {each.finding for each in CATALOGUE.values() if each.finding is not None}
    assert names <= set(finding_names())
