"""A whole conversation with a server made of answers written by hand, and what came of it in one word.

The good server has one task, `Tools/tool`, with the optional input `Note` and the output `Out`. A case
replaces some of its answers. Whatever the case, `converse` holds the client to what it owes in every one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gp_client import Event, GPClient, GPError, Result, Retrying, TransportError
from gp_client.clocks import SharedClock
from gp_client.wire.http_messages import Request, Response
from scripted import Answer, Scripted, answer

ROOT = "http://gis.example.com/arcgis"
SERVICE = f"{ROOT}/rest/services/Tools/GPServer"
TASK = f"{SERVICE}/tool"
JOB_ID = "j4b1c6d2e8f0a4c5e9b7d3f1a2c4e6f80"
JOB = f"{TASK}/jobs/{JOB_ID}"
SECRET = "hush"
PASSWORD = "open sesame"
DEADLINE = 300.0
MESSAGES = [{"type": "esriJobMessageTypeInformative", "description": "Submitted."}]
FINAL = ("esriJobSucceeded", "esriJobFailed", "esriJobCancelled", "esriJobTimedOut", "esriJobDeleted")

Call = Callable[[GPClient], Any]
Script = Mapping[str, Answer | list[Answer]]


def parameter(name: str, data_type: str = "GPString", **changes: Any) -> dict[str, Any]:
    direction = "Output" if name.startswith("Out") else "Input"
    return {
        "name": name,
        "dataType": data_type,
        "displayName": name,
        "description": "",
        "direction": f"esriGPParameterDirection{direction}",
        "defaultValue": None,
        "parameterType": f"esriGPParameterType{'Derived' if direction == 'Output' else 'Optional'}",
        "category": "",
        **changes,
    }


def task(data_type: str = "GPString", *, execution: str = "Asynchronous", **changes: Any) -> dict[str, Any]:
    return {
        "name": "tool",
        "displayName": "tool",
        "description": "",
        "category": "",
        "helpUrl": "",
        "executionType": f"esriExecutionType{execution}",
        "parameters": [parameter("Note"), parameter("Out", data_type)],
        **changes,
    }


def service(**changes: Any) -> dict[str, Any]:
    return {
        "currentVersion": 11.1,
        "serviceDescription": "",
        "tasks": ["tool"],
        "executionType": "esriExecutionTypeAsynchronous",
        "resultMapServerName": "",
        "maximumRecords": 1000,
        **changes,
    }


def job(status: str = "Succeeded", **changes: Any) -> dict[str, Any]:
    """A job's answer; `results` once it has succeeded. A change to `...` removes the key."""
    word = status if status.startswith(("esriJob", "expected")) else f"esriJob{status}"
    whole: dict[str, Any] = {"jobId": JOB_ID, "jobStatus": word}
    if word == "esriJobSucceeded":
        whole["results"] = {"Out": {"paramUrl": "results/Out"}}
    whole |= {"inputs": {}, "messages": MESSAGES} | changes
    return {key: each for key, each in whole.items() if each is not ...}


def value(given: Any = "done", data_type: str = "GPString", **changes: Any) -> dict[str, Any]:
    whole = {"paramName": "Out", "dataType": data_type, "value": given} | changes
    return {key: each for key, each in whole.items() if each is not ...}


def good(execution: str = "Asynchronous") -> dict[str, Answer | list[Answer]]:
    """The answers of a server that does all well, by the name of what is asked for."""
    return {
        "info": answer({"currentVersion": 11.1, "authInfo": {"isTokenBasedSecurity": False}}),
        "service": answer(service(executionType=f"esriExecutionType{execution}")),
        "task": answer(task(execution=execution)),
        "submit": answer(job("Submitted", inputs=..., messages=...)),
        "job": [answer(job("Executing")), answer(job())],
        "cancel": answer(job("Cancelling")),
        "result": answer(value()),
        "execute": answer({"results": [value()], "messages": MESSAGES}),
        "token": answer({"token": SECRET, "expires": 4102444800000}),
    }


_PLACES = {
    "info": "rest/info",
    "service": "Tools/GPServer",
    "task": "GPServer/tool",
    "submit": "tool/submitJob",
    "job": f"jobs/{JOB_ID}",
    "cancel": f"jobs/{JOB_ID}/cancel",
    "result": "results/Out",
    "execute": "tool/execute",
    "token": "tokens/generateToken",
}


class Watched(Scripted):
    """Remembers when each request came, and what it was answered."""

    def __init__(self, script: Script, clock: SharedClock, elsewhere: Response | None = None) -> None:
        super().__init__({_PLACES.get(name, name): each for name, each in script.items()})  # type: ignore[arg-type]
        self._clock = clock
        self._elsewhere = elsewhere
        self.times: list[float] = []
        self.answers: list[Response | None] = []

    def send(self, request: Request) -> Response:
        self.times.append(self._clock.now())
        self.answers.append(None)
        try:
            response = self.answers[-1] = self._answer(request)
        except TransportError as error:
            if not error.sent:
                self.answers[-1] = Response(503)
            raise
        return response

    def knows(self, request: Request) -> bool:
        path = urlsplit(request.url).path.rstrip("/")
        return any(path.endswith(f"/{key}") or request.url == key for key in self._script)

    def _answer(self, request: Request) -> Response:
        if self._elsewhere is not None and not self.knows(request):
            self.asked.append(request)
            return self._elsewhere
        return super().send(request)

    def count(self, *endings: str) -> int:
        return sum(path.rstrip("/").endswith(endings) for path in self.paths())


class Outcome:
    """`word` is the error's kind, or ok, flag (there are warnings) or none (an output was not made)."""

    def __init__(self, value: Any, raised: GPError | None, events: list[Event], server: Watched) -> None:
        self.value = value
        self.raised = raised
        self.events = events
        self.server = server

    @property
    def word(self) -> str:
        if self.raised is not None:
            return self.raised.kind
        if isinstance(self.value, Result):
            if not all(output.is_made for output in self.value.outputs.values()):
                return "none"
            if self.value.warnings:
                return "flag"
        return "ok"

    @property
    def retried(self) -> bool:
        return any(isinstance(event, Retrying) for event in self.events)


def run(client: GPClient) -> Any:
    return client.task(TASK).run(Note="a note")


def converse(
    changes: Script,
    *,
    execution: str = "Asynchronous",
    call: Call = run,
    acted_on: int = 1,
    root: str = ROOT,
    elsewhere: Response | None = None,
    **options: Any,
) -> Outcome:
    """What came of a call; `acted_on` run requests at most may reach a server that acts on them. `elsewhere`
    is the answer at an address that the script does not know, which else fails the test."""
    clock = SharedClock(start=1000.0)
    events: list[Event] = []
    server = Watched({**good(execution), **changes}, clock, elsewhere)
    client = GPClient(
        root, http=server, clock=clock, seed=1, on_event=events.append, **{"deadline": DEADLINE, **options}
    )
    found, raised = None, None
    try:
        found = call(client)
    except GPError as error:
        raised = error
    outcome = Outcome(found, raised, events, server)
    _hold_to_what_is_owed(outcome, clock, acted_on, repr(client))
    return outcome


def _hold_to_what_is_owed(outcome: Outcome, clock: SharedClock, acted_on: int, client: str) -> None:
    server = outcome.server
    assert clock.now() <= 1000.0 + DEADLINE + 5, "it ends"
    times = server.times
    assert all(later - now >= 0.9 for now, later in zip(times, times[12:], strict=False)), "it is polite"
    assert sum(map(_was_acted_on, server.asked, server.answers)) <= acted_on, "it submits once"
    for request in server.asked:
        at = urlsplit(request.url)
        if at.hostname != "gis.example.com":
            said = f"{request.url} {dict(request.headers)} {request.body!r}"
            assert SECRET not in said, "it keeps the token home"
    said = f"{outcome.raised} {outcome.raised and outcome.raised.report()} {outcome.events} {client}"
    assert SECRET not in said, "it tells nobody the token"
    assert PASSWORD not in said, "it tells nobody the password"
    assert not _polled_after_the_end(server), "it asks for nothing more once the job has ended"


def _was_acted_on(request: Request, response: Response | None) -> bool:
    """A run whose answer was lost may have been acted on; one that was refused was not."""
    if not urlsplit(request.url).path.endswith(("/submitJob", "/execute")):
        return False
    if response is None:
        return True
    return response.status == 200 and not response.content.startswith(b'{"error"')


def _polled_after_the_end(server: Watched) -> bool:
    """Whether a job is looked at after it has failed."""
    ended = False
    for request, response in zip(server.asked, server.answers, strict=True):
        if not urlsplit(request.url).path.endswith(f"/jobs/{JOB_ID}") or response is None:
            continue
        if ended:
            return True
        try:
            status = json.loads(response.content).get("jobStatus")
        except (ValueError, AttributeError, RecursionError):
            continue
        ended = status in FINAL[1:]
    return False


def page(title: str = "Down", body: str = "", status: int = 200, **headers: str) -> Response:
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body or title}</body></html>"
    return answer(text, status, content_type="text/html", **headers)


def refused(code: int, message: str = "Unable to complete operation.", **more: Any) -> Response:
    return answer({"error": {"code": code, "message": message, "details": [], **more}})
