"""Small files that stand in for what a tool would have written: readable as what their names say they are."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.descriptions.filters import ListFilter

_SIDE = 16
"""Pixels along each side of a generated raster."""


def write_generated_file(parameter: Parameter, folder: Path, seed_text: str) -> Path:
    """Write a file for a GPDataFile or raster output into `folder`: the same bytes for the same `seed_text`.

    Its extension is the first that the parameter's file filter lists; else `tif` for rasters and `txt`.
    """
    listed = parameter.filter.words if isinstance(parameter.filter, ListFilter) else ()
    usual = "txt" if parameter.data_type == "GPDataFile" else "tif"
    extension = next(iter(listed), usual).lstrip(".").lower() or usual
    file = folder / f"{parameter.name}.{extension}"
    text = f"{parameter.display_name or parameter.name}, generated from {seed_text}\n"
    if extension in ("tif", "tiff"):
        file.write_bytes(_tiff(seed_text))
    elif extension == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo(f"{parameter.name}.txt"), text)
    elif extension in ("json", "geojson"):
        file.write_text('{"type": "FeatureCollection", "features": []}\n')
    else:
        file.write_text(text, encoding="utf-8")
    return file


def _tiff(seed_text: str) -> bytes:
    """A grey baseline TIFF of 16 by 16 pixels."""
    pixels = random.Random(seed_text).randbytes(_SIDE * _SIDE)
    entries = [
        (256, _SIDE),  # ImageWidth
        (257, _SIDE),  # ImageLength
        (258, 8),  # BitsPerSample
        (259, 1),  # Compression: none
        (262, 1),  # PhotometricInterpretation: black is zero
        (273, 8),  # StripOffsets: after the header
        (277, 1),  # SamplesPerPixel
        (278, _SIDE),  # RowsPerStrip
        (279, len(pixels)),  # StripByteCounts
    ]
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    header = struct.pack("<2sHI", b"II", 42, 8 + len(pixels))
    return header + pixels + struct.pack("<H", len(entries)) + directory + struct.pack("<I", 0)
