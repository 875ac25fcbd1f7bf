"""What may answer a site's requests in place of its operations: a recording that is replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gp_mockserver.wire.replies import AnyReply, Refusal
    from gp_mockserver.wire.requests import Request


class StandIn(Protocol):
    """Asked once a request is read, and let in where the site asks who comes; journal and deviations go on
    around it."""

    async def reply(self, request: Request, lost: Refusal | None) -> AnyReply | None:
        """What answers a request; None leaves it to the site's own operation. Raises Refusal.

        `lost` is what the site would say of an address that leads nowhere, whose `request.address` is then
        the site's root. Neither the method nor `f` and `callback` have been looked at.
        """
        ...

    def has_job(self, job_id: str) -> bool:
        """Whether a job of its own has that id, which no new one may have."""
        ...

    def start_anew(self) -> None:
        """Forget what it has answered: the site starts anew, and its jobs are gone."""
        ...
