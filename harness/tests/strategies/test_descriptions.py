"""Generated descriptions are what a server of their version may say; sites and timelines are what a mock
serves."""

from __future__ import annotations

import httpx
import pytest
from gp_client import GPClient
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import ExecutionType, parse_service, parse_task, task_json
from gp_protocol.job_states import JobStatus, check_sequence
from gp_protocol.versions import PROFILES, profile
from gpharness.in_process import SiteTransport
from gpharness.strategies import Described, descriptors, parameters, sites, tasks, timelines
from gpharness.strategies.drawn_descriptors import known_types
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

ROOT = "https://gis.example.com"
FEW = max(1, settings.default.max_examples // 10)
VERSIONS = sorted(PROFILES)
QUICK = settings(database=None, phases=[Phase.generate, Phase.shrink])


@pytest.mark.parametrize("version", VERSIONS)
def test_descriptions_load_in_the_mock_and_the_client_reads_them(version: str) -> None:
    @given(descriptors(version=version))
    @settings(max_examples=FEW)
    def holds(described: Described) -> None:
        site = Site(version=version)
        service = site.add_service(described.service)
        for task in described.tasks:
            service.add_task(task)
        with httpx.Client(transport=SiteTransport(site, ROOT)) as http:
            client = GPClient(f"{ROOT}/arcgis", http=http)
            found = client.service(described.service.name)
            told = found.describe()
            assert list(told.task_names) == [task.label for task in described.tasks]
            for task in described.tasks:
                read = found.task(task.label).describe()
                expected = parse_task(described.task_json(task.label), task.execution_type)
                assert [each.name for each in read.inputs] == [each.name for each in expected.inputs]
                assert [each.data_type for each in read.outputs] == [
                    each.data_type for each in expected.outputs
                ]

    holds()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_description_says_only_what_its_version_knows_and_reads_back_as_it_is(version: str) -> None:
    @given(tasks(version=version))
    @settings(max_examples=FEW)
    def holds(task: object) -> None:
        json = task_json(task, profile(version))  # type: ignore[arg-type]
        read = parse_task(json, task.execution_type)  # type: ignore[attr-defined]
        assert task_json(read, profile(version)) == json
        for each in read.parameters:
            assert profile(version).has("type", each.data_type)

    holds()


def test_every_data_type_of_a_version_comes_up() -> None:
    known = known_types(profile("12.0"))
    seen: set[str] = set()

    @given(parameters())
    @settings(max_examples=400)
    def look(parameter: object) -> None:
        seen.add(parameter.data_type)  # type: ignore[attr-defined]

    look()
    assert len(seen) > 0.8 * len(known)


def test_a_description_is_read_at_a_glance() -> None:
    found = find(descriptors(), lambda each: len(each.tasks[0].inputs) > 0, settings=QUICK)
    assert len(found.tasks) == 1
    assert len(found.tasks[0].parameters) == 1
    assert repr(found).startswith("Described('12.0', 'Tools', 'esriExecutionType")
    parse_service(found.service_json())


def test_a_notebook_server_describes_jobs_alone() -> None:
    seen: set[ExecutionType] = set()

    @given(tasks(version="notebook"))
    def look(task: object) -> None:
        seen.add(task.execution_type)  # type: ignore[attr-defined]

    look()
    assert seen == {ExecutionType.ASYNCHRONOUS}


@given(sites())
@settings(max_examples=FEW)
def test_a_site_lists_what_it_serves(site: Site) -> None:
    with httpx.Client(transport=SiteTransport(site, ROOT)) as http:
        client = GPClient(f"{ROOT}/arcgis", http=http)
        for service in site.services.values():
            assert list(client.service(service.name).describe().task_names) == list(service.tasks)
    assert repr(site).startswith(f"<Site 'arcgis' of version {site.own_profile.name}, seed ")


def test_the_smallest_site_has_one_task() -> None:
    site = find(sites(version="12.0"), lambda each: True, settings=QUICK)
    (service,) = site.services.values()
    assert len(service.tasks) == 1
    assert site.seed == 0


@given(timelines())
def test_a_timeline_is_one_that_a_job_may_have(timeline: Timeline) -> None:
    statuses = [phase.status for phase in timeline.phases]
    ending = [timeline.ending.status] if timeline.ending.status else []
    check_sequence([*statuses, *ending])


def test_the_smallest_timeline_is_a_job_that_succeeds_at_once() -> None:
    found = find(timelines(), lambda timeline: True, settings=QUICK)
    assert [phase.status for phase in found.phases] == [JobStatus.SUBMITTED, JobStatus.EXECUTING]
    assert all(phase.seconds == 0 and not phase.messages for phase in found.phases)
    assert found.ending.status is JobStatus.SUCCEEDED


@given(timelines(endings=[JobStatus.FAILED], polls=False))
def test_endings_and_lengths_are_as_asked_for(timeline: Timeline) -> None:
    assert timeline.ending.status is JobStatus.FAILED
    assert all(phase.polls is None for phase in timeline.phases)


STRATEGIES = {"sites": sites(), "timelines": timelines(), "descriptors": descriptors()}


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_hypothesis_finds_nothing_to_complain_about(strategy: st.SearchStrategy[object]) -> None:
    @given(strategy)
    @settings(max_examples=FEW, suppress_health_check=())
    def look(drawn: object) -> None:
        repr(drawn)

    look()
