"""How much a site takes: beyond a limit a request gets an error that names it, and the site goes on."""

from __future__ import annotations

import msgspec

_MEBIBYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, rename="camel"):
    """Sizes are in bytes. What the connection itself may carry (URL, headers) is the server's to say.

    `body`: of a request, its uploaded files aside. `decompressed`: of a gzipped body. `fields`: parameters of
    a query or form; `parts`: of a multipart form. `json_depth` and `json_digits`: of one input's JSON.
    `upload`: of one uploaded file (ArcGIS's own default is 2 GB). `stored`: of all files that a site keeps
    (uploads, jobs' files, outputs). `jobs_memory`: of the inputs and outputs of all jobs that are kept.
    `fetched`: of an input that is fetched from another host.
    """

    body: int = 64 * _MEBIBYTE
    decompressed: int = 64 * _MEBIBYTE
    fields: int = 1000
    parts: int = 1000
    json_depth: int = 100
    json_digits: int = 400
    upload: int = 2000 * _MEBIBYTE
    stored: int = 8000 * _MEBIBYTE
    jobs_memory: int = 2000 * _MEBIBYTE
    fetched: int = 64 * _MEBIBYTE
