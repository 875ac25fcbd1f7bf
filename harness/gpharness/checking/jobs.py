"""The answers to submitJob, to a poll and to a cancel.

Sources: ArcGIS REST, *Submit GP job*, *GP job* and *Cancel GP job*. Seen of real servers, and so legal: ids
of any form, any first status, an answer to submitJob that lacks the status or has empty `results`, `inputs`
and `messages`, and a succeeded job of id, status and results alone.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gp_protocol.job_states import JobStatus

from gpharness.checking.job_results import OF_NOTEBOOKS, check_listed, check_references
from gpharness.checking.looking import NOTHING, Looking, Phrase, met_at
from gpharness.checking.messages import check_messages, check_progress

_STATUSES: Final = frozenset(JobStatus)
_STATUS: Final = "a status such as esriJobExecuting"
_ID: Final = "an id that can stand in an address, such as j and 32 hex digits"
_GOOD_ID: Final = re.compile(r"[\w{}-]+(?:\.[\w{}-]+)*", re.ASCII)
_LONGEST_ID: Final = 200
_OTHER_IDS: Final = re.compile(r"job_?id|id", re.IGNORECASE)
_WITH_RESULTS: Final = frozenset(
    {JobStatus.SUCCEEDED, JobStatus.DELETING, JobStatus.DELETED, JobStatus.EXPECTED_FAILURE}
)
_RUNNING: Final = frozenset({JobStatus.EXECUTING, JobStatus.CANCELLING})
_LEAST: Final = frozenset({"jobId", "jobStatus", "results"})


def check_submission(look: Looking, value: dict[str, Any]) -> None:
    """A job's id, and what else of the job is told already."""
    other = next((key for key in value if key != "jobId" and _OTHER_IDS.fullmatch(key)), None)
    if "jobId" not in value and "jobStatus" not in value and other is None:
        look.say("submit.answer", "", value, "the job that was submitted, with its jobId")
        return
    if "jobId" not in value and other is not None:
        look.say("submit.job-id", other, value[other], "the id as jobId")
    elif not _is_usable(value.get("jobId")):
        look.say("submit.job-id", "jobId", met_at(value, "jobId"), _ID)
    if "jobStatus" in value:
        _check_status(look, value)
    check_messages(look, value, are_required=False)
    _check_lists(look, value, is_complete=False)


def check_cancelled(look: Looking, value: dict[str, Any]) -> None:
    """A job's id and its status; more of the job may stand there."""
    _check_id(look, value)
    _check_status(look, value)
    check_messages(look, value, are_required=False)
    _check_lists(look, value, is_complete=False)


def check_job(look: Looking, value: dict[str, Any]) -> None:
    """A job as a poll sees it."""
    _check_id(look, value)
    status = _check_status(look, value)
    is_bare = status is JobStatus.SUCCEEDED and value.keys() <= _LEAST
    wants_messages = look.asked("returnMessages").lower() != "false"
    if is_bare and wants_messages and "messages" not in value:
        look.note("messages.shape", "messages", NOTHING, "a list of messages, unless returnMessages is false")
    check_messages(look, value, are_required=wants_messages and not is_bare)
    if status is not None:
        check_progress(look, value, is_running=status in _RUNNING)
    _check_lists(look, value, is_complete=True)


def _check_id(look: Looking, value: dict[str, Any]) -> None:
    job_id = value.get("jobId")
    if type(job_id) in (int, float):
        look.say("submit.job-id", "jobId", job_id, _ID)
    elif not _is_usable(job_id):
        look.say("job.id", "jobId", met_at(value, "jobId"), look.job_id or _ID)
    elif look.job_id and job_id != look.job_id:
        look.say("job.id", "jobId", job_id, look.job_id)


def _is_usable(job_id: Any) -> bool:
    return type(job_id) is str and len(job_id) <= _LONGEST_ID and bool(_GOOD_ID.fullmatch(job_id))


def _check_status(look: Looking, value: dict[str, Any]) -> JobStatus | None:
    word = value.get("jobStatus")
    if type(word) is str and word in _STATUSES:
        return JobStatus(word)
    look.say("job.status", "jobStatus", met_at(value, "jobStatus"), _STATUS)
    return None


def _check_lists(look: Looking, value: dict[str, Any], *, is_complete: bool) -> None:
    """`results` and `inputs`. `is_complete`: the answer is a poll's, which a succeeded job's results are
    in."""
    word = value.get("jobStatus")
    status = JobStatus(word) if type(word) is str and word in _STATUSES else None
    results = value.get("results")
    if status is JobStatus.SUCCEEDED and is_complete:
        check_listed(look, value)
    elif type(results) is list and results:
        look.say("results.shape", "results", results, "an object by name")
    elif results and status is not None and status not in _WITH_RESULTS:
        named = Phrase(f"results beside {status}")
        is_preview = type(results) is dict and results.keys() <= OF_NOTEBOOKS
        say = look.note if is_preview else look.say
        say("job.results-early", "results", named, "none before the job has succeeded")
    elif results and type(results) is dict:
        check_references(look, results, "results")
    inputs = value.get("inputs")
    if type(inputs) is dict:
        check_references(look, inputs, "inputs")
    elif inputs is not None:
        look.say("results.shape", "inputs", inputs, "an object by name")
