"""The addresses of a GP server: reading them, making them, and telling whose host one is on.

The grammar is that of the pages *Get started with the Services Directory*, *GP Service*, *GP Task* and
*Job*: `<root>/rest/services/[<folder>/]<service>/GPServer/<task>/jobs/<job>`. The SOAP address of a service
has `/services` in the place of `/rest/services`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote, unquote, urlsplit

import msgspec

from gp_client.errors import InvalidInput

_EXAMPLE = "an address such as https://gis.example.com/arcgis"
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_BESIDE_SERVICES = ("services", "info", "login", "directories", "static")
_NO_TASKS = ("uploads", "info")
_TOO_LONG = 8192


class Place(msgspec.Struct, frozen=True):
    """An address taken apart. `service` has its folder (`Elevation/World`); what is not named is empty."""

    root: str
    service: str = ""
    task: str = ""
    job_id: str = ""


class Origin(msgspec.Struct, frozen=True):
    """Who an address asks: scheme and host in lower case, the port always a number."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        port = "" if self.port == usual else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def services_root(address: str) -> str:
    """The root of the server that an address belongs to, without a trailing slash: `https://host/arcgis`.

    `address` is the root itself or any address below it: `…/rest`, `…/rest/services`, `…/services` (SOAP), a
    folder, a service, a task, a job. A host alone stands for its `/arcgis`, the usual context (page *Get
    started with the Services Directory*). Raises InvalidInput for anything else.
    """
    return _taken_apart(address)[0]


def place_of(address: str) -> Place:
    """What an address names. Raises InvalidInput where it is no http address, or of another kind."""
    root, rest = _taken_apart(address)
    types = [number for number, segment in enumerate(rest) if segment.lower() == "gpserver"]
    if not types:
        other = next((segment for segment in rest[1:3] if segment.endswith("Server")), None)
        if other is not None:
            raise InvalidInput(
                parameter="address",
                met=f"{other} in {shown(address)!r}",
                expected="a geoprocessing service (GPServer)",
            )
        return Place(root)
    after = rest[types[0] + 1 :]
    service = "/".join(rest[: types[0]])
    if not after or after[0].lower() in _NO_TASKS:
        return Place(root, service)
    is_job = len(after) > 2 and after[1].lower() == "jobs"
    return Place(root, service, after[0], after[2] if is_job else "")


def folder_url(root: str, folder: str) -> str:
    """The address of a folder of the catalogue. Raises InvalidInput for what is not one name."""
    if "/" in folder or "\\" in folder:
        raise InvalidInput(parameter="folder", met=repr(folder)[:200], expected="the name of one folder")
    return f"{root}/rest/services/{_quoted(folder, 'folder')}"


def service_url(root: str, service: str) -> str:
    """The address of `Name` or `Folder/Name`."""
    names = service.strip("/").split("/")
    if names[-1].lower() == "gpserver":
        names.pop()
    return f"{root}/rest/services/{'/'.join(_quoted(name, 'service') for name in names or [''])}/GPServer"


def task_url(root: str, service: str, task: str) -> str:
    """The address of a task of a service."""
    return task_below(service_url(root, service), task)


def task_below(service_url: str, task: str) -> str:
    """The address of a task of the service at that address. Raises InvalidInput for what is not one name."""
    return f"{service_url}/{_quoted(task, 'task')}"


def job_url(task_url: str, job_id: str) -> str:
    """The address of a job of a task."""
    return f"{task_url}/jobs/{_quoted(job_id, 'job_id')}"


def shown(url: str) -> str:
    """An address for errors: without its query, user name, password and fragment."""
    url = url.partition("?")[0].partition("#")[0]
    scheme, mark, rest = url.partition("://")
    if mark and "@" in rest:
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return url


def origin_of(url: str) -> Origin | None:
    """Who an address asks; None where it is no plain http address: another scheme, a user name, blanks."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not host or scheme not in ("http", "https") or "@" in parts.netloc or _UNSAFE.search(parts.netloc):
        return None
    return Origin(scheme, host, port or (443 if scheme == "https" else 80))


def same_host(a: str, b: str) -> bool:
    """Whether two addresses are on one host, whatever their ports and schemes."""
    first, second = origin_of(a), origin_of(b)
    return first is not None and second is not None and first.host == second.host


def is_home(url: str, root: str, trusted: Collection[str]) -> bool:
    """Whether `url` may be asked on behalf of `root`: it is on the same host, at any port, or on one of
    `trusted` (`name` or `name:port`), and does not lead from https to http."""
    there, here = origin_of(url), origin_of(root)
    if there is None or here is None or (here.scheme == "https" and there.scheme == "http"):
        return False
    return there.host == here.host or is_trusted(there, trusted)


def is_trusted(origin: Origin, trusted: Collection[str]) -> bool:
    """Whether a host is one of `trusted`: `name` or `name:port`."""
    for each in (trusted,) if isinstance(trusted, str) else trusted:
        plain = each.strip().lower().rpartition("://")[2].rstrip("/")
        if plain in (origin.host, f"[{origin.host}]", f"{origin.host}:{origin.port}"):
            return True
        if plain == f"[{origin.host}]:{origin.port}":
            return True
    return False


def _taken_apart(address: str) -> tuple[str, list[str]]:
    """The root, and the decoded segments after `/rest/services` or `/services`."""
    if not isinstance(address, str):
        raise InvalidInput(parameter="address", met=f"a {type(address).__name__}", expected=_EXAMPLE)
    address = address.strip()
    origin = origin_of(address)
    if origin is None or len(address) > _TOO_LONG or _UNSAFE.search(address.replace(" ", "")):
        raise _no_address(address)
    segments = [segment for segment in urlsplit(address).path.split("/") if segment]
    if any(unquote(segment) in (".", "..") for segment in segments):
        raise InvalidInput(
            parameter="address", met=repr(shown(address)), expected="an address without dot segments"
        )
    context, rest = _split(segments)
    if not segments:
        context = ["arcgis"]
    path = "".join("/" + quote(unquote(segment), safe="") for segment in context)
    return f"{_ascii(origin)}{path}", [unquote(segment) for segment in rest]


def _split(segments: list[str]) -> tuple[list[str], list[str]]:
    lower = [segment.lower() for segment in segments]
    for number, segment in enumerate(lower):
        following = lower[number + 1] if number + 1 < len(lower) else "services"
        if segment == "rest" and following in _BESIDE_SERVICES:
            return segments[:number], segments[number + 2 :] if following == "services" else []
    if "services" in lower:
        number = lower.index("services")
        return segments[:number], segments[number + 1 :]
    return segments, []


def _ascii(origin: Origin) -> str:
    text = str(origin)
    if text.isascii():
        return text
    try:
        return str(Origin(origin.scheme, origin.host.encode("idna").decode("ascii"), origin.port))
    except UnicodeError:
        raise _no_address(text) from None


def _no_address(address: str) -> InvalidInput:
    remedy = ""
    if "@" in address.partition("://")[2].partition("/")[0]:
        remedy = "give the user name and password as user= and password="
    elif "://" not in address:
        remedy = "begin it with https:// or http://"
    return InvalidInput(parameter="address", met=repr(shown(address)[:200]), expected=_EXAMPLE, remedy=remedy)


def _quoted(name: str, what: str) -> str:
    try:
        if name not in ("", ".", ".."):
            return quote(name, safe="")
    except UnicodeEncodeError:
        pass
    raise InvalidInput(parameter=what, met=repr(name), expected="a name of one segment of an address")
