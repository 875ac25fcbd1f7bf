"""The façade in the place of `arcpy`: for as long as a block lasts, `import arcpy` gives it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from gp_client import arcpy as facade

_NAME = "arcpy"


class StandIn(ModuleType):
    """A module `arcpy` whose names are the façade's. It is no package: `import arcpy.da` says that there is
    no such module, and none of the façade's own modules can be taken for one of ArcPy's."""

    def __init__(self) -> None:
        super().__init__(_NAME, facade.__doc__)
        self.__all__ = list(facade.__all__)

    def __getattr__(self, name: str) -> Any:
        return facade.__getattr__(name)

    def __dir__(self) -> list[str]:
        return dir(facade)


@contextlib.contextmanager
def as_arcpy() -> Iterator[ModuleType]:
    """Put the façade in the place of `arcpy`, whatever stands there; afterwards that is back."""
    from gp_client.arcpy import management

    before = {name: module for name, module in sys.modules.items() if _is_arcpy(name)}
    for name in before:
        del sys.modules[name]
    stand_in = StandIn()
    sys.modules[_NAME] = stand_in
    sys.modules[f"{_NAME}.management"] = management
    try:
        yield stand_in
    finally:
        for name in [name for name in sys.modules if _is_arcpy(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _is_arcpy(name: str) -> bool:
    return name == _NAME or name.startswith(f"{_NAME}.")
