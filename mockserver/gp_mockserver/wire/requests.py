"""One request as operations see it: what its address names and its parameters, without anything of ASGI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from gp_protocol.versions import Profile

from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.callers import Caller
from gp_mockserver.wire.public_addresses import NAMED
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from gp_mockserver.deviations.operation_changes import OperationChanges
    from gp_mockserver.security.guard import Guard

COURSE: Final = "gpharness.course"
"""Where a request's scope has what deviations change of it."""
Flags = {"true": True, "false": False}


class Form(msgspec.Struct):
    """The form an answer takes: the value of `f` in lower case, and the JSONP callback or an empty text."""

    format: str
    callback: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Form:
        """What the parameters ask for; without `f` that is HTML."""
        return cls(parameters.get("f", "").strip().lower() or "html", parameters.get("callback", ""))


class ReceivedFile(msgspec.Struct, frozen=True):
    """A file of a multipart form, on disk already: what it is called, what it holds, and how much."""

    name: str
    path: Path
    size: int


class Request(msgspec.Struct):
    """`arrived` is the instant on the site's clock, in seconds since the epoch."""

    address: Address
    method: str
    parameters: Mapping[str, str]
    form: Form
    arrived: float
    caller: Caller
    files: Mapping[str, ReceivedFile] = {}
    """The files of a multipart form by field, for operations that take files."""
    turn: JobRecord | None = None
    """The record of a poll that has taken its turn already."""
    user: str = ""
    """Who asks, where a token says so."""
    path: str = ""
    """The path as it was asked for, below the context and decoded."""

    @property
    def rest_root(self) -> str:
        """Such as `https://gis.example.com/arcgis/rest`: the REST resources as the client should see them."""
        return f"{self.caller.find_root()}/rest"

    @property
    def site(self) -> Site:
        return self.address.site

    @property
    def service(self) -> ServedService:
        assert self.address.service is not None
        return self.address.service

    @property
    def task(self) -> ServedTask:
        assert self.address.task is not None
        return self.address.task

    @property
    def profile(self) -> Profile:
        """The version that answers: the service's own, else the site's."""
        return self.address.profile

    @property
    def can_be_kept(self) -> bool:
        """Whether the same request may get the same answer again without being looked at."""
        return not (
            self.form.format == "html"
            or self.site.clock.jumps
            or self.user
            or self.service.is_secured
            or COURSE in self.caller.scope
        )

    @property
    def changes(self) -> OperationChanges | None:
        """What deviations change of it, where there are any."""
        changes: OperationChanges | None = self.caller.scope.get(COURSE)
        return changes

    @property
    def guard(self) -> Guard | None:
        """Who looks at its token: the site's guard, else that of a deviation that offers tokens."""
        site = self.site
        if site.guard is not None or not (site.deviating or site.deviations_by_address):
            return site.guard
        named = site.deviations_by_address.get(self.caller.scope.get(NAMED, ""))
        return site.deviations.guard or (named.guard if named is not None else None)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter, in any case as clients send it (`True` too); missing or empty is the default.

        Raises Refusal for any other text.
        """
        text = self.parameters.get(name, "").strip()
        if not text:
            return default
        try:
            return Flags[text.lower()]
        except KeyError:
            raise Refusal("bad-value", f'{name}: met "{text[:80]}", expected true or false') from None
