"""The exchanges of any client, in any order, put together as a contract: descriptions, one conversation for
each run of a task, and the errors that were provoked.

Several jobs may have gone on at once, polls may have failed and been repeated, other servers may have been
asked in between. What no contract has a place for is told, with how often it was met.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final
from unicodedata import normalize

import msgspec
from gp_protocol.errors import LocalProtocolError
from gp_protocol.versions import profile
from msgspec import UNSET

from gpharness.contracts.contract import Answer, Contract, Conversation, Provenance, Server
from gpharness.probing.exchanges import Exchange
from gpharness.probing.tokens_wanted import REQUIRED as TOKEN_REQUIRED
from gpharness.recording.assembled_jobs import conversation_of
from gpharness.recording.own_hosts import results_in, roots_told
from gpharness.recording.pieces import Piece
from gpharness.recording.placing import Placed, likely_root, placed, same_root

_OPTIONS: Final = frozenset(
    {"f", "token", "context", "env:outSR", "env:processSR", "returnZ", "returnM", "returnTrueCurves"}
    | {"returnFeatureCollection", "returnColumnName", "simplifyFeatures", "returnMessages", "returnType"}
)
"""Parameters of execute and submitJob that are no inputs, unless the task's descriptor has one of that name
(*Execute task*, *Submit job*)."""
_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")
_MOST_NAMED: Final = 5
_FILES: Final = b"/rest/directories/"
_ESCAPED_FILES: Final = rb"\/rest\/directories\/"
_WITH_RESULTS: Final = frozenset({"result", "results", "execute"})


def contract_of(
    exchanges: Iterable[Exchange],
    provenance: Provenance,
    root: str | None = None,
    *,
    keeps_refusals: bool = False,
) -> tuple[Contract, list[str]]:
    """A contract, and what could not be used, as lines such as `3 requests: pages for people (f=html)`.

    `root` is the address of the server's context; without one it is that below which most was asked of
    geoprocessing services. Exchanges are taken in the order of their times. `keeps_refusals`: of what a
    service refused for want of a token the first stays, though it was sent again with one.
    """
    ordered = sorted(exchanges, key=lambda each: each.at)
    root = root or likely_root(each.url for each in ordered)
    return _Assembling(root.rstrip("/"), provenance, keeps_refusals).of(ordered)


class _Assembling:
    def __init__(self, root: str, provenance: Provenance, keeps_refusals: bool) -> None:
        self._root = root
        self._keeps_refusals = keeps_refusals
        if not provenance.of and provenance.source == "recorded":
            provenance = msgspec.structs.replace(provenance, of=root)
        self.contract = Contract(provenance, server=Server(url=root))
        self._own: list[str] = []
        """Other addresses of the context, below which the server has files."""
        self._left: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._found: list[tuple[float, Conversation]] = []
        self._names: Counter[str] = Counter()
        self._answers: dict[str, list[Answer]] = {}
        """To executions and single requests, by what was asked."""
        self._alike: dict[object, Piece] = {}
        """By all that an exchange has but its time."""
        self._placed = cache(lambda url: placed(url, self._root or None))

    def of(self, exchanges: Sequence[Exchange]) -> tuple[Contract, list[str]]:
        self._own = list(dict.fromkeys(self._own_roots(exchanges)))
        pieces = [piece for each in exchanges if (piece := self._usable(each)) is not None]
        pieces = self._without_overcome(pieces)
        rest = [each for each in pieces if not self._describes(each)]
        self._note_version()
        runs = [each for each in rest if each.submitted or _is_executed(each)]
        others = [each for each in rest if not (each.submitted or _is_executed(each))]
        self._assemble(runs, others)
        self.contract.conversations = [each for _, each in sorted(self._found, key=lambda one: one[0])]
        return self.contract, self._told()

    # What can be used

    def _usable(self, exchange: Exchange) -> Piece | None:
        key = (exchange.method, exchange.url, exchange.status, exchange.body, exchange.request_body)
        rest = (exchange.headers, exchange.request_headers, exchange.fault)
        alike = self._alike.get((key, rest))
        if alike is not None:
            return alike.again(exchange)
        piece = self._usable_once(exchange)
        if piece is not None:
            self._alike[key, rest] = piece
        return piece

    def _usable_once(self, exchange: Exchange) -> Piece | None:
        place = self._placed(exchange.url)
        if exchange.status is None or exchange.fault not in (None, "slow"):
            self._leave(f"not answered ({exchange.fault_text or exchange.fault or 'nothing is known why'})")
        elif not self._root or not self._is_ours(place):
            self._hosts[exchange.url.partition("://")[2].partition("/")[0].rpartition("@")[2]] += 1
        elif exchange.method.upper() not in ("GET", "POST"):
            self._leave(f"{exchange.method.upper()}, which the protocol does not have")
        elif not (exchange.operation or place.operation):
            self._leave(f"no geoprocessing: {place.other or place.path}")
        else:
            piece = Piece(exchange, place)
            if reason := _unusable(piece):
                self._leave(reason)
            else:
                return piece
        return None

    def _is_ours(self, place: Placed) -> bool:
        if not place.root:
            return False
        others = self._own if place.operation == "file" else ()
        return any(same_root(place.root, each) for each in (self._root, *others))

    def _own_roots(self, exchanges: Sequence[Exchange]) -> Iterator[str]:
        met: set[tuple[str, bytes]] = set()
        for each in exchanges:
            if (each.url, each.body) in met:
                continue
            met.add((each.url, each.body))
            if _FILES not in each.body and _ESCAPED_FILES not in each.body:
                continue
            place = self._placed(each.url)
            if place.operation in _WITH_RESULTS and self._is_ours(place):
                yield from roots_told(results_in(Piece(each, place).json))

    def _leave(self, reason: str, count: int = 1) -> None:
        self._left[reason] += count

    def _without_overcome(self, pieces: list[Piece]) -> list[Piece]:
        """Without requests that failed for a moment, and succeeded when they were sent again."""
        wanting: dict[str, Piece] = {}
        for piece in pieces if self._keeps_refusals else ():
            if piece.error is not None and piece.error.code == TOKEN_REQUIRED:
                wanting.setdefault(piece.service, piece)
        succeeded: set[tuple[str, str, str]] = set()
        kept: list[Piece] = []
        for piece in reversed(pieces):
            if not piece.has_failed:
                succeeded.add(piece.same)
            elif (
                piece.same in succeeded
                and piece.has_failed_for_now
                and piece is not wanting.get(piece.service)
            ):
                code = piece.error.code if piece.error is not None else piece.exchange.status
                self._leave(f"answered {code}, and sent again with success")
                continue
            kept.append(piece)
        return kept[::-1]

    # Descriptions

    def _describes(self, piece: Piece) -> bool:
        """Take what describes the server; whether the piece did."""
        if piece.has_failed or not isinstance(piece.json, dict):
            return False
        match piece.operation:
            case "info":
                self.contract.server.info = piece.json
            case "catalogue" if not piece.name:
                self.contract.catalogue = piece.json
            case "service":
                self._describe(self.contract.services, piece.service, piece.json)
            case "task":
                self._describe(self.contract.tasks, piece.task, piece.json)
            case _:
                return False
        return True

    def _describe(self, known: dict[str, Any], name: str, met: dict[str, Any]) -> None:
        if known.setdefault(name, met) != met:
            known[name] = met
            self._leave(f"{name} was described otherwise before: its last description counts")

    def _note_version(self) -> None:
        described = [self.contract.server.info, self.contract.catalogue, *self.contract.services.values()]
        for each in described:
            number = each.get("currentVersion") if isinstance(each, dict) else None
            if isinstance(number, int | float) and not isinstance(number, bool):
                try:
                    self.contract.server.version = profile(number).name
                except LocalProtocolError:
                    continue
                return

    # Conversations

    def _assemble(self, runs: list[Piece], others: list[Piece]) -> None:
        jobs = self._jobs(runs)
        about: dict[str, list[Piece]] = {job_id: [] for job_id in jobs}
        executed = [each for each in runs if not each.submitted]
        files: dict[int, list[Piece]] = {}
        for piece in others:
            if piece.job_id in about:
                about[piece.job_id].append(piece)
            elif piece.operation in ("file", "upload") and not piece.has_failed:
                owner = _owner(piece, [*jobs.values(), *executed], about)
                if owner is None:
                    self._leave(f"{piece.operation}: of no run that was seen")
                elif owner.submitted:
                    about[owner.submitted].append(piece)
                else:
                    files.setdefault(id(owner), []).append(piece)
            elif piece.has_failed or piece.operation in ("catalogue", "upload"):
                self._add_request(piece)
            elif piece.job_id:
                self._leave(f"{piece.operation}: of a job whose submission was not seen")
            else:
                self._leave(f"{piece.operation}: the answer is none that the protocol has")
        for job_id, submission in jobs.items():
            self._add_job(submission, about[job_id])
        for run in executed:
            self._add_execute(run, files.get(id(run), []))

    def _jobs(self, runs: list[Piece]) -> dict[str, Piece]:
        jobs: dict[str, Piece] = {}
        for each in runs:
            if each.submitted and jobs.setdefault(each.submitted, each) is not each:
                self._leave("submit: answered with a job that was submitted before")
        return jobs

    def _add_job(self, submission: Piece, about: list[Piece]) -> None:
        if not about:
            self._leave("submit: nothing was asked of its job afterwards")
            return
        about.sort(key=lambda each: each.exchange.at)
        last = [each.status_word for each in about if each.operation == "job" and each.status_word][-1:]
        ending = last[0].removeprefix("esriJob").lower() if last else ""
        words = [_label(submission.task), "" if ending == "succeeded" else ending]
        conversation = conversation_of(submission, about, self._name(*words))
        conversation.inputs, conversation.parameters = self._parted(submission)
        self._found.append((submission.exchange.at, conversation))

    def _add_execute(self, run: Piece, files: list[Piece]) -> None:
        inputs, parameters = self._parted(run)
        answer = run.answer
        if self._is_known((run.task, sorted(inputs.items()), sorted(parameters.items())), answer):
            self._leave("execute: the same as before, with the same answer")
            return
        conversation = Conversation(
            name=self._name(_label(run.task)),
            kind="execute",
            task=run.task,
            inputs=inputs,
            parameters=parameters,
            method=run.exchange.method.upper(),
            submission=answer,
            asked=[each.asked() for each in files],
        )
        self._found.append((run.exchange.at, conversation))

    def _add_request(self, piece: Piece) -> None:
        asked = piece.asked()
        if self._is_known((asked.method, asked.path, sorted(asked.parameters.items())), asked.answer):
            self._leave(f"{piece.operation}: the same as before, with the same answer")
            return
        code = piece.error.code if piece.error is not None else piece.exchange.status
        what = f"error-{code}" if piece.has_failed else piece.name
        conversation = Conversation(
            name=self._name(_label(piece.task or piece.service), piece.operation, what),
            kind="request",
            task=piece.task,
            method=asked.method,
            asked=[asked],
        )
        self._found.append((piece.exchange.at, conversation))

    def _is_known(self, asked: tuple[Any, ...], answer: Answer) -> bool:
        """Whether the same was asked before, and answered the same."""
        answers = self._answers.setdefault(repr(asked), [])
        if answer in answers:
            return True
        answers.append(answer)
        return False

    def _parted(self, run: Piece) -> tuple[dict[str, str], dict[str, str]]:
        """The inputs of a run, and its other parameters."""
        described = self.contract.tasks.get(run.task)
        listed = described.get("parameters") if isinstance(described, dict) else None
        named = (
            [each.get("name") for each in listed if isinstance(each, dict)]
            if isinstance(listed, list)
            else []
        )
        known = {each for each in named if isinstance(each, str)}
        inputs: dict[str, str] = {}
        parameters: dict[str, str] = {}
        for name, value in run.parameters.items():
            is_input = name in known if name in _OPTIONS or known else True
            (inputs if is_input and name not in ("f", "token") else parameters)[name] = value
        return inputs, parameters

    def _name(self, *words: str) -> str:
        """A name for a conversation that no other has, and that a file may have."""
        plain = [normalize("NFKD", word).encode("ascii", "ignore").decode() for word in words]
        parts = [_NAMES.sub("-", word).strip("-").lower() for word in plain]
        stem = "-".join(part for part in parts if part)[:80].strip("-") or "conversation"
        self._names[stem] += 1
        return stem if self._names[stem] == 1 else self._name(f"{stem}-{self._names[stem]}")

    def _told(self) -> list[str]:
        lines = [f"{_requests(count)}: {reason}" for reason, count in self._left.most_common()]
        if self._hosts:
            first = ", ".join(host for host, _ in self._hosts.most_common(_MOST_NAMED))
            more = len(self._hosts) - _MOST_NAMED
            where = f"{first} and {more} more" if more > 0 else first
            what = f"not below {self._root}" if self._root else "of no geoprocessing server"
            lines.append(f"{_requests(self._hosts.total())}: {what} ({where})")
        return lines


def _unusable(piece: Piece) -> str:
    status = piece.exchange.status or 0
    if piece.operation == "token":
        return "signing in, of which a contract holds nothing"
    if piece.submitted:
        return ""
    if status == 304:
        return "answered 304, without what the client had already"
    if 300 <= status < 400:
        return "redirected"
    if status < 200:
        return f"answered {status}, which is no final answer"
    if piece.is_page and piece.wants_page and piece.operation != "file":
        return "pages for people (f=html)"
    return ""


def _is_executed(piece: Piece) -> bool:
    return piece.operation == "execute" and not piece.has_failed and not piece.is_page


def _owner(piece: Piece, runs: Sequence[Piece], about: dict[str, list[Piece]]) -> Piece | None:
    """The run that an uploaded item was for, or that a file is of."""
    if piece.operation == "upload":
        item = piece.json.get("item") if isinstance(piece.json, dict) else None
        item_id = item.get("itemID") if isinstance(item, dict) else None
        wanted = str(item_id or piece.name)
        return next(
            (run for run in runs if wanted and any(wanted in each for each in run.parameters.values())), None
        )
    told = piece.exchange.url.partition("?")[0].rpartition("/rest/")[2].encode()
    for run in runs:
        said = [run, *about.get(run.submitted, ())]
        if any(told in each.plain for each in said if each.json is not UNSET):
            return run
    return None


def _label(path: str) -> str:
    return path.rpartition("/")[2]


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
