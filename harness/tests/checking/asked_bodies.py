"""The bodies that a mock answers, with what each was asked for: what `check_body` needs to judge them.

Sites answer in this process. The bodies come as bytes, whatever is wrong with them; what a body should tell
(a job's id) is known from before the site deviates.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote

import httpx
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import Parameter, Task, parse_task
from gpharness.checking.bodies import Checked, check_body
from gpharness.in_process import SiteTransport

HOST = "https://gis.example.com"
NAME_FIELD = {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 10}
SHAPES: dict[str, dict[str, Any]] = {
    "esriGeometryPoint": {"x": 1, "y": 2.5},
    "esriGeometryMultipoint": {"points": [[1, 2.5], [3, 4]]},
    "esriGeometryPolyline": {"paths": [[[1, 2.5], [3, 4]], [[5, 6], [7, 8]]]},
    "esriGeometryPolygon": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
}


def feature_set(shape: str = "esriGeometryPoint", count: int = 3) -> str:
    return json.dumps(
        {
            "geometryType": shape,
            "spatialReference": {"wkid": 4326},
            "fields": [NAME_FIELD],
            "features": [{"attributes": {"Name": f"n{i}"}, "geometry": SHAPES[shape]} for i in range(count)],
        }
    )


INPUTS = {
    "In_GPLong": "5",
    "In_GPDouble": "0.1",
    "In_GPBoolean": "true",
    "In_GPString": "hello",
    "In_GPDate": "1678181829000",
    "In_GPLinearUnit": '{"distance":5,"units":"esriMiles"}',
    "In_GPArealUnit": '{"area":5,"units":"esriAcres"}',
    "In_GPTimeUnit": '{"time":5,"units":"esriTimeUnitsDays"}',
    "In_GPFeatureRecordSetLayer": feature_set(),
    "In_GPRecordSet": json.dumps({"fields": [NAME_FIELD], "features": [{"attributes": {"Name": "a"}}] * 3}),
    "In_GPRasterDataLayer": '{"url":"http://127.0.0.1:1/a.tif"}',
    "In_GPMultiValue_GPString": '["a","b"]',
    "In_GPMultiValue_GPLong": "[1,2]",
    "In_GPMultiValue_GPFeatureRecordSetLayer": f"[{feature_set()}]",
    "In_GPValueTable": '[["a",1.5,1],["b",2.5,2]]',
    "In_GPComposite": "7",
    "In_GPDataFile": '{"url":"http://127.0.0.1:1/a.zip"}',
    "In_Field": '{"name":"a","type":"esriFieldTypeString"}',
    "In_GPSpatialReference": '{"wkid":4326}',
    "In_GPExtent": '{"xmin":0,"ymin":0,"xmax":1,"ymax":1,"spatial_reference":{"wkid":4326}}',
    "In_GPEnvelope": '{"xmin":0,"ymin":0,"xmax":1,"ymax":1}',
    "In_GPStringHidden": "secret",
    "In_GPSQLExpression": "a = 1",
}
POINT = '{"features":[{"geometry":{"x":-122.4,"y":37.8}}],"spatialReference":{"wkid":4326}}'
VIEWSHED = {"Input_Observation_Point": POINT, "Viewshed_Distance": '{"distance":5,"units":"esriMiles"}'}
BUFFER = {"Input_Points": POINT, "Distance": '{"distance":1,"units":"esriMiles"}'}
ECHO, ECHO_JOB = "DataTypes/Echo", "DataTypes/EchoJob"
RUNS = {
    ("Elevation/ESRI_Elevation_World", "Viewshed"): VIEWSHED,
    ("GPFolder/BufferService", "BufferPoints"): BUFFER,
    (ECHO, "Echo"): INPUTS,
    ("DataTypes/Outputs", "NoOutput"): {},
    ("DataTypes/Outputs", "SeveralOutputs"): {},
    ("DataTypes/Outputs", "MissingOutputs"): {},
}
JOBS = {
    ("WorldViewshed", "viewshed"): VIEWSHED,
    (ECHO_JOB, "Echo"): INPUTS,
    ("DataTypes/OutputsJob", "SeveralOutputs"): {},
    ("DataTypes/OutputsJob", "MissingOutputs"): {},
    ("DataTypes/OutputsJob", "NoOutput"): {},
    ("Simulation/JobOutcomes", "StepProgress"): {},
    ("Simulation/JobOutcomes", "SucceedsWithWarnings"): {},
    ("Simulation/JobOutcomes", "Fails"): {},
    ("Simulation/JobOutcomes", "TimesOut"): {},
    ("15_Names/OddNames", "Extract Data Task"): {},
    ("Publishing/ViewshedLayers", "viewshed"): VIEWSHED,
    ("Files/FileTransfer", "ZipFile"): {},
}
FEW_JOBS = {
    key: JOBS[key]
    for key in (
        ("WorldViewshed", "viewshed"),
        (ECHO_JOB, "Echo"),
        ("Simulation/JobOutcomes", "StepProgress"),
        ("15_Names/OddNames", "Extract Data Task"),
        ("Files/FileTransfer", "ZipFile"),
    )
}
FEW_RUNS = {key: RUNS[key] for key in RUNS if key[1] not in ("NoOutput", "SeveralOutputs")}


_ENDED = {"esriJobSucceeded", "esriJobFailed", "esriJobTimedOut", "esriJobCancelled"}


class Body(NamedTuple):
    """One answer's body, and what it answers."""

    kind: str
    path: str
    content: bytes
    headers: tuple[tuple[str, str], ...]
    asked: Mapping[str, str]
    task: Task | None = None
    parameter: Parameter | None = None
    job_id: str = ""
    status: int = 200

    def checked(self, version: str | None = None, kind: str | None = None) -> Checked:
        return check_body(
            self.content,
            kind or self.kind,
            version=version,
            task=self.task,
            parameter=self.parameter,
            asked=self.asked,
            headers=self.headers,
            job_id=self.job_id,
        )

    def guessed(self) -> Checked:
        """As somebody checks it who knows nothing of it."""
        return check_body(self.content, "auto")


class Asker:
    """Asks a site for everything. Jobs of `prepare` are submitted, and descriptors read, before the site
    deviates."""

    _described: ClassVar[dict[tuple[str, tuple[str, str]], Task]] = {}
    """Descriptors by version and task: those of sites that do not deviate, which are always the same."""

    def __init__(
        self,
        version: str = "12.0",
        *,
        runs: Mapping[tuple[str, str], Mapping[str, str]] = RUNS,
        jobs: Mapping[tuple[str, str], Mapping[str, str]] = JOBS,
    ) -> None:
        self.site: Site = builtin_site(version=version, clock=JumpingClock())
        self.runs = runs if version != "notebook" else {}
        self.jobs = jobs
        self._transport = SiteTransport(self.site, HOST)
        self._root = f"{HOST}/arcgis"
        self._version = version
        self._token = next((str(json.loads(each.content)["token"]) for each in self.tokens()), "")
        self._submitted: dict[tuple[str, str], list[str]] = {}
        for number, (key, inputs) in enumerate(jobs.items()):
            wanted = 1 if number else 2  # the first task's second job is there to be cancelled
            self._submitted[key] = [self._new_job(key, inputs) for _ in range(wanted)]

    def close(self) -> None:
        self._transport.close()
        self.site.close()

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_job(self, key: tuple[str, str], inputs: Mapping[str, str]) -> str:
        body = self._get("submit", f"{self._path(key)}/submitJob", **inputs)
        return str(json.loads(body.content)["jobId"])

    def _path(self, key: tuple[str, str]) -> str:
        return f"rest/services/{key[0]}/GPServer/{quote(key[1])}"

    def _get(self, kind: str, path: str, method: str = "GET", **asked: str) -> Body:
        asked = {"f": "json", **asked}
        url = f"{self._root}/{path}"
        if method == "POST" or len(str(asked)) > 1500:
            answer = self._answer(httpx.Request("POST", url, data=asked))
        else:
            answer = self._answer(httpx.Request("GET", url, params=asked))
        headers = tuple(answer.headers.items())
        return Body(kind, path, answer.content, headers, asked, status=answer.status_code)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Straight from the transport: there are thousands, and a client would take as long as the site."""
        answer = self._transport.handle_request(request)
        answer.read()
        return answer

    def task(self, key: tuple[str, str]) -> Task:
        """A task's descriptor, as the site answers it when it is first asked for."""
        place = (self._version, key)
        if place not in self._described:
            self._described[place] = parse_task(json.loads(self._get("task", self._path(key)).content))
        return self._described[place]

    def learn(self) -> None:
        """Read all descriptors that are needed later."""
        for key in (*self.runs, *self.jobs):
            self.task(key)

    def few_descriptions(self) -> Iterator[Body]:
        """Those of the services alone whose tasks run."""
        yield from self.descriptions({key[0] for key in (*self.runs, *self.jobs)})

    def descriptions(self, services: Container[str] | None = None) -> Iterator[Body]:
        if self.site.profile.has("resource", "info"):
            yield self._get("info", "rest/info")
        yield self._get("catalogue", "rest/services")
        yield self._get("catalogue", "rest/services/DataTypes")
        for name, service in self.site.services.items():
            if services is not None and name not in services:
                continue
            asked = {"token": self._token} if name.startswith("Secured") else {}
            yield self._get("service", f"rest/services/{name}/GPServer", **asked)
            for label in service.tasks:
                path = f"rest/services/{name}/GPServer/{quote(label)}"
                yield self._get("task", path, **asked)

    def executions(self, **asked: str) -> Iterator[Body]:
        for key, inputs in self.runs.items():
            task = self.task(key)
            known = {name: value for name, value in inputs.items() if task.parameter(name) is not None}
            body = self._get("execute", f"{self._path(key)}/execute", method="POST", **known, **asked)
            yield body._replace(task=task)

    def submissions(self) -> Iterator[Body]:
        for key, inputs in self.jobs.items():
            task = self.task(key)
            known = {name: value for name, value in inputs.items() if task.parameter(name) is not None}
            body = self._get("submit", f"{self._path(key)}/submitJob", method="POST", **known)
            yield body._replace(task=task)

    def polls(self, *, most: int = 12, until_the_end: bool = False) -> Iterator[Body]:
        """`until_the_end`: no more of a job that has ended, which only a site that does not deviate says."""
        for key, ids in self._submitted.items():
            task = self.task(key)
            for job_id in ids[:1]:
                path = f"{self._path(key)}/jobs/{job_id}"
                for _ in range(most):
                    body = self._get("job", path)._replace(task=task, job_id=job_id)
                    yield body
                    if until_the_end and json.loads(body.content)["jobStatus"] in _ENDED:
                        break
                yield self._get("job", path, returnMessages="false")._replace(task=task, job_id=job_id)

    def cancellations(self) -> Iterator[Body]:
        if not self.site.profile.has("resource", "cancel"):
            return
        for key, ids in self._submitted.items():
            path = f"{self._path(key)}/jobs/{ids[1]}/cancel"
            yield self._get("cancel", path)._replace(task=self.task(key), job_id=ids[1])
            break

    def results(self, *, with_references: bool = True) -> Iterator[Body]:
        for key, (job_id, *_) in self._submitted.items():
            if key[1] in ("Fails", "TimesOut"):
                continue
            task = self.task(key)
            path = f"{self._path(key)}/jobs/{job_id}"
            for what, kind, parameters in (
                ("results", "result", task.outputs),
                ("inputs", "input", task.inputs),
            ):
                if kind == "input" and not with_references:
                    continue
                for parameter in parameters:
                    body = self._get(kind, f"{path}/{what}/{quote(parameter.name)}")
                    yield body._replace(task=task, parameter=parameter, job_id=job_id)
                if self.site.profile.has("resource", what):
                    yield self._get(what, f"{path}/{what}")._replace(task=task, job_id=job_id)

    def results_alone(self) -> Iterator[Body]:
        yield from self.results(with_references=False)

    def tokens(self) -> Iterator[Body]:
        if self.site.profile.has("resource", "generateToken"):
            sign_in = {"username": "tester", "password": "tester-password", "client": "requestip"}
            yield self._get("token", "tokens/generateToken", method="POST", **sign_in)

    def uploads(self) -> Iterator[Body]:
        if not self.site.profile.has("resource", "upload"):
            return
        path = "rest/services/Files/FileTransfer/GPServer/uploads/upload"
        files = {"file": ("a.txt", b"text", "text/plain")}
        answer = self._answer(httpx.Request("POST", f"{self._root}/{path}", data={"f": "json"}, files=files))
        headers = tuple(answer.headers.items())
        yield Body("upload", path, answer.content, headers, {"f": "json"}, status=answer.status_code)

    def everything(self) -> Iterator[Body]:
        yield from self.descriptions()
        yield from self.tokens()
        yield from self.executions()
        yield from self.submissions()
        yield from self.polls(until_the_end=True)
        yield from self.results()
        yield from self.cancellations()
        yield from self.uploads()
