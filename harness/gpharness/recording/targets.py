"""What an address leads to: all of a server, a folder, a service, or one task."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

import msgspec
from gp_client.errors import InvalidInput
from gp_client.wire.addresses import place_of, shown


class Target(msgspec.Struct, frozen=True):
    """`root` is the address of the context, `https://host/arcgis`. Of the others at most the last is set:
    `folder`, `service` (`Folder/Service`), or `service` and `task`. None: all that the catalogue lists."""

    root: str
    folder: str = ""
    service: str = ""
    task: str = ""

    @property
    def host(self) -> str:
        """The host's name, and its port where one is written."""
        return urlsplit(self.root).netloc

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        name = urlsplit(self.root).hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def target_of(url: str) -> Target:
    """Raises InvalidInput for an address of anything else, such as a job's."""
    place = place_of(url)
    if place.job_id:
        raise _no_target(
            url, f"the task is recorded by: gpharness record {shown(url).partition('/jobs/')[0]}"
        )
    if place.service:
        return Target(place.root, service=place.service, task=place.task)
    names = _below_services(url)
    if len(names) > 1:
        raise _no_target(url, f"a service ends in /GPServer: try {shown(url).rstrip('/')}/GPServer")
    return Target(place.root, folder=names[0] if names else "")


def is_named(task: str, pattern: str) -> bool:
    """Whether a word means the task `Folder/Service/Task`: by all of its name, by an end of it that begins
    with one of its parts, or by a pattern of either; in any case."""
    parts = task.lower().split("/")
    ends = ("/".join(parts[number:]) for number in range(len(parts)))
    wanted = pattern.strip().strip("/").lower().replace("/gpserver/", "/")
    return any(fnmatchcase(end, wanted) for end in ends)


def _below_services(url: str) -> list[str]:
    """The names below `rest/services`, of which the first is a folder."""
    path = [unquote(each) for each in urlsplit(url.strip()).path.split("/") if each]
    lower = [each.lower() for each in path]
    if "services" not in lower:
        return []
    return path[lower.index("services") + 1 :]


def _no_target(url: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        parameter="URL",
        met=shown(url.strip()),
        expected="the address of a server's context, of a folder of its services, of a service, or of a task",
        remedy=remedy,
    )
