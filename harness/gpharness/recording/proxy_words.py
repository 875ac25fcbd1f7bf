"""The words of `gpharness record --proxy` as what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from gpharness.recording.destinations import default_name

_OF_RUNS: Final = {
    "update": "--update",
    "input_file": "--inputs",
    "generate": "--generate",
    "only": "--only",
    "wrong": "--wrong",
    "cancel": "--cancel",
    "dry_run": "--dry-run",
}
"""What is for running tasks alone."""


def proxied_as_told(url: str | None, inputs: Sequence[str], words: Mapping[str, Any]) -> int:
    """Run the proxy; its exit status. Raises UsageError for words that do not go together."""
    from gpharness.recording.proxying.by_command import ProxyWishes, record_by_proxy

    given = [option for name, option in _OF_RUNS.items() if words[name]]
    if inputs:
        given.append("inputs")
    if given:
        raise click.UsageError(f"--proxy runs no task: leave out {', '.join(given)}")
    if url is not None and words["upstream"] is not None:
        raise click.UsageError("--upstream and URL are the same: leave out one of them")
    upstream = url if url is not None else words["upstream"]
    output: Path | None = words["output"]
    settings: dict[str, Any] = {}
    if words["max_bytes"] is not None:
        settings["max_bytes"] = words["max_bytes"]
    wishes = ProxyWishes(
        output=output or Path(default_name(upstream or "://recorded")),
        upstream=upstream,
        allow=tuple(words["allow"]),
        port=words["port"] or 0,
        rewrite=words["rewrite"],
        force=words["force"],
        mask_users=words["mask_users"],
        mask_paths=words["mask_paths"],
        source=words["source"],
        **settings,
    )
    return record_by_proxy(wishes)
