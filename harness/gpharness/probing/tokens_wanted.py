"""What a contract tells of tokens: that a service asks for one, which only a request without one shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gp_protocol.error_envelopes import read_error

from gpharness.contracts.contract import Answer, Asked, Conversation
from gpharness.probing.operations import place_of

REQUIRED: Final = 499
"""The error's code to a request without a token (*Get started with the Services Directory*)."""
INVALID: Final = 498
"""The same with a wrong one."""

_HOST: Final = "https://host"


def code_of(answer: Answer) -> int:
    """The code of the protocol's error that an answer is; 0 where it is none."""
    error = read_error(answer.json)
    return error.code if error is not None else 0


def is_without_token(asked: Asked) -> bool:
    """Whether a request was sent without a token where one is needed, and has to be sent so again."""
    return code_of(asked.answer) == REQUIRED


def has_wrong_token(conversation: Conversation) -> bool:
    """Whether it is a request with a token that was refused. It cannot be repeated: no contract has it."""
    return conversation.kind == "request" and any(
        code_of(each.answer) == INVALID for each in conversation.asked
    )


def services_that_want_one(conversations: Iterable[Conversation]) -> Iterator[str]:
    """The services of which a conversation shows that they need a token."""
    for each in conversations:
        for asked in each.asked if each.kind == "request" else ():
            if is_without_token(asked):
                place = place_of(f"{_HOST}/{asked.path.lstrip('/')}", _HOST)
                yield place.service
