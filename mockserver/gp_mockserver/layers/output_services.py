"""The feature service that a job publishes its outputs as: `esri_out_feature_service_name`.

Source: ArcGIS REST, *Submit GP job*, output feature service name, and *GP data types*, feature service
output. A task takes it where it declares an input of that name; all its outputs of features and records then
become layers and tables. *Assumed*: that it comes before a result map service where a service has both, that
names consist of letters, digits and `_`, that a name that is taken fails the job, and what the errors say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import msgspec
from gp_protocol.descriptions.descriptors import Task
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.versions import Profile

from gp_mockserver.layers import PARAMETER
from gp_mockserver.layers.layer_services import FOLDER, Layer, LayerService, item_id_of
from gp_mockserver.sites import ServedTask

SETS: Final = frozenset({"GPFeatureRecordSetLayer", "GPRecordSet"})
"""The data types of outputs that become layers and tables."""

_LABEL = "Output Feature Service Name"
_NAME = re.compile(r"\w{1,120}")
_NO_SET = (b"null", b"{}", b'{"url"', b'{"mapImage"')


class NotPublished(Exception):
    """The outputs cannot be published as the client wants it; the text is the job's error message."""


class WantedService(msgspec.Struct, frozen=True):
    """What a client wants its outputs to be published as; the service to overwrite may be given by its item
    instead of its name."""

    name: str
    item_id: str = ""
    overwrite: bool = False
    description: str = ""


def wanted_service(task: Task, given: Mapping[str, str], profile: Profile) -> WantedService | None:
    """The service that a request asks for, or None. Raises NotPublished for one that there cannot be.

    A name as text or, from 11.0, an object of `serviceProperties` (`name` or `serviceUrl`) and
    `itemProperties` (`overwrite`, `itemId`, `description`, `snippet`; tags are passed over).
    """
    text = given.get(PARAMETER, "").strip()
    if not text or not profile.has("parameter", PARAMETER) or task.parameter(PARAMETER) is None:
        return None
    if not text.startswith("{") or not profile.has("input form", f"{PARAMETER} object"):
        return WantedService(_checked(text))
    try:
        json = decode_json(text)
    except RemoteProtocolError as error:
        raise NotPublished(f"{_LABEL}: {error.detail}") from None
    service, item = _members(json, "serviceProperties"), _members(json, "itemProperties")
    overwrite = item.get("overwrite") in (True, "true", "True")
    name, item_id = str(service.get("name") or ""), str(item.get("itemId") or "")
    if not name and (address := service.get("serviceUrl")):
        name = _name_in(str(address))
    if not name and not item_id:
        raise NotPublished(f"{_LABEL}: met neither a name, a serviceUrl nor an itemId, expected one of them")
    described = str(item.get("description") or item.get("snippet") or "")[:4000]
    return WantedService(_checked(name) if name else "", "" if name else item_id, overwrite, described)


def publish(task: ServedTask, job_id: str, given: Mapping[str, str], kept: bytes, now: float) -> None:
    """Publish a job's kept outputs, if it was asked for. Raises NotPublished.

    The service is seen once the job has succeeded.
    """
    profile, site = task.service.profile, task.service.site
    wanted = wanted_service(task.descriptor, given, profile)
    if wanted is None:
        return
    name = f"{FOLDER}/{wanted.name}"
    if wanted.item_id:
        found = site.layers.find_item(wanted.item_id, site, now)
        if found is None:
            raise NotPublished(f"{_LABEL}: met itemId {wanted.item_id[:60]!r}, which is no service here")
        name = found.name
    holder = site.layers.holder(name, site, now)
    if holder is not None and holder.job_id != job_id:
        if not (wanted.overwrite and profile.has("rule", "output feature service overwrite")):
            raise NotPublished(
                f"{_LABEL}: the name {name} is taken, expected one that is free; "
                "give another name, or overwrite the service (itemProperties.overwrite, from 11.0)"
            )
        if not holder.task:
            raise NotPublished(f"{_LABEL}: {name} belongs to the site and is not overwritten")
    previous = site.layers.find(name, site, now)
    site.layers.add(_service(task, job_id, name, wanted.description, kept, previous))


def published_urls(
    task: ServedTask, job_id: str, given: Mapping[str, str], kept: bytes, now: float, rest_root: str
) -> dict[str, str]:
    """The layers' addresses by output, for a job that has succeeded and published its outputs; else empty.

    Where the site has forgotten the service, as after a restart, it is published again.
    """
    try:
        wanted = wanted_service(task.descriptor, given, task.service.profile)
    except NotPublished:
        return {}
    if wanted is None:
        return {}
    site = task.service.site
    if wanted.name:
        name = f"{FOLDER}/{wanted.name}"
        service = site.layers.find(name, site, now)
    else:
        service = site.layers.find_item(wanted.item_id, site, now)
        name = service.name if service else ""
    if service is None and name:
        service = _service(task, job_id, name, wanted.description, kept, None)
        service.is_awaited = False
        site.layers.add(service)
    root = f"{rest_root}/services/{quote(name)}/FeatureServer"
    sets = _sets(task.descriptor, kept)
    return {output: f"{root}/{number}" for number, (output, _, _) in enumerate(sets)} if service else {}


def _service(
    task: ServedTask, job_id: str, name: str, description: str, kept: bytes, previous: LayerService | None
) -> LayerService:
    layers = tuple(
        Layer(number, label, json, is_table)
        for number, (output, json, is_table) in enumerate(_sets(task.descriptor, kept))
        for label in [_label(task.descriptor, output)]
    )
    if previous is not None and not description:
        description = previous.description
    item_id = item_id_of(task.service.site.seed, name)
    return LayerService(
        name, layers, item_id, description, task.path, job_id, is_awaited=True, previous=previous
    )


def _sets(task: Task, kept: bytes) -> list[tuple[str, msgspec.Raw, bool]]:
    """The outputs that are features or records: name, JSON, and whether it is a table."""
    outputs = msgspec.json.decode(kept, type=dict[str, msgspec.Raw])
    return [
        (each.name, outputs[each.name], each.data_type == "GPRecordSet")
        for each in task.outputs
        if each.data_type in SETS
        and each.name in outputs
        and not bytes(memoryview(outputs[each.name])[:12]).startswith(_NO_SET)
    ]


def _label(task: Task, output: str) -> str:
    parameter = task.parameter(output)
    return (parameter.display_name if parameter else "") or output


def _members(json: Any, key: str) -> dict[str, Any]:
    """A member that is an object; some of Esri's examples spell its name in lower case."""
    found = json.get(key, json.get(key.lower())) if isinstance(json, dict) else None
    return found if isinstance(found, dict) else {}


def _name_in(address: str) -> str:
    """The service's name in `…/services/Hosted/Name/FeatureServer`."""
    try:
        segments = [unquote(each) for each in urlsplit(address).path.split("/") if each]
    except ValueError:
        segments = []
    match segments[-3:]:
        case [folder, name, "FeatureServer"] if folder == FOLDER:
            return name
    raise NotPublished(f"{_LABEL}: met {address[:120]!r}, expected …/services/{FOLDER}/name/FeatureServer")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotPublished(f"{_LABEL}: met {name[:60]!r}, expected up to 120 letters, digits and _")
    return name
