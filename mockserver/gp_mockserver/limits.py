"""How much a site takes: beyond a limit a request gets an error that names it, and the site goes on."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec
from gp_protocol.json_limits import MAX_DEPTH, MAX_DIGITS, MAX_PARTS, JSONLimits

_MEBIBYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, rename="camel", dict=True):
    """Sizes are in bytes. What the connection itself may carry (URL, headers) is the server's to say.

    `body`: of a request, its uploaded files aside. `decompressed`: of a gzipped body, uploaded files
    included. `bodies`: of all bodies beyond 1 MB that are being read or answered at once; one always fits.
    `fields`: parameters of a query or form; `parts`: of a multipart form; `names`: characters of a
    parameter's name; `callback`: of a JSONP callback's. `json_depth`, `json_digits` and `json_parts`: of
    one input's JSON, the arrays and objects within each other, the digits of a number in a row, and the
    members and elements, counted as its arrays, objects and commas.
    `upload`: of one uploaded file (ArcGIS's own default is 2 GB). `stored`: of all files that a site keeps
    (uploads, jobs' files, outputs). `jobs_memory`: of the inputs and outputs of all jobs that are kept.
    `fetched`: of an input that is fetched from another host.
    """

    body: int = 64 * _MEBIBYTE
    decompressed: int = 64 * _MEBIBYTE
    bodies: int = 256 * _MEBIBYTE
    fields: int = 1000
    parts: int = 1000
    names: int = 1000
    callback: int = 128
    json_depth: int = MAX_DEPTH
    json_digits: int = MAX_DIGITS
    json_parts: int = MAX_PARTS
    upload: int = 2000 * _MEBIBYTE
    stored: int = 8000 * _MEBIBYTE
    jobs_memory: int = 2000 * _MEBIBYTE
    fetched: int = 64 * _MEBIBYTE

    @cached_property
    def json(self) -> JSONLimits:
        """The limits of one input's JSON."""
        return JSONLimits(
            depth=self.json_depth,
            digits=self.json_digits,
            parts=self.json_parts,
            depth_remedy="the site's limits.jsonDepth says how many",
            digits_remedy="the site's limits.jsonDigits says how many",
            parts_remedy="the site's limits.jsonParts says how many",
        )

    def passed(self, limit: str, met: str, unit: str = "bytes") -> str:
        """What an error says of a limit, called as site files call it, that was passed."""
        most = getattr(self, _FIELDS[limit])
        return f"{limit}: met {met}, expected at most {most} {unit}; the site's limits.{limit} says how many"


_FIELDS: Final = {field.encode_name: field.name for field in msgspec.structs.fields(Limits)}
DEFAULT_LIMITS: Final = Limits()
