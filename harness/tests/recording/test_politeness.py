"""What keeps a recording from doing more than it should."""

from __future__ import annotations

import json

import httpx
import pytest
from gp_client.clocks import SharedClock
from gp_client.errors import NotSupported, TransportError
from gp_client.wire.http_messages import Request, Response
from gpharness.recording.confirming import Declined, confirm_effects, effects_to_confirm
from gpharness.recording.destinations import default_name
from gpharness.recording.limited_transport import EvenPace, LimitedTransport
from gpharness.recording.names import free_name, name_of
from gpharness.recording.own_mock import is_own_mock
from gpharness.recording.recorder import Recorder
from gpharness.recording.targets import Target, target_of

ROOT = "https://gis.example.com/arcgis"


class Answering:
    """A transport that answers with these responses, and raises those of them that are errors."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def send(self, request):
        self.asked.append(request.url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        return None


def test_an_even_pace_has_no_burst():
    pace = EvenPace(2.0)
    assert [pace.turn(10.0, 100.0) for _ in range(4)] == [0.0, 0.5, 1.0, 1.5]
    assert pace.turn(20.0, 100.0) == 0.0


def test_a_turn_that_would_come_too_late_is_not_taken():
    pace = EvenPace(0.1)
    assert pace.turn(0.0, 5.0) == 0.0
    assert pace.turn(1.0, 5.0) == -1.0
    assert pace.turn(6.0, 5.0) == 4.0


def test_nothing_is_sent_once_all_bytes_have_come():
    inner = Answering(Response(200, (), b"x" * 60), Response(200, (), b"x" * 60))
    transport = LimitedTransport(inner, 100)
    request = Request("GET", ROOT)
    transport.send(request)
    assert not transport.is_full
    transport.send(request)
    assert transport.is_full
    with pytest.raises(NotSupported, match="--max-total"):
        transport.send(request)
    assert (transport.requests, transport.received, len(inner.asked)) == (2, 120, 2)


HEALTHY = {"status": "healthy", "version": "0.1.0", "uptime": 1.0, "sites": ["arcgis"]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Response(200, (), json.dumps(HEALTHY).encode()), True),
        (Response(403, (), b'{"error": {"message": "the control API is closed"}}'), True),
        (Response(200, (), b'{"status": "healthy"}'), False),
        (Response(200, (), b"<html>welcome</html>"), False),
        (Response(200, (), b"[]"), False),
        (Response(403, (), b'{"error": "forbidden"}'), False),
        (Response(404, (), b""), False),
        (TransportError("ReadError"), False),
    ],
)
def test_our_own_mock_is_told_by_its_control_api(answer, expected):
    transport = Answering(answer)
    assert is_own_mock(transport, ROOT) is expected
    assert transport.asked == ["https://gis.example.com/__admin/health"]


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("https://gis.example.com/arcgis", ["run", "upload", "cancel", "wrong"]),
        ("http://127.0.0.1:8585/arcgis", ["upload", "cancel"]),
    ],
)
def test_what_has_to_be_allowed_depends_on_whose_server_it_is(root, expected):
    assert effects_to_confirm(["run", "upload", "cancel", "wrong"], Target(root)) == expected


def test_one_question_covers_all(monkeypatch):
    asked = []
    monkeypatch.setattr("gpharness.recording.confirming.is_terminal", lambda: True)
    monkeypatch.setattr("gpharness.recording.confirming.ask", lambda text: asked.append(text))
    with pytest.raises(Declined):
        confirm_effects(["run", "cancel"], Target(ROOT), yes=False)
    assert asked == ["Run tasks on gis.example.com and cancel jobs on gis.example.com?"]
    confirm_effects(["run", "cancel"], Target(ROOT), yes=True)
    confirm_effects([], Target(ROOT), yes=False)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (ROOT, "gis.example.com-arcgis.contract.yaml"),
        ("http://127.0.0.1:8585/arcgis", "127.0.0.1-8585-arcgis.contract.yaml"),
        ("https://gis.example.com/a%20b/../c", "gis.example.com-a-20b-..-c.contract.yaml"),
        ("://", "server.contract.yaml"),
    ],
)
def test_a_file_is_called_as_the_host_and_lies_in_this_folder(root, expected):
    assert default_name(root) == expected
    assert "/" not in expected


@pytest.mark.parametrize(
    ("place", "what", "expected"),
    [
        ("Elevation/World/View shed", "default inputs", "elevation-world-view-shed-default-inputs"),
        ("S/Informe_Patrón", "unknown job", "s-informe-patrón-unknown-job"),
        ("", "", "conversation"),
        ("x" * 200, "cancelled", "x" * 70 + "-cancelled"),
    ],
)
def test_names_of_conversations_may_be_those_of_files(place, what, expected):
    assert name_of(place, what) == expected


def test_a_name_that_is_taken_gets_a_number():
    assert free_name("a", []) == "a"
    assert free_name("a", ["a", "a-2"]) == "a-3"


def test_of_a_whole_server_its_own_tools_and_closed_folders_are_left_out():
    catalogues = {
        "": {"folders": ["System", "Utilities", "Closed", "Open"], "services": []},
        "/Closed": {"error": {"code": 403, "message": "no", "details": []}},
        "/Open": {
            "services": [{"name": "Open/S", "type": "GPServer"}, {"name": "Open/M", "type": "MapServer"}]
        },
        "/Open/S/GPServer": {"tasks": [], "executionType": "esriExecutionTypeAsynchronous"},
    }

    def answer(request):
        below = request.url.path.partition("/rest/services")[2]
        return httpx.Response(200, json=catalogues.get(below, {}))

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        plan = Recorder(target_of(ROOT), http=client, clock=SharedClock()).plan()
    assert plan.left_out == {
        "System": "a folder of the server's own tools: give its address to record them",
        "Utilities": "a folder of the server's own tools: give its address to record them",
        "Closed": "cannot be read: 403: no (this user may not use this resource)",
    }
