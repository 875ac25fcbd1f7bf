"""What a refusal of a run tells in spite of itself: that the server acted on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gp_client.errors import JobAddress
from gp_client.wire.addresses import job_url

if TYPE_CHECKING:
    from gp_client.wire.http_messages import Response

_LOOKED_AT = 1 << 16
_QUOTE = r"""(?:\\*["']|&quot;|&\#34;)"""
_RUN = re.compile(r"(?P<task>.+)/(?P<way>submitjob|execute)/?", re.IGNORECASE)
_JOB_ID = re.compile(rf"(?i){_QUOTE}jobId{_QUOTE}\s*:\s*{_QUOTE}(?P<id>[^\s\"'&\\/?#%;<>]{{1,200}}){_QUOTE}")
_RESULTS = re.compile(rf"{_QUOTE}results{_QUOTE}\s*:\s*\[\s*\{{")


def was_acted_on(url: str, response: Response) -> tuple[bool, JobAddress | None]:
    """Whether an answer to a run at `url`, of whatever status, names a job or carries results; and that job.

    The body is searched rather than read, as it may be a page, or cut short."""
    run = _RUN.fullmatch(url.partition("?")[0])
    if run is None or not response.content:
        return False, None
    from gp_client.reading.json_packing import text_of

    text = text_of(response.content[:_LOOKED_AT], response.header("content-type"))
    found = _JOB_ID.search(text)
    if found is None or not found["id"].strip("."):
        return _RESULTS.search(text) is not None, None
    return True, JobAddress(found["id"], job_url(run["task"], found["id"]))
