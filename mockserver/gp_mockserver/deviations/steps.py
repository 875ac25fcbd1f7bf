"""A record's `do` as steps: each an action, or an edit of the body, with a selector of its own if need be.

Beside the actions stand two that hold others: `{run-then = {…}}` lets the operation run first, so that its
effect stays though its answer is lost; `{alternate = [{…}, {…}]}` takes one and the other in turn, `{}` being
nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import msgspec
from gp_protocol.error_envelopes import KNOWN_ERRORS
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.versions import profile

from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.configuration.written_data import shaped
from gp_mockserver.deviations.actions import (
    ACTIONS,
    Action,
    AnswerAs,
    Cut,
    Drip,
    Error,
    HeaderAdd,
    HeaderRemove,
    HeaderSet,
    Instead,
    JobId,
    Raw,
    Redirect,
    SetTimeline,
    Stage,
    Stall,
)
from gp_mockserver.deviations.byte_edits import BYTE_EDITS, byte_edit
from gp_mockserver.deviations.edit_forms import build, name_of
from gp_mockserver.deviations.header_texts import check_header_name, check_header_value, check_headers
from gp_mockserver.deviations.json_edits import JSON_EDITS, json_edit, touched
from gp_mockserver.deviations.json_pointers import Pointer
from gp_mockserver.deviations.pages import page
from gp_mockserver.deviations.records import Deviation, Layer
from gp_mockserver.deviations.selectors import Selector
from gp_mockserver.deviations.value_makers import Makings, expand
from gp_mockserver.errors import SiteFileError

_EVERYTHING = Selector()
_LONGEST_ID = 1000
"""Characters of a template of job ids."""
_NAMES = (*ACTIONS, *JSON_EDITS, *BYTE_EDITS, "run-then", "alternate")


class Step(msgspec.Struct, frozen=True):
    """One thing that a deviation does. `action` is a struct of `actions`, `json_edits` or `byte_edits`; None
    does nothing. `then`: the operation runs, and the action replaces its answer."""

    name: str
    action: Any
    stage: Stage
    layer: Layer = "ASGI"
    replaces: bool = False
    then: bool = False
    where: Selector = _EVERYTHING
    turns: tuple[Step, ...] = ()

    @property
    def is_after(self) -> bool:
        """Whether it acts on an answer that is there."""
        return self.stage >= Stage.JSON

    def in_turn(self, number: int) -> Step:
        """Of an alternation, the step whose turn the request of this number is."""
        return self.turns[(number - 1) % len(self.turns)] if self.turns else self

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """The places of a JSON answer that it changes."""
        return touched(self.action) if self.stage is Stage.JSON else ()


def steps_of(record: Deviation, chosen: Mapping[str, Any] | None = None, seed: int = 0) -> tuple[Step, ...]:
    """The steps of a record, its parameters filled in; `chosen` ones come before the record's. `seed` decides
    random bytes.

    Raises SiteFileError, which names the place in the record.
    """
    parameters = {**record.parameters, **(chosen or {})}
    if not record.do:
        raise SiteFileError("do", "nothing", "one action or more")
    makings = Makings(parameters, seed)
    steps = [read_step(data, makings, f"do[{i}]") for i, data in enumerate(record.do)]
    where = expand(record.where, makings, "where")
    shaped({name: each for name, each in where.items() if each is not None}, Selector, "where")
    _check_endings(steps)
    return tuple(steps)


def _check_endings(steps: list[Step]) -> None:
    """Raises SiteFileError for two steps that end the same answer."""
    ends = [i for i, step in enumerate(steps) if isinstance(step.action, Cut | Stall | Raw | Drip)]
    for earlier, later in itertools.pairwise(ends):
        one, two = steps[earlier], steps[later]
        if one.stage is two.stage is Stage.WIRE and one.where == two.where:
            raise SiteFileError(
                f"do[{later}].{two.name}",
                f"{two.name} beside {one.name}",
                "one end of an answer",
                "leave one out",
            )


def read_step(data: Any, makings: Makings, path: str) -> Step:
    """The step that a mapping describes. Raises SiteFileError, said of `path`."""
    if not isinstance(data, Mapping):
        raise SiteFileError(path, shown(data), "an action: a mapping of its name to what it is for")
    written = dict(expand(data, makings, path))
    where = _EVERYTHING
    if (own := written.pop("where", None)) is not None:
        where = shaped(own, Selector, f"{path}.where")
    step = _step(written, path)
    return msgspec.structs.replace(step, where=where)


def _step(written: dict[str, Any], path: str) -> Step:
    name = name_of(written, _NAMES, path)
    if name in JSON_EDITS:
        return Step(name, json_edit(written, path), Stage.JSON)
    if name in BYTE_EDITS:
        return Step(name, byte_edit(written, path), Stage.BYTES)
    if name == "run-then":
        inner = _step(_mapping(written[name], f"{path}.{name}"), f"{path}.{name}")
        if not inner.replaces:
            raise SiteFileError(
                f"{path}.{name}", inner.name, "what answers: answer, error, redirect, replay or cut"
            )
        return msgspec.structs.replace(inner, then=True)
    if name == "alternate":
        return _alternation(written[name], f"{path}.{name}")
    kind = ACTIONS[name]
    action: Action = kind() if _is_plain(kind, written, name, path) else build(kind, name, written, path)
    _check(action, f"{path}.{name}")
    stage, replaces = kind.stage, kind.replaces
    if isinstance(action, Cut) and action.at_start:
        stage, replaces = Stage.BEFORE, True
    layer = "ASGI" if _needs_no_transport(action) else kind.layer
    return Step(name, action, stage, layer, replaces)


def _needs_no_transport(action: Action) -> bool:
    """Whether ASGI can say it: a body that ends too early, or that goes on no further."""
    match action:
        case Cut(of="body", with_="fin", at="half" | int()) | Stall(of="body"):
            return True
    return False


def _check(action: Action, path: str) -> None:
    """Raises SiteFileError for a name in an action that stands for nothing."""
    try:
        if isinstance(action, Instead | HeaderSet | HeaderAdd):
            check_headers(action.headers, "" if isinstance(action, HeaderSet | HeaderAdd) else "headers")
        match action:
            case Instead(page=str() as name):
                page(name, action.status)
            case HeaderRemove():
                for name in [action.names] if isinstance(action.names, str) else action.names:
                    check_header_name(name, "")
            case Redirect():
                check_header_value(action.to, "")
            case Error(what=str() as name) if name not in KNOWN_ERRORS:
                raise SiteFileError(
                    "", shown(name), "a code, or a known error", did_you_mean(name, KNOWN_ERRORS)
                )
            case JobId(pattern=str() as pattern) if len(pattern) > _LONGEST_ID:
                raise SiteFileError("", f"{len(pattern)} characters", f"at most {_LONGEST_ID}")
            case AnswerAs():
                profile(action.version)
            case SetTimeline():
                parse_timeline(action.timeline, "")
    except SiteFileError as error:
        raise error.at(path) from None
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None


def _is_plain(kind: type[Action], written: Mapping[str, Any], name: str, path: str) -> bool:
    """Whether an action stands without arguments: `{refuse = true}`."""
    if written[name] is True and len(written) == 1:
        return True
    if not kind.__struct_fields__:
        raise SiteFileError(f"{path}.{name}", shown(written), f"{name} = true, and nothing beside it")
    return False


def _mapping(data: Any, path: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise SiteFileError(path, shown(data), "an action: a mapping of its name to what it is for")
    return dict(data)


def _alternation(data: Any, path: str) -> Step:
    if not isinstance(data, list | tuple) or len(data) < 2:
        raise SiteFileError(path, shown(data), "a list of two actions or more; {} does nothing")
    turns: list[Step | None] = []
    for i, each in enumerate(data):
        place = f"{path}[{i}]"
        turns.append(_step(_mapping(each, place), place) if each else None)
    done = [each for each in turns if each is not None]
    if not done or len({each.stage for each in done}) > 1:
        raise SiteFileError(path, shown(data), "actions of one stage, such as two edits of JSON")
    first = done[0]
    nothing = Step("nothing", None, first.stage)
    return Step(
        "alternate", None, first.stage, first.layer, False, turns=tuple(each or nothing for each in turns)
    )
