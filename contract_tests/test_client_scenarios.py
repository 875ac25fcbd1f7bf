"""Every built-in scenario of the mock, by every kind of client: sync, on asyncio and on trio, with httpx and
with httpx2, in the same process and over HTTP. (In the same process the mock needs asyncio.)"""

from __future__ import annotations

import inspect
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from gp_client import (
    AsyncGPClient,
    AuthError,
    DeadlineExceeded,
    FeatureSet,
    GPClient,
    InvalidInput,
    ItemReference,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    MessageCame,
    MessageType,
    ProgressMade,
    ServerError,
    SharedClock,
    StatusChanged,
)
from gp_mockserver import JumpingClock, ManualClock, MockServer, serve
from gp_mockserver.builtin.builtin_site import builtin_site
from starlette.testclient import TestClient

POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}
LIBRARIES = {"httpx": httpx, "httpx2": httpx2}
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""A client of the mock needs no proxy, and no certificates, which take longer to read than a test."""
Scenario = Callable[[Any], Awaitable[None]]
Play = Callable[..., None]

IN_PROCESS = [("httpx", "sync"), ("httpx", "asyncio"), ("httpx2", "asyncio")]
OVER_HTTP = [(library, way) for library in LIBRARIES for way in ("sync", "asyncio", "trio")]
CLIENTS = [("in-process", *each) for each in IN_PROCESS] + [("over-http", *each) for each in OVER_HTTP]


async def got(value: Any) -> Any:
    """What a method of either kind of client answers."""
    return await value if inspect.isawaitable(value) else value


async def all_of(stream: Any) -> list[Any]:
    return [each async for each in stream] if hasattr(stream, "__aiter__") else list(stream)


def at_once(scenario: Scenario, client: GPClient) -> None:
    """Runs a scenario in which nothing is ever awaited."""
    coroutine: Any = scenario(client)
    with pytest.raises(StopIteration):
        coroutine.send(None)


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with serve(builtin_site(clock=JumpingClock())) as server:
        yield server.url


@pytest.fixture(params=CLIENTS, ids="-".join)
def play(request: pytest.FixtureRequest, server_url: str) -> Play:
    """Plays a scenario with one kind of client; further words are the client's."""
    where, library, way = request.param
    module = LIBRARIES[library]
    clock = ManualClock()
    app = MockServer([builtin_site(clock=clock)])
    if where == "in-process":
        root, shared = "http://testserver/arcgis", SharedClock(clock.advance, start=clock.now())
    else:
        root, shared = server_url, SharedClock()

    def play_sync(scenario: Scenario, **words: Any) -> None:
        own = TestClient(app) if where == "in-process" else module.Client(**PLAIN)
        with own as http:
            at_once(scenario, GPClient(root, http=http, clock=shared, seed=1, **words))

    def play_async(scenario: Scenario, **words: Any) -> None:
        async def main() -> None:
            given = {"transport": module.ASGITransport(app)} if where == "in-process" else {}
            async with module.AsyncClient(**PLAIN, **given) as http:
                await scenario(AsyncGPClient(root, http=http, clock=shared, seed=1, **words))

        anyio.run(main, backend=way)

    return play_sync if way == "sync" else play_async


def test_a_server_tells_of_itself(play: Play) -> None:
    async def scenario(client: Any) -> None:
        assert (await got(client.info())).version == 12.0
        names = [each.name for each in await got(client.services(recursive=True))]
        assert "WorldViewshed" in names
        assert "Elevation/ESRI_Elevation_World" in names
        service = client.service("Simulation/JobOutcomes")
        assert not (await got(service.describe())).is_synchronous
        assert [task.name for task in await got(service.tasks())][:2] == ["Succeeds", "SucceedsWithWarnings"]
        task = await got(client.task("WorldViewshed/viewshed").describe())
        assert [each.name for each in task.inputs] == ["Input_Observation_Point", "Viewshed_Distance"]

    play(scenario)


@pytest.mark.parametrize("name", ["Elevation/ESRI_Elevation_World/Viewshed", "WorldViewshed/viewshed"])
def test_a_viewshed_is_computed(name: str, play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task(name)
        result = await got(task.run(Input_Observation_Point=POINT, Viewshed_Distance="8.5 Miles"))
        assert isinstance(result.value, FeatureSet)
        assert result.value.geometry_type == "esriGeometryPolygon"
        assert (result.job is None) == name.startswith("Elevation")
        assert bool(result.messages) == (result.job is not None)
        assert not result.warnings

    play(scenario)


def test_a_buffer_is_asked_for_in_another_reference(play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task("GPFolder/BufferService/BufferPoints").with_options(out_sr=3857)
        place = {"type": "Point", "coordinates": [13.4, 52.5]}
        result = await got(task.run(Input_Points=place, Distance=(1, "Kilometers")))
        assert result.value.spatial_reference.wkid in (102100, 3857)
        assert not result.warnings

    play(scenario)


def test_wrong_inputs_are_found_before_anything_is_sent(play: Play) -> None:
    async def scenario(client: Any) -> None:
        with pytest.raises(InvalidInput, match="Viewshed_Distance"):
            await got(client.task("WorldViewshed/viewshed").run(Viewshed_Distence="8 Miles"))

    play(scenario)


@pytest.mark.parametrize("service", ["DataTypes/Outputs", "DataTypes/OutputsJob"])
def test_outputs_that_are_many_or_none(service: str, play: Play) -> None:
    async def scenario(client: Any) -> None:
        assert (await got(client.task(f"{service}/NoOutput").run())).values == {}
        several = (await got(client.task(f"{service}/SeveralOutputs").run(Note="x"))).values
        assert [type(several[name]) for name in ("Summary", "Count", "Area", "Found")] == [
            str,
            int,
            float,
            bool,
        ]
        assert several["Measured_On"].tzinfo is not None
        missing = await got(client.task(f"{service}/MissingOutputs").run())
        assert not any(missing.values.values())

    play(scenario)


OUTCOMES = {
    "Succeeds": None,
    "SucceedsWithWarnings": None,
    "WaitsInQueue": None,
    "StepProgress": None,
    "Fails": JobFailed,
    "TimesOut": JobTimedOut,
    "NeverEnds": DeadlineExceeded,
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_job_ends_as_it_ends(name: str, play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task(f"Simulation/JobOutcomes/{name}").with_options(deadline=120)
        if (kind := OUTCOMES[name]) is None:
            result = await got(task.run(Note="a note"))
            assert result.value == f"{name}: a note"
            warned = any(message.type is MessageType.WARNING for message in result.messages)
            assert warned == (name == "SucceedsWithWarnings")
            return
        with pytest.raises(kind) as raised:
            await got(task.run(Note="a note"))
        assert raised.value.job is not None
        assert raised.value.messages  # type: ignore[attr-defined]
        if isinstance(raised.value, DeadlineExceeded):
            assert raised.value.cancelled

    play(scenario)


def test_a_job_tells_what_happens(play: Play) -> None:
    async def scenario(client: Any) -> None:
        job = await got(client.task("Simulation/JobOutcomes/StepProgress").submit())
        events = await all_of(job.events())
        statuses = [event.status for event in events if isinstance(event, StatusChanged)]
        assert statuses[-1] == "esriJobSucceeded"
        assert any(isinstance(event, ProgressMade) for event in events)
        texts = [event.message.description for event in events if isinstance(event, MessageCame)]
        last = [message.description for message in await got(job.messages())]
        assert [text for text in texts if text in last] == last
        assert "Submitted." in texts

    play(scenario)


def test_a_job_is_come_back_to(play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task("WorldViewshed/viewshed")
        job = await got(task.submit(Input_Observation_Point=POINT, Viewshed_Distance="8.5 Miles"))
        by_url, by_id = client.job(job.url), task.job(job.id)
        first = await got(by_url.result())
        assert first.value == (await got(by_id.result())).value
        assert first.value == (await got(by_url.output("Viewshed_Result"))).value
        inputs = await got(by_id.inputs())
        assert inputs["Viewshed_Distance"].value.distance == 8.5

    play(scenario)


def test_a_job_is_cancelled(play: Play) -> None:
    async def scenario(client: Any) -> None:
        job = await got(client.task("Simulation/JobOutcomes/NeverEnds").submit())
        while (await got(job.refresh())).status != "esriJobExecuting":
            await got(job.refresh())
        await got(job.cancel())
        with pytest.raises(JobCancelled):
            await got(job.result())
        with pytest.raises(ServerError):
            await got(job.cancel())

    play(scenario)


def test_names_that_are_no_python_names(play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task("15_Names/OddNames/Extract Data Task")
        names = [each.name for each in (await got(task.describe())).inputs]
        result = await got(task.run({names[0]: "5 Meters"}, Layers=["Roads"]))
        assert "Roads" in result.value

    play(scenario)


def test_a_file_goes_in_and_comes_out(play: Play, tmp_path: Path) -> None:
    async def scenario(client: Any) -> None:
        service = client.service("Files/FileTransfer")
        for part_size in (None, 1000):
            item = await got(service.upload(b"x" * 5000, name="data.zip", part_size=part_size))
            assert isinstance(item, ItemReference)
            result = await got(service.task("ZipFile").run(Input_File=item))
            path = await got(client.download(result.value, tmp_path))
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
            await got(service.delete_upload(item))

    play(scenario)


def test_who_may_not_know_is_told_so(play: Play) -> None:
    async def scenario(client: Any) -> None:
        with pytest.raises(AuthError) as raised:
            await got(client.task("Secured/WorldViewshed/viewshed").run(Input_Observation_Point=POINT))
        assert raised.value.code == 499

    play(scenario)


def test_who_may_know_signs_in_when_asked(play: Play) -> None:
    async def scenario(client: Any) -> None:
        task = client.task("Secured/WorldViewshed/viewshed")
        assert (await got(task.run(Input_Observation_Point=POINT))).value.features

    play(scenario, user="tester", password="tester-password")


def test_a_wrong_password_is_an_error_of_its_kind(play: Play) -> None:
    async def scenario(client: Any) -> None:
        with pytest.raises(AuthError) as raised:
            await got(client.task("Secured/WorldViewshed/viewshed").run(Input_Observation_Point=POINT))
        assert "wrong-one" not in str(raised.value)

    play(scenario, user="tester", password="wrong-one")


def test_inputs_are_validated_by_the_server(play: Play) -> None:
    async def scenario(client: Any) -> None:
        answer = await got(client.task("WorldViewshed/viewshed").validate(Viewshed_Distance="8.5 Miles"))
        assert answer

    play(scenario)


@pytest.mark.parametrize("version", ["10.0", "10.1", "10.91", "11.1", "11.5", "12.0"])
def test_a_server_of_any_version_is_served(version: str) -> None:
    clock = ManualClock()
    app = MockServer([builtin_site(clock=clock, version=version)])
    with TestClient(app) as http:
        shared = SharedClock(clock.advance, start=clock.now())
        client = GPClient("http://testserver/arcgis", http=http, clock=shared, seed=1)
        for name in ("Elevation/ESRI_Elevation_World/Viewshed", "WorldViewshed/viewshed"):
            result = (
                client.task(name)
                .with_options(out_sr=3857)
                .run(Input_Observation_Point=POINT, Viewshed_Distance="8.5 Miles")
            )
            assert result.value.features
            assert not result.warnings
