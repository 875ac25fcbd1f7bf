"""What each resource does: plain functions from a request to a reply, and the table that describes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from gp_mockserver.wire.replies import AnyReply
    from gp_mockserver.wire.requests import Request

    Function = Callable[[Request], Awaitable[AnyReply]]

_JSON: Final = ("html", "json", "pjson")
_READ: Final = ("GET", "POST", "HEAD")
_POST: Final = ("POST",)


class Operation(msgspec.Struct, frozen=True):
    """One row: where the function stands, and what its resource takes.

    `resource` is the row of `gp_protocol.versions.FEATURES` by which a version knows it; empty: any version.
    Of `formats` a version answers those that it knows. `is_open` needs no token anywhere; `takes_files`:
    the files of a multipart form go to disk. A parameter that is `joined` may come several times: its values
    are put together by commas.
    """

    function: str
    resource: str = ""
    formats: tuple[str, ...] = _JSON
    methods: tuple[str, ...] = _READ
    is_open: bool = False
    takes_files: bool = False
    joined: tuple[str, ...] = ()


OPERATIONS: Final[Mapping[str, Operation]] = {
    "root": Operation("descriptions.root", is_open=True),
    "info": Operation("descriptions.info", "info", is_open=True),
    "catalogue": Operation("descriptions.catalogue"),
    "service": Operation("descriptions.service"),
    "task": Operation("descriptions.task"),
    "help": Operation("documents.help_page", formats=(), is_open=True),
    "static": Operation("directory_files.static", formats=(), is_open=True),
    "itemInfo": Operation("documents.item_info", "service info"),
    "metadata": Operation("documents.service_metadata", "service info", formats=()),
    "thumbnail": Operation("documents.thumbnail", "service info", formats=()),
    "taskMetadata": Operation("documents.task_metadata", "task metadata", formats=()),
    "taskHelp": Operation("documents.task_help", formats=()),
    "jsonSchema": Operation("documents.json_schema", "json-schema", formats=()),
    "execute": Operation("runs.execute", "execute", (*_JSON, "geojson", "kmz")),
    "submitJob": Operation("runs.submit_job", "submitJob", (*_JSON, "geojson", "kmz")),
    "validate": Operation("validation.validate", "validate"),
    "job": Operation("jobs.job", formats=(*_JSON, "kmz")),
    "cancel": Operation("jobs.cancel", "cancel"),
    "result": Operation("results.result", formats=(*_JSON, "geojson", "kmz", "image")),
    "results": Operation("results.all_results", "results"),
    "input": Operation("results.input", formats=(*_JSON, "kmz")),
    "inputs": Operation("results.all_inputs", "inputs"),
    "file": Operation("files.file", formats=()),
    "uploads": Operation("uploads.uploads", "uploads"),
    "uploadsInfo": Operation("uploads.info", "uploads"),
    "upload": Operation("uploads.upload", "upload", methods=(*_POST, "GET", "HEAD"), takes_files=True),
    "register": Operation("uploads.register", "register", methods=(*_POST, "GET", "HEAD")),
    "item": Operation("uploads.item", "uploads"),
    "parts": Operation("uploads.parts", "uploads"),
    "uploadPart": Operation("uploads.upload_part", "uploadPart", methods=_POST, takes_files=True),
    "commit": Operation("uploads.commit", "commit", methods=_POST, joined=("parts",)),
    "download": Operation("uploads.download", "uploads", formats=()),
    "delete": Operation("uploads.delete", "delete", methods=_POST),
    "resultMap": Operation("result_maps.result_map", "result map"),
    "resultMapLayer": Operation("result_maps.layer", "result map"),
    "resultMapLayers": Operation("result_maps.layers", "result map"),
    "resultMapLegend": Operation("result_maps.legend", "result map"),
    "resultMapQuery": Operation("result_maps.query", "result map", (*_JSON, "geojson")),
    "resultMapExport": Operation("result_maps.export", "result map", (*_JSON, "image")),
    "featureService": Operation("feature_layers.service"),
    "featureLayer": Operation("feature_layers.layer"),
    "query": Operation("feature_layers.query", formats=(*_JSON, "geojson")),
    "tokens": Operation("sign_in.generate_token", is_open=True),
    "generateToken": Operation("sign_in.generate_token", "generateToken", is_open=True),
    "login": Operation("sign_in.login", is_open=True),
    "logout": Operation("sign_in.logout", is_open=True),
    "portal": Operation("portal.root", is_open=True),
    "portalSelf": Operation("portal.portal_self", is_open=True),
    "oauthAuthorize": Operation("oauth.authorize", formats=(), is_open=True),
    "oauthSignIn": Operation("oauth.sign_in", formats=(), methods=_POST, is_open=True),
    "oauthToken": Operation("oauth.token", formats=(), methods=_POST, is_open=True),
    "communitySelf": Operation("portal.user", is_open=True),
    "adminJobs": Operation("admin_jobs.jobs", "admin jobs"),
    "adminJob": Operation("admin_jobs.job", "admin jobs"),
    "adminCancel": Operation("admin_jobs.cancel", "admin jobs", methods=_POST),
    "adminDelete": Operation("admin_jobs.delete", "admin jobs", methods=_POST),
    "soap": Operation("descriptions.soap", formats=()),
}
"""Each operation by its name; modules are imported when first needed."""


@cache
def operation(name: str) -> Function:
    """The function of an operation."""
    module, _, function = OPERATIONS[name].function.partition(".")
    found: Function = getattr(import_module(f"{__name__}.{module}"), function)
    return found


def import_all() -> None:
    """Import what most sites are asked for first, so that no request waits for it."""
    with suppress(OSError):  # such as for want of file descriptors; then a request imports what it needs
        for name in ("info", "catalogue", "execute", "job", "result", "file"):
            operation(name)
