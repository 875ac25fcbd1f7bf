"""A deviation as data: a named way for a server to depart from what clients expect.

A record says where it applies (`on`, `where`), what the server does (`do`, a list of steps made of the
actions in `gp_mockserver.deviations.actions`), what a careful client makes of it (`expect`) and what a
verifier reports (`finding`). Catalogue files, site files, the control API and Python all hold this form:

    name = "results-late"
    group = "results"
    class = "fault"
    on = ["job"]
    where = { status = "esriJobSucceeded", times = "$polls" }
    do = [{ remove = "/results" }]
    parameters = { polls = 3 }
    expect = ["retry", "protocol"]
    finding = "results.late"
    evidence = ["C[apy]"]
    does = "The job has succeeded, but its results are listed only some polls later."
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.configuration.written_data import join, shaped
from gp_mockserver.errors import SiteError, SiteFileError

Kind = Literal["legal", "fault", "violation"]
"""legal: a correct server may do it, and a client must work. fault: server or network failed. violation: the
protocol is broken."""

Layer = Literal["ASGI", "transport", "socket"]
"""What it takes to do it: an ASGI application; the request's transport; a listening socket of its own."""

Outcome = Literal[
    "ok",
    "retry",
    "flag",
    "none",
    "transport",
    "http",
    "auth",
    "server",
    "job",
    "protocol",
    "unsupported",
    "deadline",
]
"""What a client may make of it: see `docs/deviations.md`."""

OUTCOMES: Final[tuple[str, ...]] = Outcome.__args__  # type: ignore[attr-defined]

ON: Final = (
    "info",
    "catalogue",
    "service",
    "task",
    "execute",
    "submit",
    "job",
    "cancel",
    "result",
    "results",
    "upload",
    "token",
    "file",
    "map",
)
"""The operations that a deviation can be on; beside them stand the sets `run`, `safe`, `json` and `any`."""

_UNSAFE = frozenset({"execute", "submit", "cancel", "upload", "token"})
SETS: Final[Mapping[str, frozenset[str]]] = {
    "run": frozenset({"execute", "submit"}),
    "safe": frozenset(ON) - _UNSAFE,
    "json": frozenset(ON) - {"file", "map"},
}
"""`any`, which is not in here, is every operation, those without a word of their own too."""

ANY: Final = "any"
MOST_ACTIONS: Final = 1000
"""In one deviation."""
ASSUMED: Final = "assumed"


class DeviationError(SiteError):
    """A deviation does not exist, is written wrongly, or cannot be injected here."""


class HiddenDeviation(DeviationError):
    """A deviation and one that is followed already would hide one another."""


class Expectation(msgspec.Struct, frozen=True):
    """What a careful client makes of a deviation, the best first: where repeating a request is safe, and
    where it is not (execute, submitJob, cancel, uploads, tokens)."""

    safe: tuple[Outcome, ...] = ()
    unsafe: tuple[Outcome, ...] = ()


class Deviation(msgspec.Struct, frozen=True, rename={"kind": "class"}, forbid_unknown_fields=True):
    """One entry of the catalogue, or one of a user's own.

    `on`: operations, or sets of them. `where`: see `selectors.Selector`. `do`: one step after the other, each
    a mapping of one action to its arguments, with a `where` of its own if need be. `parameters`: what may be
    chosen at injection, with their defaults; `$name` stands for one in `do` and `where`. `by` follows from
    the actions. `evidence`: documents, recordings, client code or public threads that know it, or `assumed`.
    """

    name: str
    do: tuple[dict[str, Any], ...]
    group: str = "own"
    kind: Kind = "violation"
    on: tuple[str, ...] = (ANY,)
    where: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    expect: Expectation | tuple[Outcome, ...] = ()
    finding: str | None = None
    evidence: tuple[str, ...] = (ASSUMED,)
    does: str = ""

    @property
    def expectation(self) -> Expectation:
        """What `expect` says, for both sorts of operations."""
        expect = self.expect
        return expect if isinstance(expect, Expectation) else Expectation(expect, expect)

    @property
    def by(self) -> Layer:
        """The layer it takes, which its actions say."""
        from gp_mockserver.deviations.steps import steps_of

        layers: tuple[Layer, ...] = ("ASGI", "transport", "socket")
        return max((step.layer for step in steps_of(self)), key=layers.index, default="ASGI")


_NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_FIELDS = frozenset(field.encode_name for field in msgspec.structs.fields(Deviation))


def read_deviation(data: Any, path: str = "") -> Deviation:
    """The record that data of its form describes, each of its steps checked.

    Raises SiteFileError, which names the place, for what does not fit.
    """
    from gp_mockserver.deviations.steps import steps_of

    if not isinstance(data, Mapping):
        raise SiteFileError(path, shown(data), "a deviation: a mapping with name and do")
    for name, what in (("name", "a name for it"), ("do", "a list of actions")):
        if name not in data:
            near = did_you_mean(name, [str(key) for key in data if key not in _FIELDS])
            remedy = near.replace("did you mean", "is it") or f"add {name}"
            raise SiteFileError(path, f"a mapping without {name}", f"{name}: {what}", remedy)
    place, actions = join(path, "do"), data["do"]
    if not isinstance(actions, list | tuple):
        raise SiteFileError(place, shown(actions), "a list of actions")
    if len(actions) > MOST_ACTIONS:
        raise SiteFileError(place, f"{len(actions)} actions", f"at most {MOST_ACTIONS}")
    for i, each in enumerate(actions):
        if not isinstance(each, Mapping):
            raise SiteFileError(
                f"{place}[{i}]", shown(each), "an action: a mapping of its name to what it is for"
            )
    _check_expect(data.get("expect"), join(path, "expect"))
    record = shaped(dict(data), Deviation, path)
    if not _NAME.fullmatch(record.name):
        name = f"{path}.name" if path else "name"
        raise SiteFileError(
            name, shown(record.name), "lower-case letters, digits, dots and dashes, as in results-late"
        )
    for word in record.on:
        check_operation(word, f"{path}.on" if path else "on")
    try:
        steps_of(record)
    except SiteFileError as error:
        raise error.at(path) from None
    return record


def _check_expect(data: Any, path: str) -> None:
    """Raises SiteFileError for a word of `expect` that is none of OUTCOMES."""
    lists = data.items() if isinstance(data, Mapping) else [("", data)]
    for key, words in lists:
        for i, word in enumerate(words if isinstance(words, list | tuple) else ()):
            if word not in OUTCOMES:
                place = f"{path}.{key}[{i}]" if key else f"{path}[{i}]"
                hint = did_you_mean(word, OUTCOMES) if isinstance(word, str) else ""
                raise SiteFileError(place, shown(word), one_of(OUTCOMES), hint)


def check_operation(word: str, path: str) -> None:
    """Raises SiteFileError for what is neither an operation nor a set of operations."""
    known = (*ON, *SETS, ANY)
    if word not in known and word not in OWN_WORDS:
        raise SiteFileError(path, shown(word), one_of(known), did_you_mean(word, known))


OWN_WORDS: Final[Mapping[str, str]] = {
    "submitJob": "submit",
    "generateToken": "token",
    "tokens": "token",
    "oauthToken": "token",
    "root": "catalogue",
    "register": "upload",
    "uploadPart": "upload",
    "commit": "upload",
    "uploads": "upload",
    "uploadsInfo": "upload",
    "item": "upload",
    "parts": "upload",
    "delete": "upload",
    "resultMap": "map",
    "resultMapExport": "map",
    "resultMapLayer": "map",
    "resultMapLayers": "map",
    "resultMapLegend": "map",
    "resultMapQuery": "map",
    "download": "file",
}
"""The word for each operation of the mock that is not called as deviations call it."""


def operations_of(on: tuple[str, ...]) -> frozenset[str] | None:
    """The operations that words name; None: every one."""
    if ANY in on:
        return None
    return frozenset().union(*(SETS.get(word) or {OWN_WORDS.get(word, word)} for word in on))
