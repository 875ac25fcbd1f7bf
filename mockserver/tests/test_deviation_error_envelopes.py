"""Deviations leave the protocol's errors as they are, unless errors are what they are about."""

from __future__ import annotations

from collections.abc import Iterator

from gp_mockserver.deviations.catalogue import catalogue
from gp_mockserver.deviations.json_documents import read, write
from gp_mockserver.deviations.json_editing import Editing, edit_document
from gp_mockserver.deviations.json_edits import Edit
from gp_mockserver.deviations.steps import Step, steps_of

from every_case import every_case

ENVELOPE = b'{"error":{"code":498,"message":"Invalid token.","details":["first","second"]}}'
ABOUT_ANY_JSON = frozenset({"envelope", "format"})
FILLS = {
    "root": "http://a",
    "origin": "http://a",
    "job": "http://a/j",
    "job_id": "j",
    "token": "t",
    "path": "/",
}


def _turns(step: Step) -> Iterator[Step]:
    yield step
    for each in step.turns:
        yield from _turns(each)


def _edits() -> Iterator[tuple[str, Edit]]:
    for name, entry in catalogue().items():
        if entry.group in ABOUT_ANY_JSON:
            continue
        for step in steps_of(entry, {"bytes": 10, "count": 1} if "bytes" in entry.parameters else None):
            for each in _turns(step):
                if isinstance(each.action, Edit):
                    yield name, each.action


EDITS = [(name, edit) for name, edit in _edits() if edit.pointer.steps[:1] != ("error",)]


def test_there_are_edits_to_look_at() -> None:
    assert len(EDITS) > 100
    assert {"version-10.91", "status-null", "upload-not-committed"} <= {name for name, _ in EDITS}


@every_case(("name", "edit"), EDITS, ids=[name for name, _ in EDITS])
def test_an_error_stays_as_it_is(name: str, edit: Edit) -> None:
    edited, changed = edit_document(edit, read(ENVELOPE), Editing(FILLS))
    assert (write(edited), changed) == (ENVELOPE, False)
