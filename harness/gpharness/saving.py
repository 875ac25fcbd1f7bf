"""Outputs as files of a folder: what `gpharness run --save` does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.references import DataFile, MapImage, Raster

from gpharness.client_access import Unreadable

if TYPE_CHECKING:
    from gp_client.results import Result

Download = Callable[[DataFile | Raster | MapImage, Path], Path]
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_LONGEST_NAME = 100
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)$")


def prepare(folder: Path) -> None:
    """Make the folder, before anything is asked of a server. Raises Unreadable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreadable(f"--save {folder}: no such folder can be made: {error.strerror or error}") from None


def save(result: Result, folder: Path, download: Download) -> dict[str, list[Path]]:
    """Write every file, raster, picture and feature set of a result; the files by the output's name.

    A file is called as its output, with the suffix that the server's own file has; of several files of one
    output the second has `_2` after it. Raises Unreadable where it cannot be written, and what `download`
    raises.
    """
    taken: set[str] = set()
    saved: dict[str, list[Path]] = {}
    for name, output in result.outputs.items():
        for value in _files_in(output.value):
            path = folder / _free_name(name, _suffix(value), taken)
            try:
                if isinstance(value, FeatureSet):
                    _write_features(value, path)
                else:
                    path = download(value, path)
            except OSError as error:
                raise Unreadable(f"{path} cannot be written: {error.strerror or error}") from None
            saved.setdefault(name, []).append(path)
    return saved


def _files_in(value: Any) -> Iterator[DataFile | Raster | MapImage | FeatureSet]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _files_in(each)
    elif isinstance(value, FeatureSet | MapImage) or (
        isinstance(value, DataFile | Raster) and _is_file(value)
    ):
        yield value


def _is_file(value: DataFile | Raster) -> bool:
    """Whether there is something to download: an image service is none."""
    return bool(value.url) and (isinstance(value, DataFile) or (value.type or "").lower() != "imageservice")


def _suffix(value: DataFile | Raster | MapImage | FeatureSet) -> str:
    if isinstance(value, FeatureSet):
        return ".geojson"
    address = value.href if isinstance(value, MapImage) else value.url or ""
    suffix = PurePosixPath(unquote(urlsplit(address).path)).suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def _free_name(name: str, suffix: str, taken: set[str]) -> str:
    """A name that every file system takes and that leads nowhere else."""
    stem = re.sub(r"[^\w-]", "_", name)[:_LONGEST_NAME] or "_"
    stem = f"_{stem}" if _DEVICES.match(stem) else stem
    number, free = 1, f"{stem}{suffix}"
    while free.casefold() in taken:
        number += 1
        free = f"{stem}_{number}{suffix}"
    taken.add(free.casefold())
    return free


def _write_features(value: FeatureSet, path: Path) -> None:
    from gp_client.outputs.geodata import to_geojson

    text = json.dumps(to_geojson(value), ensure_ascii=False)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
