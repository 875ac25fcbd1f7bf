"""Telling this program's own mock from a real server: what a mock answers is a recording of nothing real."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from gp_client.errors import GPError
from gp_client.wire.http_messages import Request, Transport

HEALTH = "/__admin/health"


def is_own_mock(transport: Transport, root: str, timeout: float = 10.0) -> bool:
    """Whether the host of `root` serves the mock's control API: one GET. A mock that keeps its control API
    closed tells itself by the words with which it refuses."""
    parts = urlsplit(root)
    request = Request(
        "GET",
        f"{parts.scheme}://{parts.netloc}{HEALTH}",
        {"accept": "application/json"},
        timeout=timeout,
    )
    try:
        response = transport.send(request)
        answer: Any = json.loads(response.content)
    except (GPError, ValueError, RecursionError):
        return False
    if not isinstance(answer, dict):
        return False
    if response.status == 200:
        return answer.get("status") == "healthy" and "sites" in answer and "version" in answer
    return response.status in (401, 403) and "control API" in json.dumps(answer)
