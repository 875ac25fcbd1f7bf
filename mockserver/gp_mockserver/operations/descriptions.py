"""Resources that describe the site: server info, catalogue, service, task."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from gp_protocol.descriptions.descriptors import help_url, schema_url, service_json, task_json

from gp_mockserver.security.masking import without_secrets
from gp_mockserver.wire.replies import Redirect, Reply
from gp_mockserver.wire.requests import Request


async def root(request: Request) -> Redirect:
    """The address of the context itself leads to the catalogue."""
    asked = request.parameters.get("f")
    return Redirect(f"{request.rest_root}/services{f'?f={quote(asked)}' if asked else ''}")


async def info(request: Request) -> Reply:
    """ArcGIS REST, *Server info*: the version, and whether tokens are needed."""
    number = request.profile.number
    value = {
        "currentVersion": number,
        "fullVersion": request.profile.full_version,
        "soapUrl": f"{request.rest_root.removesuffix('/rest')}/services",
        "secureSoapUrl": None,
        "authInfo": {"isTokenBasedSecurity": False},
    }
    if (guard := request.guard) is not None:
        root = request.caller.find_root()
        if guard.rules.federated:
            value["owningSystemUrl"] = root
        value["authInfo"] = guard.auth_info(root)
    return Reply(value)


async def catalogue(request: Request) -> Reply:
    """ArcGIS REST, *Catalog*: the folders (at the root) and the services; names carry their folder."""
    folder = request.address.name
    listed = _listed(request)
    seen = {entry["name"].split("/")[0] for entry in listed if "/" in entry["name"]}
    folders = [] if folder else [each for each in request.site.folders if each in seen]
    value = {
        "currentVersion": request.profile.number,
        "folders": folders,
        "services": [entry for entry in listed if entry["name"].rpartition("/")[0] == folder],
    }
    return Reply(value)


def _listed(request: Request) -> list[dict[str, str]]:
    """Every service with its type: a result map service stands beside its own (*assumed*), feature services
    at the end."""
    site, guard = request.site, request.site.guard
    listed = []
    hidden = set()
    for name, service in site.services.items():
        if guard and not guard.lists(service, request.user):
            hidden.add(name)
            continue
        listed.append({"name": name, "type": "GPServer"})
        own_map = service.descriptor.result_map_server_name
        entry = {"name": own_map, "type": "MapServer"}
        if own_map and service.profile.has("resource", "result map") and entry not in listed:
            listed.append(entry)
    layers = site.layers.seen(site, request.arrived)
    shown = [each for each in layers if each.task.rpartition("/")[0] not in hidden]
    return listed + [{"name": each.name, "type": "FeatureServer"} for each in shown]


async def service(request: Request) -> Reply:
    """ArcGIS REST, *GP service*."""
    served, profile = request.service, request.profile
    schema = schema_url(request.rest_root, served.name) if profile.has("service key", "schema") else None
    return Reply(service_json(served.descriptor, profile, schema, task_labels=list(served.tasks)))


async def task(request: Request) -> Reply:
    """ArcGIS REST, *GP task*."""
    served = request.task
    profile = request.profile
    address = help_url(request.rest_root, request.service.name, served.descriptor.name)
    return Reply(task_json(served.descriptor, profile, address))


def task_url(request: Request) -> str:
    """The address of the task that a request is about."""
    return f"{_service_url(request)}/{quote(request.task.descriptor.label)}"


def _service_url(request: Request) -> str:
    return f"{request.rest_root}/services/{quote(request.service.name)}/GPServer"


async def soap(request: Request) -> Redirect:
    """The address that `arcpy.ImportToolbox` takes leads to the REST one, with the query but its tokens and
    passwords, and of a POST with `f` alone; SOAP itself is not spoken here."""
    path = f"/{quote(request.address.name)}" if request.address.name else ""
    asked = without_secrets(request.parameters)
    if request.method == "POST":
        asked = {name: value for name, value in asked.items() if name == "f"}
    return Redirect(f"{request.rest_root}/services{path}{'?' if asked else ''}{urlencode(asked)}")
