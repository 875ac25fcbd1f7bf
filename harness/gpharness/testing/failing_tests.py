"""What is shown, and kept, of a test that fails: its sites' journals, as text and as HAR."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gp_mockserver.sites import Site

SECTION = "GP journal"
TOOL_SECTION = "GP tool errors"
HAR_SECTION = "GP journal as HAR"
_LONGEST_NAME = 100


def sections(site: Site, lines: int) -> list[tuple[str, str]]:
    """The sections of a failing test's report: the last requests, and what went wrong in tools."""
    shown = []
    if len(site.journal) and lines:
        shown.append((f"{SECTION} ({site.context})", site.journal.as_text(lines=lines)))
    if site.tool_errors:
        shown.append((TOOL_SECTION, "\n".join(each.text for each in site.tool_errors)))
    return shown


def told(sites: Iterable[Site], lines: int, folder: Path | None, node_id: str) -> list[tuple[str, str]]:
    """All sections; with a folder, the journals that are not empty are kept there as HAR, too."""
    all_sections: list[tuple[str, str]] = []
    files: list[Path] = []
    for site in sites:
        all_sections += sections(site, lines)
        if folder is not None and len(site.journal):
            files.append(keep_har(site, folder, f"{node_id} {site.context}" if files else node_id))
    if files:
        all_sections.append((HAR_SECTION, "\n".join(map(str, files))))
    return all_sections


def keep_har(site: Site, folder: Path, node_id: str) -> Path:
    """Write the journal of a failing test as HAR 1.2, under the test's name."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / file_name(node_id)
    file.write_text(json.dumps(site.journal.to_har(), indent=1, ensure_ascii=False), encoding="utf-8")
    return file


def file_name(node_id: str) -> str:
    """A name that any file system takes, and no other test has."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", node_id).strip("-.")[-_LONGEST_NAME:]
    return f"{plain}-{sha256(node_id.encode()).hexdigest()[:6]}.har"
