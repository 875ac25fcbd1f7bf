"""One request and what came of it, as it was seen on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Fault = Literal["unreachable", "tls", "cut", "framing", "encoding", "size", "slow"]
"""Why there is no whole answer: nobody listens; the certificate; the connection ended, or fell silent, before
the answer did; bytes that are no HTTP; a content encoding that does not fit; more than is taken; a whole
answer that came later than the client's own limit."""


class Exchange(msgspec.Struct):
    """What is kept of it. `parameters` are those of query and form, decoded, credentials left out."""

    operation: str
    """A word of the catalogue of deviations: info catalogue service task execute submit job cancel result
    results input inputs upload token file; empty where the address is none of the protocol's."""
    method: str
    url: str
    """As it was asked, its query included: nothing for eyes. `shown_url` masks it."""
    parameters: Mapping[str, str] = {}
    at: float = 0.0
    """Seconds since the conversation began, by the client's clock."""
    seconds: float = 0.0
    """How long the answer took."""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """In the order in which they came, repeated ones too."""
    body: bytes = b""
    """Without its content encodings."""
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    fault: Fault | None = None
    fault_text: str = ""
    service: str = ""
    """`Folder/Service`."""
    task: str = ""
    """`Folder/Service/Label`."""
    job_id: str = ""
    name: str = ""
    """Of a result, an input, an item or a file."""

    def header(self, name: str) -> str:
        """A header's first value, whatever its case; empty where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")
