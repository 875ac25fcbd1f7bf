"""Test harness for the ArcGIS Server geoprocessing protocol.

Public names, resolved when first used: `serve`, and, of the mock server, `Site`, `load_site`, `builtin_site`,
`MockServer`, `ToolCall`, `ToolFailed`, the clocks `ManualClock`, `JumpingClock`, `ScaledClock`, and
`SiteClock`, by which any site's clock is moved.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gp_mockserver import JumpingClock as JumpingClock
    from gp_mockserver import ManualClock as ManualClock
    from gp_mockserver import MockServer as MockServer
    from gp_mockserver import ScaledClock as ScaledClock
    from gp_mockserver import Site as Site
    from gp_mockserver import ToolCall as ToolCall
    from gp_mockserver import ToolFailed as ToolFailed
    from gp_mockserver import load_site as load_site
    from gp_mockserver.builtin.builtin_site import builtin_site as builtin_site
    from gp_mockserver.lifecycle.settable_clocks import SiteClock as SiteClock

    from gpharness.testing.serving_blocks import serve as serve

_HOMES = {
    "serve": "gpharness.testing.serving_blocks",
    "builtin_site": "gp_mockserver.builtin.builtin_site",
    "JumpingClock": "gp_mockserver",
    "ManualClock": "gp_mockserver",
    "MockServer": "gp_mockserver",
    "ScaledClock": "gp_mockserver",
    "Site": "gp_mockserver",
    "SiteClock": "gp_mockserver.lifecycle.settable_clocks",
    "ToolCall": "gp_mockserver",
    "ToolFailed": "gp_mockserver",
    "load_site": "gp_mockserver",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
