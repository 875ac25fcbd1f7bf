"""Holding inputs to a task's parameters without running it."""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.descriptions.descriptors import Direction, Parameter
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.suggestions import some_of

from gp_mockserver.operations.results import written_input
from gp_mockserver.operations.runs import asks_for_the_form
from gp_mockserver.running.job_runs import unless_large
from gp_mockserver.running.task_inputs import read_environment, read_input, read_output_options
from gp_mockserver.wire.replies import FormReply, Reply
from gp_mockserver.wire.requests import Request

_MISSING: Final = 735
_NO_CHOICE: Final = 800
_OTHER: Final = 0
_MOST_CHOICES: Final = 100


async def validate(request: Request) -> Reply | FormReply:
    """ArcGIS REST, *Validate GP task* (12.0): an entry for each parameter, and all messages in one.

    The form is that of a recorded answer; code 735 and its text are from there. *Assumed*: that every service
    of that version has the capability, whose word is not known, unless the site says otherwise; that
    parameters are always enabled; code 800 for a value that is none of the choices, and 0 for one that does
    not fit otherwise; that a value is `isAltered` where the request gives one, and comes back as
    `inputs/<name>` has it. A browser that gives nothing gets a form.
    """
    if asks_for_the_form(request):
        return FormReply()
    size = sum(map(len, request.parameters.values()))
    await unless_large(size, read_environment, request.parameters, request.profile)
    return Reply(await unless_large(size, _validated, request))


def _validated(request: Request) -> dict[str, Any]:
    options = read_output_options(request, None)
    entries: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for parameter in request.task.descriptor.parameters:
        text = request.parameters.get(parameter.name, "")
        is_input = parameter.direction is Direction.INPUT
        message = _message(request, parameter, text) if is_input else None
        entry: dict[str, Any] = {
            "name": parameter.name,
            "isEnabled": True,
            "isAltered": is_input and bool(text.strip()),
            "hasBeenValidated": True,
        }
        if message is not None:
            entry["message"] = message
            messages.append(message)
        entry["value"] = written_input(request, parameter, text, options)["value"] if is_input else None
        entries.append(entry)
    return {"validationResults": entries, "additionalMessages": _joined(messages)}


def _message(request: Request, parameter: Parameter, text: str) -> dict[str, Any] | None:
    """What is wrong with an input, if anything is."""
    label = parameter.display_name or parameter.name
    try:
        _, is_missing = read_input(parameter, text, request.profile)
    except RemoteProtocolError as error:
        choices = parameter.choice_list
        if choices and error.expected == some_of(choices):
            listed = " | ".join(choices[:_MOST_CHOICES])
            return _error(_NO_CHOICE, f"{label}: The value is not a member of {listed}.")
        return _error(_OTHER, error.at(parameter.name).detail)
    return _error(_MISSING, f"{label}: Value is required") if is_missing else None


def _error(code: int, text: str) -> dict[str, Any]:
    """A message; one with a number begins with it."""
    description = f"ERROR {code:06}: {text}" if code else text
    return {"code": code, "description": description, "type": "error"}


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All messages as one, a line each, under the worst code."""
    if not messages:
        return []
    worst = max(messages, key=lambda message: int(message["code"]))
    return [worst | {"description": "\n".join(message["description"] for message in messages)}]
