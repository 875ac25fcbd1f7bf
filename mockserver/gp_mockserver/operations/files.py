"""Files that jobs and runs left, below `/rest/directories`."""

from __future__ import annotations

from gp_mockserver.site_directories import job_id_in
from gp_mockserver.wire.file_types import content_type, is_run_by_browsers
from gp_mockserver.wire.replies import FileReply, Refusal
from gp_mockserver.wire.requests import Request


async def file(request: Request) -> FileReply:
    """A file of a job's scratch folder or of the output folder; a job that is forgotten has none.

    What a browser would run as a page of this server is to be saved, not shown.
    """
    site, name = request.site, request.address.name
    job_id = job_id_in(name)
    path = site.directories.find_file(name)
    if path is None or (job_id and site.store.get(job_id, request.arrived) is None):
        raise Refusal("file-not-found")
    return FileReply(path, content_type(path.name), path.name if is_run_by_browsers(path.name) else None)
