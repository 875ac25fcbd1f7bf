"""What goes wrong with contracts.

Exception
└── ContractError
    ├── ContractFileError   a file is wrong: where, what was met, what was expected, what to do
    │   └── NewerFormat     it is of a later version of the format than this program reads
    └── SecretLeft          nothing was written, because a secret would have stood in it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpharness.contracts.secrets.scanning import Leak

_MOST_NAMED = 10


class ContractError(Exception):
    """Something about a contract."""


class ContractFileError(ContractError):
    """A contract's file is wrong, or cannot be read or written.

    `file` is the file's path, `path` reads like `conversations[0].trace[1].answer` or `line 3, column 5`,
    `met`, `expected` and `remedy` are phrases; `remedy` may be empty.
    """

    def __init__(self, file: str, path: str, met: str, expected: str, remedy: str = "") -> None:
        super().__init__(file, path, met, expected, remedy)
        self.file = file
        self.path = path
        self.met = met
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        place = "".join(f"{part}: " for part in (self.file, self.path) if part)
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}met {self.met}, expected {self.expected}{remedy}"


class NewerFormat(ContractFileError):
    """A contract of a later version of the format."""


class SecretLeft(ContractError):
    """A contract was not written: secrets would have stood in it. `leaks` name the places, never the
    secrets."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        super().__init__(tuple(leaks))
        self.leaks = tuple(leaks)

    def __str__(self) -> str:
        named = "; ".join(str(leak) for leak in self.leaks[:_MOST_NAMED])
        more = f"; and {len(self.leaks) - _MOST_NAMED} more" if len(self.leaks) > _MOST_NAMED else ""
        return f"not written, because it would hold secrets: {named}{more}"

    def __reduce__(self) -> tuple[Any, ...]:
        return SecretLeft, (self.leaks,)
