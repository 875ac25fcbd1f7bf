"""A contract as data: where it is from, what the server describes, how conversations with it go, what may
vary.

The same Structs make the JSON Schema of contract files (`gpharness.contracts.contract_schema`) and are what
`contract_files` reads and writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

FORMAT: Final = 1
"""The version of the format that this program writes. It reads this one and older ones."""

Source = Literal["recorded", "reconstructed", "generated"]
"""recorded: a server really answered so. reconstructed: written down from a page or a document. generated: a
mock of this program answered so, which makes it a recording of nothing real."""


class Provenance(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where a contract is from. What is `recorded` names the server and the time, what is `reconstructed` the
    page; neither is ever called the other."""

    source: Source
    of: Annotated[str, Meta(description="the server's address, or the page")] = ""
    at: Annotated[str, Meta(description="when, as 2026-11-26T20:15:00Z")] = ""
    by: Annotated[str, Meta(description="the program, such as gpharness 0.1.0")] = ""
    by_way_of: Annotated[str, Meta(description="record, proxy, har, vcr, bodies, hand")] = ""
    notes: str = ""


class Server(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What kind of server it is."""

    version: Annotated[str, Meta(description="a version profile: 10.0, 10.91, 11.3, agol-hosted")] = ""
    url: Annotated[str, Meta(description="the address of its context, as answers have it")] = ""
    info: dict[str, Any] | None = None
    """What `rest/info` answers."""


class Floats(msgspec.Struct, forbid_unknown_fields=True):
    """By how much numbers with a fraction may differ."""

    relative: Annotated[float, Meta(ge=0)] = 1e-9
    absolute: Annotated[float, Meta(ge=0)] = 1e-9


class Varies(msgspec.Struct, forbid_unknown_fields=True):
    """What may differ between two runs without being a difference."""

    ids: bool = True
    """Job ids, object ids of outputs, names of scratch files."""
    times: bool = True
    """Instants and durations, in messages too."""
    urls: bool = True
    """Scheme, host and context of addresses."""
    tokens: bool = True
    feature_order: bool = True
    server_paths: bool = True
    """Folders of the server's machine, in messages."""
    messages: bool = True
    """The texts of messages; their types and order are compared all the same."""
    floats: Floats = msgspec.field(default_factory=Floats)
    values: list[str] = []
    """Names of outputs whose values are different each time."""


class Answer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An HTTP answer. Its body is `json` (a value), or `text`, or stands in the file `body` beside the
    contract; lengths are computed when it is served."""

    status: Annotated[int, Meta(ge=100, le=599)] = 200
    headers: dict[str, str] = {}
    """Those that say something: another content-type than JSON's, www-authenticate, location."""
    json: Any | UnsetType = UNSET
    text: str | UnsetType = UNSET
    body: Annotated[str, Meta(description="bodies/<sha256>.<ending>, relative to the contract")] = ""
    content: bytes | UnsetType = UNSET
    """Bytes that are no text, in memory alone: `write_contract` gives them a file, and `body` its name."""


class Asked(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A request that belongs to no trace, and its answer: a description, a cancel, a file, a wrong request.
    `path` is below the context, without a query; `{job}` stands in it for the conversation's job."""

    operation: str
    path: str
    answer: Answer
    method: str = "GET"
    parameters: dict[str, str] = {}
    after: float | None = None
    """Seconds after the submission, in a conversation that has one."""


class Seen(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What polls of a job saw from an instant on, until the next `Seen`."""

    status: str
    answer: Answer
    after: Annotated[float, Meta(ge=0)] = 0.0
    """Seconds after the submission at which a poll first saw it."""
    polls: Annotated[int, Meta(ge=1)] = 1
    """How many polls in a row did."""


class Conversation(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One run of a task and all that was asked of it, or one request that was answered with an error.

    `kind`: `job` (submitJob, polls, results), `execute`, or `request` (only what is in `asked`).
    """

    name: str
    kind: Literal["job", "execute", "request"]
    task: str = ""
    """`Folder/Service/Label`."""
    inputs: dict[str, str] = {}
    """The task's inputs as they were sent, decoded from the form."""
    parameters: dict[str, str] = {}
    """The request's other parameters (`f`, `env:outSR`), credentials left out."""
    method: str = "POST"
    job_id: str = ""
    submission: Answer | None = None
    """What submitJob or execute answered."""
    trace: list[Seen] = []
    results: dict[str, Answer] = {}
    """By parameter name, in the order in which they were fetched."""
    asked: list[Asked] = []


class Contract(msgspec.Struct):
    """A contract; `conversations` may be a sequence that reads each from its file when it is asked for."""

    provenance: Provenance
    server: Server = msgspec.field(default_factory=Server)
    varies: Varies = msgspec.field(default_factory=Varies)
    catalogue: dict[str, Any] | None = None
    """What `rest/services` answered."""
    services: dict[str, Any] = {}
    """The descriptors of services as they were answered, by `Folder/Service`."""
    tasks: dict[str, Any] = {}
    """Those of tasks, by `Folder/Service/Label`."""
    conversations: Sequence[Conversation] = ()
    format: int = FORMAT
    bodies: Mapping[str, bytes] = {}
    """What stands beside the contract, by `Answer.body`; of a contract that was read each is read, and held
    to the hash in its name, when it is asked for."""
