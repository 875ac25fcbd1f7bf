"""The conversations of a contract in a folder, each in a file of its own, read when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, overload

from gpharness.contracts.contract import Conversation
from gpharness.contracts.contract_forms import conversation_form
from gpharness.contracts.contract_texts import read_data
from gpharness.contracts.errors import ContractFileError

FOLDER: Final = "conversations"
_ENDINGS: Final = (".yaml", ".yml", ".json")
_NUMBER: Final = re.compile(r"\d+")
_LONGEST_NAME: Final = 60


class ConversationFiles(Sequence[Conversation]):
    """They stand in the order of the numbers that their files' names begin with. Nothing is kept: whoever
    goes through them holds one at a time. Indexing raises ContractFileError for a file that is wrong."""

    def __init__(self, folder: Path) -> None:
        """Raises ContractFileError where the folder cannot be read."""
        self._folder = folder
        try:
            names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        except OSError as error:
            raise ContractFileError(
                str(folder), "", error.strerror or str(error), "a folder that can be read"
            ) from None
        self._names = sorted((name for name in names if _is_conversation(name)), key=_order)

    @overload
    def __getitem__(self, place: int) -> Conversation: ...
    @overload
    def __getitem__(self, place: slice) -> list[Conversation]: ...
    def __getitem__(self, place: int | slice) -> Conversation | list[Conversation]:
        if isinstance(place, slice):
            return [self._read(name) for name in self._names[place]]
        return self._read(self._names[place])

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"ConversationFiles({str(self._folder)!r}, {len(self)} files)"

    def _read(self, name: str) -> Conversation:
        file = self._folder / name
        return conversation_form(read_data(file), str(file))


def file_name(number: int, count: int, name: str, ending: str) -> str:
    """`0007-buffer-of-a-point.yaml`: the number as wide as the last one's, and a name that every file system
    takes."""
    width = max(4, len(str(count)))
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{number:0{width}d}-{name or 'conversation'}{ending}"


def _is_conversation(name: str) -> bool:
    return name.lower().endswith(_ENDINGS) and not name.startswith(".")


def _order(name: str) -> tuple[int, int, str]:
    found = _NUMBER.match(name)
    return (0, int(found[0]), name) if found else (1, 0, name)
