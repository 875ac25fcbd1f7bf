"""The `layers` of a site file: feature services made of files with features or rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gp_protocol.errors import ProtocolError, shown
from msgspec import Meta

from gp_mockserver.configuration.data_files import read_data
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteError, SiteFileError

if TYPE_CHECKING:
    from gp_protocol.values.feature_sets import FeatureSet, RecordSet

    from gp_mockserver.sites import Site

LayersForm = Annotated[
    dict[str, str | list[str]],
    Meta(description="a mapping of names, such as Folder/Places, to files with features: one, or a list"),
]
_EXPECTED = "a feature set or record set as a server answers it"


def add_written_layers(site: Site, data: Mapping[str, str | list[str]], files: SiteFolder) -> None:
    """Serve the layers that a site file names. Raises SiteFileError."""
    for name, given in data.items():
        path = join("layers", name)
        found = [files.find(each, path) for each in ([given] if isinstance(given, str) else given)]
        _add(site, name, found, path)


def _add(site: Site, name: str, files: list[Path], path: str) -> None:
    from gp_mockserver.layers.site_layers import add_layers

    own = name.rpartition("/")[2]
    layers = {own if len(files) == 1 else file.stem: _read(file, path) for file in files}
    if len(layers) < len(files):
        raise SiteFileError(path, "two files of one name", "each layer with a name of its own")
    try:
        add_layers(site, name, layers)
    except SiteError:
        raise SiteFileError(path, shown(name), "a name such as Places or Folder/Places") from None


def _read(file: Path, path: str) -> FeatureSet | RecordSet:
    """The features of a file, or its rows where none has a geometry; also out of a result as a server
    answers it."""
    from gp_protocol.values.feature_sets import decode_feature_set, decode_record_set

    place = f"{path} ({file.name})"
    data: Any = read_data(file, file.name)
    if isinstance(data, dict) and isinstance(data.get("value"), dict):
        data = data["value"]
    if not isinstance(data, dict) or not isinstance(
        data.get("features", data.get("featureSet")), list | dict
    ):
        raise SiteFileError(place, shown(data), _EXPECTED)
    try:
        rows = data.get("features")
        has_rows = isinstance(rows, list) and "geometryType" not in data
        if has_rows and not any(isinstance(row, dict) and row.get("geometry") for row in rows or ()):
            return decode_record_set(data)
        return decode_feature_set(data)
    except ProtocolError as error:
        raise SiteFileError.of(error, place) from None
