"""Sizes as people write them (`4096`, `"512 KB"`, `"10MB"`, `"1.5 GB"`), and the limits of a site file."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

import msgspec
from gp_protocol.errors import shown
from msgspec import Meta

from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteFileError
from gp_mockserver.limits import Limits

_UNITS = {"": 1, "b": 1} | {
    spelling: 1024**power for power, unit in enumerate("kmgt", 1) for spelling in (f"{unit}b", f"{unit}ib")
}
_SIZE = re.compile(r"^\s*(\d{1,18}(?:\.\d{1,9})?)\s*([kKmMgGtT]?[iI]?[bB]|)\s*$")
_EXPECTED = 'a number of bytes above 0, or a text such as "512 KB", "10MB" or "1.5 GB"'

Size = Annotated[
    Annotated[int, Meta(ge=1)] | Annotated[str, Meta(pattern=_SIZE.pattern)], Meta(description=_EXPECTED)
]
"""The form of a size in a file; a kilobyte is 1,024 bytes."""
Count = Annotated[int, Meta(ge=1, description="a whole number, 1 or more")]


class LimitsForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How much the site takes; beyond a limit a request gets an error that names it."""

    body: Size | None = None
    decompressed: Size | None = None
    bodies: Size | None = None
    fields: Count | None = None
    parts: Count | None = None
    names: Count | None = None
    callback: Count | None = None
    json_depth: Annotated[int, Meta(ge=1, le=500, description="a whole number from 1 to 500")] | None = None
    json_digits: Annotated[int, Meta(ge=1, le=4300, description="a whole number from 1 to 4300")] | None = (
        None
    )
    json_parts: Count | None = None
    upload: Size | None = None
    stored: Size | None = None
    jobs_memory: Size | None = None
    fetched: Size | None = None


def parse_size(data: Any, path: str = "size") -> int:
    """Bytes, 1 or more. Raises SiteFileError."""
    size = 0
    if isinstance(data, str) and (match := _SIZE.match(data)) and match[2].lower() in _UNITS:
        size = math.floor(float(match[1]) * _UNITS[match[2].lower()])
    elif isinstance(data, int) and not isinstance(data, bool):
        size = data
    if size < 1:
        raise SiteFileError(path, shown(data), _EXPECTED)
    return size


def parse_limits(form: LimitsForm, path: str = "limits") -> Limits | None:
    """The limits that a site file sets, the others as they are; None where it sets none.

    Raises SiteFileError.
    """
    given = {
        field.name: parse_size(value, join(path, field.encode_name))
        for field in msgspec.structs.fields(form)
        if (value := getattr(form, field.name)) is not None
    }
    return Limits(**given) if given else None
