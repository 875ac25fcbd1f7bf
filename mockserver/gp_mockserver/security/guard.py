"""The guard at a site's services: who may pass."""

from __future__ import annotations

from gp_mockserver.wire.requests import Request


class Guard:
    """Looks at every request's token."""

    def admit(self, request: Request) -> str:
        """The user who asks, or an empty text for nobody in particular. Raises Refusal."""
        raise NotImplementedError
