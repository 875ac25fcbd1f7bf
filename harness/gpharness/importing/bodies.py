"""A folder of raw bodies: answers that somebody has saved, each in a file of its own.

Where a file lies says what it is the answer of, if its path has a server's (`rest/services/…/GPServer/…`);
else what stands in it does, and its name. Nothing says when, and nothing what was asked: the order is that of
the names, a second from one to the next is *assumed*.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from gpharness.importing.body_kinds import kind_of, named_kind
from gpharness.importing.imported import MEBIBYTE, Imported, NotImported, told
from gpharness.probing.exchanges import Exchange
from gpharness.recording.pieces import decoded
from gpharness.recording.placing import placed

ROOT: Final = "https://reconstructed.example.com/arcgis"
"""*Assumed*, as bodies do not say where they are from; an address in them takes its place."""
_LONGEST: Final = 64 * MEBIBYTE
_ENDINGS: Final = (".json", ".pjson", ".txt", ".js", "")
_ADDRESS: Final = re.compile(
    rb"(https?:\\?/\\?/[^\"\s<>]+?)\\?/rest\\?/(?:services|directories)\\?/", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"(\d+)")
_FIRST: Final = ("info", "catalogue", "service", "task", "submit", "execute", "error", "job")


class _Body(msgspec.Struct):
    path: Path
    below: tuple[str, ...]
    """The path below the folder, without the ending."""
    body: bytes
    value: Any
    kind: str


def read_bodies(path: Path) -> Imported:
    """The bodies of a folder and its folders, or of one file, as exchanges. Raises NotImported."""
    imported = Imported([], "bodies", notes="Inputs and times are not known: a second between is assumed.")
    left: Counter[str] = Counter()
    bodies = _bodies(path, left)
    if not bodies:
        why = f" ({'; '.join(left)})" if left else ""
        raise NotImported(path, f"no body of a GP server{why}", "files with answers in JSON")
    root = _root(bodies)
    placing = _Placing(root, bodies, path.name if path.is_dir() else path.stem)
    for each in bodies:
        url = placing.url(each)
        if url is not None and (unseen := placing.unseen_job(each)):
            _submit(imported, url, unseen)
        if url is None:
            left[f"{each.kind}: nothing says of which {'job' if each.kind in _OF_JOBS else 'task'}"] += 1
            continue
        exchange = Exchange("", "GET", f"{url}?f=json", {"f": "json"}, at=float(len(imported.exchanges)))
        exchange.status, exchange.body = 200, each.body
        exchange.headers = (("content-type", "application/json"),)
        imported.exchanges.append(exchange)
    imported.left = told(left, "file", "files")
    return imported


def _submit(imported: Imported, url: str, job_id: str) -> None:
    """A submission that nobody has saved, *assumed* to have been answered in the usual way."""
    submission = Exchange(
        "", "POST", f"{url.partition('/jobs/')[0]}/submitJob?f=json", {"f": "json"}, status=200
    )
    submission.body = msgspec.json.encode({"jobId": job_id, "jobStatus": "esriJobSubmitted"})
    submission.at = float(len(imported.exchanges))
    imported.exchanges.append(submission)
    if "submission" not in imported.notes:
        imported.notes += " A submission of which there is no body is assumed to have been answered as usual."


_OF_JOBS: Final = ("result", "results", "input", "inputs")


def _bodies(path: Path, left: Counter[str]) -> list[_Body]:
    files = (
        sorted((each for each in path.rglob("*") if each.is_file()), key=_order) if path.is_dir() else [path]
    )
    found: list[_Body] = []
    for file in files:
        if file.suffix.lower() not in _ENDINGS or file.name.startswith("."):
            left[f"its name ends in {file.suffix or file.name}"] += 1
            continue
        try:
            body = file.read_bytes() if file.stat().st_size <= _LONGEST else None
        except OSError as error:
            left[f"{file.name}: {error.strerror}"] += 1
            continue
        if body is None:
            left[f"more than {_LONGEST // MEBIBYTE} MiB"] += 1
            continue
        value = decoded(body)
        below = file.relative_to(path).parts if path.is_dir() else (file.name,)
        below = (*below[:-1], file.stem)
        kind = kind_of(value, file.stem) if value is not UNSET else ""
        if not kind:
            left["no JSON" if value is UNSET else "JSON that is no answer of a GP server"] += 1
            continue
        found.append(_Body(file, below, body, value, kind))
    return sorted(found, key=lambda each: _FIRST.index(each.kind) if each.kind in _FIRST else len(_FIRST))


def _order(path: Path) -> list[Any]:
    """`job-2` before `job-10`."""
    return [int(each) if each.isdigit() else each.lower() for each in _NUMBER.split(str(path))]


def _root(bodies: Sequence[_Body]) -> str:
    """The address that the bodies themselves name most often, else the assumed one."""
    met: Counter[str] = Counter()
    for each in bodies:
        for found in _ADDRESS.findall(each.body[:MEBIBYTE])[:20]:
            met[found.replace(b"\\", b"").decode("latin-1")] += 1
    return met.most_common(1)[0][0] if met else ROOT


class _Placing:
    """Makes up the addresses that could have been answered so."""

    def __init__(self, root: str, bodies: Sequence[_Body], called: str) -> None:
        self._root = root
        self._services = [each for each in bodies if each.kind == "service"]
        self._tasks = [each for each in bodies if each.kind == "task"]
        self._jobs = list(
            dict.fromkeys(each.value["jobId"] for each in bodies if each.kind in ("submit", "job", "cancel"))
        )
        self._called = re.sub(r"[^\w-]+", "_", called).strip("_") or "Service"
        self._submitted: set[str] = set()

    def url(self, body: _Body) -> str | None:
        """None where nothing says of what it is."""
        if (url := self._by_path(body)) is not None:
            return url
        rest = f"{self._root}/rest"
        match body.kind:
            case "info":
                return f"{rest}/info"
            case "catalogue":
                return f"{rest}/services"
            case "service":
                return self._service_url(self._service_name(body))
            case "task":
                return self._task_url(body.value)
            case "execute" | "error":
                task = self._task_for(body)
                verb = "submitJob" if named_kind(body.path.stem) == "submit" else "execute"
                return f"{task}/{verb}" if task else None
        return self._of_a_job(body)

    def unseen_job(self, body: _Body) -> str:
        """The id of the job of which this is the first body, if there is none of its submission."""
        if body.kind == "submit":
            self._submitted.add(body.value["jobId"])
        elif body.kind in ("job", "cancel") and body.value["jobId"] not in self._submitted:
            self._submitted.add(body.value["jobId"])
            return str(body.value["jobId"])
        return ""

    def _of_a_job(self, body: _Body) -> str | None:
        task = self._task_for(body) or f"{self._service_url(self._called)}/Task"
        if body.kind == "submit":
            return f"{task}/submitJob"
        if body.kind in ("job", "cancel"):
            end = "/cancel" if body.kind == "cancel" else ""
            return f"{task}/jobs/{quote(body.value['jobId'])}{end}"
        job_id = next((each for each in body.below for job in self._jobs if each == job), None)
        job_id = job_id or (self._jobs[0] if len(self._jobs) == 1 else None)
        if job_id is None:
            return None
        name = f"/{quote(str(body.value['paramName']), safe='')}" if isinstance(body.value, dict) else ""
        list_of = "inputs" if body.kind.startswith("input") else "results"
        return f"{task}/jobs/{quote(job_id)}/{list_of}{name}"

    def _by_path(self, body: _Body) -> str | None:
        words = [each.lower() for each in body.below]
        if "services" not in words or "gpserver" not in words:
            return None
        below = body.below[words.index("services") :]
        if below[-1].lower() in ("index", "_", "body", "response"):
            below = below[:-1]
        url = f"{self._root}/rest/" + "/".join(quote(each, safe="") for each in below)
        return url if placed(url, self._root).operation else None

    def _service_name(self, service: _Body) -> str:
        named = re.sub(r"(?i)[ ._-]*(gpserver|service)$", "", service.below[-1])
        folder = service.below[-2] if len(service.below) > 1 else ""
        return named or folder or self._called

    def _service_url(self, name: str) -> str:
        return f"{self._root}/rest/services/{quote(name)}/GPServer"

    def _task_url(self, task: Any) -> str:
        label = str(task.get("displayName") or task["name"])
        names = {label, task["name"]}
        for each in self._services:
            for said in _listed(each):
                if said in names:
                    return f"{self._service_url(self._service_name(each))}/{quote(said, safe='')}"
        service = self._service_name(self._services[0]) if len(self._services) == 1 else self._called
        return f"{self._service_url(service)}/{quote(label, safe='')}"

    def _task_for(self, body: _Body) -> str | None:
        """The one task that there is, or the one of whose outputs the answer has."""
        if len(self._tasks) == 1:
            return self._task_url(self._tasks[0].value)
        names = _names(body.value)
        for each in self._tasks:
            named = [said.get("name") for said in each.value["parameters"] if isinstance(said, dict)]
            outputs = {name for name in named if isinstance(name, str)}
            if names and names <= outputs:
                return self._task_url(each.value)
        for each in self._tasks:
            if each.value["name"].lower() in body.path.stem.lower():
                return self._task_url(each.value)
        listed = [(each, name) for each in self._services for name in _listed(each)]
        if not self._tasks and len(listed) == 1:
            service, name = listed[0]
            return f"{self._service_url(self._service_name(service))}/{quote(name, safe='')}"
        return None


def _listed(service: _Body) -> list[str]:
    tasks = service.value.get("tasks")
    return [each for each in tasks if isinstance(each, str)] if isinstance(tasks, list) else []


def _names(value: Any) -> set[Any]:
    """The parameters that an answer names."""
    if isinstance(value, list):
        return {each["paramName"] for each in value}
    if "paramName" in value:
        return {value["paramName"]}
    results = value.get("results")
    if isinstance(results, list):
        named = [each.get("paramName") for each in results if isinstance(each, dict)]
        return {each for each in named if isinstance(each, str)}
    inputs = value.get("inputs")
    of_job = [each for each in (results, inputs) if isinstance(each, dict)]
    return {name for each in of_job for name in each}
