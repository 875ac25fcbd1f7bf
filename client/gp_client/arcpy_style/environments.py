"""`arcpy.env`: the environment settings that this façade acts on, and no others.

Source: ArcPy, *env*. Their values belong to the script that runs, so that a name taken by `from arcpy import
env` stays good.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gp_protocol.suggestions import did_you_mean, one_of

DEFAULTS: dict[str, Any] = {
    "workspace": None,
    "scratchWorkspace": None,
    "overwriteOutput": False,
    "outputCoordinateSystem": None,
}
"""`workspace`: the folder, or the `.gpkg` or `.gdb`, that names without a folder stand in.
`scratchWorkspace`: the folder that files made by services are put in; else one that the system cleans up.
`outputCoordinateSystem`: a SpatialReference, or what one is made of, that services answer in."""
_FOLDERS = ("workspace", "scratchWorkspace")


class Environments:
    """The settings as attributes, and as items like `arcpy.env["workspace"]`.

    A setting that is not provided raises AttributeError, also when it is set: nothing would come of it.
    """

    if TYPE_CHECKING:
        workspace: Any
        scratchWorkspace: Any
        overwriteOutput: bool
        outputCoordinateSystem: Any
        scratchFolder: str

    def __init__(self, values: Callable[[], dict[str, Any]]) -> None:
        object.__setattr__(self, "_values", values)

    if not TYPE_CHECKING:  # a type checker is to know the names that there are

        def __getattr__(self, name):
            if name == "scratchFolder":
                from gp_client.arcpy_style.script_runs import current

                return str(current().scratch_folder())
            return self._known(name)[name]

        def __setattr__(self, name, value):
            self._known(name)[name] = _checked(name, value)

    def __delattr__(self, name: str) -> None:
        self._known(name)[name] = DEFAULTS[name]

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(DEFAULTS)

    def __dir__(self) -> list[str]:
        return [*DEFAULTS, "scratchFolder", "keys", "items", "values"]

    def __repr__(self) -> str:
        return f"<arcpy.env {self._all()}>"

    def keys(self) -> list[str]:
        return list(DEFAULTS)

    def values(self) -> list[Any]:
        return list(self._all().values())

    def items(self) -> list[tuple[str, Any]]:
        return list(self._all().items())

    def _all(self) -> dict[str, Any]:
        values: dict[str, Any] = object.__getattribute__(self, "_values")()
        return values

    def _known(self, name: str) -> dict[str, Any]:
        if name not in DEFAULTS:
            hint = did_you_mean(name, DEFAULTS)
            raise AttributeError(
                f"arcpy.env.{name} is not provided by gp_client.arcpy{'; ' + hint if hint else ''}; "
                f"provided is {one_of([*DEFAULTS, 'scratchFolder'])}",
                name=name,
                obj=self,
            )
        return self._all()


def _checked(name: str, value: Any) -> Any:
    if name == "overwriteOutput":
        return bool(value)
    if name in _FOLDERS and value is not None and not isinstance(value, str | os.PathLike):
        from gp_client.arcpy_style.execute_errors import ExecuteError

        raise ExecuteError(f"ERROR: arcpy.env.{name}: met {value!r:.80}, expected the path of a folder")
    return value


def _current_values() -> dict[str, Any]:
    from gp_client.arcpy_style.script_runs import current

    return current().environments


env = Environments(_current_values)
