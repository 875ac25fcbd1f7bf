"""Where a feature class lies: from what a script calls it to a file and a layer in it.

Sources: ArcPy, *Set paths to data* and the environment *Current workspace*. Where there are no drive letters,
`c:\\data\\points.shp` is looked for below the folder that GPHARNESS_ARCPY_DRIVES names, as
`c/data/points.shp`, and backslashes separate folders.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from gp_client.arcpy_style.execute_errors import failed
from gp_client.arcpy_style.script_runs import DRIVES_VARIABLE, current

_DRIVE = re.compile(r"([A-Za-z]):[\\/]+(.*)", re.DOTALL)
_CONTAINERS = (".gdb", ".gpkg", ".sqlite")
_MEMORY = ("memory", "in_memory")
_SCHEMA = "main."
"""What ArcGIS writes before a table's name in SQLite files: the schema, no part of it. *Assumed* for all."""


class DatasetPath(msgspec.Struct, frozen=True):
    """A file, and the layer in it where it may have several; or a name in memory, the file being None."""

    given: str
    file: Path | None
    layer: str | None = None

    @property
    def kind(self) -> str:
        """The file's ending in lower case, or `memory`."""
        return "memory" if self.file is None else self.file.suffix.lower()

    def exists(self) -> bool:
        if self.file is None:
            return self.layer in current().memory
        if self.layer is None or not self.file.exists():
            return self.file.exists()
        from gp_client.arcpy_style.feature_files import layers_of

        layers = layers_of(self.file)
        return layers is None or self.layer.lower() in (each.lower() for each in layers)


def dataset_path(name: str) -> DatasetPath:
    """What a name means in the current workspace. Raises ExecuteError for names that can mean nothing."""
    if not name.strip() or "\x00" in name:
        raise failed(732, f"Dataset {name!r} does not exist or is not supported")
    first, _, rest = name.replace("\\", "/").partition("/")
    if first.lower() in _MEMORY and rest:
        return DatasetPath(name, None, rest.lower())
    workspace = str(current().environments["workspace"] or "")
    if workspace.lower() in _MEMORY and not rest and ":" not in first:
        return DatasetPath(name, None, first.lower())
    path = file_path(name)
    for container in path.parents:
        if container.suffix.lower() in _CONTAINERS:
            layer = path.relative_to(container).as_posix()
            if container.suffix.lower() != ".gdb" and layer.lower().startswith(_SCHEMA):
                layer = layer[len(_SCHEMA) :]
            return DatasetPath(name, container, layer)
    if path.suffix.lower() in (".gpkg", ".sqlite"):
        return DatasetPath(name, path)
    if not path.suffix:
        path = path.with_name(f"{path.name}.shp")
    return DatasetPath(name, path)


def file_path(name: str) -> Path:
    """A path of this system, in the current workspace unless it is absolute."""
    return _below_workspace(_of_this_system(name))


def _below_workspace(path: Path) -> Path:
    workspace = current().environments["workspace"]
    if path.is_absolute() or not workspace or str(workspace).lower() in _MEMORY:
        return path
    return _of_this_system(str(workspace)) / path


def _of_this_system(name: str) -> Path:
    if os.name == "nt" or os.path.exists(name):
        return Path(name)
    drive = _DRIVE.match(name)
    if drive is None:
        return Path(name.replace("\\", "/"))
    drives = current().drives
    if drives is None:
        raise failed(
            732,
            f"Dataset {name} does not exist or is not supported: this system has no drive {drive[1]}: "
            f"(name a folder that has a folder {drive[1].lower()} for it in {DRIVES_VARIABLE})",
        )
    return drives / drive[1].lower() / drive[2].replace("\\", "/")
