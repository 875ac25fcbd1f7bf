"""Contracts as commands write them: where they may, and what they say of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpharness.contracts.contract import Contract
    from gpharness.contracts.errors import SecretLeft

ENDINGS = (".yaml", ".yml", ".json")


class NotWritten(Exception):
    """A contract cannot be written where it is to be; the text says why and what to do."""


def writable(path: Path, *, force: bool) -> None:
    """Hold to it that a contract can be written there: a file that ends in .yaml or .json, or a folder.

    Raises NotWritten, also for what is there already, unless `force` allows to write over it.
    """
    is_file = path.suffix.lower() in ENDINGS
    if not path.absolute().parent.is_dir():
        raise NotWritten(f"{path}: its folder does not exist; expected a folder that does")
    if path.is_dir() and is_file:
        raise NotWritten(f"{path}: a folder, expected a file by its ending")
    if path.exists() and not path.is_dir() and not is_file:
        raise NotWritten(f"{path}: a file, expected a folder, or a file that ends in .yaml or .json")
    is_taken = any(path.iterdir()) if path.is_dir() else path.exists()
    if is_taken and not force:
        raise NotWritten(f"{path} is there already; choose another name, or give --force to write over it")
    _try_out(path if path.is_dir() else path.absolute().parent, path)


def _try_out(folder: Path, path: Path) -> None:
    """Whether a file can be made there: better known before hours of recording than after."""
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        told = error.strerror or error
        raise NotWritten(
            f"{path} cannot be written: {told}; expected a folder that can be written to"
        ) from None


def write(contract: Contract, path: Path) -> None:
    """Write it. Raises ContractError, or NotWritten where the disk refuses: then it is elsewhere, if anywhere
    is room for it, and the text says where. Where a conversation would hold secrets, NotWritten names it, and
    the others are written."""
    from gpharness.contracts.contract_files import write_contract
    from gpharness.contracts.errors import ContractFileError, SecretLeft

    try:
        write_contract(contract, path)
    except SecretLeft as left:
        _write_the_others(contract, path, left)
    except (OSError, ContractFileError) as error:
        refusal = error if isinstance(error, OSError) else error.__context__
        if not isinstance(refusal, OSError):
            raise
        told = f"{path} cannot be written: {refusal.strerror or refusal}"
        elsewhere = _write_elsewhere(contract, path)
        raise NotWritten(f"{told}; it is in {elsewhere} instead" if elsewhere else told) from None


def _write_the_others(contract: Contract, path: Path, left: SecretLeft) -> None:
    """What was recorded for hours is not lost for one secret in it."""
    import msgspec

    from gpharness.contracts.contract_files import write_contract
    from gpharness.contracts.errors import SecretLeft
    from gpharness.contracts.secrets.scanning import scan

    kept, names = [], []
    for each in contract.conversations:
        alone = msgspec.structs.replace(contract, conversations=[each], services={}, tasks={}, catalogue=None)
        if scan(alone):
            names.append(each.name)
        else:
            kept.append(each)
    if not names or not kept:
        raise left
    try:
        write_contract(msgspec.structs.replace(contract, conversations=kept), path)
    except SecretLeft:
        raise left from None
    raise NotWritten(f"{path} was written without {', '.join(names)}: {left}") from None


def _write_elsewhere(contract: Contract, path: Path) -> Path | None:
    from shutil import rmtree
    from tempfile import mkdtemp

    from gpharness.contracts.contract_files import write_contract
    from gpharness.contracts.errors import ContractError

    folder = None
    try:
        folder = Path(mkdtemp(prefix="gpharness-"))
        write_contract(contract, folder / path.name)
    except (OSError, ContractError):
        if folder is not None:
            rmtree(folder, ignore_errors=True)
        return None
    return folder / path.name


def summary(contract: Contract, path: Path) -> str:
    """Such as `wrote a.yaml: 2 tasks, 3 conversations (2 jobs, 1 request), recorded from https://…`."""
    kinds = [each.kind for each in contract.conversations]
    named = [
        _counted(kinds.count(kind), word)
        for kind, word in (("job", "job"), ("execute", "execution"), ("request", "request"))
        if kind in kinds
    ]
    told = f" ({', '.join(named)})" if named else ""
    source = contract.provenance
    where = f" from {source.of}" if source.of else ""
    return (
        f"wrote {path}: {_counted(len(contract.tasks), 'task')}, "
        f"{_counted(len(kinds), 'conversation')}{told}, {source.source}{where}"
    )


def is_empty(contract: Contract) -> bool:
    """Whether it says nothing of any server."""
    described: Sequence[object] = (contract.tasks, contract.services, contract.conversations)
    return not any(described) and contract.catalogue is None and contract.server.info is None


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
