"""Running an unchanged script while watching what its urllib says and hears."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.response import addinfourl


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was sent and the answer that came; `at` counts seconds from the script's start."""

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    status: int
    body: bytes
    at: float
    seconds: float

    @property
    def answer(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Wire(urllib.request.BaseHandler):
    """A urllib handler that tells `listener` every exchange and changes nothing."""

    def __init__(self, listener: Callable[[Exchange], None]) -> None:
        self._listener = listener
        self._start = time.perf_counter()
        self._sent_at = 0.0

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        self._sent_at = time.perf_counter()
        return request

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        body = response.read()
        address = urlsplit(request.full_url)
        form = request.data.decode() if isinstance(request.data, bytes) else ""
        pairs = parse_qsl(address.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        self._listener(
            Exchange(
                method=request.get_method(),
                path=address.path,
                parameters=tuple(pairs),
                status=response.status,
                body=body,
                at=self._sent_at - self._start,
                seconds=time.perf_counter() - self._sent_at,
            )
        )
        replayed: Any = addinfourl(io.BytesIO(body), response.headers, response.url, response.status)
        replayed.msg = response.msg
        return replayed


class Lines(io.TextIOBase):
    """A text stream that hands whole lines on."""

    def __init__(self, listener: Callable[[str], None]) -> None:
        self._listener = listener
        self._unfinished = ""

    def write(self, text: str) -> int:
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            self._listener(line)
        return len(text)


def run_script(
    script: Path,
    *arguments: str,
    on_exchange: Callable[[Exchange], None],
    on_line: Callable[[str], None],
) -> str | None:
    """Run a script as `__main__`, telling every exchange and printed line; what it complained of, or None.

    Proxies of the environment are passed by: the scripts are run against this machine.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Wire(on_exchange))
    urllib.request.install_opener(opener)
    words, sys.argv = sys.argv, [str(script), *arguments]
    try:
        with contextlib.redirect_stdout(Lines(on_line)):
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as ending:
        return None if not ending.code else f"ended with {ending.code}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sys.argv = words
    return None
