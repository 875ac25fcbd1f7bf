"""A task's inputs beside what a run's options send, where both have parameters of one name.

Tasks of ArcGIS Online and of portals have an input `context`, whose members are those of the request
parameter of that name. An option never takes an input's place without a word.

Sources: ArcGIS REST, *Submit GP job* (`context`); the descriptors of hosted analysis tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import Task

from gp_client.errors import InvalidInput
from gp_client.inputs.refusals import discreet

_CONTEXT = "context"


def joined(
    task: Task, encoded: Mapping[str, str], asked: Mapping[str, str], raw: Iterable[str], *, url: str = ""
) -> dict[str, str]:
    """The parameters of a request: the encoded inputs, and what the options ask for.

    `raw` are the names of those that the caller wrote out himself (`env`). The option's `context` goes into
    an input of that name which is a JSON object, and has none of its members. Raises InvalidInput for any
    other parameter that is named like an input of the task.
    """
    sent, defaults = dict(encoded), {each.name: each.default_value for each in task.inputs}
    written = set(raw)
    for name, text in asked.items():
        if name in defaults and name in written:
            raise InvalidInput(
                parameter="env",
                path=name,
                met="the name of an input of the task",
                expected="a request parameter that is none",
                remedy="give it among the inputs",
                url=url,
            )
        if name in defaults and name != _CONTEXT:
            raise InvalidInput(
                parameter=name,
                met="an option whose request parameter is named like an input of the task",
                expected="the input, and not the option",
                remedy="leave the option out and give the input",
                url=url,
            )
        given = encoded.get(name, defaults.get(name)) if name in defaults else None
        is_blank = given is None or given == {} or (isinstance(given, str) and not given.strip())
        sent[name] = text if is_blank else _merged(given, text, url)
    return sent


def _merged(given: Any, asked: str, url: str) -> str:
    """The object that is given as it is written, with the members that are asked for at its end."""
    from gp_protocol.json_text import encode_json

    text = given.strip() if isinstance(given, str) else ""
    if isinstance(given, Mapping):
        text = encode_json(given).decode()
    members, added = _object(text), msgspec.json.decode(asked)
    if members is None:
        raise InvalidInput(
            parameter=_CONTEXT,
            met=discreet(given),
            expected=f"a JSON object, into which {' and '.join(added)} of the options can go",
            remedy="leave these options out",
            url=url,
        )
    known = {name.casefold() for name in members}
    for name in added:
        if name.casefold() in known:
            raise InvalidInput(
                parameter=_CONTEXT,
                path=name,
                met="a member that an option asks for too",
                expected="it in one of the two",
                remedy="leave the option out, or the member",
                url=url,
            )
    return f"{text[:-1].rstrip()}{',' if members else ''}{asked[1:]}"


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return found if isinstance(found, dict) else None
