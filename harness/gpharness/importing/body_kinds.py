"""Which answer of a GP server a body is, by what stands in it, and by what its file is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gp_protocol.error_envelopes import read_error

_WORDS: Final = {
    "info": "info",
    "catalogue": "catalogue",
    "catalog": "catalogue",
    "services": "catalogue",
    "service": "service",
    "gpserver": "service",
    "task": "task",
    "submit": "submit",
    "submitjob": "submit",
    "job": "job",
    "status": "job",
    "result": "result",
    "results": "results",
    "input": "input",
    "inputs": "inputs",
    "execute": "execute",
    "cancel": "cancel",
    "error": "error",
}
_RESULT: Final = frozenset({"paramName", "dataType", "value"})


def kind_of(body: Any, name: str = "") -> str:
    """A word of the catalogue of deviations, or `error`; empty where it is none of them. `name` is that of
    the file without its ending; it decides where the body does not."""
    if isinstance(body, list):
        if body and all(_is_result(each) for each in body):
            return "inputs" if "input" in _words(name) or "inputs" in _words(name) else "results"
        return ""
    if not isinstance(body, Mapping):
        return ""
    if isinstance(body.get("jobId"), str) and "jobStatus" in body:
        return _kind_of_a_job(body, name)
    if isinstance(body.get("parameters"), list) and isinstance(body.get("name"), str):
        return "task"
    if isinstance(body.get("tasks"), list) or "executionType" in body:
        return "service"
    if isinstance(body.get("services"), list):
        return "catalogue"
    if isinstance(body.get("results"), list):
        return "execute"
    if _is_result(body):
        return "input" if {"input", "inputs"} & _words(name) else "result"
    if "authInfo" in body or ("currentVersion" in body and "fullVersion" in body):
        return "info"
    return "error" if read_error(body) is not None else ""


def _kind_of_a_job(body: Mapping[str, Any], name: str) -> str:
    words = _words(name)
    if "cancel" in words:
        return "cancel"
    if {"submit", "submitjob"} & words:
        return "submit"
    if {"job", "status", "poll"} & words:
        return "job"
    is_new = body["jobStatus"] in ("esriJobSubmitted", "esriJobNew")
    return "submit" if is_new and not body.get("messages") and not body.get("results") else "job"


def _is_result(body: Any) -> bool:
    return isinstance(body, Mapping) and body.keys() >= _RESULT and isinstance(body["paramName"], str)


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name.lower()))


def named_kind(name: str) -> str:
    """The kind that a file's name says; empty where it says none."""
    return next((_WORDS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _WORDS), "")
