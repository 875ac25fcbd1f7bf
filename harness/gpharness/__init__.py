"""Test harness for the ArcGIS Server geoprocessing protocol.

Public names, resolved when first used: `serve`, and, of the mock server, `Site`, `load_site`, `builtin_site`
and the clocks `ManualClock`, `JumpingClock`, `ScaledClock`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gp_mockserver import JumpingClock as JumpingClock
    from gp_mockserver import ManualClock as ManualClock
    from gp_mockserver import ScaledClock as ScaledClock
    from gp_mockserver import Site as Site
    from gp_mockserver import load_site as load_site
    from gp_mockserver.builtin.builtin_site import builtin_site as builtin_site

    from gpharness.testing.serving_blocks import serve as serve

_HOMES = {
    "serve": "gpharness.testing.serving_blocks",
    "builtin_site": "gp_mockserver.builtin.builtin_site",
    "JumpingClock": "gp_mockserver",
    "ManualClock": "gp_mockserver",
    "ScaledClock": "gp_mockserver",
    "Site": "gp_mockserver",
    "load_site": "gp_mockserver",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
