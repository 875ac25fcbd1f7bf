"""What a file that is to be imported is, by its name and by what stands in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from gpharness.importing.imported import MEBIBYTE, NotImported, contents_of

Format = Literal["har", "vcr", "bodies", "widget"]
FORMATS: Final[tuple[Format, ...]] = ("har", "vcr", "bodies", "widget")
_HAR: Final = re.compile(rb"\s*\{\s*\"log\"\s*:\s*\{")
_VCR_YAML: Final = re.compile(rb"^(?:http_)?interactions:|^- *\n? *request:", re.MULTILINE)
_VCR_JSON: Final = re.compile(rb"\"(?:http_)?interactions\"\s*:\s*\[|^\s*\[\s*\{\s*\"request\"\s*:")
_LOOKED_AT: Final = 64 * 1024
_LONGEST_WIDGET: Final = 64 * MEBIBYTE


def format_of(path: Path) -> Format:
    """Raises NotImported for a file that is not there, or none of them."""
    if not path.exists():
        raise NotImported(path, "nothing there", "a file or a folder")
    if path.is_dir():
        return "bodies"
    if path.name.lower().endswith((".har", ".har.gz")):
        return "har"
    view = contents_of(path)
    beginning = bytes(view[:_LOOKED_AT])
    if _HAR.match(beginning):
        return "har"
    if beginning.lstrip()[:1] in (b"{", b"["):
        if _VCR_JSON.search(beginning):
            return "vcr"
        return _of_json(path, view)
    if _VCR_YAML.search(beginning):
        return "vcr"
    met = "neither a HAR, a cassette, a widget's configuration nor an answer of a GP server"
    raise NotImported(path, met, "one of them", f"say what it is with --as {'|'.join(FORMATS)}")


def json_of(path: Path) -> Any:
    """The JSON of a file. Raises NotImported."""
    return _json(path, contents_of(path))


def _of_json(path: Path, view: memoryview) -> Format:
    from gpharness.importing.body_kinds import kind_of

    value = _json(path, view)
    if isinstance(value, dict) and isinstance(value.get("log"), dict):
        return "har"
    if isinstance(value, dict) and ("interactions" in value or "http_interactions" in value):
        return "vcr"
    return "bodies" if kind_of(value, path.stem) else "widget"


def _json(path: Path, view: memoryview) -> Any:
    if len(view) > _LONGEST_WIDGET:
        limit = f"at most {_LONGEST_WIDGET // MEBIBYTE} MiB"
        raise NotImported(path, f"JSON of {len(view) // MEBIBYTE} MiB that is no HAR", limit)
    try:
        return msgspec.json.decode(view)
    except RecursionError:
        raise NotImported(path, "JSON nested too deeply", "JSON of a sensible depth") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotImported(path, f"broken JSON ({error})", "a HAR, a cassette or an answer") from None
