"""A contract that was made without masking, without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from gpharness.contracts.answers import answer_bytes, answer_from, answers_of
from gpharness.contracts.contract import Answer, Contract, Conversation, Provenance, Server

if TYPE_CHECKING:
    from gpharness.contracts.secrets.masking import Mask


def masked_contract(mask: Mask, contract: Contract) -> Contract:
    """What one part tells to be secret is masked in all of them. Raises ContractFileError where a body beside
    the contract cannot be read."""
    conversations = list(contract.conversations)
    main = {
        name: msgspec.to_builtins(getattr(contract, name))
        for name in ("provenance", "server", "catalogue", "services", "tasks")
    }
    mask.data(main)
    for each in conversations:
        mask.data(_without_answers(each))
        for _, answer in answers_of(each):
            _learn(mask, contract, answer)
    told = mask.data(main)
    return Contract(
        provenance=msgspec.convert(told["provenance"], Provenance),
        server=msgspec.convert(told["server"], Server),
        varies=contract.varies,
        catalogue=told["catalogue"],
        services=told["services"],
        tasks=told["tasks"],
        conversations=[_conversation(mask, contract, each) for each in conversations],
        format=contract.format,
    )


def _without_answers(conversation: Conversation) -> object:
    return {
        "name": conversation.name,
        "inputs": conversation.inputs,
        "parameters": conversation.parameters,
        "asked": [
            {"path": each.path, "method": each.method, "parameters": each.parameters}
            for each in conversation.asked
        ],
    }


def _learn(mask: Mask, contract: Contract, answer: Answer) -> None:
    if answer.json is not UNSET:
        mask.data(answer.json)
    else:
        mask.body(answer_bytes(contract, answer))
    for name, value in answer.headers.items():
        mask.value(name, value)


def _answer(mask: Mask, contract: Contract, answer: Answer) -> Answer:
    headers = {name: mask.value(name, value) for name, value in answer.headers.items()}
    if answer.json is not UNSET:
        return msgspec.structs.replace(answer, headers=headers, json=mask.data(answer.json))
    if answer.text is not UNSET:
        return msgspec.structs.replace(answer, headers=headers, text=mask.text(answer.text))
    body = answer_bytes(contract, answer)
    told = answer_from(answer.status, headers.items(), mask.body(body))
    return msgspec.structs.replace(told, headers=headers)


def _conversation(mask: Mask, contract: Contract, conversation: Conversation) -> Conversation:
    def masked(answer: Answer) -> Answer:
        return _answer(mask, contract, answer)

    return msgspec.structs.replace(
        conversation,
        name=mask.text(conversation.name),
        inputs=mask.data(conversation.inputs),
        parameters=mask.data(conversation.parameters),
        submission=None if conversation.submission is None else masked(conversation.submission),
        trace=[msgspec.structs.replace(each, answer=masked(each.answer)) for each in conversation.trace],
        results={name: masked(each) for name, each in conversation.results.items()},
        asked=[
            msgspec.structs.replace(
                each,
                path=mask.text(each.path),
                parameters=mask.data(each.parameters),
                answer=masked(each.answer),
            )
            for each in conversation.asked
        ],
    )
