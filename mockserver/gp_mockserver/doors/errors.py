"""What goes wrong with doors."""

from __future__ import annotations

from gp_mockserver.errors import MockServerError


class DoorError(MockServerError):
    """A door was asked for something that it cannot do; the text says what to do."""
