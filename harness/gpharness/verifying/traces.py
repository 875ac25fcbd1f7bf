"""A job's polls as a state machine: which status may follow which, what messages may become.

Source: `gp_protocol.job_states` (ArcGIS REST, *GP job*, *Cancel GP job*). What submitJob itself says is no
part of it: servers answer New, Waiting or Executing there and Submitted at the first poll.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from gp_protocol.error_envelopes import read_error
from gp_protocol.job_states import FINAL, JobStatus, may_reach

from gpharness.verifying.looks import Look

_TOKEN: Final = re.compile(r"(token=)[^\s&)\"']+")
_SAID_ONCE: Final = ('"Submitted.', '"Executing', '"Start Time', '"Succeeded', '"Failed')
"""How texts begin that the server itself puts into a run's messages, and that come once. A tool may say its
own twice: a line for each round of a loop."""


def check_trace(polls: Sequence[Look]) -> None:
    """Note in the looks at one job, in their order, where they cannot follow one another."""
    _check_states(polls)
    if any(_is_told_about(look, "job.goes-back") for look in polls):
        for look in polls:  # answers of two machines: what they lack is no fault of its own
            look.without("messages.shape", "job.unfinal")
    else:
        _check_messages(polls)


def status_of(look: Look) -> JobStatus | None:
    """The status that a poll found; None where it found none of the protocol's words."""
    word = look.value.get("jobStatus") if isinstance(look.value, dict) else None
    if not isinstance(word, str) or look.is_error or read_error(look.value) is not None:
        return None
    try:
        return JobStatus(word)
    except ValueError:
        return None


def check_early_results(looks: Sequence[Look]) -> None:
    """Note in the looks, which stand in their order, what was a result though its job had not ended."""
    for look in looks:
        if look.exchange.operation == "result" and look.is_good and is_before_the_end(looks, look):
            look.find("job.results-early", "none before the job has succeeded", "a result")


def is_before_the_end(looks: Sequence[Look], look: Look) -> bool:
    """Whether a poll after it still found the job running."""
    job_id, later = look.exchange.job_id, False
    for each in looks:
        if each is look:
            later = True
        elif later and each.exchange.operation == "job" and each.exchange.job_id == job_id:
            status = status_of(each)
            return status is not None and status not in FINAL
    return False


def _check_states(polls: Sequence[Look]) -> None:
    before: JobStatus | None = None
    goes_back = False
    for look in polls:
        status = status_of(look)
        if status is None or _is_told_about(look, "job.", "format."):
            continue
        if before is not None and not may_reach(before, status):
            expected = f"a status that may follow {before.value}"
            if before not in FINAL:
                look.find("job.goes-back", expected, status.value, "jobStatus")
                goes_back = True
            elif not goes_back:
                look.find("job.unfinal", expected, status.value, "jobStatus")
        before = status


def _is_told_about(look: Look, *groups: str) -> bool:
    return any(each.name.startswith(groups) for each in look.findings)


def _check_messages(polls: Sequence[Look]) -> None:
    before: list[str] = []
    for look in polls:
        if status_of(look) is None or _is_told_about(look, "messages.", "format.", "job."):
            continue
        listed = look.value.get("messages")
        if look.exchange.parameters.get("returnMessages", "").lower() == "false":
            if listed:
                met = f"{len(listed)} messages"
                look.find("messages.order", "none, as returnMessages=false asks for", met, "messages")
            continue
        if not isinstance(listed, list):
            continue
        now = [_key(each) for each in listed]
        if _is_repeated(now):
            look.find("messages.order", "each message once", "all of them twice", "messages")
        elif not _keep_their_order(before, now):
            look.find(
                "messages.order",
                "the messages of the poll before, in their order",
                "another order",
                "messages",
            )
        elif _have_shrunk(before, now, status_of(look)):
            look.find(
                "messages.order", "the messages of the poll before, and new ones", "fewer of them", "messages"
            )
        before = now


def _key(message: Any) -> str:
    return _TOKEN.sub(r"\1", json.dumps(message, sort_keys=True))


def _is_repeated(now: list[str]) -> bool:
    half, odd = divmod(len(now), 2)
    if odd or not half:
        return False
    is_twice = now[:half] == now[half:] or now[0::2] == now[1::2]
    return is_twice and any(word in key for key in now for word in _SAID_ONCE)


def _keep_their_order(before: list[str], now: list[str]) -> bool:
    """Whether what is still there of the messages before stands in the order of then."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(now):
        places[key].append(place)
    at = 0
    for key in before:
        found = places.get(key)
        if found is None:
            continue
        following = bisect_left(found, at)
        if following == len(found):
            return len(found) < before.count(key)  # one of several equal ones is gone
        at = found[following] + 1
    return True


def _have_shrunk(before: list[str], now: list[str], status: JobStatus | None) -> bool:
    """Whether messages are gone though the job has not ended: at the end the first ones may go."""
    return status not in FINAL and bool(set(before) - set(now))
