"""Reads a contract from its file, or from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gp_protocol.errors import shown

from gpharness.contracts.contract import Contract, Conversation
from gpharness.contracts.contract_forms import ContractForm, contract_form
from gpharness.contracts.contract_texts import read_data
from gpharness.contracts.conversation_files import FOLDER, ConversationFiles
from gpharness.contracts.errors import ContractFileError
from gpharness.contracts.side_files import SideFiles

MAIN_FILES = ("contract.yaml", "contract.yml", "contract.json")


def read_contract(path: str | Path) -> Contract:
    """The contract in a YAML or JSON file, or in a folder that has `contract.yaml`.

    Of a folder the conversations are read one by one, each when it is asked for, and what is wrong with one
    is raised then; bodies beside the contract likewise. Raises ContractFileError, and NewerFormat for a
    contract of a later version of the format.
    """
    file = Path(path)
    if file.is_dir():
        return _from_folder(file)
    form = contract_form(read_data(file), str(file))
    _look_for_bodies(form.conversations, file)
    return _contract(form, form.conversations, file.parent)


def _from_folder(folder: Path) -> Contract:
    file = next((folder / name for name in MAIN_FILES if (folder / name).is_file()), None)
    if file is None:
        raise ContractFileError(
            str(folder), "", "a folder without contract.yaml", "a contract", "name the contract's file"
        )
    form = contract_form(read_data(file), str(file))
    files = ConversationFiles(folder / FOLDER)
    if form.conversations and len(files):
        raise ContractFileError(
            str(file), "conversations", f"conversations beside those of the folder {FOLDER}", "one of the two"
        )
    conversations: Sequence[Conversation] = form.conversations or files
    if form.conversations:
        _look_for_bodies(form.conversations, file)
    return _contract(form, conversations, folder)


def _contract(form: ContractForm, conversations: Sequence[Conversation], folder: Path) -> Contract:
    return Contract(
        provenance=form.provenance,
        server=form.server,
        varies=form.varies,
        catalogue=form.catalogue,
        services=form.services,
        tasks=form.tasks,
        conversations=conversations,
        format=form.format,
        bodies=SideFiles(folder),
    )


def _look_for_bodies(conversations: Sequence[Conversation], file: Path) -> None:
    """Raises ContractFileError where a body's file is missing."""
    from gpharness.contracts.answers import answers_of

    bodies = SideFiles(file.parent)
    for number, conversation in enumerate(conversations):
        for place, answer in answers_of(conversation):
            if answer.body and answer.body not in bodies:
                raise ContractFileError(
                    str(file),
                    f"conversations[{number}].{place}.body",
                    f"{shown(answer.body)}, which is not there",
                    "a file beside the contract",
                    "copy bodies/ along with it",
                )
