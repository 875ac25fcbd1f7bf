"""The mock geoprocessing server.

Public names, resolved when first used: `Site`, `MockServer`, `serve`, `load_site`, `ToolCall`,
`ToolFailed`, `Unmet` and `NeverCame`, which `Site.verify` and `Site.wait_for` raise, and the clocks
`ManualClock`, `JumpingClock`, `ScaledClock`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gp_mockserver.app import MockServer as MockServer
    from gp_mockserver.configuration.site_files import load_site as load_site
    from gp_mockserver.journal.strictness import Unmet as Unmet
    from gp_mockserver.journal.waiting import NeverCame as NeverCame
    from gp_mockserver.lifecycle.clocks import JumpingClock as JumpingClock
    from gp_mockserver.lifecycle.clocks import ManualClock as ManualClock
    from gp_mockserver.lifecycle.clocks import ScaledClock as ScaledClock
    from gp_mockserver.server import serve as serve
    from gp_mockserver.sites import Site as Site
    from gp_mockserver.tools.tool_calls import ToolCall as ToolCall
    from gp_mockserver.tools.tool_calls import ToolFailed as ToolFailed

_HOMES = {
    "MockServer": "app",
    "JumpingClock": "lifecycle.clocks",
    "ManualClock": "lifecycle.clocks",
    "ScaledClock": "lifecycle.clocks",
    "serve": "server",
    "load_site": "configuration.site_files",
    "NeverCame": "journal.waiting",
    "Site": "sites",
    "ToolCall": "tools.tool_calls",
    "ToolFailed": "tools.tool_calls",
    "Unmet": "journal.strictness",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
