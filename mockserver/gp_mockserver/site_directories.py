"""The files that a site serves: `arcgisjobs`, a scratch folder per job, and `arcgisoutput`, what execute
left.

They stand in a temporary folder, made when the first file is written and removed with the site.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

_SERVED = ("arcgisjobs/", "arcgisoutput/")
_FOREIGN = ("\0", "\\", ":")


class SiteDirectories:
    """The folder that `…/rest/directories/` shows, such as
    `arcgisjobs/worldviewshed_gpserver/j5…/scratch/out.zip`."""

    def __init__(self) -> None:
        self._root: Path | None = None

    @property
    def root(self) -> Path:
        """The local folder, made when first asked for."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="gpharness-")).resolve()
        return self._root

    def make_folder(self, path: str) -> Path:
        """The local folder at a path of ours, made where it is missing."""
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def find_file(self, path: str) -> Path | None:
        """The local file at a path from an address, or None: also for a path that would leave the folder."""
        if self._root is None or not path.startswith(_SERVED) or any(mark in path for mark in _FOREIGN):
            return None
        try:
            file = (self._root / path).resolve()
        except OSError:
            return None
        return file if file.is_relative_to(self._root) and file.is_file() else None

    def publish(self, file: str, folder: str) -> str:
        """Move a file of ours into a folder of ours and return its path there: `_ags_` before its name, and a
        counter from 1 where that name is taken, as ArcGIS REST (*GP data types*, files) has it."""
        source, target = self.root / file, self.make_folder(folder)
        stem, suffix = f"_ags_{source.stem}", source.suffix
        names = itertools.chain([stem + suffix], (f"{stem}{number}{suffix}" for number in itertools.count(1)))
        free = next(name for name in names if not (target / name).exists())
        source.rename(target / free)
        return f"{folder}/{free}"

    def remove_folder(self, path: str) -> None:
        """Remove a folder of ours with all it holds, if it is there."""
        if self._root is not None:
            shutil.rmtree(self._root / path, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None


def scratch_path(service: str, job_id: str) -> str:
    """A job's scratch folder: folder and service in lower case, as recorded from most servers."""
    return f"arcgisjobs/{service.lower()}_gpserver/{job_id}/scratch"


def run_path(job_id: str) -> str:
    """Where a synchronous run writes; not served."""
    return f"runs/{job_id}"


def output_path(service: str) -> str:
    """Where the files of synchronous runs are served from."""
    return f"arcgisoutput/{service}_GPServer"
