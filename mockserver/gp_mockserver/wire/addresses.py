"""Which resource an address names: the URL grammar of an ArcGIS Server below its context.

Unknown children of a service are taken for tasks, and a task is found by its label before its name, as on
real servers. Empty segments do not count, so a trailing slash is the same resource.
"""

from __future__ import annotations

import msgspec
from gp_protocol.suggestions import did_you_mean
from gp_protocol.versions import Profile

from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_mockserver.wire.replies import Refusal


class Address(msgspec.Struct, frozen=True):
    """A resource of a site: the operation that answers for it and what its address names."""

    site: Site
    operation: str
    service: ServedService | None = None
    task: ServedTask | None = None
    job_id: str = ""
    name: str = ""
    """The result, input, folder or file path that the address ends with."""

    @property
    def profile(self) -> Profile:
        return self.service.profile if self.service else self.site.profile

    def below(self, operation: str, *, job_id: str = "", name: str = "") -> Address:
        """An address below this task's."""
        return Address(self.site, operation, self.service, self.task, job_id, name)


_REMEMBERED = frozenset({"info", "catalogue", "service", "task", "execute", "submitJob"})
_MAX_REMEMBERED = 10_000


def find_address(site: Site, path: str) -> Address:
    """The resource at `path`, which begins after the context. Raises Refusal with the protocol's own error.

    What was found is remembered; of a job's address, which is polled, the task's part is.
    """
    if known := site.addresses.get(path):
        return known
    head, below_jobs, tail = path.partition("/jobs/")
    if below_jobs and (task := site.addresses.get(head)) and task.operation == "task":
        if tail and "/" not in tail:
            return task.below("job", job_id=tail)
        return below_task(task, ["jobs", *(segment for segment in tail.split("/") if segment)])
    address = _look_up(site, [segment for segment in path.split("/") if segment])
    if below_jobs:
        find_address(site, head)
    elif address.operation in _REMEMBERED and len(site.addresses) < _MAX_REMEMBERED:
        site.addresses[path] = address
    return address


def _look_up(site: Site, segments: list[str]) -> Address:
    match segments:
        case [] | ["rest"]:
            return Address(site, "root")
        case ["rest", "info"]:
            return _since(Address(site, "info"), "info")
        case ["rest", "services"]:
            return Address(site, "catalogue")
        case ["rest", "services", name, "GPServer", *rest]:
            return _below_service(site, name, rest)
        case ["rest", "services", folder, name, "GPServer", *rest]:
            return _below_service(site, f"{folder}/{name}", rest)
        case ["rest", "services", folder] if folder in site.folders:
            return Address(site, "catalogue", name=folder)
        case ["rest", "services", *names] if len(names) <= 2:
            raise _service_not_found(site, "/".join(names))
        case ["rest", "directories", *rest] if rest:
            return Address(site, "file", name="/".join(rest))
    raise Refusal("invalid-url")


def _below_service(site: Site, name: str, rest: list[str]) -> Address:
    service = site.services.get(name)
    if service is None:
        raise _service_not_found(site, name)
    if not service.started:
        raise Refusal("service-not-started", service=name)
    if not rest:
        return Address(site, "service", service)
    task = service.find_task(rest[0])
    if task is None:
        hint = did_you_mean(rest[0], service.tasks)
        raise Refusal("unknown-task", f"{name} has no task {rest[0][:80]!r}; {hint}".rstrip("; "))
    return below_task(Address(site, "task", service, task), rest[1:])


def below_task(task: Address, rest: list[str]) -> Address:
    """The resource that `rest`, the segments after a task's own, names."""
    match rest:
        case []:
            return task
        case ["execute" | "submitJob" as operation]:
            return _since(task.below(operation), operation)
        case ["jobs", job_id]:
            return task.below("job", job_id=job_id)
        case ["jobs", job_id, "cancel"]:
            return _since(task.below("cancel", job_id=job_id), "cancel")
        case ["jobs", job_id, "results" | "inputs" as which]:
            return _since(task.below(which, job_id=job_id), which)
        case ["jobs", job_id, "results" | "inputs" as which, name]:
            return task.below(which.removesuffix("s"), job_id=job_id, name=name)
    label = task.task.descriptor.label if task.task else ""
    raise Refusal("invalid-url", f"{label} has no resource {'/'.join(rest)[:80]!r}")


def _service_not_found(site: Site, name: str) -> Refusal:
    hint = did_you_mean(name, site.services)
    return Refusal("service-not-found", *filter(None, [hint]), service=name)


def _since(address: Address, resource: str) -> Address:
    if not address.profile.has("resource", resource):
        raise Refusal("invalid-url", f"version {address.profile.name} has no resource {resource!r}")
    return address
