"""The baseline: an ASGI app that does nothing but send prepared answers.

BARE_ANSWERS in the environment names a JSON file of `{path: [[[name, value], ...], body]}`; the entry "" is
for every other path. Without it, `{}` is the only answer. A request's body is read to its end before the
answer is sent.
"""

from __future__ import annotations

import json
import os

Message = dict[str, object]


def prepared(headers: list[list[str]], body: str) -> tuple[Message, Message]:
    """The two messages of an answer."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return (
        {"type": "http.response.start", "status": 200, "headers": raw},
        {"type": "http.response.body", "body": body.encode()},
    )


ANSWERS: dict[bytes, tuple[Message, Message]] = {}
ANY = prepared([["content-type", "application/json"], ["content-length", "2"]], "{}")
if file := os.environ.get("BARE_ANSWERS"):
    with open(file, encoding="utf-8") as stream:
        ANSWERS = {path.encode(): prepared(*answer) for path, answer in json.load(stream).items()}
    ANY = ANSWERS.pop(b"", ANY)


async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] != "http":
        return
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    start, body = ANSWERS.get(scope["raw_path"], ANY)
    await send(start)
    await send(body)
