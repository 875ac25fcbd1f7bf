"""The server itself: whether it serves, what it was started with, its end, and a new start for its sites."""

from __future__ import annotations

import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import msgspec
from starlette.background import BackgroundTask
from starlette.responses import Response

from gp_mockserver.control.answers import Done, Health, ResetDone, Settings
from gp_mockserver.control.asks import MOST_BYTES, Ask
from gp_mockserver.control.refusals import ControlError

MOST_LISTENERS: Final = 100
"""Listeners to events at once."""


class AllForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`all`: at the root of a server with several sites, all of them are meant."""

    all: bool = False


@cache
def own_version() -> str:
    """The version of gpharness."""
    try:
        return version("gpharness")
    except PackageNotFoundError:  # run from a folder, without being installed
        return "unknown"


async def health(ask: Ask) -> Health:
    """The server answers, so it serves."""
    uptime = time.monotonic() - ask.rules.started
    return Health("healthy", own_version(), round(uptime, 3), [site.context for site in ask.sites])


async def settings(ask: Ask) -> Settings:
    rules = ask.rules
    return Settings(
        own_version(),
        rules.host,
        rules.token is not None,
        rules.shut_down is not None,
        MOST_BYTES,
        MOST_LISTENERS,
        list(ask.app.sites),
    )


async def shut_down(ask: Ask) -> Response:
    """End the server once this is answered."""
    end = ask.rules.shut_down
    if end is None:
        raise ControlError(
            409,
            "this server cannot be shut down from here: it runs in a program of its own",
            remedy="end it there",
        )
    body = msgspec.json.encode(Done("the server is shutting down"))
    return Response(body + b"\n", media_type="application/json", background=BackgroundTask(end))


async def reset(ask: Ask, query: AllForm, form: AllForm) -> ResetDone:
    """Let a site start anew, or, asked at the root, all of them."""
    if query.all or form.all:
        sites = ask.sites
    elif ask.about is None and len(ask.sites) > 1:
        contexts = ", ".join(site.context for site in ask.sites)
        raise ControlError(
            409,
            f"which site is to be reset? There are {contexts}",
            expected="one site, or all=true",
            remedy="POST /__admin/sites/{context}/reset, or /__admin/reset?all=true",
        )
    else:
        sites = [ask.site]
    for site in sites:
        site.reset()
    return ResetDone([site.context for site in sites])


async def reset_one(ask: Ask) -> ResetDone:
    site = ask.site_called(ask.parts["context"])
    site.reset()
    return ResetDone([site.context])
