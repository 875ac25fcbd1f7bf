"""A request to the control API as its actions see it: what it is about, its query and its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.configuration.written_data import key_names, shaped
from gp_mockserver.control.control_rules import ADMIN, ControlRules
from gp_mockserver.control.refusals import ControlError, nothing_there
from gp_mockserver.errors import SiteFileError
from gp_mockserver.wire.public_addresses import origin, public_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from gp_mockserver.app import MockServer
    from gp_mockserver.sites import ServedTask, Site

MOST_BYTES: Final = 1024 * 1024
"""Of a body."""

F = TypeVar("F", bound=msgspec.Struct)


class Ask(msgspec.Struct):
    """One request. `about` is the site under whose context it was asked, None at the root of the server.

    `parts`: what stands in the address for `{context}`, `{task}` and so on. `data`: the JSON of the body,
    which is also given to the action in its form.
    """

    app: MockServer
    about: Site | None
    request: Request
    parts: Mapping[str, str]
    data: Any = None

    @property
    def rules(self) -> ControlRules:
        return self.app.control

    @property
    def sites(self) -> list[Site]:
        """The sites that the request is about: one, or at the root all of them."""
        return list(self.app.sites.values()) if self.about is None else [self.about]

    @property
    def site(self) -> Site:
        """The one site that the request is about. Raises ControlError at the root of a server of several."""
        sites = self.sites
        if len(sites) == 1:
            return sites[0]
        path = self.request.scope["path"].lstrip("/")
        places = ", ".join(f"/{ADMIN}/sites/{quote(context)}/{path}" for context in list(self.app.sites)[:5])
        raise ControlError(
            409,
            f"which site is meant? This server has {len(sites) or 'none'}",
            expected="the address of one site" if sites else "a site",
            remedy=f"ask {places}" if sites else f"make one: POST /{ADMIN}/sites",
        )

    def site_called(self, context: str) -> Site:
        """The site of this context. Raises ControlError."""
        found = self.app.sites.get(context)
        if found is None:
            hint = did_you_mean(context, self.app.sites)
            raise nothing_there(f"no site has the context {context[:80]!r}", hint)
        return found

    def find_task(self) -> ServedTask:
        """The task in the address."""
        path = self.parts["task"]
        service_name, _, label = path.rpartition("/")
        service = self.site.services.get(service_name)
        if service is not None and (task := service.find_task(label)) is not None:
            return task
        known = [task.path for service in self.site.services.values() for task in service.tasks.values()]
        raise nothing_there(f"site {self.site.context!r} has no task {path!r}", did_you_mean(path, known))

    def url_of(self, site: Site) -> str:
        """A site's address as the asker should see it, such as `http://127.0.0.1:8585/arcgis`; that of a
        socket of its own, if it has one."""
        if site.deviating and site.doors.root:
            return site.url
        return public_root(site, self.request.scope)

    def admin_url_of(self, site: Site) -> str:
        return f"{origin(self.request.scope)}/{quote(site.context)}/{ADMIN}"


async def read_body(request: Request) -> Any:
    """The JSON of a request's body, `{}` where it has none. Raises ControlError.

    A type other than JSON is refused even of an empty body: it is what forms of other pages send.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            raise ControlError(
                413,
                f"the body is too large: met more than {MOST_BYTES} bytes, expected at most that",
                met=f"more than {MOST_BYTES} bytes",
                expected=f"at most {MOST_BYTES} bytes",
                headers={"Connection": "close"},
            )
        pieces.append(piece)
    if kind != "application/json" and (kind or size):
        raise ControlError(
            415,
            f"bodies are JSON: met {kind or 'no content type'}, expected application/json",
            path="Content-Type",
            met=kind or "none",
            expected="application/json",
            remedy="with curl: -H 'Content-Type: application/json'",
        )
    if not size:
        return {}
    try:
        return msgspec.json.decode(b"".join(pieces))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise ControlError(
            400, f"the body is no JSON: {reason}", met=reason, expected="a JSON object"
        ) from None


def read_query(request: Request, form: type[F] | None) -> F | None:
    """The query in its form. Raises SiteFileError."""
    given = dict(request.query_params)
    known = key_names(form) if form is not None else []
    for name in given:
        if name not in known:
            place, expected = f"?{name[:80]}", one_of(known) if known else "none"
            raise SiteFileError(place, "an unknown parameter", expected, did_you_mean(name, known))
    if form is None:
        return None
    for field in msgspec.structs.fields(form):
        text = given.get(field.encode_name)
        if text is None:
            continue
        try:
            msgspec.convert({field.encode_name: text}, form, strict=False)
        except msgspec.ValidationError as error:
            expected = _described(form, field.encode_name) or str(error)
            raise SiteFileError(f"?{field.encode_name}", shown(text), expected) from None
    return msgspec.convert(given, form, strict=False)


def read_form(data: Any, form: type[F]) -> F:
    """A body in its form. Raises SiteFileError."""
    return shaped(data, form, "")


def _described(form: type[msgspec.Struct], name: str) -> str:
    """What people call the values of a field."""
    (_,), parts = msgspec.json.schema_components([form])
    schema = parts[form.__name__]["properties"][name]
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    words = [word for each in options for word in each.get("enum", [])]
    if words:
        return one_of(map(str, words))
    kinds = {"integer": "a whole number", "boolean": "true or false", "number": "a number"}
    told: str = schema.get("description", "") or kinds.get(options[0].get("type", ""), "")
    return told
