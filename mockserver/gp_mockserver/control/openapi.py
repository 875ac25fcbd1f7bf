"""The control API described by itself: an OpenAPI 3.1 document, made of the table of resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from gp_mockserver.configuration.site_file_model import site_file_schema
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.control_rules import ADMIN
from gp_mockserver.control.server_actions import own_version
from gp_mockserver.wire.public_addresses import origin

if TYPE_CHECKING:
    from gp_mockserver.control.resources import Action, Resource

_REF: Final = "#/components/schemas/{name}"
_PART: Final = re.compile(r"\{(\w+)(?::path)?\}")
_PARTS: Final = {
    "context": "A site's context, such as arcgis.",
    "task": "A task's path, Folder/Service/Label; its slashes stand as they are.",
    "job": "A job's id.",
    "number": "A request's number in its site's journal.",
    "id": "A deviation's id, or its label.",
    "file": "A file's name.",
}
_ONLY_IN_FILES: Final = {
    "SiteForm": ("fetchFrom", "layers", "inFrontOf"),
    "ServiceForm": ("descriptorFile",),
    "TaskForm": ("descriptorFile", "function"),
    "RuleForm": ("function",),
    "OutputForm": ("file",),
    "JobsForm": ("store",),
}
"""What a site file may say, and data that comes over HTTP may not."""
_ABOUT: Final = (
    "What a running mock server serves, told and changed. At the root of the server resources are about all "
    "sites; where one site has to be meant, ask below /{context}/__admin, or /__admin/sites/{context}. "
    "Bodies are JSON; unknown keys are errors. Instants are seconds since the epoch on the site's clock."
)


async def document(ask: Ask) -> dict[str, Any]:
    return openapi_document(
        at_root=ask.about is None,
        url=origin(ask.request.scope)
        + (f"/{quote(ask.about.context)}" if ask.about is not None else "")
        + f"/{ADMIN}",
        needs_token=ask.rules.token is not None,
    )


def openapi_document(*, at_root: bool, url: str, needs_token: bool = False) -> dict[str, Any]:
    """The document for the resources at the root of a server, or for those of a site."""
    from gp_mockserver.control.resources import resources_at

    resources = resources_at(at_root)
    paths = {
        "/" + _PART.sub(r"{\1}", each.path): {
            verb.lower(): _operation(each, verb, action) for verb, action in each.actions.items()
        }
        for each in resources
    }
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gpharness control API", "version": own_version(), "description": _ABOUT},
        "servers": [{"url": url}],
        "security": [{"bearer": []}] if needs_token else [{}, {"bearer": []}],
        "paths": paths,
        "components": {"schemas": _schemas(resources), "securitySchemes": {"bearer": bearer}},
    }


def _operation(resource: Resource, verb: str, action: Action) -> dict[str, Any]:
    words = re.findall(r"\w+", _PART.sub(r"by \1", resource.path)) or ["index"]
    described: dict[str, Any] = {
        "operationId": verb.lower() + "".join(word[:1].upper() + word[1:] for word in words),
        "summary": action.does,
        "tags": [words[0]],
        "responses": {str(action.status): _answer(action)},
    }
    if note := " ".join((action.run.__doc__ or "").split()):
        described["description"] = note
    for status in action.fails:
        described["responses"][str(status)] = _response("It cannot be done", _reference(action.refused))
    refused = _response("It was not done, and why", {"$ref": _REF.format(name="ErrorAnswer")})
    described["responses"]["default"] = refused
    parameters = [_in_path(name) for name in _PART.findall(resource.path)]
    if action.query is not None:
        parameters += _in_query(action.query)
    if parameters:
        described["parameters"] = parameters
    if action.body is not None:
        forms = _several(action.body)
        described["requestBody"] = {
            "required": all(_is_required(form) for form in forms),
            "content": {"application/json": {"schema": _any_of(forms)}},
        }
    return described


def _answer(action: Action) -> dict[str, Any]:
    if action.answer is None:
        return {"description": action.does, "content": {action.media: {"schema": {"type": "string"}}}}
    forms = [each for each in _several(action.answer) if each is not dict]
    return _response(action.does, _any_of(forms) if forms else {"type": "object"})


def _response(does: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": does, "content": {"application/json": {"schema": schema}}}


def _in_path(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _PARTS[name],
        "schema": {"type": "string"},
    }


def _in_query(form: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    (_,), parts = msgspec.json.schema_components([form], ref_template=_REF)
    for name, schema in parts[form.__name__]["properties"].items():
        yield {"name": name, "in": "query", "schema": schema}


def _several(forms: type | tuple[type, ...]) -> tuple[type, ...]:
    return forms if isinstance(forms, tuple) else (forms,)


def _any_of(forms: Iterable[type]) -> dict[str, Any]:
    references = [_reference(form) for form in forms]
    return references[0] if len(references) == 1 else {"anyOf": references}


def _reference(form: type) -> dict[str, Any]:
    return {"$ref": _REF.format(name=form.__name__)}


def _is_required(form: type) -> bool:
    return any(field.required for field in msgspec.structs.fields(form))


def _schemas(resources: Iterable[Resource]) -> dict[str, Any]:
    forms: dict[str, type] = {}
    for resource in resources:
        for action in resource.actions.values():
            named = (action.body, action.answer, action.refused)
            for form in (each for some in named if some is not None for each in _several(some)):
                if form is not dict:
                    forms[form.__name__] = form
    from gp_mockserver.deviations.selectors import Selector

    _, parts = msgspec.json.schema_components([*forms.values(), Selector], ref_template=_REF)
    selects = parts.pop("Selector")["properties"]
    parts["DeviationForm"]["properties"] = {**selects, **parts["DeviationForm"]["properties"]}
    if "SiteForm" in parts:
        parts |= _site_parts(parts)
    for part in parts.values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
    return dict(sorted(parts.items()))


def _site_parts(known: Iterable[str]) -> dict[str, Any]:
    """What the schema of site files says more exactly, without what only files may say."""
    text = json.dumps(site_file_schema()["$defs"]).replace("#/$defs/", _REF.format(name=""))
    parts: dict[str, Any] = {name: part for name, part in json.loads(text).items() if name in known}
    for name, keys in _ONLY_IN_FILES.items():
        part = parts.get(name, {})
        for key in keys:
            part.get("properties", {}).pop(key, None)
        written = part.get("else", {}).get("propertyNames", {})
        if "enum" in written:
            written["enum"] = [each for each in written["enum"] if each not in keys]
    return parts
