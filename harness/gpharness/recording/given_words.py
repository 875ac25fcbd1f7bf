"""The words of `gpharness record` as what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gp_client.errors import InvalidInput

from gpharness.client_access import Access
from gpharness.recording.by_command import Wishes, closing, record_by_command
from gpharness.recording.input_files import read_input_sets
from gpharness.recording.options import Credentials, Limits, Options


def recorded_as_told(url: str | None, inputs: Sequence[str], words: Mapping[str, Any]) -> int:
    """Run the command; its exit status."""

    def act() -> int:
        options = options_of(inputs, words)
        wishes = Wishes(
            output=words["output"],
            force=words["force"],
            yes=words["yes"],
            dry_run=words["dry_run"],
            quiet=words["quiet"],
            trusted_hosts=tuple(words["trust"]),
        )
        credentials = credentials_of(words)
        if words["update"] is not None:
            from gpharness.recording.update_by_command import update_by_command

            return update_by_command(words["update"], url, options, credentials, wishes)
        return record_by_command(url or "", options, credentials, wishes)

    return closing(act)


def options_of(inputs: Sequence[str], words: Mapping[str, Any]) -> Options:
    """Raises InvalidInput for a file of inputs, or words, that cannot be used."""
    file: Path | None = words["input_file"]
    if file is not None and inputs:
        raise InvalidInput(parameter="--inputs", met="a file of inputs and inputs", expected="one of them")
    numbers = {name: words[name] for name in Limits.__struct_fields__ if words.get(name) is not None}
    return Options(
        given=tuple(inputs),
        sets=read_input_sets(file) if file is not None else None,
        folder=file.parent if file is not None else Path(),
        generate=words["generate"],
        seed=words["seed"],
        only=tuple(words["only"]),
        wrong=words["wrong"],
        cancel=tuple(words["cancel"]),
        mask_users=words["mask_users"],
        mask_paths=words["mask_paths"],
        source=words["source"],
        limits=Limits(**numbers),
    )


def credentials_of(words: Mapping[str, Any]) -> Credentials:
    """Raises InvalidInput for a user without a password, and the other way round."""
    user, token = words["user"], words["token"]
    password = _from_stdin() if words["password_stdin"] else os.environ.get("GPHARNESS_PASSWORD") or None
    if user is None and not words["password_stdin"]:
        password = None
    access = Access(user, password, token).with_password()
    return Credentials(user, access.password, token, words["token_url"])


def _from_stdin() -> str:
    """The first line of stdin. Raises InvalidInput where there is none."""
    line = sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""
    if not line:
        raise InvalidInput(parameter="--password-stdin", met="nothing on stdin", expected="the password")
    return line
