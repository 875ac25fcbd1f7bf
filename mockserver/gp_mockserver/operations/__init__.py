"""What each resource does: plain functions from a request to a reply, and the table that names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Final

from gp_mockserver.wire.replies import FileReply, PageReply, Redirect, Reply
from gp_mockserver.wire.requests import Request

AnyReply = Reply | PageReply | Redirect | FileReply
Operation = Callable[[Request], Awaitable[AnyReply]]

OPERATIONS: Final[Mapping[str, str]] = {
    "root": "descriptions.root",
    "info": "descriptions.info",
    "catalogue": "descriptions.catalogue",
    "service": "descriptions.service",
    "task": "descriptions.task",
    "execute": "runs.execute",
    "submitJob": "runs.submit_job",
    "job": "jobs.job",
    "cancel": "jobs.cancel",
    "result": "results.result",
    "results": "results.all_results",
    "input": "results.input",
    "inputs": "results.all_inputs",
    "file": "files.file",
}
"""Each operation by its name, and where its function stands; modules are imported when first needed."""


@cache
def operation(name: str) -> Operation:
    """The function of an operation."""
    module, _, function = OPERATIONS[name].partition(".")
    found: Operation = getattr(import_module(f"{__name__}.{module}"), function)
    return found


def import_all() -> None:
    """Import every operation now, so that no request waits for it."""
    for name in OPERATIONS:
        operation(name)
