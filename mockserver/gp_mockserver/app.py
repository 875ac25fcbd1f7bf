"""The mock server as an ASGI application: from a request's bytes to an operation, and from its reply to
bytes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from traceback import format_exception
from typing import TYPE_CHECKING
from urllib.parse import quote

from gp_protocol.json_limits import json_limits

from gp_mockserver.errors import SiteError, StoreUnwritable
from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.operations import operation
from gp_mockserver.running.askers import asker
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolFailed
from gp_mockserver.wire.addresses import Address, find_address, refusal_for
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
from gp_mockserver.wire.requests import Form, ReceivedFile, Request
from gp_mockserver.wire.sending import allow_preflight, send_answer, whole

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.tools.latency import Latency

log = logging.getLogger("gp_mockserver")

_LOGGED = 200
"""Characters of a path that a line in the log has."""


class MockServer:
    """An ASGI application that serves sites, each under its own context; sites come and go while it runs."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self.sites: dict[str, Site] = {}
        self._polls = PollAnswers()
        for site in sites:
            self.add_site(site)

    def add_site(self, site: Site) -> None:
        """Serve a site. Raises SiteError when its context is taken."""
        if site.context in self.sites:
            raise SiteError(f"context {site.context!r} is taken: give each site a context of its own")
        self.sites[site.context] = site

    def replace_site(self, site: Site) -> None:
        """Serve a site in place of the one with its context, if there is one."""
        previous = self.sites.get(site.context)
        self.sites[site.context] = site
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = self._polls.find(scope)
            if isinstance(kept, tuple):
                await send(kept[0])
                await send(kept[1])
                return
            context, _, path = scope["path"].lstrip("/").partition("/")
            site = self.sites.get(context)
            if site is None:
                await send_answer(scope, receive, send, self._directory_of_sites(scope, found=not context))
            elif scope["method"] == "OPTIONS":
                await allow_preflight(scope, send, site, path)
            else:
                limits, nobody = json_limits.set(site.limits.json), asker.set(receive)
                await self._serve(site, path, scope, receive, send, kept)
                json_limits.reset(limits)
                asker.reset(nobody)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

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
        arrived = site.clock.now()
        caller = Caller(site, scope)
        address: Address | None = None
        latency: Latency | None = None
        reply: AnyReply | None = None
        form: Form | None = None
        request: Request | None = None
        parameters: Mapping[str, str] = {}
        files: Mapping[str, ReceivedFile] = {}
        lost: Refusal | None = None
        try:
            parameters = query_parameters(scope["query_string"], site.limits)
            try:
                address = find_address(site, path)
            except Refusal as nowhere:
                lost = nowhere
            if scope["method"] == "POST":
                parameters, files = await read_form(parameters, scope, receive, site, address)
            form = Form.of(parameters)
            if form.format == "help" and site.profile.has("format", "help"):
                address = Address(site, "help", name=path)
            elif lost is not None:
                if site.guard is None:
                    raise lost
                # Who asks decides what may be said.
                address = lost.address or Address(site, "root")
            assert address is not None
            latency = site.latency_of(address.operation, address.service, address.task)
            request = Request(
                address, scope["method"], parameters, form, arrived, caller, files, turn, "", path
            )
            if lost is None or address.operation == "help":
                check_asked(request)
            if (guard := site.guard) is not None and (
                lost is not None or guard.watches(address) or brings_token(scope, parameters)
            ):
                reply = guard.admit(request)
                if lost is not None and reply is None and address.operation != "help":
                    address = None
                    raise refusal_for(request, lost)
            if reply is None:
                reply = await operation(address.operation)(request)
            prepared = answer(reply, request)
        except ClientLeft:
            left = "%s %s: the client left before there was an answer"
            log.info(left, scope["method"], _shown_path(scope))
            return
        except Exception as error:
            if read := getattr(error, "parameters", None):  # of a body that was not read to its end
                parameters = {**read, **parameters}
            from gp_mockserver.security.masking import secrets_of

            secrets = secrets_of(parameters, caller.header)
            refusal = _as_refusal(error, scope, address, secrets)
            prepared = refuse(refusal, form or Form.of(parameters), site, address, caller, secrets, request)
        finally:
            for file in files.values():
                site.uploads.incoming.discard(file.path)
        if address and latency:
            await site.clock.sleep(latency.seconds(site.request_seed(address.operation)))
            await send_answer(scope, receive, send, prepared, site.clock, latency.bytes_per_second)
            return
        if isinstance(reply, JobReply) and request is not None and request.can_be_kept:
            self._polls.keep(scope, request.service, reply.record, reply.state, whole(prepared))
        await send_answer(scope, receive, send, prepared)


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
