"""A contract as it is replayed: its conversations are read when they are needed, a few are remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from gp_protocol.error_envelopes import read_error
from msgspec import UNSET

from gpharness.contracts.contract import Answer, Asked, Contract, Conversation
from gpharness.recording.own_hosts import results_in, roots_told

JOB: Final = "{job}"
"""What stands in a recorded path for the job."""
_REMEMBERED: Final = 32
_SCRIPT: Final = re.compile(r"(?:/\*\*/)?\s*[\w$.\[\]]+\s*\((.*)\)\s*;?", re.DOTALL)


class Recording:
    """One contract. `roots` are the addresses of the server's context that its answers may hold."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.roots: Sequence[str] = _roots(contract)
        self._read = lru_cache(maxsize=_REMEMBERED)(self._conversation)

    def _conversation(self, number: int) -> Conversation:
        return self.contract.conversations[number]

    def __len__(self) -> int:
        return len(self.contract.conversations)

    def conversation(self, number: int) -> Conversation:
        """The conversation that stands there."""
        kept = self.contract.conversations
        return kept[number] if isinstance(kept, list | tuple) else self._read(number)

    def value(self, answer: Answer) -> Any:
        """The JSON value of an answer, also of one in a file beside the contract, and of one that was
        recorded as a script's callback; UNSET where it has none, or JSON that is served as it was sent."""
        if answer.json is not UNSET:
            return answer.json
        text = answer.text.strip() if isinstance(answer.text, str) else ""
        if (found := _SCRIPT.fullmatch(text)) is not None:
            return _decoded(found[1].encode())
        return _decoded(self.body(answer)) if answer.body else UNSET

    def body(self, answer: Answer) -> bytes:
        """The bytes of an answer. Raises ContractFileError where its file is missing or another."""
        from gpharness.contracts.answers import answer_bytes

        return answer_bytes(self.contract, answer)

    def note_roots(self, conversation: Conversation) -> None:
        """Take in the addresses of the server's own below which the results of a conversation say that their
        files are."""
        told = [answer.json for answer in conversation.results.values()]
        if conversation.kind == "execute" and conversation.submission is not None:
            told += results_in(conversation.submission.json)
        new = [root for root in roots_told(told) if root not in self.roots]
        if new:
            self.roots = tuple(sorted({*self.roots, *new}, key=len, reverse=True))

    def is_error(self, answer: Answer) -> bool:
        """Whether an answer is one of the protocol's errors, or of a status that is none of success."""
        return answer.status >= 400 or read_error(self.value(answer)) is not None


class Place(msgspec.Struct, frozen=True):
    """Where an answer stands: a conversation of a recording, and which of what was asked in it; -1: its
    submission."""

    recording: Recording
    number: int
    asked: int = -1

    @property
    def conversation(self) -> Conversation:
        return self.recording.conversation(self.number)

    @property
    def answer(self) -> Answer:
        """The recorded answer. Raises LookupError where the conversation has none."""
        conversation = self.conversation
        answer = conversation.submission if self.asked < 0 else conversation.asked[self.asked].answer
        if answer is None:
            raise LookupError(f"conversation {conversation.name!r} has no submission's answer")
        return answer

    @property
    def job_id(self) -> str:
        return job_id_of(self.conversation)


def job_id_of(conversation: Conversation) -> str:
    """The recorded id of a conversation's job, as the submission's answer has it; empty without a job."""
    said = conversation.submission.json if conversation.submission is not None else UNSET
    told = said.get("jobId") if isinstance(said, Mapping) else None
    return conversation.job_id or (told if isinstance(told, str) else "")


def error_code(answer: Answer) -> int:
    """The code of the protocol's error, the HTTP status of any other failure, 0 for a success."""
    error = read_error(answer.json) if answer.json is not UNSET else None
    if error is not None and error.code:
        return error.code
    return answer.status if answer.status >= 400 else 0


def plain_path(path: str) -> str:
    """A path below the context as paths are compared: decoded, without slashes around it or twice."""
    return "/".join(unquote(segment) for segment in path.partition("?")[0].split("/") if segment)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return UNSET


def path_of(asked: Asked, job_id: str) -> str:
    """The path of what was asked, with `{job}` wherever the job's recorded id stands."""
    path = plain_path(asked.path)
    return path.replace(job_id, JOB) if job_id else path


def _roots(contract: Contract) -> Sequence[str]:
    """The server's own address, and the one at which it was recorded, by http and https."""
    found: list[str] = []
    for address in (contract.server.url, _root_in(contract.provenance.of)):
        address = address.rstrip("/")
        if "://" not in address or not urlsplit(address).netloc:
            continue
        _, _, rest = address.partition("://")
        found += [address, f"http://{rest}", f"https://{rest}"]
    return tuple(sorted(dict.fromkeys(found), key=len, reverse=True))


def _root_in(address: str) -> str:
    """The context's address within that of one of its resources; a page that describes a server is none."""
    root, mark, _ = address.partition("/rest/services")
    return root if mark and urlsplit(root).path.strip("/") else ""
