"""The feature services that a site has: those of its site file, and those that its jobs published.

A service that a job publishes is there once the job has succeeded; until then the name is taken and, where
the job overwrites a service, that one is still seen. What a job was to publish goes if the job does not
succeed. Layers are kept as the bytes of their JSON, which they share with the job's kept outputs; where there
is too much of them, what jobs published first is forgotten (*assumed*: a real server keeps it until its owner
deletes it). Services of the site itself always stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec
from gp_protocol.job_states import FINAL, JobStatus

if TYPE_CHECKING:
    from gp_mockserver.sites import Site

FOLDER: Final = "Hosted"
"""The folder of the services that jobs publish."""
MOST_SERVICES: Final = 1000
MOST_BYTES: Final = 500 * 1024 * 1024
"""Of the layers that jobs published: the oldest services go first."""


def item_id_of(seed: int, name: str) -> str:
    """The id of a service's portal item: always the same one for a seed and a name."""
    from hashlib import md5

    return md5(f"{seed}/{name}".encode(), usedforsecurity=False).hexdigest()


class Layer(msgspec.Struct, frozen=True, eq=False):
    """A layer or table. `kept` is the JSON of its feature set or record set, without a limit of records."""

    id: int
    name: str
    kept: msgspec.Raw
    is_table: bool = False


class LayerService(msgspec.Struct, eq=False):
    """A feature service; `name` carries its folder, `item_id` is that of its portal item.

    Where a job publishes it, `task` is the path of the job's task, and `previous` is the service of that name
    that is seen until the job has succeeded.
    """

    name: str
    layers: tuple[Layer, ...]
    item_id: str
    description: str = ""
    task: str = ""
    job_id: str = ""
    is_awaited: bool = False
    """Whether the job has yet to succeed, as far as anybody has looked."""
    previous: LayerService | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(memoryview(layer.kept)) for layer in self.layers)


class LayerServices:
    """The feature services of one site, by name."""

    def __init__(self) -> None:
        self._services: dict[str, LayerService] = {}

    def add(self, service: LayerService) -> None:
        """Keep a service, in place of the one with its name."""
        self._services.pop(service.name, None)
        self._services[service.name] = service
        self._forget_oldest()

    def take_back(self, job_id: str) -> None:
        """Forget what a job was to publish, as if it had not run."""
        for name, service in list(self._services.items()):
            if service.job_id == job_id and service.is_awaited:
                self._restore(name, service)

    def find(self, name: str, site: Site, now: float) -> LayerService | None:
        """The service of that name as it is seen at an instant of the site's clock."""
        service = self._look(name, site, now)
        return service.previous if service is not None and service.is_awaited else service

    def find_item(self, item_id: str, site: Site, now: float) -> LayerService | None:
        """The service whose portal item has that id."""
        return next((each for each in self.seen(site, now) if each.item_id == item_id), None)

    def holder(self, name: str, site: Site, now: float) -> LayerService | None:
        """The service that takes the name, seen already or not."""
        return self._look(name, site, now)

    def seen(self, site: Site, now: float) -> Iterator[LayerService]:
        """All services that are seen at an instant, in the order in which they came."""
        for name in list(self._services):
            if found := self.find(name, site, now):
                yield found

    def _look(self, name: str, site: Site, now: float) -> LayerService | None:
        service = self._services.get(name)
        if service is None or not service.is_awaited:
            return service
        record = site.store.get(service.job_id, now)
        status = JobStatus.DELETED if record is None else record.state(now).status
        if status is JobStatus.SUCCEEDED:
            service.is_awaited, service.previous = False, None
        elif status in FINAL:
            self._restore(name, service)
        return self._services.get(name)

    def _restore(self, name: str, service: LayerService) -> None:
        """Let a service that is not to come make room for the one that it was to overwrite."""
        del self._services[name]
        if service.previous is not None:
            self._services[name] = service.previous

    def _forget_oldest(self) -> None:
        published = [each for each in self._services.values() if each.task]
        count, size = len(published), sum(each.size for each in published)
        for service in published[:-1]:
            if count <= MOST_SERVICES and size <= MOST_BYTES:
                return
            del self._services[service.name]
            count, size = count - 1, size - service.size
