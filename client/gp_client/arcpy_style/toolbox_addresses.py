"""What `ImportToolbox` is given: the address of a service and how to sign in there.

Source: ArcPy, *ImportToolbox* and *Use web tools in Python scripts*. The forms are

    <SOAP root>;<service>
    <SOAP root>;<service>;<user>;<password>
    <SOAP root>;<service>;UseSSOIdentityIfPortalOwned
    <SOAP root>;<service>;token=<token>;<referer>
    <connection file>.ags;<service>
    ;<service>                                     the server is that of the surroundings

The SOAP root is `http://host/arcgis/services`; a service in a folder is `Folder/Service`. As with ArcPy, a
REST address is refused. *Assumed*: a connection file tells its server's address in plain characters, of
one or two bytes each; who signs in is encrypted there and is not read.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from gp_client.errors import InvalidInput
from gp_client.wire.addresses import services_root, shown

SINGLE_SIGN_ON = "UseSSOIdentityIfPortalOwned"
SERVER_VARIABLE = "GPHARNESS_ARCPY_SERVER"
_EXAMPLE = '"https://gis.example.com/arcgis/services;Folder/Service"'
_SOAP_ROOT = re.compile(r"https?://[^\s\"'<>;?#\x00]{1,500}?/services(?![\w/])", re.IGNORECASE)
_LARGEST_FILE = 1_000_000


class ToolboxAddress(msgspec.Struct, frozen=True):
    """A service's address, taken apart. `root` is that of the server (`http://host/arcgis`), `service` has
    its folder. What is not used to sign in is None."""

    root: str
    service: str
    user: str | None = None
    password: str | None = None
    token: str | None = None
    referer: str | None = None
    single_sign_on: bool = False

    def __repr__(self) -> str:
        return f"ToolboxAddress({self.root!r}, {self.service!r})"

    @property
    def default_alias(self) -> str:
        """The service's name without its folder. *Assumed*: what no Python name can have becomes `_`."""
        letters = self.service.rpartition("/")[2]
        name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in letters)
        return name if name.isidentifier() else f"_{name}"


def toolbox_address(text: object, *, server: str | None, instead: bool) -> ToolboxAddress:
    """Take an address apart.

    `server` is the server of the surroundings, if there is one: that of an address which names none, and of
    every address where it stands `instead` of the others. Raises InvalidInput, which quotes no password.
    """
    if not isinstance(text, str):
        raise _refused(f"a {type(text).__name__}", f"a text such as {_EXAMPLE}")
    place, semicolon, rest = text.partition(";")
    place = place.strip()
    if not semicolon:
        raise _without_service(place)
    service, _, credentials = rest.partition(";")
    service = service.strip().strip("/")
    if not service:
        raise _refused(f"{shown(place)!r} without a service", f"the service after a semicolon: {_EXAMPLE}")
    root = _root(place, server, instead)
    return _signing_in(ToolboxAddress(root, service), credentials)


def _root(place: str, server: str | None, instead: bool) -> str:
    if server and (instead or not place):
        return services_root(server)
    if not place:
        raise _refused(
            "an address without a server",
            f"a server before the semicolon: {_EXAMPLE}",
            f"or name one for such scripts: `gpharness arcpy --server URL SCRIPT`, or {SERVER_VARIABLE}",
        )
    if place.lower().endswith(".ags"):
        place = _server_in(Path(place))
    if not place.lower().startswith(("http://", "https://")):
        raise _refused(repr(place), f"an address that begins with http:// or https://: {_EXAMPLE}")
    segments = [each.lower() for each in place.partition("://")[2].split("/")[1:]]
    if "rest" in segments:
        raise _refused(
            f"the REST address {shown(place)!r}",
            "the SOAP root, as ArcPy does",
            f"write {services_root(place)}/services",
        )
    return services_root(place)


def _signing_in(address: ToolboxAddress, credentials: str) -> ToolboxAddress:
    first, semicolon, second = credentials.partition(";")
    if not credentials.strip():
        return address
    if first.strip().lower() == SINGLE_SIGN_ON.lower():
        return msgspec.structs.replace(address, single_sign_on=True)
    if first.strip().lower().startswith("token="):
        token = first.strip()[len("token=") :]
        if not token:
            raise _refused("token= without a token", "token=<token>;<referer>")
        return msgspec.structs.replace(address, token=token, referer=second.strip() or None)
    if not semicolon or not first.strip():
        raise _refused(
            "a third part that is neither a token nor a user with a password",
            f"<user>;<password>, token=<token>;<referer> or {SINGLE_SIGN_ON}",
        )
    return msgspec.structs.replace(address, user=first.strip(), password=second)


def _server_in(file: Path) -> str:
    """The one server that a connection file names."""
    remedy = f"write the server's address instead: {_EXAMPLE}"
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE)
    except OSError as error:
        raise _refused(
            f"{str(file)!r}: {error.strerror}", "a connection file that can be read", remedy
        ) from None
    texts = [content.decode("latin-1"), content.decode("utf-16-le", "replace")]
    texts.append(content[1:].decode("utf-16-le", "replace"))
    found: dict[str, str] = {}
    for text in texts:
        for match in _SOAP_ROOT.finditer(text):
            found.setdefault(match[0].lower(), match[0])
    if len(found) != 1:
        raise _refused(f"{len(found)} server addresses in {file.name!r}", "one", remedy)
    return next(iter(found.values()))


def _without_service(place: str) -> InvalidInput:
    if place.lower().endswith((".tbx", ".pyt", ".atbx")):
        return _refused(f"the toolbox file {place!r}", "a geoprocessing service", f"such as {_EXAMPLE}")
    return _refused(
        f"{shown(place)!r} without a semicolon", f"the server, a semicolon, the service: {_EXAMPLE}"
    )


def _refused(met: str, expected: str, remedy: str = "") -> InvalidInput:
    return InvalidInput(parameter="input_file", met=met, expected=expected, remedy=remedy)
