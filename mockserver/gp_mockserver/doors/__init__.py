"""Listening sockets of a running server beside its first one, each of which may refuse, hang or deviate."""

from __future__ import annotations

from gp_mockserver.doors.certificates import certificate_context, new_authority

__all__ = ["certificate_context", "new_authority"]
