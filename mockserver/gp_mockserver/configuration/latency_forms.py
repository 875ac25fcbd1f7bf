"""Latencies as site files say them: a mapping of operations to latencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.latency import Latency, parse_latency


def latencies(data: Mapping[str, Any] | None, path: str) -> dict[str, Latency]:
    """The latency of each operation that `data` names. Raises SiteFileError."""
    from gp_mockserver.operations import OPERATIONS

    for operation in data or ():
        if operation not in OPERATIONS and operation != "*":
            known = [*OPERATIONS, "*"]
            hint = did_you_mean(operation, known)
            raise SiteFileError(join(path, operation), "no operation of that name", one_of(known), hint)
    return {operation: parse_latency(each, join(path, operation)) for operation, each in (data or {}).items()}
