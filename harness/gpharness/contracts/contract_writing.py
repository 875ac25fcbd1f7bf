"""Writes a contract into a file, or into a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gpharness.contracts.contract import Contract
from gpharness.contracts.contract_data import conversation_data, main_data
from gpharness.contracts.contract_reading import MAIN_FILES
from gpharness.contracts.contract_texts import yaml_text
from gpharness.contracts.conversation_files import FOLDER, file_name
from gpharness.contracts.errors import ContractFileError, SecretLeft
from gpharness.contracts.side_files import FOLDER as BODIES

if TYPE_CHECKING:
    from gpharness.contracts.secrets.masking import Mask
    from gpharness.contracts.secrets.scanning import Leak
    from gpharness.contracts.secrets.spellings import Spelling

_FILES: Final = (".yaml", ".yml", ".json")


def write_contract(contract: Contract, path: str | Path, *, known: Iterable[str] | Mask = ()) -> None:
    """Write a contract: into one file where the path ends with `.yaml`, `.yml` or `.json`, else into a folder
    with `contract.yaml` and a file for each conversation. Bodies that are no text, or larger than 8 KiB, get
    files beside it in `bodies`, called by their hashes.

    What was there is replaced at once and as a whole, or stays where anything goes wrong. A contract that was
    read from the folder that is written should be read anew. `known` are secrets, or the mask that knows
    them; raises SecretLeft where one of them, or anything that looks like one, would be written, and
    ContractFileError where the contract cannot be written.
    """
    from gpharness.contracts.secrets.scanning import spellings_of

    target = Path(path)
    spellings = spellings_of(known)
    try:
        if target.suffix.lower() in _FILES and not target.is_dir():
            _write_file(contract, target, spellings)
        else:
            _write_folder(contract, target, spellings)
    except OSError as error:
        raise ContractFileError(
            str(target), "", error.strerror or str(error), "a place that can be written"
        ) from None


def _write_file(contract: Contract, target: Path, spellings: Iterable[Spelling]) -> None:
    data = main_data(contract)
    bodies: dict[str, bytes] = {}
    conversations = []
    for each, more in _conversations(contract, target):
        conversations.append(each)
        bodies |= more
    if conversations:
        data["conversations"] = conversations
    content = _content(data, target)
    _refuse_secrets(data, content, bodies, spellings, "")
    target.parent.mkdir(parents=True, exist_ok=True)
    for name, body in bodies.items():
        file = target.parent / name
        file.parent.mkdir(exist_ok=True)
        if not (file.is_file() and not file.is_symlink() and file.read_bytes() == body):
            _replace(file, body)
    _replace(target, content)


def _write_folder(contract: Contract, target: Path, spellings: Iterable[Spelling]) -> None:
    if target.exists() and not _is_ours(target):
        raise ContractFileError(
            str(target), "", "a folder with other things in it", "a contract, or a new folder", "name another"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _fill(contract, made, target, spellings)
        made.chmod(0o777 & ~_umask())
        _exchange(made, target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _fill(contract: Contract, made: Path, target: Path, spellings: Iterable[Spelling]) -> None:
    leaks: list[Leak] = []
    data = main_data(contract)
    content = _content(data, target / MAIN_FILES[0])
    leaks += _leaks(data, content, {}, spellings, "")
    (made / MAIN_FILES[0]).write_bytes(content)
    (made / FOLDER).mkdir()
    count = len(contract.conversations)
    for number, (each, bodies) in enumerate(_conversations(contract, target)):
        name = file_name(number + 1, count, str(each["name"]), ".yaml")
        content = _content(each, target / FOLDER / name)
        leaks += _leaks(each, content, bodies, spellings, f"conversations[{number}]")
        if leaks:
            continue
        (made / FOLDER / name).write_bytes(content)
        for body_name, body in bodies.items():
            (made / BODIES).mkdir(exist_ok=True)
            (made / body_name).write_bytes(body)
    if leaks:
        raise SecretLeft(leaks)


def _conversations(contract: Contract, target: Path) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """The data and the bodies of each. Raises ContractFileError where two have the same name."""
    names: dict[str, int] = {}
    for number, conversation in enumerate(contract.conversations):
        first = names.setdefault(conversation.name, number)
        if first != number:
            raise ContractFileError(
                str(target),
                f"conversations[{number}].name",
                f"the name of conversations[{first}]",
                "a name of its own",
                "give it another",
            )
        yield conversation_data(contract, conversation)


def _content(data: dict[str, Any], file: Path) -> bytes:
    """A file's bytes. Raises ContractFileError for a number that is not finite."""
    import json

    try:
        if file.suffix.lower() == ".json":
            text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
            try:
                return text.encode("utf-8")
            except UnicodeEncodeError:
                return (json.dumps(data, indent=1, allow_nan=False) + "\n").encode("ascii")
        return yaml_text(data).encode("utf-8")
    except (ValueError, RecursionError) as error:
        place, _, said = str(error).partition(": met ")
        met, _, _ = said.partition(", expected ")
        raise ContractFileError(
            str(file), place if met else "", met or str(error), "values of JSON of a sensible depth"
        ) from None


def _refuse_secrets(
    data: Any, content: bytes, bodies: dict[str, bytes], spellings: Iterable[Spelling], path: str
) -> None:
    if leaks := _leaks(data, content, bodies, spellings, path):
        raise SecretLeft(leaks)


def _leaks(
    data: Any, content: bytes, bodies: dict[str, bytes], spellings: Iterable[Spelling], path: str
) -> list[Leak]:
    """The secrets in what is about to be written."""
    from gpharness.contracts.secrets.scanning import Leak, in_data, scan_bytes

    known = list(spellings)
    leaks = list(dict.fromkeys(in_data(data, known, path)))
    if not leaks:
        text = content.decode("utf-8")
        if any(each.stands_in(text) for each in known):
            leaks.append(Leak(path, "a known secret"))
    for name, body in bodies.items():
        leaks += (
            Leak(f"{path}: {name}: {each.path}".strip(": "), each.what) for each in scan_bytes(body, known)
        )
    return leaks


def _is_ours(target: Path) -> bool:
    if not target.is_dir():
        return False
    return any((target / name).is_file() for name in MAIN_FILES) or not any(target.iterdir())


def _exchange(made: Path, target: Path) -> None:
    """Put the new folder in the place of the old one, of which all stays that is no part of a contract."""
    if not target.exists():
        made.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent)) / "old"
    target.rename(old)
    try:
        made.rename(target)
    except OSError:
        old.rename(target)
        raise
    for each in old.iterdir():
        if each.name not in (*MAIN_FILES, FOLDER, BODIES):
            each.rename(target / each.name)
    shutil.rmtree(old.parent, ignore_errors=True)


def _replace(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name[:40]}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
