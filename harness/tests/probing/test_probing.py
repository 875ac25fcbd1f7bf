"""A prober asks as the reference client does, and writes down what it was answered."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest
from gp_client.errors import GPError, ProtocolViolation, TransportError
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gpharness.contracts.contract import Answer, Asked, Conversation
from gpharness.in_process import SiteTransport
from gpharness.probing.conversing import converse
from gpharness.probing.faults import fault_of
from gpharness.probing.operations import Place, place_of
from gpharness.probing.prober import Prober

ROOT = "https://gis.example.com/arcgis"
TASK = f"{ROOT}/rest/services/Folder/Roads/GPServer/Find%20Route"
POINT = '{"features":[{"geometry":{"x":1,"y":2,"spatialReference":{"wkid":4326}}}]}'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{ROOT}/rest/info?f=json", Place("info")),
        (f"{ROOT}/rest/services", Place("catalogue")),
        (f"{ROOT}/rest/services/Folder", Place("catalogue")),
        (f"{ROOT}/rest/services/Folder/Roads/GPServer/", Place("service", "Folder/Roads")),
        (TASK, Place("task", "Folder/Roads", "Folder/Roads/Find Route")),
        (f"{TASK}/submitJob", Place("submit", "Folder/Roads", "Folder/Roads/Find Route")),
        (f"{TASK}/execute", Place("execute", "Folder/Roads", "Folder/Roads/Find Route")),
        (f"{TASK}/jobs/j1", Place("job", "Folder/Roads", "Folder/Roads/Find Route", "j1")),
        (f"{TASK}/jobs/j1/cancel", Place("cancel", "Folder/Roads", "Folder/Roads/Find Route", "j1")),
        (f"{TASK}/jobs/j1/results", Place("results", "Folder/Roads", "Folder/Roads/Find Route", "j1")),
        (
            f"{TASK}/jobs/j1/results/Out",
            Place("result", "Folder/Roads", "Folder/Roads/Find Route", "j1", "Out"),
        ),
        (f"{TASK}/jobs/j1/inputs/In", Place("input", "Folder/Roads", "Folder/Roads/Find Route", "j1", "In")),
        (f"{ROOT}/rest/services/Folder/Roads/GPServer/uploads/upload", Place("upload", "Folder/Roads")),
        (f"{ROOT}/rest/directories/arcgisjobs/a/b.zip", Place("file", name="b.zip")),
        (f"{ROOT}/tokens/generateToken", Place("token")),
        ("https://portal.example.com/portal/sharing/rest/generateToken", Place("token")),
        ("http://gis.example.com:8080/arcgis/rest/info", Place("info")),
        (f"{ROOT}/rest/services/Roads/MapServer", Place()),
        ("https://gis.example.com/", Place()),
        ("https://[", Place()),
    ],
)
def test_an_address_is_an_operation_on_something(url: str, expected: Place) -> None:
    assert place_of(url, ROOT) == expected


def caused(text: str, cause: Exception | None = None, *, sent: bool = True) -> TransportError:
    error = TransportError(text, sent=sent)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (caused("ConnectError: Connection refused", sent=False), "unreachable"),
        (caused("no connection in time: ConnectTimeout", sent=False), "unreachable"),
        (caused("ConnectError: x", ssl.SSLCertVerificationError("self-signed"), sent=False), "tls"),
        (caused("no complete answer within 60 seconds"), "cut"),
        (caused("ReadError: Connection reset by peer"), "cut"),
        (caused("RemoteProtocolError: Server disconnected without sending a response."), "cut"),
        (caused("RemoteProtocolError: peer closed connection without sending complete message body"), "cut"),
        (caused("the gzip stream ends too early"), "cut"),
        (caused("RemoteProtocolError: illegal chunk header"), "framing"),
        (ProtocolViolation(pointer="", met="more bytes", expected="fewer"), "size"),
        (ProtocolViolation(pointer="", met="the content encoding 'br'", expected="gzip"), "encoding"),
    ],
)
def test_what_a_transport_raises_has_a_word(error: GPError, fault: str) -> None:
    assert fault_of(error) == fault


class Hands:
    """A client's clock whose waiting moves the site's."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now()

    wall = now

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._clock.advance(seconds)


def prober(**options: Any) -> Prober:
    clock = ManualClock()
    http = httpx.Client(transport=SiteTransport(builtin_site(clock=clock)))
    return Prober(ROOT, http=http, clock=Hands(clock), rate=None, seed=1, **options)


def test_a_job_is_followed_and_looked_at_after_its_end() -> None:
    inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": '{"distance":1,"units":"esriMiles"}'}
    asking = prober()
    observed = converse(asking, Conversation("a", "job", "WorldViewshed/viewshed", inputs))
    assert observed.outcome == "esriJobSucceeded"
    operations = [each.operation for each in observed.exchanges]
    assert operations[0] == "submit"
    assert operations[-3:] == ["job", "job", "result"]
    assert [each.at for each in observed.exchanges] == sorted(each.at for each in observed.exchanges)
    last = [each for each in observed.exchanges if each.operation == "job"][-1]
    assert last.parameters["returnMessages"] == "false"
    assert observed.exchanges[0].parameters == {**inputs, "f": "json"}


def test_sign_ins_are_written_down_without_what_is_secret() -> None:
    asking = prober(user="tester", password="tester-password")
    asking.ask("rest/services/Secured/WorldViewshed/GPServer")
    operations = [each.operation for each in asking.exchanges]
    assert operations == ["service", "info", "token", "service"]
    told = " ".join(f"{each.url} {each.parameters}" for each in asking.exchanges)
    assert "tester" not in told


def test_a_wrong_request_is_asked_as_it_is_and_its_error_is_an_answer() -> None:
    path = "rest/services/WorldViewshed/GPServer/viewshed/submitJob"
    asked = Asked("submit", path, Answer(), "POST", {"f": "json"})
    observed = converse(prober(), Conversation("wrong", "request", asked=[asked]))
    assert observed.outcome == "asked"
    assert b'"error"' in observed.exchanges[-1].body


def test_what_a_server_does_wrong_is_told_and_not_raised() -> None:
    clock = ManualClock()
    site = builtin_site(clock=clock)
    site.deviate("job-id-missing")
    http = httpx.Client(transport=SiteTransport(site))
    asking = Prober(ROOT, http=http, clock=Hands(clock), rate=None)
    observed = converse(asking, Conversation("a", "job", "WorldViewshed/viewshed", {}))
    assert observed.error is not None
    assert observed.exchanges


def test_an_answer_after_the_limit_is_slow_and_not_lost() -> None:
    class Late:
        def send(self, request: Any) -> Any:
            from gp_client.wire.http_messages import Response

            clock.advance(90.0)
            return Response(200, [("content-type", "application/json")], b"{}", request.url)

        def close(self) -> None: ...

    clock = ManualClock()
    asking = Prober(ROOT, http=Late(), clock=Hands(clock), rate=None, timeout=60.0)
    with pytest.raises(GPError):
        asking.ask("rest/info")
    assert {each.fault for each in asking.exchanges} == {"slow"}
    assert asking.exchanges[0].body == b"{}"
