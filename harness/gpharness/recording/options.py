"""What a recording is to do, and how much it may ask of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from gp_client.errors import InvalidInput

from gpharness.contracts.contract import Source

MEBIBYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """`rate` in requests a second, without a burst;
    `max_time` in seconds for one job and its results;
    `timeout` in seconds for one request; `max_bytes` of one answer, `max_total` of all of them, unpacked.

    Raises InvalidInput for a number that is not above 0.
    """

    rate: float = 2.0
    interval: float = 1.0
    """Seconds between two looks at a job, as long as the rate allows that."""
    max_time: float = 600.0
    timeout: float = 60.0
    max_bytes: int = 10 * MEBIBYTE
    max_total: int = 100 * MEBIBYTE

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidInput(
                    parameter=f"--{name.replace('_', '-')}", met=f"{value:g}", expected="a number above 0"
                )


class Credentials(msgspec.Struct, frozen=True):
    """How to sign in; none of it gets into a contract."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    token_url: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that may stand nowhere."""
        return tuple(each for each in (self.password, self.token) if each)


class Options(msgspec.Struct, frozen=True):
    """`given` are inputs as words (`name=value`, `name=@file`) of the one task that is recorded, `sets` those
    of an input file. `generate` sets of inputs are made for each task by `seed`. Without any of them tasks
    run with their default inputs."""

    given: Sequence[str] = ()
    sets: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
    """By task, or by `""` where the file names none. See `gpharness.recording.input_files`."""
    folder: Path = Path()
    """Where the files that `sets` name lie."""
    generate: int = 0
    seed: int = 0
    only: Sequence[str] = ()
    """Patterns of `Folder/Service/Task`, or of its end; `*` and `?` stand for any."""
    wrong: bool = False
    cancel: Sequence[str] = ()
    """Tasks of which a job is submitted and cancelled."""
    mask_users: bool = False
    mask_paths: bool = False
    source: Source | None = None
    """None: `generated` where the server is this program's own mock, else `recorded`."""
    limits: Limits = Limits()
