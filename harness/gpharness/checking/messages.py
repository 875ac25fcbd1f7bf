"""The messages and the progress of a job or a run.

Source: ArcGIS REST, *GP job*. Esri's own Python client of the 10.x years also takes types that begin with
`esriGPMessageType`: those are odd, no more.
"""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.messages import MessageType, ProgressType

from gpharness.checking.looking import NOTHING, Looking, Phrase, is_number, met_at

_TYPES: Final = frozenset(MessageType)
_OLD: Final = frozenset(word.replace("esriJobMessageType", "esriGPMessageType") for word in MessageType)
_TYPE: Final = "a type such as esriJobMessageTypeInformative"


def check_messages(look: Looking, value: dict[str, Any], *, are_required: bool) -> None:
    """`messages` of an object: a list of objects, each with its type and text."""
    if "messages" not in value:
        if are_required:
            look.say("messages.shape", "messages", NOTHING, "a list of messages")
        return
    messages = value["messages"]
    if type(messages) is not list:
        look.say("messages.shape", "messages", messages, "a list of messages")
        return
    for index, message in enumerate(messages):
        if type(message) is dict:
            word, text = message.get("type"), message.get("description")
            if type(text) is str and type(word) is str and word in _TYPES:
                continue
            _check_message(look, message, f"messages[{index}]")
        else:
            look.say("messages.shape", f"messages[{index}]", message, "an object with type and description")
    if messages and look.asked("returnMessages").lower() == "false":
        look.say("messages.order", "messages", Phrase("messages"), "none, as returnMessages is false")


def _check_message(look: Looking, message: dict[str, Any], path: str) -> None:
    word = message.get("type")
    if type(word) is str and word in _OLD:
        look.note("messages.members", f"{path}.type", word, _TYPE)
    elif type(word) is not str or word not in _TYPES:
        look.say("messages.members", f"{path}.type", met_at(message, "type"), _TYPE)
    if type(message.get("description")) is not str:
        look.say("messages.members", f"{path}.description", met_at(message, "description"), "a text")


def check_progress(look: Looking, value: dict[str, Any], *, is_running: bool) -> None:
    """`progress` of a job, which only one that runs has."""
    if "progress" not in value:
        return
    progress = value["progress"]
    if not is_running:
        look.say("progress.shape", "progress", progress, "no progress in a job that does not run")
        return
    if type(progress) is not dict:
        look.say("progress.shape", "progress", progress, "an object with type, message and percent")
        return
    if progress.get("type") not in tuple(ProgressType):
        look.say("progress.shape", "progress.type", met_at(progress, "type"), "default or step")
    if type(progress.get("message")) is not str:
        look.say("progress.shape", "progress.message", met_at(progress, "message"), "a text")
    percent = progress.get("percent")
    if "percent" in progress and not (is_number(percent) and 0 <= percent <= 100):
        look.say("progress.shape", "progress.percent", percent, "a number from 0 to 100")
    if "percentage" in progress:
        look.say("progress.shape", "progress.percentage", progress["percentage"], "percent")
