"""Loads a site from a YAML or JSON file, or from data of the same form.

`docs/site-files.md` shows the form by example. A file may also be what a real server answered for a service
or for a task, as it is: its service is then called as the file is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import ExecutionType
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.messages import MessageLevel

from gp_mockserver.configuration.data_files import parse_data, read_data, read_text
from gp_mockserver.configuration.descriptor_forms import (
    Entry,
    entry_of,
    execution_type,
    is_pasted,
    refuse_error_answers,
    service_from,
)
from gp_mockserver.configuration.deviation_forms import inject_written
from gp_mockserver.configuration.durations import parse_duration
from gp_mockserver.configuration.job_stores import open_job_store
from gp_mockserver.configuration.journal_forms import make_journal
from gp_mockserver.configuration.latency_forms import latencies
from gp_mockserver.configuration.layer_forms import add_written_layers
from gp_mockserver.configuration.limit_forms import parse_limits
from gp_mockserver.configuration.security_forms import set_up_sign_in
from gp_mockserver.configuration.site_file_model import ServiceForm, SiteForm, TaskForm
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.configuration.task_forms import add_task
from gp_mockserver.configuration.upload_forms import checked_hosts, set_up_uploads
from gp_mockserver.configuration.written_data import join, shaped
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.lifecycle.clocks import Clock, parse_clock
from gp_mockserver.lifecycle.job_store import JobStore
from gp_mockserver.sites import PUBLIC_URL, Site, is_public_url

log = logging.getLogger("gp_mockserver")

Data = Mapping[str, Any]


def load_site(
    path: str | Path,
    *,
    context: str | None = None,
    seed: int | None = None,
    clock: Clock | None = None,
    version: str | None = None,
    public_url: str | None = None,
    store: str | Path | None = None,
    named: set[Path] | None = None,
) -> Site:
    """The site that a file describes; what is given here comes before what the file says of it.

    `store` is a file for its jobs. `named` gathers the other files on which the site depends, also where it
    cannot be loaded. Raises SiteFileError, which names the file and the place in it, and JobFileError for a
    store that cannot be used.
    """
    file = Path(path)
    return site_from(
        read_data(file, str(path)),
        folder=file.parent,
        name=str(path),
        context=context,
        seed=seed,
        clock=clock,
        version=version,
        public_url=public_url,
        store=store,
        named=named,
    )


def is_site_file(path: str | Path) -> bool:
    """Whether a file is one for `load_site`: it has `services`, or is a service's descriptor as a server
    answers it. Other data is not, nor is a file that cannot be read, unless its text speaks of services.
    """
    text = ""
    try:
        text = read_text(Path(path), str(path))
        if "services" not in text and "tasks" not in text:
            return False
        data = parse_data(text, Path(path), str(path))
    except SiteFileError:
        return "services" in text
    if not isinstance(data, dict):
        return False
    return "services" in data or (isinstance(data.get("tasks"), list) and is_pasted(data))


def site_from(
    data: Any,
    *,
    folder: Path | None = None,
    name: str = "",
    context: str | None = None,
    seed: int | None = None,
    clock: Clock | None = None,
    version: str | None = None,
    public_url: str | None = None,
    store: str | Path | None = None,
    named: set[Path] | None = None,
) -> Site:
    """The site that data of a site file's form describes. `folder` holds the files that it names, `name` is
    what errors call it. Raises SiteFileError, and JobFileError.
    """
    try:
        refuse_error_answers(data, "")
        whole = _as_site(data, Path(name).stem or "Service")
        form = shaped(whole, SiteForm, "")
        given = {"version": version, "public_url": public_url}
        changed = {name: each for name, each in given.items() if each is not None}
        form = msgspec.structs.replace(form, **changed)
        jobs = open_job_store(form.jobs, folder, store)
        try:
            site = _site(form, whole, context, seed, clock, jobs)
            files = SiteFolder(folder, named)
            for service, entry in whole["services"].items():
                _add_service(site, service, entry, files, join("services", service))
            add_written_layers(site, form.layers, files)
            set_up_sign_in(site, form)
            if form.deviations:
                inject_written(site, form.deviations)
        except BaseException:
            jobs.close(jobs.past.latest)
            raise
        return site
    except SiteFileError as error:
        raise error.in_file(name) from error.__cause__


def _as_site(data: Any, stem: str) -> Data:
    """A site file's data, made of a service's or a task's descriptor where the file is one."""
    if not isinstance(data, dict):
        raise SiteFileError("", shown(data), "a mapping of services and settings, or a server's descriptor")
    if "services" in data:
        return data
    if isinstance(data.get("tasks"), list):
        return {"services": {stem: data}}
    if "parameters" in data and ("name" in data or "displayName" in data):
        return {"services": {stem: {"tasks": [data]}}}
    return data


def _site(
    form: SiteForm, data: Data, context: str | None, seed: int | None, clock: Clock | None, store: JobStore
) -> Site:
    if clock is None:
        try:
            clock = parse_clock(form.clock)
        except ValueError as error:
            raise SiteFileError("clock", shown(form.clock), "real, x60 (any rate), jump or manual") from error
    if form.public_url and not is_public_url(form.public_url):
        raise SiteFileError("publicUrl", shown(form.public_url), PUBLIC_URL)
    try:
        return Site(
            form.context if context is None else context,
            version=form.version,
            seed=form.seed if seed is None else seed,
            clock=clock,
            store=store,
            latency=latencies(data.get("latency"), "latency"),
            errors=data.get("errors"),
            bad_input=form.bad_input,
            public_url=form.public_url,
            limits=parse_limits(form.limits),
            fetch_from=checked_hosts(form.fetch_from),
            patience=parse_duration(form.jobs.patience, "jobs.patience"),
            journal=make_journal(form.journal),
        )
    except ProtocolError as error:
        raise SiteFileError(error.path, error.met, error.expected, error.remedy) from None
    except SiteFileError:
        raise
    except SiteError as error:
        raise SiteFileError(
            "context", shown(form.context), "one segment of an address, such as arcgis"
        ) from error


def _add_service(site: Site, name: str, data: Data, files: SiteFolder, path: str) -> None:
    if name.count("/") > 1 or not all(name.split("/")) or name.endswith("/GPServer"):
        raise SiteFileError(path, shown(name), "a name such as Service or Folder/Service")
    entry = _entry(data, ServiceForm, files, path)
    form = shaped(entry.ours, ServiceForm, path)
    tasks = _task_entries(data, entry, files)
    descriptor = service_from(entry, name, as_sent=not site.version_is_given)
    if execution_type(entry) is None:
        descriptor = msgspec.structs.replace(descriptor, execution_type=_execution_type_of(tasks, path))
    service = site.add_service(
        descriptor,
        message_level=MessageLevel(form.message_level),
        instances=form.instances,
        latency=latencies(entry.ours.get("latency"), join(path, "latency")),
        version=_untold_version(entry, tasks) if descriptor.current_version is None else None,
    )
    service.started, service.validates = form.started, form.validate
    for task in tasks:
        add_task(service, task, files)
    service.descriptor = msgspec.structs.replace(descriptor, task_names=tuple(service.tasks))
    set_up_uploads(service, form.uploads, entry.said.get("capabilities"), path)


def _untold_version(service: Entry, tasks: list[Entry]) -> float | None:
    """The version of a server that does not tell it: 10.0, or 9.3 where its tasks have no execution type."""
    if not service.is_a_servers_own:
        return None
    told = ["executionType" in task.said for task in tasks if task.is_pasted]
    return 9.3 if told and not any(told) else 10.0


def _entry(data: Data, form: type[msgspec.Struct], files: SiteFolder, path: str) -> Entry:
    refuse_error_answers(data, path)
    found, place = _descriptor(data, files, path)
    return entry_of(data, form, path, found, place)


def _descriptor(data: Data, files: SiteFolder, path: str) -> tuple[Data, str]:
    """What the `descriptor` or `descriptorFile` of a service or task says, and where that stands; nothing
    where it has neither.
    """
    found: Any = data.get("descriptor", {})
    place = join(path, "descriptor")
    if (name := data.get("descriptorFile")) is not None:
        place = join(path, "descriptorFile")
        if "descriptor" in data:
            raise SiteFileError(place, "descriptorFile beside descriptor", "one of the two")
        if not isinstance(name, str):
            raise SiteFileError(place, shown(name), "the name of a file")
        file = files.find(name, place)
        found = read_data(file, str(file))
    if not isinstance(found, dict):
        raise SiteFileError(place, shown(found), "a descriptor: a JSON object")
    refuse_error_answers(found, place)
    return found, place


def _task_entries(data: Data, service: Entry, files: SiteFolder) -> list[Entry]:
    """The tasks of a service: in the order in which they are listed by name, then the others.

    A task that is only listed is served without parameters.
    """
    described: list[Entry] = []
    names: list[str] = []
    for i, task in enumerate(service.said.get("tasks") or ()):
        place = f"{service.path}.tasks[{i}]"
        if isinstance(task, str):
            names.append(task)
        elif data.get("tasks") is None:
            described.append(entry_of({}, TaskForm, place, task, place))
        else:
            described.append(_entry(task, TaskForm, files, place))
    listed = service.found.get("tasks") or ()
    names += [name for name in listed if isinstance(name, str) and name not in names]
    entries = []
    for name in names:
        known = [each for key in ("displayName", "name") for each in described if each.said.get(key) == name]
        if known:
            entries.append(known[0])
            described.remove(known[0])
        else:
            log.warning(
                "%s: task %r has no descriptor, so it is served without parameters", service.path, name
            )
            entries.append(Entry(join(service.path, "tasks"), {}, {"name": name, "displayName": name}))
    return entries + described


def _execution_type_of(tasks: list[Entry], path: str) -> ExecutionType:
    found = next((each for each in map(execution_type, tasks) if each), None)
    if found is None:
        raise SiteFileError(path, "no executionType", "synchronous or asynchronous", "add executionType")
    return found
