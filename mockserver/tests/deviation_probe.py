"""A plain view of what a deviating server really sends, for the tests of the catalogue: sockets and bytes,
and `http.client` where an answer is whole. Nothing of our own client is in it."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gp_mockserver.sites import Site

POINT = '{"features":[{"geometry":{"x":-122.4,"y":37.8,"spatialReference":{"wkid":4326}}}]}'
VIEWSHED = "WorldViewshed/GPServer/viewshed"
ECHO_JOB = "DataTypes/EchoJob/GPServer/Echo"
ECHO = "DataTypes/Echo/GPServer/Echo"


@dataclass
class Seen:
    """One answer: status, headers by lower-case name (the last of several), body."""

    status: int
    headers: dict[str, str]
    every_header: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as strict JSON."""
        return json.loads(self.body, parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


@dataclass
class Probe:
    """Sends requests to one site, each on a connection of its own."""

    site: Site

    @property
    def root(self) -> str:
        """The site's address now: some deviations move it to a port of its own."""
        return self.site.url

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: str) -> Seen:
        """GET below the site's address; `f=json` unless the query says otherwise."""
        return self.ask("GET", path, headers=headers, **query)

    def post(self, path: str, *, headers: dict[str, str] | None = None, **form: str) -> Seen:
        """POST a urlencoded form below the site's address; with `f=json` unless it says otherwise."""
        return self.ask("POST", path, headers=headers, **form)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        address: str = "",
        **given: str,
    ) -> Seen:
        """One request, and its whole answer; redirects are not followed."""
        parts = urlsplit(address or self.root)
        data = urlencode({"f": "json", **given})
        target = f"{parts.path}/{path}" if path else parts.path
        sent = dict(headers or {})
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        try:
            if method == "POST":
                sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
                connection.request(method, target, data.encode(), sent)
            else:
                connection.request(method, f"{target}?{data}", headers=sent)
            answer = connection.getresponse()
            pairs = answer.getheaders()
            body = answer.read()
        finally:
            connection.close()
        return Seen(answer.status, {name.lower(): value for name, value in pairs}, pairs, body)

    def task(self, path: str = VIEWSHED) -> str:
        """A task's path below the site's address."""
        return f"rest/services/{path}"

    def submit(self, path: str = VIEWSHED, **inputs: str) -> Seen:
        """Submit a job: a viewshed around a point unless inputs say otherwise."""
        if path == VIEWSHED:
            inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles", **inputs}
        return self.post(f"{self.task(path)}/submitJob", **inputs)

    def job_id(self, path: str = VIEWSHED, **inputs: str) -> str:
        """The id of a job that is submitted now, from a clean answer."""
        return str(self.submit(path, **inputs).json["jobId"])

    def poll(self, job_id: str, path: str = VIEWSHED, **query: str) -> Seen:
        """One look at a job."""
        return self.get(f"{self.task(path)}/jobs/{job_id}", **query)

    def finish(self, path: str = VIEWSHED, **inputs: str) -> str:
        """The id of a job that has come to its end: the site's clock has to jump."""
        job_id = self.job_id(path, **inputs)
        for _ in range(10):
            status = self.poll(job_id, path).json["jobStatus"]
            if status in ("esriJobSucceeded", "esriJobFailed", "esriJobTimedOut", "esriJobCancelled"):
                return job_id
        raise AssertionError(f"job {job_id} has not ended: {status}")

    def result(self, job_id: str, name: str = "Viewshed_Result", path: str = VIEWSHED, **query: str) -> Seen:
        """One result of a job."""
        return self.get(f"{self.task(path)}/jobs/{job_id}/results/{quote(name)}", **query)

    def raw(self, request: bytes, *, silence: float = 0.3) -> tuple[bytes, str]:
        """Send bytes; what comes back, and how that ended: `fin`, `rst`, or `silence` for so many seconds."""
        parts = urlsplit(self.root)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            connection.sendall(request)
            connection.settimeout(silence)
            received = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    return received, "rst"
                except TimeoutError:
                    return received, "silence"
                if not piece:
                    return received, "fin"
                received += piece

    def request(self, path: str, method: str = "GET", body: bytes = b"", **query: str) -> bytes:
        """The bytes of a request, for `raw`."""
        parts = urlsplit(self.root)
        data = urlencode({"f": "json", **query})
        head = f"{method} {parts.path}/{path}?{data} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body
