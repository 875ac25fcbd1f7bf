"""What stands in front of a real server: a site that passes requests on to it, and its answers back."""

from __future__ import annotations

from gp_mockserver.passing_on.to_server import PassingOn, site_in_front_of

__all__ = ["PassingOn", "site_in_front_of"]
