"""The mock server as an ASGI application: from a request's bytes to an operation, and from its reply to
bytes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from traceback import format_exception
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from gp_protocol.json_limits import json_limits

from gp_mockserver.control.control_rules import ADMIN, ControlRules
from gp_mockserver.errors import SiteError, StoreUnwritable
from gp_mockserver.journal.watching import watch_of
from gp_mockserver.large_requests import MANY, Turn
from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.operations import operation
from gp_mockserver.running.askers import asker
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolFailed
from gp_mockserver.wire.addresses import Address, find_address, refusal_for, told_of
from gp_mockserver.wire.answers import Answer, answer, check_asked, html_answer, refuse
from gp_mockserver.wire.callers import Caller
from gp_mockserver.wire.poll_answers import PollAnswers
from gp_mockserver.wire.public_addresses import origin
from gp_mockserver.wire.replies import AnyReply, JobReply, Refusal
from gp_mockserver.wire.request_parameters import (
    ClientLeft,
    MalformedRequest,
    brings_token,
    query_parameters,
    read_form,
)
from gp_mockserver.wire.requests import COURSE, Form, ReceivedFile, Request
from gp_mockserver.wire.sending import allow_preflight, send_answer, whole

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.doors.door import Door
    from gp_mockserver.journal.watching import Watch
    from gp_mockserver.tools.latency import Latency

log = logging.getLogger("gp_mockserver")

_LOGGED = 200
"""Characters of a path that a line in the log has."""


class MockServer:
    """An ASGI application that serves sites, each under its own context; sites come and go while it runs."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self.sites: dict[str, Site] = {}
        self.root = ""
        """The address of the server that runs it, such as `http://127.0.0.1:8585`; empty in process."""
        self.open_door: Callable[..., Door] | None = None
        """Opens one more listening socket of the server that runs it; None in process."""
        self.authority: bytes | None = None
        """Key and certificate, in PEM, of who issues the certificates that deviations serve with; made when
        first needed."""
        self.control = ControlRules()
        """Who may use the control API."""
        self.strays: deque[tuple[str, str]] = deque(maxlen=20)
        """Method and path of the last requests for a context that no site has: no journal has them."""
        self._polls = PollAnswers()
        for site in sites:
            self.add_site(site)

    def add_site(self, site: Site) -> None:
        """Serve a site. Raises SiteError when its context is taken."""
        if site.context in self.sites:
            raise SiteError(f"context {site.context!r} is taken: give each site a context of its own")
        self.sites[site.context] = site
        site.server = self

    def replace_site(self, site: Site) -> None:
        """Serve a site in place of the one with its context, if there is one."""
        previous = self.sites.get(site.context)
        self.sites[site.context] = site
        site.server = self
        self._polls.forget()
        if previous is not None:
            previous.close()

    def remove_site(self, context: str) -> None:
        """Serve a site no longer, and remove its files. Raises SiteError for a context that is not served."""
        site = self.sites.pop(context, None)
        if site is None:
            raise SiteError(
                f"no site is served under {context!r}: there is {', '.join(self.sites) or 'none'}"
            )
        self._polls.forget()
        site.close()

    def close(self) -> None:
        """Remove the files of all sites."""
        for site in self.sites.values():
            site.close()

    async def end(self) -> None:
        """Close what would go on for ever in the event loop that serves the sites, before that ends."""
        self.control.end()
        for site in self.sites.values():
            if site.passing_on is not None:
                await site.passing_on.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = self._polls.find(scope)
            if isinstance(kept, tuple):
                (start, body), line = kept
                await send(start)
                if line is not None:
                    line.answered()
                await send(body)
                return
            context, _, path = scope["path"].lstrip("/").partition("/")
            site = self.sites.get(context) or self.sites.get(context.partition("~")[0])
            if context == ADMIN or _is_control(path):
                from gp_mockserver.control.entry import control

                about = None if context == ADMIN else site
                below = path if context == ADMIN else path.partition("/")[2]
                if context != ADMIN and about is None:  # which is refused as a site that there is not
                    below = f"sites/{context}/{below}"
                await control(self, about, below, scope, receive, send)
            elif site is None and "~" in context:
                self._note_stray(scope)
                await self._serve_named(context, path, scope, receive, send)
            elif site is None:
                if context:
                    self._note_stray(scope)
                await send_answer(scope, receive, send, self._directory_of_sites(scope, found=not context))
            elif not site.journal.is_on:
                await self._serve_as(site, context, path, scope, receive, send, kept)
            else:
                watch = site.journal.watch(scope, receive, send, site.clock.now())
                if site.deviating or context != site.context:
                    watch.look_closer(site, path, scope)
                failed = True
                try:
                    await self._serve_as(site, context, path, scope, watch.receive, watch.send, kept)
                    failed = False
                finally:
                    watch.end(failed=failed)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _note_stray(self, scope: Scope) -> None:
        self.strays.append((scope["method"], _shown_path(scope)))

    async def _serve_as(
        self,
        site: Site,
        context: str,
        path: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        turn: JobRecord | None,
    ) -> None:
        """Answer a request as the site's deviations, and those that the address names, have it."""
        if context != site.context:
            await self._serve_named(context, path, scope, receive, send)
        elif site.deviating:
            from gp_mockserver.deviations.course import deviate

            await deviate(site, [site.deviations], path, scope, receive, send, self._serve_site)
        else:
            await self._serve_site(site, path, scope, receive, send, turn)

    async def _serve_named(self, context: str, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        from gp_mockserver.deviations.addresses import serve_named

        await serve_named(self.sites, context, path, scope, receive, send, self._serve_site)

    async def _serve_site(
        self,
        site: Site,
        path: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        turn: JobRecord | None = None,
    ) -> None:
        if site.passing_on is not None:
            await site.passing_on.serve(site, path, scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await allow_preflight(scope, send, site, path)
            return
        limits, nobody = json_limits.set(site.limits.json), asker.set(receive)
        await self._serve(site, path, scope, receive, send, turn)
        json_limits.reset(limits)
        asker.reset(nobody)

    def _directory_of_sites(self, scope: Scope, *, found: bool) -> Answer:
        """The page at the root of the server, also shown where no site answers."""
        from gp_mockserver.directory.pages import site_list

        home = origin(scope)
        links = [(context, f"{home}/{quote(context)}/rest/services") for context in self.sites]
        return html_answer(200 if found else 404, site_list(links))

    async def _serve(
        self, site: Site, path: str, scope: Scope, receive: Receive, send: Send, turn: JobRecord | None
    ) -> None:
        """Answer one request to a site, whatever goes wrong."""
        watch = watch_of(scope)
        arrived = site.clock.now() if watch is None else watch.entry.at
        seen = _Seen(Caller.of(site, scope), path, arrived, turn, watch)
        reply: AnyReply | None = None
        try:
            reply = await _reply(seen, receive)
            assert seen.request is not None
            prepared = answer(reply, seen.request)
            if watch is not None:
                watch.replied(reply)
        except ClientLeft:
            if watch is not None:
                watch.client_left()
            left = "%s %s: the client left before there was an answer"
            log.info(left, scope["method"], _shown_path(scope))
            return
        except Exception as error:
            prepared = _refused(error, seen)
        finally:
            for file in seen.files.values():
                site.uploads.incoming.discard(file.path)
            if seen.caller.length > MANY:
                _let_go(seen)
                reply = None
        if seen.latency is not None and seen.address is not None:
            await site.clock.sleep(seen.latency.seconds(site.request_seed(seen.address.operation)))
            await send_answer(scope, receive, send, prepared, site.clock, seen.latency.bytes_per_second)
            return
        if isinstance(reply, JobReply) and (request := seen.request) and request.can_be_kept:
            self._polls.keep(scope, request.address, reply.record, reply.state, whole(prepared))
        await send_answer(scope, receive, send, prepared)


def _is_control(path: str) -> bool:
    return path.startswith(ADMIN) and path.partition("/")[0] == ADMIN


class _Seen(msgspec.Struct):
    """What is known of a request so far: whatever goes wrong is answered in its form, as far as that is
    known."""

    caller: Caller
    path: str
    arrived: float
    turn: JobRecord | None
    watch: Watch | None
    parameters: Mapping[str, str] = {}
    files: Mapping[str, ReceivedFile] = {}
    form: Form | None = None
    address: Address | None = None
    latency: Latency | None = None
    request: Request | None = None
    large: Turn | None = None
    """The turn of a large request."""


def _let_go(seen: _Seen) -> None:
    """Hold no longer what a large request brought: its answer may take a while to be sent."""
    seen.parameters, seen.request = {}, None
    if seen.large is not None:
        seen.large.end()
    seen.caller.let_go()


async def _reply(seen: _Seen, receive: Receive) -> AnyReply:
    """The reply to a request. Raises whatever goes wrong."""
    caller, path = seen.caller, seen.path
    site, scope = caller.site, caller.scope
    lost: Refusal | None = None
    seen.parameters = query_parameters(scope["query_string"], site.limits)
    try:
        seen.address = find_address(site, path)
    except Refusal as nowhere:
        lost = nowhere
    if seen.watch is not None:
        seen.watch.led_to(seen.address, lost)
    if scope["method"] == "POST":
        seen.parameters, seen.files = await read_form(seen.parameters, caller, receive, seen.address)
        if caller.length > MANY:
            seen.large = await site.large_requests.take_turn(seen.parameters.values())
    if COURSE in scope:
        seen.parameters = scope[COURSE].parameters(seen.parameters)
    form = seen.form = Form.of(seen.parameters)
    address = seen.address
    if seen.watch is not None:
        seen.watch.brought(seen.parameters, caller.length)
    if form.format == "help" and site.profile.has("format", "help"):
        address, lost = Address(site, "help", name=path), None
        if seen.watch is not None:
            seen.watch.led_to(address)
    elif lost is not None:
        if site.guard is None and site.stand_in is None:
            seen.address = told_of(lost)
            raise lost
        # Who asks decides what may be said.
        address = lost.address or Address(site, "root")
    assert address is not None
    seen.address = address
    seen.latency = site.latency_of(address.operation, address.service, address.task)
    if COURSE in scope:
        seen.latency = scope[COURSE].latency(seen.latency)
    request = seen.request = Request(
        address, scope["method"], seen.parameters, form, seen.arrived, caller, seen.files, seen.turn, "", path
    )
    if lost is None and site.stand_in is None:
        check_asked(request)
    if (guard := request.guard) is not None and (
        lost is not None or guard.watches(address) or brings_token(caller, seen.parameters)
    ):
        reply = guard.admit(request)
        if reply is not None:
            return reply
    if COURSE in scope and lost is None and address.task is not None:
        request.parameters = scope[COURSE].inputs(request.parameters, address.task)
    if site.stand_in is not None:
        if (instead := await site.stand_in.reply(request, lost)) is not None:
            return instead
        if lost is None:
            check_asked(request)
    if lost is not None:
        seen.address = told_of(lost)
        raise refusal_for(request, lost)
    return await operation(address.operation)(request)


def _refused(error: Exception, seen: _Seen) -> Answer:
    """The answer to a request with which something went wrong."""
    from gp_mockserver.security.masking import secrets_of

    caller, address, parameters = seen.caller, seen.address, seen.parameters
    if read := getattr(error, "parameters", None):  # of a body that was not read to its end
        parameters = {**read, **parameters}
    secrets = secrets_of(parameters, caller.header)
    refusal = _as_refusal(error, caller.scope, address, secrets)
    if seen.watch is not None:
        seen.watch.refused(refusal, seen.request)
    form = seen.form or Form.of(parameters)
    return refuse(refusal, form, caller.site, address, caller, secrets, seen.request)


def _as_refusal(error: Exception, scope: Scope, address: Address | None, secrets: list[str]) -> Refusal:
    """The protocol's own form of whatever went wrong; what nobody foresaw is logged."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ToolFailed):
        return Refusal("bad-value", *error.texts)
    if isinstance(error, MalformedRequest):
        return Refusal("invalid-parameters", str(error))
    performed = address.operation if address else "unknown"
    if isinstance(error, StoreUnwritable):  # which the store has logged
        return Refusal("operation-failed", operation=performed)
    from gp_mockserver.security.masking import masked

    told = masked("".join(format_exception(error)).rstrip(), secrets)
    log.error("%s %s could not be answered\n%s", scope["method"], _shown_path(scope, secrets), told)
    return Refusal("operation-failed", operation=performed)


def _shown_path(scope: Scope, secrets: Iterable[str] = ()) -> str:
    """A request's path for a log, in which it can begin no line of its own."""
    from gp_mockserver.security.masking import masked

    return repr(masked(scope["path"], secrets)[:_LOGGED])[1:-1]


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and end, in which there is nothing to do."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
