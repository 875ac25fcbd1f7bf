"""Having the conversations of a contract again, and finding which of them no longer hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from gp_client.errors import InvalidInput

from gpharness.contracts.answers import answer_of
from gpharness.contracts.contract import Contract, Conversation, Provenance
from gpharness.findings.findings import Finding
from gpharness.probing.exchanges import Exchange
from gpharness.recording.conversation_changes import changes_of
from gpharness.recording.description_changes import description_changes
from gpharness.recording.placing import placed
from gpharness.recording.plans import Effect
from gpharness.recording.recorder import Recorder, own_version
from gpharness.recording.running import ask_again
from gpharness.recording.targets import is_named


class Changed(msgspec.Struct):
    """A conversation that went otherwise, and in what."""

    before: Conversation
    after: Conversation
    findings: list[Finding]


class Update(msgspec.Struct):
    """`contract` is the new one; it is the old one but for what has changed. `described` are the changes of
    descriptions, `held` how many conversations still hold, `untried` those that could not be had again, and
    why: they stay as they are."""

    contract: Contract
    changed: list[Changed] = []
    described: list[Finding] = []
    held: int = 0
    untried: dict[str, str] = {}

    @property
    def has_changes(self) -> bool:
        return bool(self.changed or self.described)


def effects_of(contract: Contract, only: Sequence[str] = ()) -> list[Effect]:
    """What having the conversations again does to a server."""
    found: list[Effect] = []
    for each in contract.conversations:
        if not is_wanted(each, only):
            continue
        if each.kind != "request":
            found.append("run")
        found += ["cancel" for asked in each.asked if asked.operation == "cancel"]
        found += ["upload" for asked in each.asked if asked.operation == "upload"]
        found += ["wrong" for asked in each.asked if asked.operation in ("submit", "execute")]
    return list(dict.fromkeys(found))


def is_wanted(conversation: Conversation, only: Sequence[str]) -> bool:
    """Whether patterns of tasks, or of conversations' names, mean it; none of them mean all."""
    return not only or any(
        is_named(conversation.name, word) or (conversation.task and is_named(conversation.task, word))
        for word in only
    )


def update(contract: Contract, recorder: Recorder) -> Update:
    """Have the conversations of a contract again with the recorder's server. Nothing is written.

    Raises GPError where the server is not reached or describes nothing, InvalidInput where `only` means no
    conversation.
    """
    only = recorder.options.only
    conversations = list(contract.conversations)
    wanted = [each for each in conversations if is_wanted(each, only)]
    if only and not wanted:
        raise InvalidInput(
            parameter="--only", met=", ".join(only), expected="a conversation of the contract, or its task"
        )
    services = list(contract.services) or sorted(
        {each.task.rpartition("/")[0] for each in wanted if each.task}
    )
    described = _described(contract, recorder, services) if services else contract
    result = Update(described, described=description_changes(contract, described))
    kept: list[Conversation] = []
    for number, each in enumerate(conversations, 1):
        why = "--max-total is reached" if recorder.transport.is_full else recorder.prober.transport.silence
        if each not in wanted or why:
            if each in wanted:
                result.untried[each.name] = why
            kept.append(each)
            continue
        recorder.tell(f"{number}/{len(conversations)} {each.name}")
        kept.append(_again(each, contract, recorder, result))
    result.contract.conversations = kept
    result.contract.provenance = _noted(contract, result, recorder)
    return result


def _check_source(contract: Contract, recorder: Recorder) -> None:
    """Nothing that a mock says goes into a contract that is called a recording."""
    is_meant = recorder.options.source is not None
    if contract.provenance.source == "recorded" and recorder.source == "generated" and not is_meant:
        raise InvalidInput(
            parameter="--update",
            met=f"a recorded contract, and a mock of this program at {recorder.target.root}",
            expected="the server that the contract is from",
            remedy="record the mock into a contract of its own, or give --source generated",
        )


def _described(contract: Contract, recorder: Recorder, services: Sequence[str]) -> Contract:
    """The contract with the descriptions of now, of what it describes; new tasks of its services join."""
    recorder.describe(services)
    _check_source(contract, recorder)
    if contract.catalogue is not None:
        recorder.describe_catalogue()
    now, _ = recorder.descriptions()
    return msgspec.structs.replace(
        contract,
        server=msgspec.structs.replace(
            contract.server,
            info=now.server.info if contract.server.info is not None else None,
            version=now.server.version or contract.server.version,
        ),
        catalogue=now.catalogue if contract.catalogue is not None else None,
        services={**contract.services, **now.services},
        tasks={
            **{
                name: task
                for name, task in contract.tasks.items()
                if name in now.tasks or name.rpartition("/")[0] not in now.services
            },
            **{name: task for name, task in now.tasks.items() if _belongs(name, contract)},
        },
    )


def _belongs(name: str, contract: Contract) -> bool:
    """Whether a task is the contract's concern: one that it describes or runs, or that its service did not
    have then."""
    if name in contract.tasks or any(each.task == name for each in contract.conversations):
        return True
    service, _, label = name.rpartition("/")
    before = contract.services.get(service)
    listed = before.get("tasks") if isinstance(before, dict) else None
    return isinstance(listed, list) and label not in listed


def _again(before: Conversation, contract: Contract, recorder: Recorder, result: Update) -> Conversation:
    """A conversation once more; the old one where it still holds or could not be had."""
    failed = len(recorder.failures)
    exchanges = recorder.keep(before.name, before.task, partial(ask_again, recorder.prober, before, contract))
    after = _joined(before, recorder, exchanges)
    if after is None or any(each.fault not in (None, "slow") for each in exchanges):
        told = recorder.failures[failed:] or ["the server's answers make no conversation"]
        result.untried[before.name] = (
            told[0].removeprefix(f"{before.name}: ").removesuffix("; it is left out")
        )
        return before
    findings = changes_of(contract, before, after)
    if not findings:
        result.held += 1
        return before
    result.changed.append(Changed(before, after, findings))
    return after


def _joined(before: Conversation, recorder: Recorder, exchanges: Sequence[Exchange]) -> Conversation | None:
    """The conversation that answers make now; None where they make none."""
    found, _ = recorder.conversations_of(before.task, exchanges)
    runs = [each for each in found if each.kind != "request"]
    if before.kind == "request" and not runs:
        return _asked_again(before, recorder, exchanges)
    after = next(iter([*(each for each in runs if each.kind == before.kind), *found]), None)
    if after is not None:
        after.name, after.task = before.name, before.task or after.task
    return after


def _asked_again(
    before: Conversation, recorder: Recorder, exchanges: Sequence[Exchange]
) -> Conversation | None:
    """Requests with their answers of now; None where one of them was not answered."""
    answered: dict[str, Exchange] = {}
    for each in recorder.masked(exchanges):
        answered[_path(placed(each.url, recorder.target.root).path)] = each
    asked = []
    for request in before.asked:
        exchange = answered.get(_path(request.path))
        if exchange is None or exchange.status is None:
            return None
        asked.append(msgspec.structs.replace(request, answer=answer_of(exchange)))
    return msgspec.structs.replace(before, asked=asked)


def _path(path: str) -> str:
    return path.strip("/").lower()


def _noted(contract: Contract, result: Update, recorder: Recorder) -> Provenance:
    """Where the contract is from, and what of it is from now."""
    before = contract.provenance
    what = [
        f"{len(each)} {word}{'' if len(each) == 1 else 's'}"
        for word, each in (("conversation", result.changed), ("difference", result.described))
        if each
    ]
    if not what:
        return before
    note = (
        f"Updated {recorder.at} from {recorder.target.root} by gpharness {own_version()}: {', '.join(what)}."
    )
    source = recorder.options.source or before.source
    return msgspec.structs.replace(before, source=source, notes=f"{before.notes} {note}".strip())
