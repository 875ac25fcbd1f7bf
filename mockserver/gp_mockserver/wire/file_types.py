"""What files are, by the ends of their names, the same on every machine; and which of them a browser would
run."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

UNKNOWN: Final = "application/octet-stream"
_TYPES: Final = {
    "csv": "text/csv;charset=utf-8",
    "txt": "text/plain;charset=utf-8",
    "log": "text/plain;charset=utf-8",
    "prj": "text/plain;charset=utf-8",
    "json": "application/json",
    "geojson": "application/geo+json",
    "xml": "application/xml",
    "htm": "text/html;charset=utf-8",
    "html": "text/html;charset=utf-8",
    "xhtml": "application/xhtml+xml",
    "js": "text/javascript;charset=utf-8",
    "css": "text/css;charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
    "7z": "application/x-7z-compressed",
    "kml": "application/vnd.google-earth.kml+xml",
    "kmz": "application/vnd.google-earth.kmz",
    "pbf": "application/x-protobuf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_RUN_BY_BROWSERS: Final = frozenset(
    {"htm", "html", "xhtml", "xht", "mht", "mhtml", "xml", "xsl", "svg", "js"}
)


def content_type(name: str) -> str:
    """The type of a file of that name; that of a name nobody knows is octets. Which types an ArcGIS server
    gives is *assumed*: it goes by the ends of names too."""
    return _TYPES.get(_extension(name), UNKNOWN)


def is_run_by_browsers(name: str) -> bool:
    """Whether a browser that shows such a file runs what is in it, as a page of this server. Tools and
    clients write files, so these are to be saved and not shown."""
    return _extension(name) in _RUN_BY_BROWSERS


def _extension(name: str) -> str:
    return PurePath(name).suffix[1:].lower()
