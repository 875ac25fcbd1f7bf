"""The pages of a service's jobs as its administrator sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from gp_protocol.job_states import FINAL

from gp_mockserver.directory.forms import button_form
from gp_mockserver.directory.links import Link, admin_jobs_url
from gp_mockserver.directory.page_bodies import Body, Maker, facts
from gp_mockserver.wire.replies import AnyReply, Reply
from gp_mockserver.wire.requests import Request

_MAX_LISTED: Final = 200
_CHANGES: Final = {"adminCancel": "Cancel Job", "adminDelete": "Delete Job"}


def _jobs(reply: AnyReply, request: Request) -> Body | None:
    """The jobs, the newest first, each a link to its own page."""
    if not isinstance(reply, Reply) or "jobs" not in reply.value:
        return None
    place = _jobs_place(request)
    jobs = reply.value["jobs"]
    links = [
        Link(f"{each['jobID']} ({each['status']})", f"{place}/{quote(each['jobID'], safe='')}")
        for each in jobs[:_MAX_LISTED]
    ]
    lines = [] if jobs else ["No jobs here."]
    if len(jobs) > _MAX_LISTED:
        start = int(request.parameters.get("start", "").strip() or 1) + _MAX_LISTED
        links.append(Link("Older jobs", f"{place}?start={start}"))
    values = {"lines": lines, "links": links, "links_title": "Newest First"}
    return Body(f"Jobs: {request.service.name}", "values.html", values)


def _job(reply: AnyReply, request: Request) -> Body | None:
    """One job, with the buttons that cancel and delete it."""
    if not isinstance(reply, Reply):
        return None
    value: Mapping[str, Any] = reply.value
    job_id = request.address.job_id
    if "jobID" not in value:
        return Body(f"Job: {job_id}", "values.html", {"nodes": facts(value)})
    path = urlsplit(f"{_jobs_place(request)}/{quote(job_id, safe='')}").path
    forms = [] if value["status"] in FINAL else [button_form("Cancel Job", f"{path}/cancel")]
    values = {
        "nodes": facts(value, without=("url",)),
        "links": [Link("The job as clients see it", value["url"])],
        "links_title": "Where It Stands",
        "forms": [*forms, button_form("Delete Job", f"{path}/delete")],
    }
    return Body(f"Job: {job_id}", "values.html", values)


def _change(reply: AnyReply, request: Request) -> Body | None:
    """What came of a cancel or a deletion, and the way back."""
    if not isinstance(reply, Reply):
        return None
    operation, job_id = request.address.operation, request.address.job_id
    place = _jobs_place(request)
    links = [Link("Jobs", place)]
    if operation == "adminCancel":
        links.insert(0, Link(f"Job {job_id}", f"{place}/{quote(job_id, safe='')}"))
    values = {"nodes": facts(reply.value), "links": links, "links_title": "Where It Stands"}
    return Body(f"{_CHANGES[operation]}: {job_id}", "values.html", values)


def _jobs_place(request: Request) -> str:
    return admin_jobs_url(request.rest_root, request.service)


ADMIN_PAGES: Final[Mapping[str, Maker]] = {
    "adminJobs": _jobs,
    "adminJob": _job,
    "adminCancel": _change,
    "adminDelete": _change,
}
