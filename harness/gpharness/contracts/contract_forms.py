"""The form of contract files, and data held to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean
from msgspec import UNSET, Meta

from gpharness.contracts.answers import answers_of
from gpharness.contracts.coherence import check_conversation, check_server
from gpharness.contracts.contract import FORMAT, Conversation, Provenance, Server, Varies
from gpharness.contracts.errors import ContractFileError, NewerFormat

S = TypeVar("S", bound=msgspec.Struct)
SIDE_FILE: Final = re.compile(r"bodies/[0-9a-f]{64}\.[a-z0-9]{1,10}\Z")


class ContractForm(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A contract's file, or `contract.yaml` of a contract in a folder, whose conversations stand in files of
    their own."""

    format: Annotated[int, Meta(ge=1, description=f"the version of the format: {FORMAT}")]
    provenance: Provenance
    server: Server = msgspec.field(default_factory=Server)
    varies: Varies = msgspec.field(default_factory=Varies)
    catalogue: dict[str, Any] | None = None
    services: dict[str, dict[str, Any]] = {}
    tasks: dict[str, dict[str, Any]] = {}
    conversations: list[Conversation] = []


def contract_form(data: Any, file: str) -> ContractForm:
    """A file's data as a contract. Raises ContractFileError, and NewerFormat."""
    if not isinstance(data, dict):
        raise ContractFileError(file, "", shown(data), "a contract: a mapping of format, provenance …")
    version = data.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        raise NewerFormat(
            file,
            "format",
            str(version),
            f"{FORMAT} or an older one",
            "the contract was written by a newer gpharness: upgrade this one",
        )
    if "format" not in data:
        near = did_you_mean("format", [key for key in data if isinstance(key, str)])
        remedy = near.replace("did you mean", "is it") or f"a contract begins with format: {FORMAT}"
        raise ContractFileError(file, "", "no format", "a contract", remedy)
    form = shaped(data, ContractForm, file, "")
    _check_provenance(form.provenance, file)
    check_server(form.server, file)
    names: dict[str, int] = {}
    for place, conversation in enumerate(form.conversations):
        check_bodies(conversation, file, f"conversations[{place}]")
        check_conversation(conversation, file, f"conversations[{place}].")
        first = names.setdefault(conversation.name, place)
        if first != place:
            met = f"{shown(conversation.name)}, the name of conversations[{first}]"
            raise ContractFileError(
                file, f"conversations[{place}].name", met, "a name of its own", "give it another"
            )
    return form


_NEEDED: Final = {"recorded": ("of", "at"), "reconstructed": ("of",), "generated": ()}
_WHAT: Final = {"of": "the server's address, or the page", "at": "when, as 2026-11-26T20:15:00Z"}
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z")


def _check_provenance(provenance: Provenance, file: str) -> None:
    """What is recorded says of which server and when, what is reconstructed from which page."""
    for key in _NEEDED[provenance.source]:
        if not getattr(provenance, key).strip():
            raise ContractFileError(
                file, f"provenance.{key}", f"nothing, of what is {provenance.source}", _WHAT[key]
            )
    if provenance.at and not _INSTANT.match(provenance.at):
        raise ContractFileError(file, "provenance.at", shown(provenance.at), _WHAT["at"])


def conversation_form(data: Any, file: str) -> Conversation:
    """A file's data as a conversation. Raises ContractFileError."""
    if not isinstance(data, dict):
        raise ContractFileError(file, "", shown(data), "a conversation: a mapping of name, kind, task …")
    conversation = shaped(data, Conversation, file, "")
    check_bodies(conversation, file, "")
    check_conversation(conversation, file)
    return conversation


def shaped(data: Any, form: type[S], file: str, path: str) -> S:
    """The Struct that data describes. Raises ContractFileError for the first thing that does not fit."""
    from gp_mockserver.configuration import written_data
    from gp_mockserver.errors import SiteFileError

    try:
        return written_data.shaped(data, form, path)
    except SiteFileError as error:
        raise ContractFileError(file, error.path, error.met, error.expected, error.remedy) from None


def check_bodies(conversation: Conversation, file: str, path: str) -> None:
    """Raises ContractFileError where an answer has two bodies, or one from outside of the contract."""
    for place, answer in answers_of(conversation):
        where = f"{path}.{place}" if path else place
        given = [name for name in ("json", "text", "content") if getattr(answer, name) is not UNSET]
        given += ["body"] if answer.body else []
        if len(given) > 1:
            raise ContractFileError(file, where, " and ".join(given), "one of json, text, body")
        if given == ["content"]:
            raise ContractFileError(
                file, f"{where}.content", "bytes", "body: the name of a file beside the contract"
            )
        if given == ["body"]:
            check_side_file(answer.body, file, f"{where}.body")


def check_side_file(name: str, file: str, path: str) -> None:
    """Raises ContractFileError unless the name is one of a file in the contract's folder of bodies."""
    if SIDE_FILE.match(name):
        return
    parts = re.split(r"[/\\]", name)
    leaves = ".." in parts or Path(name).is_absolute() or not parts[0] or ":" in name
    met = f"{shown(name)}, which leads out of the contract's folder" if leaves else shown(name)
    raise ContractFileError(file, path, met, "bodies/<sha256 of its bytes>.<ending>")
