"""The references among a request's inputs: where they are, and whether the items that they name are there.

Uploaded items are looked for when a task is asked to run: one that is not there is a bad value. Everything
else is followed only when a tool asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.descriptions.filters import ListFilter
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster

from gp_mockserver.running.own_addresses import loopback_root
from gp_mockserver.running.task_inputs import BadInputs
from gp_mockserver.sites import ServedService
from gp_mockserver.uploads.file_names import extension
from gp_mockserver.wire.requests import Request

Reference = LayerReference | ItemReference | DataFile | Raster

ROOT: Final = "(root)"
"""The name under which a run's parameters keep the addresses that are the site's own, parted by blanks: the
one by which its client knows it, then, on this machine, the one by the port on which it listens."""

_REFERENCES = (LayerReference, ItemReference, DataFile, Raster)
_MAY_REFER = ("RecordSet", "Raster", "DataFile", "Composite", "ValueTable")
_ITEM, _URL = "itemID", "url"


def mentions_references(inputs: bytes) -> bool:
    """Whether inputs, as a job keeps them, may hold a reference; quick, and at times mistaken."""
    return b"url" in inputs or b"itemID" in inputs


def with_root(request: Request) -> Mapping[str, str]:
    """A request's parameters, with what tells its own addresses from others where there may be some."""
    for text in request.parameters.values():
        if _URL in text or _ITEM in text:
            roots = request.caller.find_root()
            if request.caller.port is not None:
                roots += f" {loopback_root(request.site, request.caller.port)}"
            return {**request.parameters, ROOT: roots}
    return request.parameters


def references_in(task: Task, inputs: Mapping[str, Any]) -> Iterator[tuple[Parameter, Reference]]:
    """Every reference among the inputs, also within lists, tables and composites."""
    for parameter in task.inputs:
        value = inputs.get(parameter.name)
        if value and _may_refer(parameter.data_type):
            for reference in _held(value):
                yield parameter, reference


@cache
def _may_refer(data_type: str) -> bool:
    return any(word in data_type for word in _MAY_REFER)


def _held(value: Any) -> Iterator[Reference]:
    if isinstance(value, _REFERENCES):
        yield value
    elif isinstance(value, CompositeValue):
        yield from _held(value.value)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _held(each)


def check_items(service: ServedService, task: Task, inputs: Mapping[str, Any]) -> None:
    """Raises BadInputs for an input that is no committed item of its service, or not of the types that its
    parameter's filter lists.

    A service that takes no uploads is not looked through: there an item may stand for anything, as long as no
    tool reads it (*assumed*).
    """
    if not service.takes_uploads:
        return
    faults = []
    for parameter, reference in references_in(task, inputs):
        item_id = item_id_of(reference)
        if item_id is None:
            continue
        item = service.site.uploads.find(service.name, item_id)
        met = f'itemID "{item_id[:80]}"'
        expected = ""
        if item is None:
            expected = f"an item that was uploaded to {service.name}"
        elif not item.committed:
            met, expected = f"{met}, whose parts are not committed yet", "a whole item"
        elif isinstance(parameter.filter, ListFilter) and parameter.data_type.endswith("GPDataFile"):
            types = [word.lstrip(".").lower() for word in parameter.filter.words]
            if types and extension(item.name) not in types:
                met, expected = f'{met}, "{item.name[:80]}"', f"a file of type {' or '.join(types)}"
        if expected:
            faults.append(RemoteProtocolError(path=parameter.name, met=met, expected=expected))
    if faults:
        raise BadInputs(faults, [])


def refers(task: Task, inputs: Mapping[str, Any]) -> bool:
    """Whether there is any reference among the inputs."""
    return next(references_in(task, inputs), None) is not None


def item_id_of(reference: Reference) -> str | None:
    """The uploaded item that a reference names, None where it is an address or a portal's item."""
    return None if isinstance(reference, LayerReference) else reference.item_id


def dataset_name(reference: Reference) -> str:
    """How errors call it: an id, or an address without query and user, where tokens stand."""
    if isinstance(reference, ItemReference):
        return reference.item_id
    if reference.url is None:
        portal = reference.portal_item_id if isinstance(reference, DataFile) else None
        return item_id_of(reference) or portal or ""
    try:
        parts = urlsplit(reference.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return reference.url.partition("?")[0].rpartition("@")[2]
