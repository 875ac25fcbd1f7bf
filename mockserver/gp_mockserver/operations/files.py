"""Files that jobs and runs left, below `/rest/directories`."""

from __future__ import annotations

from gp_mockserver.wire.replies import FileReply, Refusal
from gp_mockserver.wire.requests import Request


async def file(request: Request) -> FileReply:
    """A file of a job's scratch folder or of the output folder."""
    path = request.site.directories.find_file(request.address.name)
    if path is None:
        raise Refusal("file-not-found")
    return FileReply(path)
