"""The primitives that all deviations are made of, beside the edits of JSON and of bytes.

Each is plain data with the stage at which it acts and the layer that it takes. In a record an action is a
mapping in which one key names it and holds what it is for, and others say how: `{delay = 2, jitter = 1}`,
`{cut = "half", with = "rst"}`, `{refuse = true}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from math import ceil
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from gp_mockserver.deviations.records import Layer

Seconds = Annotated[float, Meta(ge=0)]
At = Annotated[int, Meta(ge=0)] | Literal["half", "end"]
"""A place in an answer: so many bytes, half of them, all of them."""
Ways = Literal["fin", "rst", "eof"]
"""How a connection ends: closed (FIN), reset (RST), or closed for writing alone."""


class Stage(IntEnum):
    """When an action acts, from the listening socket to the last byte."""

    NETWORK = 0
    CONNECTION = 1
    BEFORE = 2
    OPERATION = 3
    JSON = 4
    BYTES = 5
    HEAD = 6
    WIRE = 7


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What every action says of itself. `replaces`: it answers instead of the operation, or of its answer."""

    stage: ClassVar[Stage] = Stage.BEFORE
    layer: ClassVar[Layer] = "ASGI"
    replaces: ClassVar[bool] = False


class _OfNetwork(Action, frozen=True):
    stage = Stage.NETWORK
    layer = "socket"
    replaces = True


class Refuse(_OfNetwork, frozen=True):
    """Connections are refused (RST to the SYN)."""


class NeverAccept(_OfNetwork, frozen=True):
    """Connections are never completed: the server's backlog is full."""


class AcceptOnly(_OfNetwork, frozen=True):
    """Connections are accepted, and no byte is ever sent."""


class CloseAtAccept(_OfNetwork, frozen=True):
    """Connections are closed as soon as they are accepted."""


class Certificate(_OfNetwork, frozen=True):
    """TLS with a certificate for another host, or one that ended `days` ago (0: a good one)."""

    replaces = False
    host: str = ""
    days: int = 0


class StopReading(Action, frozen=True):
    """The request's body is read up to `at` bytes, then no more; no answer comes."""

    stage = Stage.CONNECTION
    layer = "transport"
    replaces = True
    at: Annotated[int, Meta(ge=0)] = 0


class Delay(Action, frozen=True):
    """Nothing happens for `seconds` and up to `jitter` more: before the operation runs, between it and the
    head of the answer, or between head and body. On the site's clock; where that jumps, in real time."""

    seconds: Seconds
    jitter: Seconds = 0.0
    at: Literal["before", "head", "body"] = "before"


class AtOnce(Action, frozen=True):
    """The latency that site, service or task have is left out."""

    stage = Stage.OPERATION


class Instead(Action, frozen=True):
    """An answer of this HTTP status instead of the operation: one of the pages of `deviations.pages`, JSON,
    or a body as it is. `reads`: once so many bytes of the request's body have come, after which the
    connection closes; None: once all have."""

    replaces = True
    status: Annotated[int, Meta(ge=100, le=999)] = 200
    page: str | None = None
    json: Any = msgspec.UNSET
    body: bytes = b""
    headers: dict[str, str] = {}
    reads: Annotated[int, Meta(ge=0)] | None = None


class Error(Action, frozen=True):
    """The protocol's error instead of the operation: one that `gp_protocol.error_envelopes` knows, by its
    name and with the site's own words, or a code with `message` and `details`. `status`: HTTP's."""

    replaces = True
    what: str | int
    message: str | None = None
    details: list[str] | None = None
    status: Annotated[int, Meta(ge=100, le=999)] = 200


class Redirect(Action, frozen=True):
    """A redirect to a template of an address, in which `{origin}`, `{root}`, `{path}` (with the query),
    `{slashed}` (that with a slash at its path's end, or without, if it had one) and `{job}` stand for what
    the request asked for. Other places are `{other}`, the same host on another port, where nothing deviates;
    `{insecure}`, that without TLS; `{elsewhere}`, another host, which knows nothing of the site; and
    `{identity_provider}`, a page there to sign in on."""

    replaces = True
    to: str = "{other}{path}"
    status: Annotated[int, Meta(ge=300, le=399)] = 302


class Replay(Action, frozen=True):
    """An answer that the same operation (of the same job) had since the injection, again: the first, the
    second, or, counted from the last one, -1, -2. Where the deviation is on submit, too, the answer to that
    is a job's first."""

    replaces = True
    nth: int = 1


class Cut(Action, frozen=True):
    """The connection ends after so many bytes of the answer, or of its body; `start`: the request is read,
    and nothing is sent."""

    stage = Stage.WIRE
    layer = "transport"
    at: At | Literal["start"] = "half"
    of: Literal["answer", "body"] = "body"
    with_: Ways = msgspec.field(default="fin", name="with")

    @property
    def at_start(self) -> bool:
        return self.at == "start"


class Stall(Action, frozen=True):
    """The answer stops after so many bytes of it, or of its body; the connection stays open."""

    stage = Stage.WIRE
    layer = "transport"
    at: At = "half"
    of: Literal["answer", "body"] = "body"


class Pace(Action, frozen=True):
    """The body comes in pieces of so many bytes, so many seconds of real time apart. `within`: pieces of a
    body that would take longer than so many seconds are larger, or, if they are to be of `fixed-size`, sooner
    after one another."""

    stage = Stage.WIRE
    size: Annotated[int, Meta(ge=1)] = 1
    seconds: Seconds = 0.05
    within: Annotated[float, Meta(gt=0)] | None = None
    fixed_size: bool = False

    def size_for(self, whole: int) -> int:
        """The bytes in each piece of a body of so many."""
        if self.within is None or not self.seconds or self.fixed_size:
            return self.size
        return max(self.size, ceil(whole / max(1, int(self.within / self.seconds))))

    def pause_for(self, whole: int) -> float:
        """The seconds between two pieces of a body of so many bytes."""
        if self.within is None or not self.fixed_size:
            return self.seconds
        return min(self.seconds, self.within / ceil(max(1, whole) / self.size))


class Drip(Action, frozen=True):
    """Instead of the body this text comes again and again, so many seconds of real time apart, for ever."""

    stage = Stage.WIRE
    text: bytes = b" "
    seconds: Annotated[float, Meta(gt=0)] = 1.0


class CloseAfter(Action, frozen=True):
    """After a good answer the idle connection is closed, so many seconds of real time later, unannounced."""

    stage = Stage.WIRE
    layer = "transport"
    seconds: Seconds = 0.05
    with_: Literal["fin", "rst"] = msgspec.field(default="fin", name="with")


class Raw(Action, frozen=True):
    """The whole answer, byte for byte; then the connection closes. In a text `{date}`, `{status}`,
    `{headers}` (lines, without the length), `{length}` (also `{length-8}`), `{body}`, `{half}`, `{rest}` and
    `{chunks}` (the body in chunks, without the last one) stand for the answer that would have been sent. In
    process, where nobody reads HTTP, the answer comes whole, unless `in-process` names how the request fails:
    `cut`, `garbage`, `reset`, `closed` or `stalled`."""

    stage = Stage.WIRE
    layer = "transport"
    replaces = True
    data: bytes
    with_: Ways = msgspec.field(default="fin", name="with")
    in_process: Literal["", "cut", "garbage", "reset", "closed", "stalled"] = ""


class Status(Action, frozen=True):
    """The answer's HTTP status."""

    stage = Stage.HEAD
    code: Annotated[int, Meta(ge=100, le=999)]


class HeaderSet(Action, frozen=True):
    """Headers set in place of those of their names. `{date+86400}` is the server's date, a day on."""

    stage = Stage.HEAD
    headers: dict[str, str]


class HeaderAdd(Action, frozen=True):
    """Headers added, beside those of their names."""

    stage = Stage.HEAD
    headers: dict[str, str]


class HeaderRemove(Action, frozen=True):
    """A header, or several, left out; of errors by HTTP's status alone, if so said."""

    stage = Stage.HEAD
    names: str | list[str]
    of_errors: bool = False


class SetTimeline(Action, frozen=True):
    """Jobs submitted meanwhile go by this timeline, in the form of site files (`docs/site-files.md`). What it
    does not say of ending, cancellation, messages and lengths stays as the task has it."""

    stage = Stage.OPERATION
    timeline: dict[str, Any] | str


class JobId(Action, frozen=True):
    """The ids of jobs submitted meanwhile: a template in which `{hex}` is the id's 32 digits, `{HEX}` the
    same in upper case, `{uuid}` with dashes, `{number}` the first twelve of them as a decimal number."""

    stage = Stage.OPERATION
    pattern: str


class ForgetJob(Action, frozen=True):
    """The job is deleted before the request is looked at."""

    stage = Stage.OPERATION


class TokenTerms(Action, frozen=True):
    """The tokens that are handed out meanwhile last so many seconds, whatever was asked for."""

    stage = Stage.OPERATION
    lifetime: Seconds


class BindTokens(Action, frozen=True):
    """The tokens that are handed out meanwhile are bound to the referer, or to the address, that the request
    for them gives or comes with, whatever it asks for."""

    stage = Stage.OPERATION
    to: Literal["referer", "ip"]


class OfferTokens(Action, frozen=True):
    """A site without users says where tokens are to be had, and gives one to whoever names a user and a
    password; tokens that clients bring are looked at from then on."""

    stage = Stage.OPERATION


class LooseNames(Action, frozen=True):
    """A result is found by its name in any case, and with blanks in place of underscores."""

    stage = Stage.OPERATION


class Ignore(Action, frozen=True):
    """The request is looked at without its parameters of these names."""

    stage = Stage.OPERATION
    names: list[str]


class Assume(Action, frozen=True):
    """The request is looked at as if it had these parameters, in the place of its own."""

    stage = Stage.OPERATION
    parameters: dict[str, str]


class RenameInput(Action, frozen=True):
    """The task's first parameter is called by its name and this suffix, once the task has been described to
    somebody: under its old name it is refused."""

    stage = Stage.OPERATION
    suffix: Annotated[str, Meta(min_length=1)]


class AnswerAs(Action, frozen=True):
    """The request is answered as another version would: a name of `gp_protocol.versions`."""

    stage = Stage.OPERATION
    version: str


ACTIONS: Final[Mapping[str, type[Action]]] = {
    "refuse": Refuse,
    "never-accept": NeverAccept,
    "accept-only": AcceptOnly,
    "close-at-accept": CloseAtAccept,
    "certificate": Certificate,
    "stop-reading": StopReading,
    "delay": Delay,
    "at-once": AtOnce,
    "answer": Instead,
    "error": Error,
    "redirect": Redirect,
    "replay": Replay,
    "cut": Cut,
    "stall": Stall,
    "pace": Pace,
    "drip": Drip,
    "close-after": CloseAfter,
    "raw": Raw,
    "status": Status,
    "header-set": HeaderSet,
    "header-add": HeaderAdd,
    "header-remove": HeaderRemove,
    "timeline": SetTimeline,
    "job-id": JobId,
    "forget-job": ForgetJob,
    "token": TokenTerms,
    "bind-tokens": BindTokens,
    "offer-tokens": OfferTokens,
    "loose-names": LooseNames,
    "ignore": Ignore,
    "assume": Assume,
    "rename-input": RenameInput,
    "profile": AnswerAs,
}
"""Every action by its name. `run-then` and `alternate`, which hold other actions, are read in `steps`."""
