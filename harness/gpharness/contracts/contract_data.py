"""A contract as data of JSON's kinds, in the order of the format's own description, and the bodies that get
files."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET

from gpharness.contracts.answers import DEEPEST, LARGEST, body_name, body_of, json_bytes
from gpharness.contracts.contract import Answer, Contract, Conversation

_MAIN: Final = ("server", "varies", "catalogue", "services", "tasks")


def main_data(contract: Contract) -> dict[str, Any]:
    """All of a contract but its conversations; what says nothing is left out."""
    data: dict[str, Any] = {
        "format": contract.format,
        "provenance": msgspec.to_builtins(contract.provenance),
    }
    for name in _MAIN:
        value = msgspec.to_builtins(getattr(contract, name))
        if value:
            data[name] = value
    return data


def conversation_data(
    contract: Contract, conversation: Conversation
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A conversation, and what stands in files beside it, by name: what is no text, and what is large.

    Raises ContractFileError where a body that already has a file cannot be read.
    """
    bodies: dict[str, bytes] = {}

    def placed(answer: Answer) -> Answer:
        return _placed(contract, answer, bodies)

    whole = msgspec.structs.replace(
        conversation,
        submission=None if conversation.submission is None else placed(conversation.submission),
        trace=[msgspec.structs.replace(each, answer=placed(each.answer)) for each in conversation.trace],
        results={name: placed(each) for name, each in conversation.results.items()},
        asked=[msgspec.structs.replace(each, answer=placed(each.answer)) for each in conversation.asked],
    )
    return msgspec.to_builtins(whole), bodies


def _placed(contract: Contract, answer: Answer, bodies: dict[str, bytes]) -> Answer:
    """The answer with its body where it belongs."""
    kind = answer.headers.get("content-type", "")
    if answer.body:
        bodies[answer.body] = body_of(contract, answer.body)
        return answer
    if answer.content is not UNSET:
        body = answer.content
    elif answer.json is not UNSET:
        body = json_bytes(answer.json)
        if len(body) <= LARGEST and _depth(answer.json) <= DEEPEST:
            return answer
        kind = "application/json"
    elif answer.text is not UNSET:
        body = answer.text.encode("utf-8", "surrogatepass")
        if len(body) <= LARGEST:
            return answer
        kind = kind or "text/plain"
    else:
        return answer
    name = body_name(body, kind)
    bodies[name] = body
    return msgspec.structs.replace(answer, json=UNSET, text=UNSET, content=UNSET, body=name)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
