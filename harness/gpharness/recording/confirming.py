"""Asking before anything that has effects on a server."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gp_client.errors import InvalidInput

from gpharness.recording.plans import Effect
from gpharness.recording.targets import Target

_PHRASES: dict[Effect, str] = {
    "run": "run tasks on {host}",
    "upload": "upload files to {host}",
    "cancel": "cancel jobs on {host}",
    "wrong": "send wrong requests to {host}",
}


class Declined(Exception):
    """Whoever was asked said no."""


def effects_to_confirm(effects: Sequence[Effect], target: Target) -> list[Effect]:
    """Those that have to be allowed: on this machine only uploads and cancels."""
    return [each for each in effects if not target.is_loopback or each in ("upload", "cancel")]


def confirm_effects(effects: Sequence[Effect], target: Target, *, yes: bool) -> None:
    """Ask, in a terminal. Raises InvalidInput where there is none and `yes` is not given, Declined after a
    no."""
    asked = effects_to_confirm(effects, target)
    if not asked or yes:
        return
    phrase = " and ".join(_PHRASES[each] for each in asked).replace("{host}", target.host)
    if not is_terminal():
        raise InvalidInput(
            parameter="--yes",
            met=f"no terminal in which to ask whether to {phrase}",
            expected="your word for it",
            remedy="give --yes if that is meant",
        )
    if not ask(f"{phrase[0].upper()}{phrase[1:]}?"):
        raise Declined("nothing was run")


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def ask(question: str) -> bool:
    """A yes or a no, asked on stderr. Raises KeyboardInterrupt after Ctrl-C."""
    import click

    try:
        return bool(click.confirm(question, default=False, err=True))
    except click.Abort:
        raise KeyboardInterrupt from None
