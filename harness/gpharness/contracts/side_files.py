"""The bodies that stand beside a contract in files that are called by their hashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from gpharness.contracts.contract_forms import SIDE_FILE, check_side_file
from gpharness.contracts.errors import ContractFileError

FOLDER = "bodies"


class SideFiles(Mapping[str, bytes]):
    """The files in a contract's folder, by `bodies/<sha256>.<ending>`; each is read when it is asked for.

    Raises ContractFileError for a file that cannot be read, whose bytes are not those of its name, or that is
    a link to somewhere else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        if not isinstance(name, str):
            raise KeyError(name)
        check_side_file(name, str(self._folder), "")
        file = self._folder / name
        try:
            home = (self._folder / FOLDER).resolve()
            if home.parent != self._folder.resolve() or file.resolve().parent != home:
                raise ContractFileError(
                    str(file), "", "a link that leads out of the contract's folder", "a file in it"
                )
            body = file.read_bytes()
        except OSError as error:
            met = error.strerror or str(error)
            raise ContractFileError(
                str(file), "", met, "a body of the contract", "copy bodies/ along with the contract"
            ) from None
        met = sha256(body).hexdigest()
        if met != file.stem:
            raise ContractFileError(
                str(file),
                "",
                f"bytes whose SHA-256 is {met}",
                "those that its name says",
                "the file was changed after it was recorded: restore it, or record anew",
            )
        return body

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and SIDE_FILE.match(name) is not None and (self._folder / name).is_file()

    def __iter__(self) -> Iterator[str]:
        home = self._folder / FOLDER
        names = sorted(f"{FOLDER}/{each.name}" for each in home.iterdir()) if home.is_dir() else []
        return (name for name in names if SIDE_FILE.match(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)
