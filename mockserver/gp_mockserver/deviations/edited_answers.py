"""An answer that is there, changed as steps say: its JSON, then its bytes, then its head."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from time import time
from typing import Any

from gp_protocol.errors import shown

from gp_mockserver.deviations.actions import HeaderAdd, HeaderRemove, HeaderSet, Stage, Status
from gp_mockserver.deviations.body_limits import MOST_BYTES, BodyTooLarge, check_size
from gp_mockserver.deviations.byte_edits import edit_bytes
from gp_mockserver.deviations.given_answers import GivenAnswer
from gp_mockserver.deviations.header_texts import filled_value
from gp_mockserver.deviations.json_documents import jsonp_parts, read, write
from gp_mockserver.deviations.json_editing import Editing, edit_document
from gp_mockserver.deviations.json_scanning import NotJSON
from gp_mockserver.deviations.json_sizes import size_of
from gp_mockserver.deviations.steps import Step

log = logging.getLogger("gp_mockserver")

_DATE = re.compile(r"\{date([+-]\d+)?\}")

Applied = Callable[[Step], None]
"""Called with each step that changed something."""


def edit_json(answer: GivenAnswer, steps: list[Step], editing: Editing, applied: Applied) -> None:
    """Change the JSON of an answer; what is no JSON stays as it is."""
    before, text, behind = jsonp_parts(answer.body)
    try:
        document = read(text)
    except NotJSON:
        return
    done = []
    limit = max(MOST_BYTES, len(answer.body))
    try:
        for step in steps:
            document, changed = edit_document(step.action, document, editing)
            if changed:
                check_size("the edited body", size_of(document.root) or 0, limit)
                done.append(step)
        if done:
            answer.body = before + write(document, limit=limit) + behind
    except BodyTooLarge as error:
        log.warning("%s: the answer stays as it was", error)
        return
    for step in done:
        applied(step)


def edit_body(answer: GivenAnswer, steps: list[Step], applied: Applied) -> None:
    """Change an answer's bytes."""
    for step in steps:
        try:
            answer.body, changed = edit_bytes(step.action, answer.body)
        except BodyTooLarge as error:
            log.warning("%s: the answer stays as it was", error)
            continue
        if changed:
            applied(step)


def edit_head(answer: GivenAnswer, steps: list[Step], fills: Mapping[str, str], applied: Applied) -> None:
    """Change an answer's status and headers."""
    for step in steps:
        before = (answer.status, list(answer.headers))
        _HEAD_EDITS[type(step.action)](answer, step.action, fills)
        if (answer.status, answer.headers) != before:
            applied(step)


def _set_status(answer: GivenAnswer, action: Status, fills: Mapping[str, str]) -> None:
    answer.status = action.code


def _set(answer: GivenAnswer, action: HeaderSet, fills: Mapping[str, str]) -> None:
    for name, value in _values(action.headers, fills):
        answer.headers = [*answer.without(name.lower()), (name, value)]


def _add(answer: GivenAnswer, action: HeaderAdd, fills: Mapping[str, str]) -> None:
    answer.headers = [*answer.headers, *_values(action.headers, fills)]


def _values(headers: Mapping[str, str], fills: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    values = [(name.encode("latin-1"), header_value(name, text, fills)) for name, text in headers.items()]
    return [(name, value) for name, value in values if value is not None]


def _remove(answer: GivenAnswer, action: HeaderRemove, fills: Mapping[str, str]) -> None:
    if action.of_errors and answer.status < 400:
        return
    names = [action.names] if isinstance(action.names, str) else action.names
    for name in names:
        answer.headers = answer.without(name.lower().encode("latin-1"))


_HEAD_EDITS: dict[type, Callable[[GivenAnswer, Any, Mapping[str, str]], None]] = {
    Status: _set_status,
    HeaderSet: _set,
    HeaderAdd: _add,
    HeaderRemove: _remove,
}


def header_value(name: str, text: str, fills: Mapping[str, str]) -> bytes | None:
    """A header's value, its template filled: `{date+86400}` is the date a day from now. None, and a warning,
    where HTTP cannot carry it."""
    try:
        dated = _DATE.sub(lambda found: formatdate(time() + int(found[1] or 0), usegmt=True), text)
    except (ValueError, OverflowError, OSError):
        log.warning("the header %s is left out: %s is beyond all dates", name, shown(text))
        return None
    return filled_value(dated, fills, name)


def of_stage(steps: list[Step], stage: Stage) -> list[Step]:
    """The steps of one stage, in their order."""
    return [step for step in steps if step.stage is stage]
