"""One request and its answer as the journal has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

KEPT: Final = 64 * 1024
"""Bytes of a body that are kept: the first ones."""

Headers = tuple[tuple[str, str], ...]


class Entry(msgspec.Struct, eq=False):
    """A request to a site. It is there from the request's arrival on, and what is known later is set later.

    Nothing in it holds a token or a password: `*****` stands for them. Sizes and hashes are those of the
    bytes themselves, before anything was masked, cut or unpacked.
    """

    number: int
    """Counts the site's requests from 1; it goes on where the journal was cleared."""
    at: float
    """When it arrived: seconds since the epoch, on the site's clock."""
    method: str = ""
    path: str = ""
    """As it was asked for, context included, decoded. Of a path beyond 16 KiB the beginning, as it
    says."""
    url: str = ""
    """The whole address as it was asked for, with its query. Of path and address together no more than KEPT
    characters are kept; what was cut says so."""
    client: str = ""
    """Such as `127.0.0.1:53210`."""
    operation: str = ""
    """One of `gp_mockserver.operations.OPERATIONS`; empty where the address leads nowhere."""
    service: str = ""
    """`Folder/Service`, or empty."""
    task: str = ""
    """`Folder/Service/Label`, or empty."""
    job_id: str = ""
    """The job in the address, or the one that was submitted."""
    name: str = ""
    """Of the result, input, item or file in the address."""
    parameters: Mapping[str, str] = {}
    """Of query and form, decoded, the first 1,000; `…` says how many more there were. What goes beyond KEPT
    characters in all is cut, and says so."""
    request_headers: Headers = ()
    request_body: bytes = b""
    """The first KEPT bytes of what came of it, without its content encoding."""
    request_size: int = 0
    """Bytes of the body that had come when the answer was ready. Of a request that is refused early more may
    follow, which is thrown away."""
    request_sha256: str = ""
    """In hexadecimal digits; empty where the request brings a secret, which its hash would tell."""
    seconds: float | None = None
    """How long the answer took, in real seconds: from the request's head until the last byte of the answer
    was handed to the connection, which may still send it; None while it is being answered."""
    status: int | None = None
    """The HTTP status that was sent; None where none was, or not yet."""
    response_headers: Headers = ()
    """Those of the answer itself, not those that the connection adds to it (`date`)."""
    response_body: bytes = b""
    """The first KEPT bytes, without their content encoding."""
    response_size: int = 0
    """Bytes of the body that were given to the connection."""
    response_sha256: str = ""
    deviations: tuple[str, ...] = ()
    """The labels of the deviations that were applied to it."""
    job_status: str = ""
    """The status of the job that was answered, such as `esriJobExecuting`."""
    refusal: str = ""
    """The protocol's error, such as `bad-value`, by its name in `gp_protocol.error_envelopes`; empty where
    the request was not refused."""
    near_miss: str = ""
    """What the request came closest to, and what differed."""
    error: str = ""
    """What a tool's function raised."""
    unexpected: bool = False
    """Whether the address leads nowhere: an unknown service, task or resource."""
    cut_short: str = ""
    """Why the answer did not come to its end, such as `the client left`; empty where it did."""
    came: float = 0.0
    """When it arrived, in seconds of a real clock (`time.perf_counter`), whatever the site's clock does: only
    how far two of them are apart means anything."""

    def __repr__(self) -> str:
        what = self.operation or self.path
        of = self.task or self.service
        status = f"{self.status or 'no status'}" if self.is_answered else "not answered"
        said = " ".join(filter(None, [status, self.job_status]))
        return f"<Entry {self.number}: {self.method} {what}{of and f' of {of}'}, {said}>"

    @property
    def is_answered(self) -> bool:
        """Whether nothing more comes: the answer was sent, or never will be."""
        return self.seconds is not None
