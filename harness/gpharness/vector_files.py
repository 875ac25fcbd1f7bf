"""Features and tables of a GeoPackage, a shapefile and the like, which geopandas reads: `file.gpkg/layer`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from gpharness.client_access import Unreadable

SUFFIXES = frozenset({".gpkg", ".shp", ".fgb", ".gdb", ".zip", ".parquet", ".kml", ".gml"})
_READER = "pyogrio"
"""Who reads for geopandas, and logs by its own name."""


class VectorFile(msgspec.Struct, frozen=True):
    """A file, and the layer of it that is meant where one is named."""

    path: Path
    layer: str | None = None


def vector_file(text: str) -> VectorFile | None:
    """The file that a text names; None where it is another kind of file, or there is none."""
    path = Path(text)
    if path.exists():
        return VectorFile(path) if path.suffix.lower() in SUFFIXES else None
    if path.parent.suffix.lower() in SUFFIXES and path.parent.exists():
        return VectorFile(path.parent, path.name)
    return None


def read_vector_file(
    name: str, file: VectorFile, *, with_geometry: bool, warn: Callable[[str], object]
) -> Any:
    """The layer as a GeoDataFrame, a table without geometries as a DataFrame. `name` is for errors.

    Where no layer is named it is the file's only one; with `with_geometry` tables do not count. Raises
    Unreadable.
    """
    try:
        geopandas = import_module("geopandas")
    except ImportError:
        raise Unreadable(
            f"{name}: {file.path} takes geopandas to be read: pip install 'gpharness[geo]', or give GeoJSON"
        ) from None
    with _noted(lambda text: warn(f"{name}: {text}")):
        layer = _layer(geopandas, name, file, with_geometry)
        try:
            return geopandas.read_file(file.path, **({} if layer is None else {"layer": layer}))
        except Exception as error:  # whatever the format's own reader raises
            raise Unreadable(f"{name}: {file.path} cannot be read: {error}") from None


def _layer(geopandas: Any, name: str, file: VectorFile, with_geometry: bool) -> str | None:
    """The layer to read, None for the reader's own choice. Raises Unreadable where it is not plain."""
    try:
        listed = geopandas.list_layers(file.path)
        layers = dict(zip(map(str, listed["name"]), listed["geometry_type"], strict=True))
    except Exception:  # a format whose layers cannot be listed is read as it is
        return file.layer
    if file.layer is not None:
        if layers and file.layer not in layers:
            raise Unreadable(f"{name}: {file.path} has no layer {file.layer!r}; there is {', '.join(layers)}")
        return file.layer
    meant = [layer for layer, kind in layers.items() if isinstance(kind, str) or not with_geometry]
    if len(meant) > 1:
        first = f"{name}=@{file.path}/{meant[0]}"
        raise Unreadable(f"{name}: {file.path} has the layers {', '.join(meant)}: name one, as in {first}")
    return meant[0] if meant else None


@contextmanager
def _noted(warn: Callable[[str], object]) -> Iterator[None]:
    """Within it what the readers warn of goes to `warn` alone."""

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warn(record.getMessage())

    logger, noting = logging.getLogger(_READER), Noting(logging.WARNING)
    passed_on, logger.propagate = logger.propagate, False
    logger.addHandler(noting)
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("default")
            yield
    finally:
        logger.removeHandler(noting)
        logger.propagate = passed_on
    for each in heard:
        warn(str(each.message))
