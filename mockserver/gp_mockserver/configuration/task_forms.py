"""The tasks of a site file: what makes their outputs, how their jobs go, and the rules that say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import Task
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.job_states import JobStatus

from gp_mockserver.configuration.conditions import parse_condition
from gp_mockserver.configuration.descriptor_forms import (
    Entry,
    task_from,
)
from gp_mockserver.configuration.latency_forms import latencies
from gp_mockserver.configuration.site_file_model import RuleForm, TaskForm
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.configuration.written_data import join, shaped
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.lifecycle.timeline_changes import ending_with, failing, never_ending
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.served_services import ANSWERS_AT_ONCE, ServedService, ServedTask
from gp_mockserver.tools.outcome_rules import OutcomeRule
from gp_mockserver.tools.output_sources import declared_outputs, parse_outputs
from gp_mockserver.tools.tool_calls import Tool
from gp_mockserver.tools.tool_functions import descriptor_from, tool_from

Data = Mapping[str, Any]


def add_task(service: ServedService, entry: Entry, files: SiteFolder) -> None:
    """Serve a task as a site file describes it. Raises SiteFileError."""
    path, ours = entry.path, entry.ours
    form = shaped(ours, TaskForm, path)
    function = _function(form.function, files, path)
    task = _task(entry, form, function, service)
    if task.label in service.tasks:
        raise SiteFileError(path, f"a second task {shown(task.label)}", "each task once in its service")
    timeline = _timeline(ours, task, service, path)
    served = service.add_task(
        task,
        _tool(ours, task, function, files, path),
        timeline=timeline,
        latency=latencies(ours.get("latency"), join(path, "latency")),
        blocking=function is not None or any(rule.function for rule in form.rules),
    )
    served.rules = [
        _rule(rule, served, files, f"{path}.rules[{i}]") for i, rule in enumerate(ours.get("rules") or ())
    ]


def _function(reference: str | None, files: SiteFolder, path: str) -> Callable[..., Any] | None:
    return None if reference is None else files.load_function(reference, join(path, "function"))


def _task(entry: Entry, form: TaskForm, function: Callable[..., Any] | None, service: ServedService) -> Task:
    """A task's descriptor; the signature of its function makes the parameters where the data has none."""
    execution_type = service.descriptor.execution_type
    if function is None or entry.said.get("parameters") is not None:
        return task_from(entry, execution_type, as_sent=not service.site.version_is_given)
    if not (entry.said.get("name") or entry.said.get("displayName")):
        entry = msgspec.structs.replace(entry, said={**entry.said, "name": function.__name__})
    task = task_from(entry, execution_type, as_sent=False)
    try:
        made = descriptor_from(function, label=task.label)
    except SiteError as error:
        raise _said_of_function(error, form.function, entry.path) from error
    return msgspec.structs.replace(
        task, parameters=made.parameters, description=task.description or made.description
    )


def _tool(
    data: Data, task: Task, function: Callable[..., Any] | None, files: SiteFolder, path: str
) -> Tool | None:
    """What makes the outputs; None where nothing was said of them."""
    if function is not None:
        if data.get("outputs") is not None:
            raise SiteFileError(join(path, "outputs"), "outputs beside function", "one of the two")
        try:
            return tool_from(function, task)
        except SiteError as error:
            raise _said_of_function(error, data["function"], path) from error
    if data.get("outputs") is None:
        return None
    return declared_outputs(task, parse_outputs(data["outputs"], task, files, join(path, "outputs")))


def _said_of_function(error: SiteError, reference: Any, path: str) -> SiteFileError:
    return SiteFileError(
        join(path, "function"), shown(reference), "a function that can be served", str(error)
    )


def _timeline(data: Data, task: Task, service: ServedService, path: str) -> Timeline | None:
    if data.get("timeline") is None:
        return None
    _check_it_has_jobs("timeline", service, path)
    return parse_timeline(
        data["timeline"],
        join(path, "timeline"),
        task_label=task.label,
        tool_name=task.name,
        style=service.profile.date_style,
        first=service.profile.first_status,
    )


def _check_it_has_jobs(key: str, service: ServedService, path: str) -> None:
    if service.is_synchronous:
        raise SiteFileError(join(path, key), key, f"none: {ANSWERS_AT_ONCE}")


def _rule(data: Data, served: ServedTask, files: SiteFolder, path: str) -> OutcomeRule:
    form = shaped(data, RuleForm, path)
    task = served.descriptor
    given = _timeline(data, task, served.service, path)
    tool = _tool(data, task, _function(form.function, files, path), files, path)
    endings = [key for key in ("fails", "timesOut", "neverEnds") if data.get(key)]
    if len(endings) > 1 or (endings and tool):
        met = " and ".join([*endings, *(key for key in ("outputs", "function") if data.get(key) is not None)])
        raise SiteFileError(path, met, "one way to end")
    if not endings and not tool and given is None:
        expected = "one of fails, timesOut, neverEnds, outputs, function, timeline"
        raise SiteFileError(path, "a rule that changes nothing", expected)
    if endings and endings != ["fails"]:
        _check_it_has_jobs(endings[0], served.service, path)
    try:
        changed = _ended(form, given or served.timeline) if endings else given
    except ProtocolError as error:
        raise SiteFileError.of(error, join(path, endings[0])) from None
    condition = parse_condition(data.get("when", {}), task, join(path, "when"))
    return OutcomeRule(condition, changed, tool, place=path)


def _ended(form: RuleForm, timeline: Timeline) -> Timeline:
    if form.times_out:
        return ending_with(timeline, JobStatus.TIMED_OUT)
    if form.never_ends:
        return never_ending(timeline)
    texts = [form.fails] if isinstance(form.fails, str) else form.fails
    return failing(timeline, texts if isinstance(texts, list) else ())
