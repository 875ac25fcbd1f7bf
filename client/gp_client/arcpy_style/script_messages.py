"""Messages as ArcPy tells them: their severities, their numbers, and those that a script adds.

Source: ArcPy, *Result*, *GetMessages*, *GetAllMessages*. A severity is 0 (informative), 1 (warning) or 2
(error). *Assumed*: the numbers of `GetAllMessages` from 50 up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gp_protocol.messages import Message, MessageType

INFORMATIVE, WARNING, ERROR = 0, 1, 2

_NUMBERS = {
    MessageType.INFORMATIVE: 0,
    MessageType.PROCESS_DEFINITION: 1,
    MessageType.PROCESS_START: 2,
    MessageType.PROCESS_STOP: 3,
    MessageType.WARNING: 50,
    MessageType.ERROR: 100,
    MessageType.EMPTY: 101,
    MessageType.ABORT: 102,
}
_SEVERITIES = {MessageType.WARNING: WARNING, MessageType.ERROR: ERROR, MessageType.ABORT: ERROR}
_TYPES = (MessageType.INFORMATIVE, MessageType.WARNING, MessageType.ERROR)
_CODE = re.compile(r"\s*(?:ERROR|WARNING):?\s+(\d{1,9})\b")


def message_of(severity: int, text: str) -> Message:
    return Message(_TYPES[severity], text)


def severity_of(message: Message) -> int:
    return _SEVERITIES.get(message.type, INFORMATIVE)


def max_severity(messages: Sequence[Message]) -> int:
    """The greatest one; 0 where there is no message."""
    return max(map(severity_of, messages), default=INFORMATIVE)


def joined(messages: Sequence[Message], severity: int | None = None) -> str:
    """Their texts, one below the other: all, or those of one severity."""
    return "\n".join(
        each.description for each in messages if severity is None or severity_of(each) == severity
    )


def numbered(messages: Sequence[Message]) -> list[list[int | str]]:
    """`[type, code, text]` for each message; the code is that of `ERROR 000735: …`, else 0."""
    return [[_NUMBERS.get(each.type, 0), _code(each.description), each.description] for each in messages]


def _code(text: str) -> int:
    found = _CODE.match(text)
    return int(found[1]) if found else 0
