"""Where a recording is written: by default a file that is called as the host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from gpharness.recording.targets import Target
from gpharness.written_contracts import writable

ENDING: Final = ".contract.yaml"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def destination(output: Path | None, target: Target, *, force: bool) -> Path:
    """The file, or the folder, that is written. Raises NotWritten for one that is there already, unless
    `force` allows to write over it."""
    path = output if output is not None else Path(default_name(target.root))
    writable(path, force=force)
    return path


def default_name(root: str) -> str:
    """Such as `gis.example.com-arcgis.contract.yaml` for `https://gis.example.com/arcgis`."""
    host = _UNSAFE.sub("-", root.partition("://")[2].lower()).strip("-.")
    return f"{host or 'server'}{ENDING}"
