"""What the pytest plugin is made of: a site for each test, and what the report of a failing one shows.

For tests: `site_for`, a site that several tests share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpharness.testing.shared_sites import site_for as site_for

__all__ = ["site_for"]


def __getattr__(name: str) -> Any:
    """What a test uses, imported when it is first asked for."""
    if name != "site_for":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gpharness.testing.shared_sites import site_for

    return site_for
