"""Reading what a server has: the first, harmless half of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from gp_client.describing import describe_service, describe_task
from gp_client.errors import GPError, InvalidInput, ServerError, TransportError
from gp_client.wire.addresses import folder_url, service_url, task_below

from gpharness.probing.prober import Prober
from gpharness.recording.plans import Described
from gpharness.recording.targets import Target

_GP_SERVER = "GPServer"
_NOT_THERE = (400, 404)
_OWN_FOLDERS = frozenset({"system", "utilities"})
"""Folders that every ArcGIS Server has: publishing, caching and printing tools."""


def described(
    prober: Prober, target: Target, listener: Callable[[str], object], services: Sequence[str] = ()
) -> Described:
    """The services and tasks that an address leads to, or instead the `services` that are named; `listener`
    hears what is read next.

    Of several services those that cannot be read are named with the reason. Raises GPError where nothing can
    be read, InvalidInput where no geoprocessing service is there.
    """
    _read_info(prober)
    found = Described()
    if target.service and not services:
        _read_service(prober, target.service, [target.task] if target.task else None, found)
        return found
    names = list(dict.fromkeys(services or _listed(prober, target, found)))
    if not names:
        raise InvalidInput(
            parameter="URL",
            met=f"{target.folder or 'a catalogue'} without a geoprocessing service",
            expected="at least one",
        )
    for name in names:
        listener(f"reading {name}")
        try:
            _read_service(prober, name, None, found)
        except TransportError:
            raise
        except GPError as error:
            if len(names) == 1:
                raise
            found.unreadable[name] = f"cannot be read: {error.text}"
    return found


def _read_info(prober: Prober) -> None:
    """Server info, which the oldest servers do not have. Raises TransportError where nobody answers."""
    try:
        prober.ask("rest/info")
    except TransportError:
        raise
    except GPError:
        return


def _listed(prober: Prober, target: Target, found: Described) -> Iterator[str]:
    """The names of all geoprocessing services, `Folder/Service`. Of a whole server the folders are left out
    that cannot be read, or hold the server's own tools, which do as they are told."""
    if target.folder:
        try:
            yield from _of_folder(prober, target.folder)
        except ServerError as error:
            if error.code not in _NOT_THERE:
                raise
            told = f"{error.code}: {error.message.strip()}"
            raise InvalidInput(
                parameter="URL",
                met=f"{target.folder}, which is no folder of services ({told})",
                expected="a folder, or a service",
                remedy="a service's address ends with /GPServer",
            ) from None
        return
    catalogue = prober.ask("rest/services")
    yield from _names(catalogue, "")
    folders = catalogue.get("folders") if isinstance(catalogue, dict) else None
    for folder in folders if isinstance(folders, list) else ():
        if not isinstance(folder, str):
            continue
        if folder.lower() in _OWN_FOLDERS:
            found.unreadable[folder] = "a folder of the server's own tools: give its address to record them"
            continue
        try:
            yield from _of_folder(prober, folder)
        except TransportError:
            raise
        except GPError as error:
            found.unreadable[folder] = f"cannot be read: {error.text}"


def _of_folder(prober: Prober, folder: str) -> Iterator[str]:
    yield from _names(prober.ask(folder_url(prober.root, folder)), folder)


def _names(catalogue: object, folder: str) -> Iterator[str]:
    listed = catalogue.get("services") if isinstance(catalogue, dict) else None
    for entry in listed if isinstance(listed, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name and entry.get("type") == _GP_SERVER:
            yield f"{folder}/{name}" if folder and "/" not in name else name


def _read_service(prober: Prober, name: str, tasks: list[str] | None, found: Described) -> None:
    """A service and its tasks, or only those of them that are named."""
    url = service_url(prober.root, name)
    service = prober.run(describe_service(prober.session, url, name, prober.until()))
    found.services[name] = service
    for label in service.task_names if tasks is None else tasks:
        try:
            address = task_below(url, label) if tasks is not None else f"{url}/{quote(label, safe='')}"
            flow = describe_task(prober.session, address, (url, name), prober.until(), with_service=True)
            found.tasks[f"{name}/{label}"] = prober.run(flow)
        except TransportError:
            raise
        except GPError as error:
            if tasks is not None:
                raise
            found.unreadable[f"{name}/{label}"] = f"cannot be read: {error.text}"
