"""Which resource an address names: the URL grammar of an ArcGIS Server below its context.

Unknown children of a service are taken for tasks, and a task is found by its label before its name, as on
real servers. Empty segments do not count, so a trailing slash is the same resource.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import msgspec
from gp_protocol.suggestions import did_you_mean
from gp_protocol.versions import Profile

from gp_mockserver.operations import OPERATIONS
from gp_mockserver.served_services import answering_as
from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from gp_mockserver.wire.requests import Request


class Address(msgspec.Struct, frozen=True):
    """A resource of a site: the operation that answers for it and what its address names."""

    site: Site
    operation: str
    service: ServedService | None = None
    task: ServedTask | None = None
    job_id: str = ""
    name: str = ""
    """The result, input, item, layer, folder or file path that the address ends with."""

    @property
    def profile(self) -> Profile:
        return self.service.profile if self.service else self.site.profile

    def below(self, operation: str, *, job_id: str = "", name: str = "") -> Address:
        """An address below this task's."""
        return Address(self.site, operation, self.service, self.task, job_id, name)


_REMEMBERED = frozenset({"info", "catalogue", "service", "task", "execute", "submitJob"})
_MAX_REMEMBERED = 10_000
_LONGEST_REMEMBERED = 500
"""Characters: an address may have any number of slashes, and each of them is another address."""
_SHOWN = 80
"""Characters of what a client wrote that errors repeat."""


def find_address(site: Site, path: str) -> Address:
    """The resource at `path`, which begins after the context. Raises Refusal with the protocol's own error.

    What was found is remembered; of a job's address, which is polled, the task's part is.
    """
    if known := site.addresses.get(path):
        return known if answering_as.get() is None else _known(known)
    head, below_jobs, tail = path.partition("/jobs/")
    if below_jobs and (task := site.addresses.get(head)) and task.operation == "task":
        if tail and "/" not in tail:
            return task.below("job", job_id=tail)
        return _known(_below_task(task, ["jobs", *(segment for segment in tail.split("/") if segment)]))
    address = _known(_look_up(site, [segment for segment in path.split("/") if segment]))
    if address.operation == "job":
        find_address(site, head)
    elif (
        address.operation in _REMEMBERED
        and len(path) <= _LONGEST_REMEMBERED
        and len(site.addresses) < _MAX_REMEMBERED
    ):
        site.addresses[path] = address
    return address


def _known(address: Address) -> Address:
    """The address, if its version has such a resource."""
    resource = OPERATIONS[address.operation].resource
    if resource and not address.profile.has("resource", resource):
        nowhere = Refusal("invalid-url", f"version {address.profile.name} has no resource {resource!r}")
        nowhere.address = _administration(address.site) if address.operation.startswith("admin") else None
        raise nowhere
    return address


def _look_up(site: Site, segments: list[str]) -> Address:
    match segments:
        case [] | ["rest"]:
            return Address(site, "root")
        case ["rest", "info" | "login" | "logout" as page]:
            return Address(site, page)
        case ["rest", "static", name]:
            return Address(site, "static", name=name)
        case ["rest", "services", *names]:
            return _below_services(site, names)
        case ["rest", "directories", *rest] if rest:
            return _document(site, rest) or Address(site, "file", name="/".join(rest))
        case ["tokens"]:
            return Address(site, "tokens")
        case ["tokens" | "admin", "generateToken"] | ["sharing", "generateToken"]:
            return Address(site, "generateToken", name=segments[0])
        case ["sharing", "rest", *rest]:
            return _in_portal(site, rest)
        case ["sharing", "oauth2", *rest]:
            return _in_portal(site, ["oauth2", *rest])
        case ["admin", "services", *rest]:
            try:
                return _administered(site, rest)
            except Refusal as nowhere:
                nowhere.address = _administration(site)
                raise
        case ["services", *names]:
            return Address(site, "soap", name="/".join(names))
    below_rest = segments[0] == "rest" and len(segments) > 1
    raise _nowhere(segments, segments[below_rest], _BELOW_REST if below_rest else _AT_THE_ROOT)


_AT_THE_ROOT = ("rest", "tokens", "admin", "sharing", "services")
_BELOW_REST = ("services", "info", "login", "logout", "static", "directories")


def _nowhere(segments: Iterable[str], word: str, choices: Collection[str]) -> Refusal:
    """The refusal of an address in which a word is none of those that lead on, with the nearest for the
    journal."""
    nowhere = Refusal("invalid-url")
    met = "/".join(segments)[:_SHOWN]
    nowhere.hint = f"no resource {met!r}; {_nearest(word, choices)}".rstrip("; ")
    return nowhere


def _nearest(word: str, choices: Collection[str]) -> str:
    return "" if word in choices else did_you_mean(word[:_SHOWN], choices)


def _below_services(site: Site, names: list[str]) -> Address:
    """What stands below `services`: the word for a service's type ends its name, which has one or two
    segments."""
    for place in (1, 2):
        if len(names) > place and names[place] in _BELOW:
            return _BELOW[names[place]](site, "/".join(names[:place]), names[place + 1 :])
    if not names:
        return Address(site, "catalogue")
    if len(names) == 1 and names[0] in site.folders:
        return Address(site, "catalogue", name=names[0])
    if len(names) <= 2:
        raise _service_not_found(site, "/".join(names))
    type_of_service = next((each for each in names[1:3] if _nearest(each, _BELOW)), names[1])
    raise _nowhere(("services", *names), type_of_service, _BELOW)


def _below_service(site: Site, name: str, rest: list[str]) -> Address:
    service = site.services.get(name)
    if service is None:
        raise _service_not_found(site, name)
    if not service.started:
        raise Refusal("service-not-started", service=name)
    here = Address(site, "service", service)
    try:
        return _within_service(here, service, rest)
    except Refusal as nowhere:
        nowhere.address = here
        raise


def _within_service(here: Address, service: ServedService, rest: list[str]) -> Address:
    match rest:
        case []:
            return here
        case ["info", "iteminfo"]:
            return here.below("itemInfo")
        case ["info", "metadata" | "thumbnail" as document]:
            return here.below(document)
        case ["uploads", *place] if service.takes_uploads:
            return _below_uploads(here, place)
    task = service.find_task(rest[0])
    if task is None:
        hint = did_you_mean(rest[0][:_SHOWN], service.tasks)
        raise Refusal("unknown-task", f"{service.name} has no task {rest[0][:_SHOWN]!r}; {hint}".rstrip("; "))
    return _below_task(Address(here.site, "task", service, task), rest[1:])


def _below_task(task: Address, rest: list[str]) -> Address:
    """The resource that `rest`, the segments after a task's own, names."""
    match rest:
        case []:
            return task
        case ["execute" | "submitJob" as operation]:
            return task.below(operation)
        case ["validate"] if task.service is None or task.service.validates:
            return task.below("validate")
        case ["metadata"]:
            return task.below("taskMetadata")
        case ["jobs", job_id]:
            return task.below("job", job_id=job_id)
        case ["jobs", job_id, "cancel"]:
            return task.below("cancel", job_id=job_id)
        case ["jobs", job_id, "results" | "inputs" as which]:
            return task.below(which, job_id=job_id)
        case ["jobs", job_id, "results" | "inputs" as which, name]:
            return task.below(which.removesuffix("s"), job_id=job_id, name=name)
    label = task.task.descriptor.label if task.task else ""
    hint = _nearest(rest[-1], _BELOW_JOB if len(rest) > 1 else _BELOW_TASK)
    met = "/".join(rest)[:_SHOWN]
    raise Refusal("invalid-url", f"{label} has no resource {met!r}; {hint}".rstrip("; "))


_BELOW_TASK = ("execute", "submitJob", "validate", "metadata", "jobs")
_BELOW_JOB = ("cancel", "results", "inputs")


def _below_uploads(service: Address, rest: list[str]) -> Address:
    match rest:
        case []:
            return service.below("uploads")
        case ["info"]:
            return service.below("uploadsInfo")
        case ["upload" | "register" as operation]:
            return service.below(operation)
        case [item]:
            return service.below("item", name=item)
        case [item, "parts" | "uploadPart" | "commit" | "download" | "delete" as operation]:
            return service.below(operation, name=item)
    raise Refusal("invalid-url", f"uploads has no resource {'/'.join(rest)[:_SHOWN]!r}")


def _below_map_service(site: Site, name: str, rest: list[str]) -> Address:
    """A job's result map: clients put `MapServer` for `GPServer` in the service's own address, or take the
    name that `resultMapServerName` says."""
    named = [each for each in site.services.values() if each.descriptor.result_map_server_name == name]
    if own := site.services.get(name):
        named = [own] if own.descriptor.result_map_server_name else named
    if not named:
        raise Refusal("map-service-not-found", service=name[:_SHOWN])
    here = Address(site, "resultMap", named[0])
    if rest[:1] == ["jobs"] and len(rest) > 1:
        here = _job_of_map(site, named, rest[1])
    match rest:
        case []:
            return here
        case ["jobs", job_id]:
            return here.below("resultMap", job_id=job_id)
        case ["jobs", job_id, "export" | "layers" | "legend" as operation]:
            return here.below(f"resultMap{operation.capitalize()}", job_id=job_id)
        case ["jobs", job_id, layer]:
            return here.below("resultMapLayer", job_id=job_id, name=layer)
        case ["jobs", job_id, layer, "query"]:
            return here.below("resultMapQuery", job_id=job_id, name=layer)
    raise Refusal("invalid-url", f"{name}/MapServer has no resource {'/'.join(rest)[:_SHOWN]!r}")


def _job_of_map(site: Site, services: list[ServedService], job_id: str) -> Address:
    """Where a job of one of the services that share a result map belongs, by its own task."""
    record = site.store.get(job_id, site.clock.now())
    for service in services if record is not None else ():
        for task in service.tasks.values():
            if record is not None and task.path == record.submission.task:
                return Address(site, "resultMap", service, task)
    return Address(site, "resultMap", services[0])


def _below_feature_service(site: Site, name: str, rest: list[str]) -> Address:
    """A feature service belongs to the service whose job published it, which says who may use it."""
    found = site.layers.find(name, site, site.clock.now())
    if found is None:
        raise Refusal("feature-service-not-found", service=name[:_SHOWN])
    owner = site.services.get(found.task.rpartition("/")[0])
    match rest:
        case []:
            return Address(site, "featureService", owner, name=name)
        case [layer]:
            return Address(site, "featureLayer", owner, name=f"{name}/{layer}")
        case [layer, "query"]:
            return Address(site, "query", owner, name=f"{name}/{layer}")
    raise Refusal("invalid-url", f"{name}/FeatureServer has no resource {'/'.join(rest)[:_SHOWN]!r}")


_BELOW = {
    "GPServer": _below_service,
    "MapServer": _below_map_service,
    "FeatureServer": _below_feature_service,
}


def _document(site: Site, rest: list[str]) -> Address | None:
    """A page or schema that publishing a service leaves in the output directory: folder and service stand
    twice in its address, the second time glued by `_`."""
    match rest:
        case ["arcgisoutput", *folder, owner, glued, "spec", "json-schema.json"]:
            operation, file = "jsonSchema", ""
        case ["arcgisoutput", *folder, owner, glued, file] if file.endswith(".htm"):
            operation = "taskHelp"
        case _:
            return None
    name = "/".join([*folder, owner.removesuffix("_GPServer")])
    service = site.services.get(name)
    if service is None or not owner.endswith("_GPServer") or glued != name.replace("/", "_"):
        return None
    return Address(site, operation, service, name=file.removesuffix(".htm"))


def _in_portal(site: Site, rest: list[str]) -> Address:
    match rest:
        case [] | ["info"]:
            return Address(site, "portal", name="/".join(rest))
        case ["generateToken"]:
            return Address(site, "generateToken", name="sharing")
        case ["portals", "self"]:
            return Address(site, "portalSelf")
        case ["oauth2", "authorize"]:
            return Address(site, "oauthAuthorize")
        case ["oauth2", "signin"]:
            return Address(site, "oauthSignIn")
        case ["oauth2", "token"]:
            return Address(site, "oauthToken")
        case ["community", "self"]:
            return Address(site, "communitySelf")
        case ["community", "users", name]:
            return Address(site, "communitySelf", name=name)
    raise Refusal("invalid-url", f"the portal has no resource {'/'.join(rest)[:_SHOWN]!r} here")


def _administration(site: Site) -> Address:
    """What stands for an address below the administrator's that leads nowhere: who asks needs a token, and is
    told in the administrator's form."""
    return Address(site, "adminJobs")


def told_of(nowhere: Refusal) -> Address | None:
    """The address in whose form is told that another one leads nowhere."""
    above: Address | None = nowhere.address
    return above if above is not None and above.operation.startswith("admin") else None


def _administered(site: Site, rest: list[str]) -> Address:
    if "jobs" not in rest[1:]:
        told = ["webhooks are not simulated"] if "webhooks" in rest[1:] else []
        raise Refusal("invalid-url", *told)
    place = rest.index("jobs", 1)
    path = "/".join(rest[:place])
    name = path.removesuffix(".GPServer")
    service = site.services.get(name)
    if service is None or path == name:
        raise _service_not_found(site, name)
    here = Address(site, "adminJobs", service)
    match rest[place + 1 :]:
        case []:
            return here
        case [job_id]:
            return here.below("adminJob", job_id=job_id)
        case [job_id, "cancel" | "delete" as change]:
            return here.below(f"admin{change.capitalize()}", job_id=job_id)
    raise Refusal("invalid-url")


def refusal_for(request: Request, nowhere: Refusal) -> Refusal:
    """What who asks is told of an address that leads nowhere, once it is known who that is."""
    if nowhere.name == "service-not-found" and request.user:
        return _service_not_found(request.site, nowhere.fill["service"], request.user)
    return nowhere


def _service_not_found(site: Site, name: str, user: str = "") -> Refusal:
    """The refusal of a service's name; it suggests no service that the catalogue would not show to a user."""
    guard = site.guard
    shown = [each for each, service in site.services.items() if guard is None or guard.lists(service, user)]
    hint = did_you_mean(name[:_SHOWN], shown)
    return Refusal("service-not-found", *filter(None, [hint]), service=name[:_SHOWN])
