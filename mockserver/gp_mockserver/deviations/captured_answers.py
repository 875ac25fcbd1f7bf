"""The answer that an operation would send, taken instead of sent, and what a deviation has to know of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from gp_mockserver.deviations.given_answers import GivenAnswer

if TYPE_CHECKING:
    from starlette.types import Message, Send

    from gp_mockserver.deviations.selectors import Occasion

RELEASE: Final = "gpharness.release"
"""Where the scope of a request whose answer is being taken has what lets go of it, as far as it has come."""


def job_status(answer: GivenAnswer, occasion: Occasion) -> str:
    """The status that the answer to a poll, a submit or a cancel says."""
    if occasion.operation not in ("job", "submit", "cancel") or b"jobStatus" not in answer.body:
        return ""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return ""
    status = value.get("jobStatus") if isinstance(value, dict) else None
    return status if isinstance(status, str) else ""


class Capture:
    """Takes the messages of an answer. One that grows too long goes on as it comes."""

    def __init__(self, send: Send, longest: int) -> None:
        self._send = send
        self._longest = longest
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._passes = False
        self.answer: GivenAnswer | None = None
        """The whole answer, once it has come."""

    async def take(self, message: Message) -> None:
        """ASGI's `send`."""
        if self._passes or message["type"] not in ("http.response.start", "http.response.body"):
            await self._send(message)
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        body = message.get("body", b"")
        self._parts.append(body)
        self._size += len(body)
        more = message.get("more_body", False)
        if self._size > self._longest and more:
            await self.release()
        elif not more:
            assert self._start is not None
            headers = [each for each in self._start["headers"] if each[0].lower() != b"content-length"]
            self.answer = GivenAnswer(self._start["status"], headers, b"".join(self._parts))

    async def release(self) -> None:
        """Send on what has come, and from now on what comes: it has grown too long, or will have no end."""
        if self._start is None or self._passes:
            return
        self._passes = True
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": b"".join(self._parts), "more_body": True})
        self._parts.clear()
