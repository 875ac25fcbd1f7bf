"""What an operation answers, before it becomes bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.lifecycle.jobs import JobState


class Page(msgspec.Struct):
    """What the HTML form of a reply adds to its JSON: a title, links as (text, relative or absolute
    address), lines."""

    title: str
    links: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()


class Reply(msgspec.Struct):
    """A JSON value, and what makes its page where HTML is asked for."""

    value: Any
    make_page: Callable[[], Page]


class JobReply(Reply):
    """A job, with what says for how long this reply holds."""

    record: JobRecord
    state: JobState


class Redirect(msgspec.Struct):
    """302 to another address of the site."""

    location: str


class FileReply(msgspec.Struct):
    """A file, streamed from disk."""

    path: Path


class PageReply(msgspec.Struct):
    """A page that has no JSON form, such as an operation's form."""

    page: Page


class Refusal(Exception):
    """An error of the protocol, by its name in `gp_protocol.error_envelopes`, with its details and what
    fills its message."""

    def __init__(self, name: str, *details: str, **fill: str) -> None:
        super().__init__(name, *details)
        self.name = name
        self.details = details
        self.fill = fill
