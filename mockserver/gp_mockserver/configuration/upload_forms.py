"""What a site file says of uploads, and of the hosts from which inputs are fetched."""

from __future__ import annotations

from typing import Annotated

import msgspec
from gp_protocol.errors import shown
from msgspec import Meta

from gp_mockserver.configuration.limit_forms import Size, parse_size
from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteFileError
from gp_mockserver.running.listed_hosts import LISTED_HOST, is_listed_host
from gp_mockserver.sites import ServedService
from gp_mockserver.uploads.upload_rules import UploadRules, as_file_types

FileType = Annotated[str, Meta(pattern=r"^\.?\w{1,20}$", description="an extension, such as txt")]
HostName = Annotated[str, Meta(description=LISTED_HOST)]

_CAPABILITY = "Uploads"


class UploadsForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a service takes as an upload: files of `maxFileSize` at most, of one of the `fileTypes`."""

    max_file_size: Size | None = None
    file_types: list[FileType] = []


def set_up_uploads(service: ServedService, form: UploadsForm | None, said: str | None, path: str) -> None:
    """Give a service its rules for uploads; with them comes the capability, unless the file says others.

    `said` is what the file says of capabilities. Raises SiteFileError.
    """
    if form is None:
        return
    path = join(path, "uploads")
    if not service.takes_uploads:
        if said:
            expected = f"a service with the capability {_CAPABILITY}"
            raise SiteFileError(path, f"capabilities: {said}", expected, f"add {_CAPABILITY} to capabilities")
        service.descriptor = msgspec.structs.replace(service.descriptor, capabilities=_CAPABILITY)
    most = service.site.limits.upload
    size = most
    if form.max_file_size is not None:
        size = parse_size(form.max_file_size, join(path, "maxFileSize"))
        if size > most:
            raise SiteFileError(
                join(path, "maxFileSize"),
                shown(form.max_file_size),
                f"at most {most} bytes, the limit limits.upload",
                "raise limits.upload",
            )
    service.uploads = UploadRules(size, as_file_types(form.file_types))


def checked_hosts(hosts: list[str]) -> list[str]:
    """The hosts that `fetchFrom` lists. Raises SiteFileError for what is no host."""
    for i, host in enumerate(hosts):
        if not is_listed_host(host):
            raise SiteFileError(
                f"fetchFrom[{i}]", shown(host), LISTED_HOST, "leave out scheme, user and path; no wildcards"
            )
    return hosts
