"""Resources that describe the site: server info, catalogue, service, task."""

from __future__ import annotations

from urllib.parse import quote

from gp_protocol.descriptions.descriptors import help_url, service_json, task_json

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
    return Reply(value)


async def catalogue(request: Request) -> Reply:
    """ArcGIS REST, *Catalog*: the folders (at the root) and the services; names carry their folder."""
    folder = request.address.name
    names = [name for name in request.site.services if name.rpartition("/")[0] == folder]
    folders = [] if folder else request.site.folders
    value = {
        "currentVersion": request.profile.number,
        "folders": folders,
        "services": [{"name": name, "type": "GPServer"} for name in names],
    }
    return Reply(value)


async def service(request: Request) -> Reply:
    """ArcGIS REST, *GP service*."""
    served = request.service
    return Reply(service_json(served.descriptor, request.profile, task_labels=list(served.tasks)))


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
    """The address that `arcpy.ImportToolbox` takes leads to the REST one; SOAP itself is not spoken here."""
    path = f"/{quote(request.address.name)}" if request.address.name else ""
    return Redirect(f"{request.rest_root}/services{path}")
