"""What data that comes over HTTP may not say: whoever may use the control API drives the mock, not the
computer that it runs on.

Site files may name Python functions, files in their folder, hosts to fetch inputs from and variables of the
environment. In data that comes from elsewhere each of these is refused, by the key that says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gp_protocol.errors import shown

from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteFileError

_FUNCTION: Final = "a function of the server's", "give outputs as values or templates"
_FILE: Final = "a file of the server's", "write what stands in it"
_HOST: Final = "a host that the server fetches from", "name it in a site file"

_OF_SITE: Final = {"layers": _FILE, "fetchFrom": _HOST, "inFrontOf": _HOST}
_OF_SERVICE: Final = {"descriptorFile": _FILE}
_OF_TASK: Final = {"descriptorFile": _FILE, "function": _FUNCTION}
_OF_RULE: Final = {"function": _FUNCTION}
_OF_OUTPUT: Final = {"file": _FILE}
_OF_JOBS: Final = {"store": _FILE}


def check_site(data: Any) -> None:
    """Raises SiteFileError for the first thing in a site's data that only a site file may say.

    The data may be a site, or a service or a task as a server describes it.
    """
    for place, part, refused in _parts(data):
        for key, (what, remedy) in refused.items():
            if part.get(key) not in (None, [], {}):
                raise _refusal(join(place, key), part[key], what, remedy)
    users = _mapping(data, "users")
    for name, user in users.items():
        password = user.get("password") if isinstance(user, Mapping) else None
        if isinstance(password, str) and "${" in password:
            place = f"{join('users', str(name))}.password"
            raise SiteFileError(
                place, "a variable of the server's environment", _EXPECTED, "give the password itself"
            )


def check_outputs(data: Any, path: str) -> None:
    """Raises SiteFileError for the first output that is to come from a file."""
    for place, part, refused in _outputs(data, path):
        for key, (what, remedy) in refused.items():
            if part.get(key) is not None:
                raise _refusal(join(place, key), part[key], what, remedy)


_EXPECTED: Final = "nothing of the server's own: data that comes over HTTP cannot name it"
_Part = tuple[str, Mapping[str, Any], Mapping[str, tuple[str, str]]]


def _refusal(path: str, met: Any, what: str, remedy: str) -> SiteFileError:
    return SiteFileError(path, f"{what}, {shown(met)}", _EXPECTED, remedy)


def _parts(data: Any) -> Iterator[_Part]:
    """Each part of a site's data in which something may be refused, with its path."""
    if not isinstance(data, Mapping):
        return
    yield "", data, _OF_SITE
    if isinstance(data.get("jobs"), Mapping):
        yield "jobs", data["jobs"], _OF_JOBS
    for name, service in _mapping(data, "services").items():
        yield from _of_service(service, join("services", str(name)))
    yield from _of_service(data, "")
    yield from _of_task(data, "")


def _of_service(data: Any, path: str) -> Iterator[_Part]:
    if not isinstance(data, Mapping):
        return
    yield path, data, _OF_SERVICE
    for i, task in enumerate(_list(data, "tasks")):
        yield from _of_task(task, f"{join(path, 'tasks')}[{i}]")


def _of_task(data: Any, path: str) -> Iterator[_Part]:
    if not isinstance(data, Mapping):
        return
    yield path, data, _OF_TASK
    yield from _outputs(data.get("outputs"), join(path, "outputs"))
    for i, rule in enumerate(_list(data, "rules")):
        if isinstance(rule, Mapping):
            place = f"{join(path, 'rules')}[{i}]"
            yield place, rule, _OF_RULE
            yield from _outputs(rule.get("outputs"), join(place, "outputs"))


def _outputs(data: Any, path: str) -> Iterator[_Part]:
    for name, source in data.items() if isinstance(data, Mapping) else ():
        if isinstance(source, Mapping):
            yield join(path, str(name)), source, _OF_OUTPUT


def _mapping(data: Any, key: str) -> Mapping[Any, Any]:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []
