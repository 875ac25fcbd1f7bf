"""A server made of answers written by hand, in the place of a transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gp_client.errors import TransportError
from gp_client.wire.http_messages import Body, Request, Response

Answer = Response | Exception | Callable[[Request], "Response | Exception"]


def answer(body: Any = None, status: int = 200, **headers: str) -> Response:
    """JSON for a dict, list, number or None; text and bytes as they are. `content_type` sets that header."""
    content_type = headers.pop("content_type", "application/json;charset=UTF-8")
    if isinstance(body, bytes):
        content = body
    elif isinstance(body, str):
        content = body.encode()
    else:
        content = json.dumps(body).encode()
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(status, [("content-type", content_type), *named] if content_type else named, content)


def error(code: int, message: str = "Unable to complete operation.", *details: str) -> Response:
    return answer({"error": {"code": code, "message": message, "details": list(details)}})


def cut(sent: bool = True) -> TransportError:
    return TransportError("the connection was reset", sent=sent)


class Scripted:
    """Answers by the end of the path: `{"viewshed/submitJob": [first, second, …]}`; the last one stays.

    A request that fits no key fails the test. `asked` are all requests, in order.
    """

    def __init__(self, script: dict[str, Answer | Iterable[Answer]]) -> None:
        self._script: dict[str, Iterator[Answer]] = {}
        self._last: dict[str, Answer] = {}
        for key, answers in script.items():
            many = answers if isinstance(answers, list | tuple) else [answers]
            self._script[key] = iter(many)
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        if isinstance(request.body, Body):
            assert sum(map(len, request.body.chunks())) == request.body.length
        path = urlsplit(request.url).path.rstrip("/")
        keys = [key for key in self._script if path.endswith("/" + key) or request.url == key]
        assert keys, f"nobody asked for {request.method} {request.url} in this script"
        key = max(keys, key=len)
        found = self._last[key] = next(self._script[key], self._last.get(key))  # type: ignore[arg-type]
        if callable(found) and not isinstance(found, Response | Exception):
            found = found(request)
        if isinstance(found, Exception):
            raise found
        response = Response(found.status, found.headers, found.content, request.url)
        if request.sink is not None and request.sink.begin(response):
            request.sink.write(response.content)
            response.content = b""
        return response

    def close(self) -> None:
        pass

    def parameters(self, number: int = -1) -> dict[str, str]:
        """The query's and the form's parameters of a request."""
        request = self.asked[number]
        body = request.body if isinstance(request.body, bytes) else b""
        pairs = [*parse_qsl(urlsplit(request.url).query, True), *parse_qsl(body.decode("latin-1"), True)]
        return dict(pairs)

    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.asked]
