"""What bodies there are, and which one is, told from its members."""

from __future__ import annotations

from typing import Any, Final

KINDS: Final = (
    "auto",
    "info",
    "catalogue",
    "service",
    "task",
    "submit",
    "job",
    "cancel",
    "result",
    "results",
    "input",
    "inputs",
    "execute",
    "error",
    "token",
    "upload",
)
"""What a body may be said to be. `cancel` is the answer to a cancel; `auto` leaves it to its members."""

_MEMBERS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "result": (frozenset({"paramName", "value", "containerConfigStoreId"}), frozenset({"dataType"})),
    "execute": (frozenset({"results"}), frozenset({"messages"})),
    "job": (
        frozenset({"jobStatus", "jobId"}),
        frozenset({"messages", "results", "inputs", "progress"}),
    ),
    "task": (
        frozenset({"parameters", "displayName"}),
        frozenset({"name", "category", "helpUrl", "executionType", "description"}),
    ),
    "service": (
        frozenset({"tasks", "serviceDescription", "resultMapServerName"}),
        frozenset({"executionType", "maximumRecords", "currentVersion", "cimVersion", "capabilities"}),
    ),
    "catalogue": (frozenset({"folders", "services"}), frozenset({"currentVersion"})),
    "info": (
        frozenset({"authInfo", "fullVersion", "soapUrl", "secureSoapUrl", "owningSystemUrl"}),
        frozenset({"currentVersion"}),
    ),
    "token": (frozenset({"token"}), frozenset({"expires", "ssl"})),
    "upload": (
        frozenset({"item", "items", "itemID", "maxUploadFileSize"}),
        frozenset({"success", "itemName", "committed", "description", "date"}),
    ),
}
"""Members that tell a kind, each enough, and those that several kinds have."""
OTHERS: Final = frozenset(
    {"validationResults", "culture", "catalogPath", "typeKeywords", "$schema", "mapName", "helperServices"}
)
"""Members that tell an answer of another resource beside the tasks: validate, info, the types' schema, the
result map service, a portal."""


def kind_of(value: Any) -> str:
    """The kind of a body that nobody has named; `auto` where its members tell none."""
    if type(value) is list:
        return "results"
    if type(value) is not dict:
        return "auto"
    keys = value.keys()
    if value.get("error") is not None:
        return "error"
    best, most = "auto", 0
    for kind, (own, shared) in _MEMBERS.items():
        score = 10 * len(own & keys) + len(shared & keys)
        if kind == "execute" and isinstance(value.get("results"), dict):
            score -= 8
        if own & keys and score > most:
            best, most = kind, score
    if best == "job" and not ({"messages", "results", "inputs", "progress"} & keys):
        return "submit"
    return best
