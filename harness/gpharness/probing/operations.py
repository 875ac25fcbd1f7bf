"""Which operation of the protocol an address asks for, and of what.

The grammar is that of the pages *Get started with the Services Directory*, *GP Service*, *GP Task*, *GP Job*,
*GP Result*, *Uploads* and *Generate token*; the words are those of the catalogue of deviations.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

_TOKENS: Final = frozenset({"generatetoken", "tokens"})
_ON_A_JOB: Final = {"cancel": "cancel", "results": "results", "inputs": "inputs"}
_ONE_OF: Final = {"results": "result", "inputs": "input"}
_RUNS: Final = {"execute": "execute", "submitjob": "submit"}


class Place(msgspec.Struct, frozen=True):
    """`operation` is empty for what is none of the protocol's own. `service` is `Folder/Service`, `task` is
    `Folder/Service/Label`; `name` is that of a result, an input, an uploaded item or a file."""

    operation: str = ""
    service: str = ""
    task: str = ""
    job_id: str = ""
    name: str = ""


def place_of(url: str, root: str) -> Place:
    """What an address leads to on the server whose context is `root`, or on another host that answers for it.

    Case counts in names only. Never raises: an address that cannot be read has no operation.
    """
    try:
        path, base = urlsplit(url).path, urlsplit(root).path.rstrip("/")
    except ValueError:
        return Place()
    below = path[len(base) :] if path == base or path.startswith(f"{base}/") else path
    segments = [unquote(each) for each in below.split("/") if each]
    lower = [each.lower() for each in segments]
    if lower and (lower[-1] in _TOKENS or lower[-3:] == ["rest", "oauth2", "token"]):
        return Place("token")
    if "rest" not in lower:
        return Place()
    at = lower.index("rest")
    segments, lower = segments[at + 1 :], lower[at + 1 :]
    if lower[:1] == ["info"]:
        return Place("info" if len(lower) == 1 else "")
    if lower[:1] == ["directories"]:
        return Place("file", name=segments[-1]) if len(lower) > 1 else Place()
    if lower[:1] != ["services"]:
        return Place()
    segments, lower = segments[1:], lower[1:]
    if "gpserver" not in lower:
        return Place("catalogue" if len(lower) <= 1 else "")
    at = lower.index("gpserver")
    service = "/".join(segments[:at])
    return _below_a_service(service, segments[at + 1 :], lower[at + 1 :])


def _below_a_service(service: str, segments: list[str], lower: list[str]) -> Place:
    if not segments:
        return Place("service", service)
    if lower[0] == "uploads":
        name = segments[1] if len(segments) > 1 and lower[1] not in ("upload", "register", "info") else ""
        return Place("upload", service, name=name)
    if lower[0] == "info":
        return Place("", service)
    task = f"{service}/{segments[0]}"
    if len(segments) == 1:
        return Place("task", service, task)
    if len(segments) == 2:
        return Place(_RUNS.get(lower[1], ""), service, task)
    if lower[1] != "jobs":
        return Place("", service, task)
    job_id = segments[2]
    if len(segments) == 3:
        return Place("job", service, task, job_id)
    if len(segments) == 4:
        return Place(_ON_A_JOB.get(lower[3], ""), service, task, job_id)
    return Place(_ONE_OF.get(lower[3], ""), service, task, job_id, "/".join(segments[4:]))
