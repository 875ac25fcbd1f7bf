"""The site that is served when no other is given: sample services of every kind, and jobs of every outcome.

`Secured/WorldViewshed` asks for a token, of the user `tester` with the password `tester-password`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Any, Final

from gp_protocol.descriptions.descriptors import ExecutionType, Service, Task
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType, ProgressType
from gp_protocol.versions import Profile

from gp_mockserver.builtin.builtin_descriptors import (
    buffer_task,
    echo_task,
    odd_names_task,
    outcome_task,
    viewshed_task,
    zip_task,
)
from gp_mockserver.builtin.output_tasks import layers_task, output_tasks
from gp_mockserver.lifecycle.timelines import Cancellation, ProgressStep, TimedMessage
from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_mockserver.tools.tool_calls import Tool, ToolCall

_SYNCHRONOUS: Final = ExecutionType.SYNCHRONOUS
_ASYNCHRONOUS: Final = ExecutionType.ASYNCHRONOUS
_CANCELLATION: Final = Cancellation(check_interval=1.0)
_OUTCOMES: Final[dict[str, dict[str, Any]]] = {
    "Succeeds": {},
    "SucceedsWithWarnings": {
        "messages": (
            TimedMessage(MessageType.WARNING, "WARNING 000117: Warning empty output generated.", after=1.0),
            TimedMessage(MessageType.WARNING, "WARNING: This task always warns.", after=1.0),
        )
    },
    "Fails": {
        "messages": (
            TimedMessage(
                MessageType.ERROR,
                "ERROR 999999: Error executing function. This task always fails.",
                after=1.0,
            ),
        ),
        "ending": JobStatus.FAILED,
    },
    "TimesOut": {"ending": JobStatus.TIMED_OUT},
    "NeverEnds": {"ending": None},
    "WaitsInQueue": {"waiting": 2.0},
    "StepProgress": {
        "executing": 5.0,
        "progress": tuple(
            ProgressStep(float(done), f"Step {done + 1} of 5", 20 * done, ProgressType.STEP)
            for done in range(5)
        ),
        "update_interval": 1.0,
    },
}


def builtin_site(context: str = "arcgis", **options: Any) -> Site:
    """A site with the built-in services. The options are those of `Site`: version, seed, clock and so on.

    All built-in sites of a version share their descriptors and timelines, which never change: only the first
    one has them made.
    """
    site = Site(context, **options)
    for made in _services(site.profile):
        service = site.services[made.name] = copy(made)
        service.site, service.latency = site, {}
        service.tasks = {label: _shared(task, service) for label, task in made.tasks.items()}
    site.add_user("tester", "tester-password", administrator=True, full_name="Test User")
    site.sign_in_hint = "The built-in account is tester, its password tester-password."
    return site


def _shared(task: ServedTask, service: ServedService) -> ServedTask:
    """The task of another site as this service has it."""
    shared = copy(task)
    shared.service, shared.rules, shared.latency = service, [], {}
    return shared


@lru_cache(maxsize=8)
def _services(version: Profile) -> tuple[ServedService, ...]:
    """The services as a site of this version has them, which is never served."""
    site = Site(version=version.name)
    elevation = _service(
        site, "Elevation/ESRI_Elevation_World", _SYNCHRONOUS, "What can be seen from a point."
    )
    elevation.add_task(viewshed_task("Viewshed", _SYNCHRONOUS), _tool("viewshed"))
    viewshed = _service(site, "WorldViewshed", _ASYNCHRONOUS, "What can be seen from a point, as a job.")
    _add_job(viewshed, viewshed_task("viewshed", _ASYNCHRONOUS), _tool("viewshed"))
    buffers = _service(site, "GPFolder/BufferService", _SYNCHRONOUS, "Buffers along the ground.")
    buffers.add_task(buffer_task("BufferPoints", _SYNCHRONOUS), _tool("buffer_points"), blocking=True)
    echo = _service(site, "DataTypes/Echo", _SYNCHRONOUS, "Every data type of its version, in and out.")
    echo.add_task(echo_task("Echo", _SYNCHRONOUS, site.profile), _tool("echo"))
    echo_job = _service(
        site, "DataTypes/EchoJob", _ASYNCHRONOUS, "Every data type of its version, in and out, as a job."
    )
    _add_job(echo_job, echo_task("Echo", _ASYNCHRONOUS, site.profile), _tool("echo"))
    outputs = _service(site, "DataTypes/Outputs", _SYNCHRONOUS, "No output, several, and missing ones.")
    for task, tool in output_tasks(_SYNCHRONOUS, site.profile):
        outputs.add_task(task, tool)
    output_jobs = _service(
        site, "DataTypes/OutputsJob", _ASYNCHRONOUS, "No output, several, and missing ones, as jobs."
    )
    for task, tool in output_tasks(_ASYNCHRONOUS, site.profile):
        _add_job(output_jobs, task, tool)
    outcomes = _service(site, "Simulation/JobOutcomes", _ASYNCHRONOUS, "Jobs that end in every way.")
    for label, how in _OUTCOMES.items():
        _add_job(outcomes, outcome_task(label), _tool("summarize"), **how)
    odd_names = _service(site, "15_Names/OddNames", _ASYNCHRONOUS, "Labels that are not names.")
    _add_job(odd_names, odd_names_task("Extract Data Task"), _tool("extract_data"))
    files = _service(site, "Files/FileTransfer", _ASYNCHRONOUS, "A file in, a file out.", "Uploads")
    _add_job(files, zip_task("ZipFile"), _tool("zip_file"))
    layers = _service(
        site,
        "Publishing/ViewshedLayers",
        _ASYNCHRONOUS,
        "What can be seen, as a map or as a layer.",
        result_map="Publishing/ViewshedLayers",
    )
    _add_job(layers, layers_task("viewshed", site.profile), _tool("viewshed"))
    secured = _service(site, "Secured/WorldViewshed", _ASYNCHRONOUS, "What can be seen, for who may know.")
    _add_job(secured, viewshed_task("viewshed", _ASYNCHRONOUS), _tool("viewshed"))
    secured.secure()
    return tuple(site.services.values())


def _tool(name: str) -> Tool:
    """A tool of `builtin_tools`, which is imported when the first of them runs."""

    def run(call: ToolCall) -> Mapping[str, Any]:
        from gp_mockserver.builtin import builtin_tools

        tool: Tool = getattr(builtin_tools, name)
        return tool(call)

    return run


def _service(
    site: Site,
    name: str,
    execution_type: ExecutionType,
    description: str,
    capabilities: str = "",
    *,
    result_map: str = "",
) -> ServedService:
    return site.add_service(
        Service(
            name=name,
            description=description,
            execution_type=execution_type,
            capabilities=capabilities,
            result_map_server_name=result_map,
            cim_version=site.profile.cim_version,
        )
    )


def _add_job(service: ServedService, task: Task, tool: Tool, **how: Any) -> None:
    service.add_task(task, tool, timeline=service.usual_timeline(task, cancellation=_CANCELLATION, **how))
