"""Near misses: what a request that was refused, or that fitted no rule, came closest to, and what differed.

One short text for a journal's entry, a line for each thing that differed:

    Viewshed_Distance: units "esriMile", did you mean "esriMiles"?
    Viewshed_Distanc: no such parameter, did you mean "Viewshed_Distance"?

A parameter that a task does not have is ignored by servers, and by the mock; only the journal tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from gp_protocol.errors import ProtocolError
from gp_protocol.suggestions import did_you_mean

from gp_mockserver.running.task_inputs import BadInputs
from gp_mockserver.tools.outcome_rules import differences

if TYPE_CHECKING:
    from gp_mockserver.sites import ServedTask
    from gp_mockserver.tools.outcome_rules import OutcomeRule
    from gp_mockserver.wire.replies import Refusal
    from gp_mockserver.wire.requests import Request

_NO_FAULT_OF_THE_REQUEST: Final = frozenset(
    {"tool-failed", "server-busy", "operation-failed", "not-implemented", "bad-gateway", "unavailable"}
    | {"gateway-timeout"}
)
_WORDS: Final[Mapping[str, str]] = {
    "service-not-found": "no such service",
    "map-service-not-found": "no such map or feature service",
    "feature-service-not-found": "no such map or feature service",
    "service-not-started": "the service is not started",
    "file-not-found": "no such file",
    "token-required": "a token is required, and the request brings none",
    "invalid-token": "the token",
    "bad-credentials": "the username or the password is wrong",
    "method-not-allowed": "method",
}
"""What begins a text whose details do not say it."""
_RUNS: Final = frozenset({"execute", "submitJob", "validate"})
_PASSED_OVER: Final = frozenset({"_", "_ts", "dojo.preventCache", "request.preventCache"})
"""Parameters by which browsers' clients keep caches out of the way."""
_MOST_NAMES: Final = 5
_LONGEST: Final = 300
"""Characters of one line."""


def near_miss(refusal: Refusal, request: Request | None = None) -> str:
    """Why a request was refused: what it came closest to, and what differed. Empty where the request was
    right and something else went wrong, as with a tool that failed.

    Without a request, as for an address that leads nowhere, the refusal alone tells. Tokens and passwords are
    masked.
    """
    if refusal.name in _NO_FAULT_OF_THE_REQUEST:
        return ""
    lines = list(_bad_inputs(refusal.inputs)) if refusal.inputs is not None else _told(refusal, request)
    if request is not None and request.address.operation in _RUNS and request.address.task is not None:
        lines += unknown_parameters(request.task, request.parameters)
    return _joined(lines, request)


def missed_in_run(
    request: Request, inputs: Mapping[str, Any] | BadInputs, rule: OutcomeRule | None = None
) -> str:
    """What a run that was accepted missed: parameters that its task does not have, inputs on which its job
    will fail, and the rules, where the task has some and none holds."""
    lines: list[str] = []
    if isinstance(inputs, BadInputs):
        lines += _bad_inputs(inputs)
    elif rule is None and request.task.rules:
        lines.append(missed_rules(request.task, inputs))
    return _joined([*unknown_parameters(request.task, request.parameters), *lines], request)


def missed_rules(task: ServedTask, inputs: Mapping[str, Any]) -> str:
    """The rule of a task that came closest to these inputs, the one with the fewest conditions that do not
    hold: which it is, and a line for each of them. Empty where the task has none, or where one holds."""
    closest: tuple[int, list[str]] | None = None
    for number, rule in enumerate(task.rules):
        missed = differences(rule.condition, inputs)
        if not missed:
            return ""
        if closest is None or len(missed) < len(closest[1]):
            closest = number, missed
    if closest is None:
        return ""
    number, missed = closest
    of_all = f"rule {number + 1} of {len(task.rules)}" if len(task.rules) > 1 else "the only rule"
    head = f"no rule holds; the closest is {of_all}, {task.rules[number].text}"
    return "\n".join([head, *(f"  {_cut(each)}" for each in missed)])


def unknown_parameters(task: ServedTask, names: Mapping[str, str]) -> list[str]:
    """A line for each parameter of a run that neither the task nor the operation has."""
    inputs = [parameter.name for parameter in task.descriptor.inputs]
    unknown = [
        name for name in names if not (name in task.taken or name in _PASSED_OVER or name.startswith("env:"))
    ]
    lines = [_with_hint(f"{_cut(name)}: no such parameter", did_you_mean(name, inputs)) for name in unknown]
    if len(lines) > _MOST_NAMES:
        lines[_MOST_NAMES:] = [f"{len(lines) - _MOST_NAMES} more that are no parameters"]
    return lines


def _bad_inputs(inputs: BadInputs) -> Iterator[str]:
    for fault in inputs.faults:
        yield _fault(fault)
    for parameter in inputs.missing:
        yield f"{parameter.name}: no value, and one is required"


def _fault(error: ProtocolError) -> str:
    """A fault in few words: its detail lists all that would have been right, the nearest of it is enough."""
    ends = [place for mark in ".[" if (place := error.path.find(mark)) > 0]
    name = error.path[: min(ends)] if ends else error.path
    rest = error.path[len(name) :].removeprefix(".")
    met = f"{rest} {error.met}" if rest else error.met
    if error.remedy.startswith("did you mean"):
        return f"{name}: {met}, {error.remedy}"
    return f"{name}: {met}, expected {error.expected}" + (error.remedy and f"; {error.remedy}")


def _told(refusal: Refusal, request: Request | None) -> list[str]:
    """What the refusal says, led in by what it is about where it does not say so."""
    details = list(refusal.details)
    if refusal.name == "unknown-job" and request is not None and (other := _task_of_job(request)):
        return [f"job {request.address.job_id[:80]} is one of {other}, not of {request.task.path}"]
    word = _WORDS.get(refusal.name, "")
    about = refusal.fill.get("service", "")
    if refusal.name == "file-not-found" and request is not None:
        about = request.address.name
    if word and about:
        return [_with_hint(f"{about}: {word}", "; ".join(details))]
    if not details:
        return [refusal.hint or word or refusal.name.replace("-", " ")]
    if refusal.name in ("invalid-token", "method-not-allowed"):
        details[0] = f"{word}: {details[0]}"
    return details


def _task_of_job(request: Request) -> str:
    """The task whose job was asked for at another's address."""
    record = request.site.store.get(request.address.job_id, request.arrived)
    if record is None or request.address.task is None:
        return ""
    return "" if record.submission.task == request.task.path else record.submission.task


def _with_hint(text: str, hint: str) -> str:
    return f"{text}, {hint}" if hint else text


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _joined(lines: list[str], request: Request | None) -> str:
    if not lines:
        return ""
    from gp_mockserver.security.masking import masked, secrets_of

    text = "\n".join(_cut(line) if "\n" not in line else line for line in lines)
    secrets = [] if request is None else secrets_of(request.parameters, request.caller.header)
    return masked(text, secrets)
