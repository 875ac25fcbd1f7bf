"""Tasks: how their jobs go, and the rules that say otherwise for some inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.job_states import JobStatus
from msgspec import Meta

from gp_mockserver.configuration.conditions import parse_condition
from gp_mockserver.configuration.durations import Duration, parse_duration
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.configuration.timeline_forms import TimelineForm, parse_timeline
from gp_mockserver.control.answers import Cleared, RuleInfo, RuleList, TimelineInfo
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.data_only import check_outputs
from gp_mockserver.control.job_actions import GateName
from gp_mockserver.control.refusals import ControlError
from gp_mockserver.control.timeline_infos import timeline_info
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.timeline_changes import ending_with, failing, lasting, never_ending
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.served_services import ANSWERS_AT_ONCE
from gp_mockserver.tools.outcome_rules import OutcomeRule, when_text
from gp_mockserver.tools.output_sources import OutputForm, declared_outputs, parse_outputs

if TYPE_CHECKING:
    from gp_mockserver.sites import ServedTask
    from gp_mockserver.tools.tool_calls import Tool

_PHASES: Final = {
    "submitted": JobStatus.SUBMITTED,
    "waiting": JobStatus.WAITING,
    "executing": JobStatus.EXECUTING,
}
_ENDINGS: Final = ("fails", "succeeds", "timesOut", "neverEnds", "holdsAt")


class TaskRuleForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Where the inputs are as `when` says, jobs go otherwise: at most one of `fails` (true, or the error
    messages), `succeeds`, `timesOut`, `neverEnds` and `holdsAt`; other `outputs`, a `timeline`.

    `after` or `afterPolls`: how long a job that succeeds executes. A job that is held at a status waits there
    for its `gate`. The rule that was made last is asked first.
    """

    when: Annotated[dict[str, Any], Meta(description="a mapping of inputs to what must hold of them")] = {}
    fails: Annotated[bool | str | list[str], Meta(description="true, or a list of error messages")] = False
    succeeds: bool = False
    times_out: bool = False
    never_ends: bool = False
    holds_at: Literal["submitted", "waiting", "executing"] | None = None
    gate: GateName | None = None
    after: Duration | None = None
    after_polls: Annotated[int, Meta(ge=1, le=10**6, description="a whole number, 1 or more")] | None = None
    outputs: dict[str, OutputForm] | None = None
    timeline: TimelineForm | None = None


async def timeline(ask: Ask) -> TimelineInfo:
    return timeline_info(ask.find_task().timeline)


async def set_timeline(ask: Ask, form: TimelineForm) -> TimelineInfo:
    """Jobs that are there go on as they were to; rules that were made before keep theirs."""
    task = ask.find_task()
    _check_it_has_jobs(task, "a timeline")
    task.timeline = _parsed(task, ask.data, "")
    return timeline_info(task.timeline)


async def rules(ask: Ask) -> RuleList:
    return _rules(ask.find_task())


async def add_rule(ask: Ask, form: TaskRuleForm) -> RuleList:
    task = ask.find_task()
    said = [key for key in _ENDINGS if ask.data.get(key) not in (None, False)]
    if len(said) > 1:
        raise SiteFileError("", " and ".join(said), "one way to end")
    if form.outputs is not None and said not in ([], ["succeeds"]):
        raise SiteFileError("outputs", f"outputs of a job that {said[0]}", "those of one that succeeds")
    if not said and form.outputs is None and form.timeline is None:
        expected = f"one of {', '.join(_ENDINGS)}, outputs, timeline"
        raise SiteFileError("", "a rule that changes nothing", expected)
    _check_companions(form, said)
    try:
        changed = _changed(task, form, ask.data, said)
    except ProtocolError as error:
        raise SiteFileError.of(error, said[0] if said else "timeline") from None
    tool = _tool(task, ask.data)
    condition = parse_condition(ask.data.get("when", {}), task.descriptor, "when")
    word = said[0] if said else "outputs" if tool is not None else "timeline"
    rule = OutcomeRule(condition, changed, tool, word=word, place="the control API", must_apply=True)
    task.rules.insert(0, rule)
    return _rules(task)


async def clear_rules(ask: Ask) -> Cleared:
    """Its jobs go as its timeline says, whatever their inputs."""
    task = ask.find_task()
    count = len(task.rules)
    task.rules.clear()
    return Cleared(count)


def _rules(task: ServedTask) -> RuleList:
    told = [
        RuleInfo(i, rule.text, getattr(rule.condition, "when", when_text(rule.condition)), rule.applied)
        for i, rule in enumerate(task.rules, 1)
    ]
    return RuleList(task.path, told)


def _check_companions(form: TaskRuleForm, said: list[str]) -> None:
    """Raises SiteFileError for a word that says something only beside another."""
    succeeds = not said or said == ["succeeds"]
    for key, given in (("after", form.after), ("afterPolls", form.after_polls)):
        if given is not None and not (succeeds and (said or form.outputs is not None)):
            raise SiteFileError(key, f"{key} without succeeds", "one of a job that succeeds")
    if form.after is not None and form.after_polls is not None:
        raise SiteFileError("afterPolls", "afterPolls beside after", "one of the two")
    if form.gate is not None and form.holds_at is None:
        raise SiteFileError(
            "gate", "a gate without holdsAt", "a status in which jobs wait for it", "add holdsAt"
        )


def _changed(task: ServedTask, form: TaskRuleForm, data: dict[str, Any], said: list[str]) -> Timeline | None:
    given = None
    if form.timeline is not None:
        _check_it_has_jobs(task, "a timeline")
        given = _parsed(task, data["timeline"], "timeline")
    base = given or task.timeline
    lasts = form.after is not None or form.after_polls is not None
    if lasts or (said and said[0] not in ("fails", "succeeds")):
        _check_it_has_jobs(task, said[0] if said else "after")
    match said:
        case ["fails"]:
            texts = [form.fails] if isinstance(form.fails, str) else form.fails
            return failing(base, texts if isinstance(texts, list) else ())
        case ["timesOut"]:
            return ending_with(base, JobStatus.TIMED_OUT)
        case ["neverEnds"]:
            return never_ending(base)
        case ["holdsAt"]:
            assert form.holds_at is not None
            status = _PHASES[form.holds_at]
            if status is JobStatus.SUBMITTED and base.first_status is JobStatus.NEW:
                status = JobStatus.NEW
            return lasting(base, status, hold=form.gate or "gate")
    if said or lasts:
        base = given = ending_with(base, JobStatus.SUCCEEDED)
    if form.after is not None:
        return lasting(base, JobStatus.EXECUTING, seconds=parse_duration(form.after, "after"))
    if form.after_polls is not None:
        return lasting(base, JobStatus.EXECUTING, polls=form.after_polls)
    return given


def _tool(task: ServedTask, data: dict[str, Any]) -> Tool | None:
    if data.get("outputs") is None:
        return None
    check_outputs(data["outputs"], "outputs")
    sources = parse_outputs(data["outputs"], task.descriptor, SiteFolder(None), "outputs")
    return declared_outputs(task.descriptor, sources)


def _parsed(task: ServedTask, data: Any, path: str) -> Timeline:
    return parse_timeline(
        data,
        path,
        task_label=task.descriptor.label,
        tool_name=task.descriptor.name,
        style=task.service.profile.date_style,
        first=task.service.profile.first_status,
    )


def _check_it_has_jobs(task: ServedTask, what: str) -> None:
    if task.service.is_synchronous:
        raise ControlError(409, f"task {task.path}: met {what}; {ANSWERS_AT_ONCE}")
