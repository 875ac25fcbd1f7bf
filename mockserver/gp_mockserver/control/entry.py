"""The way of a request to the control API: who may ask, what is asked, the answer."""

from __future__ import annotations

import logging
from traceback import format_exception
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.suggestions import did_you_mean
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from gp_mockserver.control.asks import Ask, read_body, read_form, read_query
from gp_mockserver.control.control_rules import ADMIN
from gp_mockserver.control.event_streams import EventStream
from gp_mockserver.control.guard import admit
from gp_mockserver.control.refusals import ControlError, ErrorAnswer, ErrorText, nothing_there
from gp_mockserver.control.resources import JSON, RESOURCES, Action, Resource, resources_at
from gp_mockserver.errors import MockServerError, StoreUnwritable

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.app import MockServer
    from gp_mockserver.sites import Site

log = logging.getLogger("gp_mockserver")

_PAGES: Final = ("ui",)
"""Resources that anybody may have: they are the same for every server, and say nothing of this one."""


class _Routed(NamedTuple):
    resource: Resource
    route: Route


async def _unused(request: Request) -> Response:
    raise AssertionError("routes are only matched")


_ROUTES: Final = [_Routed(each, Route(f"/{each.path}", _unused, methods=["GET"])) for each in RESOURCES]


async def control(
    app: MockServer, site: Site | None, path: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request to `/__admin/…`, or to `/<context>/__admin/…` for a site; `path` is what follows."""
    own = {**scope, "path": f"/{path.strip('/')}", "root_path": ""}
    request = Request(own, receive)
    try:
        answered = await _answer(app, site, request)
    except ControlError as error:
        answered = _refusal(error)
    except StoreUnwritable as error:
        answered = _refusal(ControlError.of(error, 503))
    except (MockServerError, ProtocolError) as error:
        answered = _refusal(ControlError.of(error))
    except Exception as error:
        told = "".join(format_exception(error)).rstrip()
        log.error("%s %r of the control API could not be answered\n%s", scope["method"], path[:200], told)
        answered = _refusal(ControlError(500, "the server failed; its log says how"))
    if scope["method"] == "HEAD":
        send = _without_body(send)
    await answered(own, receive, send)


async def _answer(app: MockServer, about: Site | None, request: Request) -> Response | EventStream:
    path = request.scope["path"].strip("/")
    method = request.method
    if not (path.partition("/")[0] in _PAGES and method in ("GET", "HEAD")):
        admit(app.control, method, request.headers)
    ask = Ask(app, about, request, {})
    resource = _find(ask)
    if method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": _verbs(resource)})
    action = resource.actions.get("GET" if method == "HEAD" else method)
    if action is None:
        raise _wrong_verb(resource, method, path)
    if method == "HEAD" and action.media == "text/event-stream":
        return Response(headers={"Cache-Control": "no-store"}, media_type=action.media)
    answer = await _do(ask, action, method)
    if isinstance(answer, Response | EventStream):
        if isinstance(answer, Response):
            _add_headers(answer)
        return answer
    return _json(answer, action.status)


async def _do(ask: Ask, action: Action, method: str) -> Any:
    given: list[Any] = []
    query = read_query(ask.request, action.query)
    if query is not None:
        given.append(query)
    if method not in ("GET", "HEAD"):
        ask.data = await read_body(ask.request)
        if isinstance(action.body, type):
            given.append(read_form(ask.data, action.body))
        elif action.body is None:
            read_form(ask.data, _Nothing)
    answer = await action.run(ask, *given)
    if method not in ("GET", "HEAD") and action.changes:
        for stream in list(ask.rules.streams):
            stream.look()
    return answer


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an action that takes none."""


def _find(ask: Ask) -> Resource:
    """The resource in the address. `sites/{context}/…` is the same as `…` under that context."""
    path: str = ask.request.scope["path"]
    for resource, route in _ROUTES:
        if resource.of_site if ask.about is None else resource.of_server:
            continue
        match, found = route.matches({**ask.request.scope, "method": "GET"})
        if match is Match.FULL:
            ask.parts = found["path_params"]
            return resource
    first, _, rest = path[1:].partition("/")
    if ask.about is None and first == "sites" and rest:
        context, _, rest = rest.partition("/")
        ask.about = ask.site_called(context)
        ask.request.scope["path"] = f"/{rest}"
        return _find(ask)
    raise _nowhere(ask, path.strip("/"))


def _nowhere(ask: Ask, path: str) -> ControlError:
    met = path.split("/")
    known: dict[str, str] = {}
    for resource in resources_at(ask.about is None):
        parts = resource.path.split("/")
        if len(parts) == len(met):
            parts = [mine if part.startswith("{") else part for part, mine in zip(parts, met, strict=True)]
        known["/".join(parts).replace(":path", "")] = resource.path
    if ask.about is not None and any(each.of_server and each.path == path for each in RESOURCES):
        return nothing_there(f"a site has no resource {path!r}", f"it is the server's: /{ADMIN}/{path}")
    hint = did_you_mean(path, known)
    return nothing_there(f"there is no resource {path[:100]!r}", hint or f"GET /{ADMIN} lists what there is")


def _wrong_verb(resource: Resource, method: str, path: str) -> ControlError:
    verbs = " or ".join(resource.actions)
    return ControlError(
        405,
        f"/{ADMIN}/{path}: met {method}, expected {verbs}",
        met=method,
        expected=verbs,
        remedy="; ".join(f"{verb}: {each.does}" for verb, each in resource.actions.items()),
        headers={"Allow": _verbs(resource)},
    )


def _verbs(resource: Resource) -> str:
    verbs = list(resource.actions)
    if "GET" in verbs:
        verbs.append("HEAD")
    return ", ".join([*verbs, "OPTIONS"])


def _refusal(error: ControlError) -> Response:
    text = error.text
    body = ErrorAnswer(ErrorText(text.message, text.path.lstrip("."), text.met, text.expected, text.remedy))
    return _json(body, error.status, error.headers)


def _json(value: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    body = msgspec.json.encode(value) + b"\n"
    answer = Response(body, status, headers=headers, media_type=JSON)
    _add_headers(answer)
    return answer


def _add_headers(answer: Response) -> None:
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")


def _without_body(send: Send) -> Send:
    async def send_head(message: Any) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head
