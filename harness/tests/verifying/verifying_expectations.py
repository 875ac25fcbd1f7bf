"""What a verification of the built-in site has to say for each entry of the catalogue: how the entry is set
up, and which promises it breaks though it is legal, or beside what it is found by."""

from __future__ import annotations

from typing import Any, Final

from gp_mockserver.deviations.records import Deviation

_OF_FILES: Final = frozenset(
    {
        "file-url-404",
        "file-url-internal-host",
        "file-is-login-page",
        "file-url-relative",
        "file-url-dot-slash",
    }
)
_OF_SHAPES: Final = frozenset(
    {
        "coordinates-as-text",
        "coordinates-nan",
        "curves-unasked",
        "geometry-of-other-type",
        "geometry-z-unannounced",
    }
)
_SCENARIOS: Final = {
    "execute-504-while-running": "execute",
    "execute-on-async": "execute",
    "job-id-reused": "twice",
    "json-infinity": "echo",
    "json-nan": "echo",
    "optional-output-missing": "optional",
    "spatial-reference-latest-differs": "mercator",
    "spatial-reference-not-as-asked": "twice",
    "status-414-long-url": "long",
    "upload-part-lost": "parts",
    "https-required": "viewshed",
}
_OF_GROUPS: Final = {"uploads": "uploads", "result value": "echo", "token": "secured"}

NOT_MET: Final[dict[str, str]] = {
    "head-refused": "nothing is asked for by HEAD",
    "https-required": "the site is asked by https",
    "instant": "the site has no latency to leave out",
    "pbf-error-as-json": "no result is asked for as pbf",
    "profile-12.0": "the site is of that version",
    "token-client-required": "the client says to what its token is bound",
    "token-get-refused": "the client posts",
}
"""Entries of which a verification meets nothing, and why."""

CHOSEN: Final[dict[str, dict[str, Any]]] = {
    "gzip-bomb": {"bytes": 1 << 27},
    "json-large": {"bytes": 2_000_000},
    "messages-huge": {"count": 5_000, "bytes": 500_000},
    "one-byte-segments": {"seconds": 0.0},
    "state-flips": {"polls": 8},
    "trickle": {"seconds": 0.0, "bytes": 64},
    "trickle-for-ever": {"seconds": 0.01},
}
"""Parameters by which an entry costs less than by its defaults."""

TIMEOUTS: Final[dict[str, float]] = {"trickle-for-ever": 0.15}
"""Of entries in process that take real time, in seconds."""


def scenario_of(entry: Deviation) -> str:
    """Which of the scenarios meets an entry."""
    name = entry.name
    if name in _SCENARIOS:
        return _SCENARIOS[name]
    if name in _OF_FILES:
        return "files"
    if name in _OF_SHAPES:
        return "viewshed"
    if name.startswith("cancel-"):
        return "cancel"
    return _OF_GROUPS.get(entry.group, "viewshed")


_OUTCOME: Final = frozenset({"changed.outcome"})
_MESSAGES: Final = frozenset({"changed.messages"})
_VALUE: Final = frozenset({"changed.value"})
_FORM: Final = frozenset({"changed.value-type"})
_ANSWER: Final = frozenset({"changed.answer"})
_DEFAULT: Final = frozenset({"drift.default"})
_OLD_VERSION: Final = frozenset({"changed.messages", "drift.filter", "drift.service-setting"})

DRIFT: Final[dict[str, frozenset[str]]] = {
    # errors where the contract has descriptions and runs
    "error-details-missing": _ANSWER,
    "error-details-null": _ANSWER,
    "error-extra-members": _ANSWER,
    "error-in-200": _ANSWER,
    "error-localised": _ANSWER,
    "error-message-variants": _ANSWER,
    "error-with-its-own-status": _ANSWER,
    "execute-on-async": _OUTCOME,
    "submit-on-sync": _OUTCOME,
    # jobs that end otherwise, or never
    "cancel-ignored": _OUTCOME,
    "cancel-refused": _OUTCOME,
    "cancel-unknown": _OUTCOME,
    "cancelled-by-someone-else": _OUTCOME,
    "cancelling-for-ever": _OUTCOME,
    "failed-at-submit": _OUTCOME,
    "failed-shortest": _OUTCOME,
    "failed-without-messages": _OUTCOME,
    "job-deleted-while-running": _OUTCOME,
    "job-expected-failure": _OUTCOME,
    "job-fails": _OUTCOME,
    "job-times-out": _OUTCOME,
    "job-vanishes": _OUTCOME,
    "never-ends": _OUTCOME,
    "never-starts": _OUTCOME,
    "reason-before-last-error": _OUTCOME,
    "result-gone": _OUTCOME,
    # messages that the contract does not have
    "errors-but-succeeded": _MESSAGES,
    "message-control-characters": _MESSAGES,
    "message-html": _MESSAGES,
    "message-json": _MESSAGES,
    "message-multi-line": _MESSAGES,
    "message-type-abort": _MESSAGES,
    "messages-empty": _MESSAGES,
    "messages-grow": _MESSAGES,
    "messages-huge": _MESSAGES,
    "messages-shrink": _MESSAGES,
    # values and outputs that the contract does not have
    "data-type-newer": _FORM,
    "date-before-1970": _VALUE,
    "feature-service-value": _FORM,
    "features-over-limit": _VALUE,
    "fields-missing": _FORM,
    "first-geometry-null": _FORM,
    "geometry-empty-point": _FORM,
    "geometry-null": _FORM,
    "image-service-value": _FORM | {"changed.file"},
    "long-64-bit": _VALUE,
    "map-image-value": _FORM,
    "no-outputs": frozenset({"changed.output-removed", "drift.parameter-removed"}),
    "optional-output-missing": frozenset({"changed.output-removed"}),
    "spatial-reference-in-geometry": _FORM,
    "spatial-reference-wkt-only": _FORM,
    "string-as-array": _FORM,
    "value-empty-object": _FORM | _VALUE,
    "value-null": _FORM,
    # descriptors that say something else
    "default-empty-object": _DEFAULT,
    "default-null": _DEFAULT,
    "descriptor-changes": _OUTCOME,
    "output-with-default": _DEFAULT,
    "parameters-empty": frozenset({"drift.parameter-removed"}),
    "profile-9.3": _OLD_VERSION,
    "profile-10.0": _OLD_VERSION,
    "profile-10.1": _MESSAGES | {"drift.filter"},
    # uploads that are refused
    "upload-item-expired": _OUTCOME,
    "upload-part-lost": _OUTCOME,
    "upload-success-false": _OUTCOME,
    "upload-type-refused": _OUTCOME,
    "uploads-not-offered": _OUTCOME | {"drift.service-setting"},
}
"""What an entry has reported of drift and behaviour, notes apart; all others have none of it."""
