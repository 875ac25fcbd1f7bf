"""The pages of running a task: its form, what it answered, the job, its results and inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from gp_protocol.job_states import CANCELLABLE, FINAL, JobStatus

from gp_mockserver.directory.forms import run_form
from gp_mockserver.directory.links import OPERATION_NAMES, Link, task_url
from gp_mockserver.directory.page_bodies import Body, Maker, facts, message_lines
from gp_mockserver.directory.value_trees import address_of, shown_text, tree
from gp_mockserver.wire.replies import AnyReply, FormReply, JobReply, Reply
from gp_mockserver.wire.requests import Request


def _run(reply: AnyReply, request: Request) -> Body | None:
    """The form of execute, submitJob or validate, or what execute or validate answered."""
    operation = request.address.operation
    place = f"{task_url(request.rest_root, request.service, request.task)}/{operation}"
    label = request.task.descriptor.label
    values: dict[str, Any]
    if isinstance(reply, FormReply):
        form = run_form(request, OPERATION_NAMES[operation], urlsplit(place).path)
        return Body(f"{form.title}: ({label})", "form.html", {"form": form})
    again = Link("Back to the form", place)
    if operation == "validate" and isinstance(reply, Reply):
        values = {"nodes": facts(reply.value), "links": [again], "links_title": "Once More"}
        return Body(f"Validate: {label}", "values.html", values)
    if operation != "execute" or not isinstance(reply, Reply) or not isinstance(reply.value, Mapping):
        return None
    values = {"results": [_result(each) for each in reply.value.get("results") or ()], "again": again}
    if "messages" in reply.value:
        values["messages"], values["cut"] = message_lines(reply.value["messages"])
    return Body(f"Results: {label}", "results.html", values)


def _job(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, JobReply):
        return None
    value, status, task = reply.value, reply.state.status, request.task.descriptor
    job_id = reply.record.job_id
    here = f"{task_url(request.rest_root, request.service, request.task)}/jobs/{quote(job_id, safe='')}"
    may_cancel = status in CANCELLABLE and request.profile.has("resource", "cancel")
    results = None
    if "results" in value:
        results = [Link(name, f"{here}/{each['paramUrl']}") for name, each in value["results"].items()]
        if results and request.profile.has("resource", "results"):
            results.append(Link("All results", f"{here}/results"))
    inputs = [Link(each.name, f"{here}/inputs/{quote(each.name, safe='')}") for each in task.inputs]
    if inputs and request.profile.has("resource", "inputs"):
        inputs.append(Link("All inputs", f"{here}/inputs"))
    values: dict[str, Any] = {
        "status": status.value,
        "mood": "good" if status is JobStatus.SUCCEEDED else "bad" if status in _BAD else "",
        "is_final": status in FINAL,
        "here": here,
        "cancel": urlsplit(here).path + "/cancel" if may_cancel else "",
        "progress": value.get("progress"),
        "results": results,
        "inputs": inputs,
    }
    if "messages" in value:
        values["messages"], values["cut"] = message_lines(value["messages"])
    return Body(f"Job Details: {job_id} ({task.label})", "job.html", values)


_BAD: Final = frozenset({JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.EXPECTED_FAILURE})


def _cancel(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, Reply) or not isinstance(reply.value, Mapping):
        return None
    place = task_url(request.rest_root, request.service, request.task)
    job_id = request.address.job_id
    links = [Link(f"Job {job_id}", f"{place}/jobs/{quote(job_id, safe='')}")]
    lines = [f"Job Status: {reply.value.get('jobStatus', '')}"]
    return Body(
        f"Cancel Job: {job_id}",
        "values.html",
        {"lines": lines, "links": links, "links_title": "Where it stands"},
    )


def _values(reply: AnyReply, request: Request) -> Body | None:
    """One or all results, or inputs, of a job."""
    if not isinstance(reply, Reply):
        return None
    value, operation = reply.value, request.address.operation
    if isinstance(value, Mapping) and "paramName" in value:
        title = f"{operation.capitalize()}: {value['paramName']}"
        return Body(title, "results.html", {"results": [_result(value)]})
    if isinstance(value, list) and all(isinstance(each, Mapping) and "paramName" in each for each in value):
        title = f"{operation.capitalize()}: {request.address.job_id}"
        return Body(title, "results.html", {"results": [_result(each) for each in value]})
    return Body(f"{operation.capitalize()}: {request.address.name}", "values.html", {"nodes": facts(value)})


class _Result(msgspec.Struct, frozen=True):
    """One result, or input: `picture` is the address of its map, where it was drawn."""

    name: str
    data_type: str
    value: Any
    picture: str = ""


def _result(value: Mapping[str, Any]) -> _Result:
    given = value.get("value")
    image = given.get("mapImage") if isinstance(given, Mapping) else None
    picture = address_of(str(image.get("href", ""))) if isinstance(image, Mapping) else ""
    name = shown_text(str(value.get("paramName", "")))
    return _Result(name, shown_text(str(value.get("dataType", ""))), tree(given), picture)


JOB_PAGES: Final[Mapping[str, Maker]] = {
    "execute": _run,
    "submitJob": _run,
    "validate": _run,
    "job": _job,
    "cancel": _cancel,
    "result": _values,
    "results": _values,
    "input": _values,
    "inputs": _values,
}
