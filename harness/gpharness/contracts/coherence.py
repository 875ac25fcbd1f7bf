"""Whether what a contract says hangs together: what neither a server nor its replay can have done is refused.

Parts may be missing: who writes by hand need not write all, and a job whose submission nobody saw is replayed
under its own id.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean

from gpharness.contracts.contract import Conversation, Server
from gpharness.contracts.errors import ContractFileError

_METHODS: Final = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def check_server(server: Server, file: str) -> None:
    """Raises ContractFileError for a version that there is not, and an address that is none of HTTP."""
    from gp_protocol.errors import LocalProtocolError
    from gp_protocol.versions import profile

    if server.version:
        try:
            profile(server.version)
        except LocalProtocolError as error:
            remedy = error.remedy or "leave it out where it is not known"
            raise ContractFileError(
                file, "server.version", shown(server.version), error.expected, remedy
            ) from None
    if server.url and not _is_of_http(server.url):
        expected = "an address of http or https with a host, such as https://gis.example.com/arcgis"
        raise ContractFileError(
            file, "server.url", shown(server.url), expected, "leave it out where it is not known"
        )


def _is_of_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def check_conversation(conversation: Conversation, file: str, path: str = "") -> None:
    """Raises ContractFileError for the first thing that contradicts another; `path` ends in a dot, or is
    empty."""
    _check_method(conversation.method, file, f"{path}method")
    for number, asked in enumerate(conversation.asked):
        _check_method(asked.method, file, f"{path}asked[{number}].method")
    _check_trace(conversation, file, path)
    has_job = conversation.kind == "job" and bool(conversation.submission or conversation.job_id)
    for key in ("trace", "results"):
        if getattr(conversation, key) and not has_job:
            raise _without_a_run(conversation, key, file, path)


def _check_method(method: str, file: str, path: str) -> None:
    if method and method.upper() not in _METHODS:
        remedy = did_you_mean(method.upper(), _METHODS) or "the protocol has GET and POST"
        raise ContractFileError(file, path, shown(method), "a method of HTTP", remedy)


def _check_trace(conversation: Conversation, file: str, path: str) -> None:
    """Time does not go back in a trace, and what polls saw is what their answers say."""
    before = 0.0
    for number, seen in enumerate(conversation.trace):
        place = f"{path}trace[{number}]"
        if seen.after < before:
            raise ContractFileError(
                file, f"{place}.after", f"{seen.after:g}", f"{before:g} or more: polls in order"
            )
        before = seen.after
        told = seen.answer.json.get("jobStatus") if isinstance(seen.answer.json, dict) else None
        if isinstance(told, str) and told != seen.status:
            raise ContractFileError(
                file,
                f"{place}.status",
                shown(seen.status),
                f"{shown(told)}, the jobStatus of its answer",
                "write the same in both",
            )


def _without_a_run(conversation: Conversation, key: str, file: str, path: str) -> ContractFileError:
    what = "a trace" if key == "trace" else "results by name"
    if conversation.kind == "job":
        met, expected = (
            f"{what} without submission and job_id",
            "one of them, by which the job is found again",
        )
        remedy = "add what submitJob answered, or the job's id"
    else:
        met, expected = f"{what} in a conversation of kind {shown(conversation.kind)}", "kind: job"
        remedy = "single answers stand in asked"
        if conversation.kind == "execute":
            remedy = "what execute answered stands in submission"
    return ContractFileError(file, f"{path}{key}", met, expected, remedy)
