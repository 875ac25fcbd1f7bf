"""What only several answers show together: what was refused and then worked, what went round in circles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urljoin

from gp_client.wire.redirects import STATUSES
from gp_protocol.error_envelopes import ErrorEnvelope, read_error
from gp_protocol.job_states import FINAL

from gpharness.verifying.looks import Look
from gpharness.verifying.traces import status_of

_NOT_THERE: Final = (400, 404)
_FOR_NOW: Final = frozenset({429, 502, 503, 504})
_CLOSED: Final = ("without sending a response", "ReadError", "WriteError")
_OF_TOKENS: Final = (498, 499)


def settle(looks: Sequence[Look]) -> None:
    """Note in the looks, which stand in their order, what they show together; and take back what a later one
    explains."""
    _settle_idle_connections(looks)
    _settle_late_jobs(looks)
    _settle_late_results(looks)
    _settle_transient(looks)
    _settle_refusals(looks)
    _settle_loops(looks)
    _settle_lists(looks)


def error_of(look: Look) -> ErrorEnvelope | None:
    """The protocol's error that an answer is."""
    return read_error(look.value) if look.is_error else None


def _place(look: Look) -> str:
    return look.exchange.url.partition("?")[0].rstrip("/")


def _later(looks: Sequence[Look], after: int, operation: str) -> Iterator[Look]:
    return (each for each in looks[after + 1 :] if each.exchange.operation == operation)


def _settle_idle_connections(looks: Sequence[Look]) -> None:
    """A connection that was kept after an answer may be closed by then, without notice (RFC 9112, 9.5): what
    finds it so after a poll, and is answered when it is repeated, was answered."""
    for before, look, after in zip(looks, looks[1:], looks[2:], strict=False):
        exchange = look.exchange
        was_kept = before.exchange.operation == "job" and before.exchange.status is not None
        is_closed = exchange.fault == "cut" and any(word in exchange.fault_text for word in _CLOSED)
        if was_kept and is_closed and after.exchange.status is not None and _place(after) == _place(look):
            look.without("transport.cut")


def _settle_late_jobs(looks: Sequence[Look]) -> None:
    seen: set[str] = set()
    for number, look in enumerate(looks):
        if look.exchange.operation != "job":
            continue
        job_id = look.exchange.job_id
        error = error_of(look)
        if error is None:
            seen.add(job_id)
        elif error.code in _NOT_THERE and job_id not in seen:
            found = (each for each in _later(looks, number, "job") if each.exchange.job_id == job_id)
            if any(error_of(each) is None for each in found):
                look.find("job.late", "the job, which was submitted before", _said(error))


def _settle_late_results(looks: Sequence[Look]) -> None:
    for number, look in enumerate(looks):
        operation = look.exchange.operation
        if operation == "job" and any(each.name == "results.missing" for each in look.findings):
            later = [
                each for each in _later(looks, number, "job") if each.exchange.job_id == look.exchange.job_id
            ]
            if any(_lists_results(each) for each in later):
                look.without("results.missing")
                look.find(
                    "results.late",
                    "results beside esriJobSucceeded",
                    "none, and all of them later",
                    "results",
                )
        error = error_of(look) if operation == "result" else None
        if error is not None and error.code in _NOT_THERE and _has_ended(looks[:number]):
            place = _place(look)
            if any(each.is_good and _place(each) == place for each in _later(looks, number, "result")):
                look.find("results.late", "the result of a job that succeeded", _said(error))


def _has_ended(before: Sequence[Look]) -> bool:
    """Whether a conversation's job was seen to have ended."""
    return any(status_of(each) in FINAL for each in before if each.exchange.operation in ("submit", "job"))


def _lists_results(look: Look) -> bool:
    listed = look.value.get("results") if isinstance(look.value, dict) else None
    return bool(listed) and not any(each.name == "results.missing" for each in look.findings)


def _settle_transient(looks: Sequence[Look]) -> None:
    for number, look in enumerate(looks):
        error = error_of(look)
        if error is None or look.findings:
            continue
        if look.exchange.operation == "result" and not _has_ended(looks[:number]):
            continue
        said = error.message.lower()
        is_passing = error.code >= 500 and "error performing" in said and "operation" in said
        if not is_passing and error.code not in _FOR_NOW:
            continue
        place = _place(look)
        if any(_place(each) == place and each.is_good for each in looks[number + 1 :]):
            look.find("server.transient", "the same answer as a moment later", _said(error))


def _settle_refusals(looks: Sequence[Look]) -> None:
    """A token that was just given and is refused; a user who may not use what the contract's could."""
    refused: set[str] = set()
    given = False
    for look in looks:
        if look.exchange.operation == "token" and look.is_good:
            given = True
            continue
        error = error_of(look)
        if error is None:
            if look.is_good:
                refused.discard(_place(look))
            continue
        if error.code in _OF_TOKENS:
            if given and _place(look) in refused:
                look.find("auth.refused", "an answer to a request with a new token", _said(error))
            refused.add(_place(look))
            given = False
        elif error.code == 403 and not _wants_https(look, error):
            look.find("auth.refused", "an answer to a user that may use the service", _said(error))


def _wants_https(look: Look, error: ErrorEnvelope) -> bool:
    inner = look.value.get("error") if isinstance(look.value, dict) else None
    return (isinstance(inner, dict) and inner.get("subcode") == 4) or "ssl" in error.message.lower()


def _settle_loops(looks: Sequence[Look]) -> None:
    chain: list[str] = []
    for look in looks:
        exchange = look.exchange
        if exchange.status not in STATUSES:
            chain = []
            continue
        chain.append(exchange.url)
        target = urljoin(exchange.url, exchange.header("location"))
        if target in chain and not exchange.header("set-cookie") and not look.findings:
            look.find("http.redirect", "a redirect that leads on", "one that leads back")


def _settle_lists(looks: Sequence[Look]) -> None:
    """What is wrong with a result is wrong with it in the list of all results, too."""
    told = {each.name for look in looks if look.exchange.operation == "result" for each in look.findings}
    for look in looks:
        if look.exchange.operation == "results":
            look.without(*told)


def _said(error: ErrorEnvelope) -> str:
    return f"the error {error.code}: {' '.join([error.message, *error.details])}"[:300]
