"""Where a succeeded job's results are: an object by name, each with its address relative to the job.

Source: ArcGIS REST, *GP job*. A client follows the addresses and never rebuilds them, so that case, blanks
and a query in them are the server's own business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from gp_protocol.descriptions.descriptors import ParameterType

from gpharness.checking.looking import NOTHING, Looking, Phrase, join, met_at

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Task

_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_MOST_NAMED: Final = 10
OF_NOTEBOOKS: Final = frozenset({"containerConfigStoreId", "outputPreview"})
"""What notebook servers add to a job's results, whatever became of it: the first is a text."""


def check_listed(look: Looking, value: dict[str, Any]) -> None:
    """`results` of a job that has succeeded."""
    results = value.get("results")
    needed = needed_outputs(look.task) if look.task is not None else []
    if type(results) is list:
        look.say("results.shape", "results", results, "an object by name")
        return
    if results is not None and type(results) is not dict:
        look.say("results.shape", "results", results, "an object by name")
        return
    if not results:
        expected = f"the outputs {_named(needed)}" if needed else "an object by name"
        if needed or ("results" in value and results is None):
            look.say("results.missing", "results", met_at(value, "results"), expected)
        elif look.task is None:
            look.note(
                "results.missing", "results", met_at(value, "results"), "the task's outputs, if it has any"
            )
        return
    if look.task is not None:
        check_names(look, look.task, list(results), "results")
    check_references(look, results, "results")


def needed_outputs(task: Task) -> list[str]:
    """Names of the outputs that a run that succeeds always has."""
    return [each.name for each in task.outputs if each.parameter_type is not ParameterType.OPTIONAL]


def check_names(look: Looking, task: Task, names: list[str], path: str) -> None:
    """The names of results, held to the outputs that the task declares."""
    declared = {each.name for each in task.outputs}
    unknown = [name for name in names if name not in declared and name not in OF_NOTEBOOKS]
    folded = {name.casefold(): name for name in declared}
    missing = [name for name in needed_outputs(task) if name not in names]
    for name in unknown:
        near = folded.get(name.casefold())
        expected = near if near is not None else f"one of {_named(sorted(declared))}" if declared else "none"
        look.say("results.name", join(path, name), name, expected)
        if near in missing:
            missing.remove(near)
    if missing:
        look.say("results.missing", path, Phrase(_named(names) or "none"), f"{_named(missing)}, too")


def _named(names: list[str]) -> str:
    more = f" … ({len(names)} in all)" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def check_references(look: Looking, listed: dict[str, Any], what: str) -> None:
    """Each with `paramUrl`, an address below the job: `results/Output`. `what` is the list's own name."""
    for name, reference in listed.items():
        path = join(what, name)
        expected = f"{what}/{name}, relative to the job"
        if name == "containerConfigStoreId" and type(reference) is str:
            continue
        if type(reference) is not dict:
            look.say("results.param-url", path, reference, f'{{"paramUrl": "{what}/{name}"}}')
            continue
        if type(reference.get("error")) is dict:
            look.say("envelope.both", f"{path}.error", reference["error"], "either an error or an address")
        url = reference.get("paramUrl", NOTHING)
        if type(url) is not str or not _leads_to(url.strip(), what, name):
            look.say("results.param-url", f"{path}.paramUrl", url, expected)
        elif url != url.strip():
            look.note("results.param-url", f"{path}.paramUrl", url, expected)


def _leads_to(url: str, what: str, name: str) -> bool:
    if "\\" in url or not url.lower().startswith(f"{what}/"):
        return False
    try:
        place = unquote(urlsplit(url).path)
    except ValueError:
        return False
    last = place[len(what) + 1 :].rstrip("/")
    if not last or any(part in ("", ".", "..") for part in last.split("/")):
        return False
    plain, wanted = _plain(last), _plain(name)
    return plain == wanted or not (plain and wanted)


def _plain(name: str) -> str:
    """What a name and an address that stands for it have in common, whatever the spelling."""
    return _PLAIN.sub("", name.casefold())
