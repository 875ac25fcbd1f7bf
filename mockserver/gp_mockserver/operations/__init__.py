"""What each resource does: plain functions from a request to a reply, and the table that names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from gp_mockserver.operations import descriptions, files, jobs, results, runs
from gp_mockserver.replies import FileReply, PageReply, Redirect, Reply
from gp_mockserver.requests import Request

AnyReply = Reply | PageReply | Redirect | FileReply
Operation = Callable[[Request], Awaitable[AnyReply]]

OPERATIONS: Mapping[str, Operation] = {
    "root": descriptions.root,
    "info": descriptions.info,
    "catalogue": descriptions.catalogue,
    "service": descriptions.service,
    "task": descriptions.task,
    "execute": runs.execute,
    "submitJob": runs.submit_job,
    "job": jobs.job,
    "cancel": jobs.cancel,
    "result": results.result,
    "results": results.all_results,
    "input": results.input,
    "inputs": results.all_inputs,
    "file": files.file,
}
