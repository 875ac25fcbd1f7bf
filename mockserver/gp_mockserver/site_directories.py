"""The files that a site serves: `arcgisjobs`, a scratch folder per job, and `arcgisoutput`, what execute
left.

They stand in a temporary folder, made when the first file is written and removed with the site, or by a later
process where this one is killed; or in a folder where those of jobs outlive the site, as the jobs do, and
what clients uploaded for them.
"""

from __future__ import annotations

import itertools
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gp_mockserver.scratch_folders import ScratchFolder

_JOBS = "arcgisjobs"
_OUTPUT = "arcgisoutput"
_RUNS = "runs"
_SERVICE = "_gpserver"
_SERVICE_BY = 3
"""Within so many segments of a path stands that of its service: `arcgisjobs/folder/service_gpserver`."""
_FOREIGN = ("\0", "\\", ":")


class SiteDirectories:
    """The folder that `…/rest/directories/` shows, such as
    `arcgisjobs/worldviewshed_gpserver/j5…/scratch/out.zip`."""

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        """The folder that outlives the site; None: a temporary one."""
        self._temporary: ScratchFolder | None = None
        self._root = kept.resolve() if kept is not None and kept.is_dir() else None

    @property
    def outlive_the_site(self) -> bool:
        """Whether the files of jobs, and what clients uploaded, are kept when the site is closed."""
        return self._kept is not None

    @property
    def root(self) -> Path:
        """The local folder, made when first asked for."""
        if self._root is None:
            if self._kept is None:
                from gp_mockserver.scratch_folders import ScratchFolder

                self._temporary = ScratchFolder()
                self._root = self._temporary.path
            else:
                self._kept.mkdir(exist_ok=True)
                self._root = self._kept.resolve()
        return self._root

    def make_folder(self, path: str) -> Path:
        """The local folder at a path of ours, made where it is missing."""
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def find_folder(self, path: str) -> Path | None:
        """The local folder at a path of ours, None where it is missing."""
        folder = None if self._root is None else self._root / path
        return folder if folder is not None and folder.is_dir() else None

    def find_file(self, path: str) -> Path | None:
        """The local file at a path from an address, or None: also for a path that would leave the folder, and
        for what is no regular file.

        Folder and service are found in any case, since recorded addresses differ in theirs; `/./` counts for
        nothing, as recorded from old print services.
        """
        segments = _segments(path)
        if self._root is None or segments is None:
            return None
        try:
            file = self._in_own_case(segments).resolve(strict=True)
            served = file.is_relative_to(self._root / segments[0].lower()) and file.is_file()
        except (OSError, ValueError, RuntimeError):  # too long a name, half a surrogate pair, links in a ring
            return None
        return file if served else None

    def _in_own_case(self, segments: list[str]) -> Path:
        """Where a path leads, the segments up to the service's looked for in any case."""
        folder = self.root
        for place, segment in enumerate(segments):
            if place >= _SERVICE_BY or folder.name.lower().endswith(_SERVICE):
                return folder.joinpath(*segments[place:])
            if not (folder / segment).exists():
                names = (each.name for each in folder.iterdir())
                segment = next((name for name in names if name.lower() == segment.lower()), segment)
            folder /= segment
        return folder

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

    def remove_if_empty(self, path: str) -> None:
        """Remove a folder of ours that holds nothing."""
        if self._root is not None:
            with suppress(OSError):  # it is not there, or not empty
                (self._root / path).rmdir()

    def remove_file(self, path: str) -> None:
        """Remove a file of ours, if it is there."""
        if self._root is not None:
            with suppress(OSError):
                (self._root / path).unlink(missing_ok=True)

    def size_of(self, path: str) -> int:
        """The bytes of a file of ours, or of all files in a folder of ours; links count for nothing."""
        return 0 if self._root is None else _size_of(self._root / path)

    def job_sizes(self) -> Iterator[tuple[str, int]]:
        """Each job that an earlier run left files of, with their bytes."""
        for pattern in ("*/*/scratch", "*/*/*/scratch"):
            for scratch in (self._root / _JOBS).glob(pattern) if self._root is not None else ():
                if scratch.parent.parent.name.endswith(_SERVICE):
                    yield scratch.parent.name, _size_of(scratch)

    def remove_job(self, service: str, job_id: str) -> None:
        """Remove all files of a job, if there are any. Nothing outside the jobs' own folder is touched."""
        if self._root is not None and (folder := self._root / scratch_path(service, job_id)).exists():
            self._remove_folder_of(folder.parent, job_id)

    def clean_up(self, has_outcome: Callable[[str], bool]) -> None:
        """Remove what an earlier run left behind: the files of jobs that are gone, or whose tool had not come
        to its end and so runs again, and those of synchronous runs."""
        if self._root is None:
            return
        self._remove_runs()
        for pattern in ("*/*/scratch", "*/*/*/scratch"):  # a service at the root, a service in a folder
            for scratch in (self._root / _JOBS).glob(pattern):
                folder = scratch.parent
                if folder.parent.name.endswith(_SERVICE) and not has_outcome(folder.name):
                    self._remove_folder_of(folder, folder.name)

    def close(self) -> None:
        """Remove everything; but the files of jobs, and uploads, stay where they outlive the site."""
        if self._root is None:
            return
        if self._temporary is not None:
            self._temporary.remove()
            self._temporary = None
        else:
            self._remove_runs()
            with suppress(OSError):  # not empty
                self._root.rmdir()
        self._root = None

    def _remove_folder_of(self, folder: Path, job_id: str) -> None:
        folder = folder.resolve()
        if self._root is not None and folder.is_relative_to(self._root / _JOBS) and folder.name == job_id:
            shutil.rmtree(folder, ignore_errors=True)

    def _remove_runs(self) -> None:
        self.remove_folder(_RUNS)
        self.remove_folder(_OUTPUT)


def scratch_path(service: str, job_id: str) -> str:
    """A job's scratch folder: folder and service in lower case, as recorded from most servers."""
    return f"{_JOBS}/{service.lower()}{_SERVICE}/{job_id}/scratch"


def run_path(job_id: str) -> str:
    """Where a synchronous run writes; not served."""
    return f"{_RUNS}/{job_id}"


def output_path(service: str) -> str:
    """Where the files of synchronous runs are served from."""
    return f"{_OUTPUT}/{service}_GPServer"


def job_id_in(path: str) -> str | None:
    """The job whose file a path of an address names, None for a path that names no job's."""
    segments = _segments(path) or [""]
    if segments[0].lower() != _JOBS:
        return None
    for service, job_id in itertools.pairwise(segments[1 : _SERVICE_BY + 1]):
        if service.lower().endswith(_SERVICE):
            return job_id
    return None


def _size_of(path: Path) -> int:
    try:
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            return sum(_size_of(each) for each in path.iterdir())
    except OSError:  # gone meanwhile
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _segments(path: str) -> list[str] | None:
    """The names in a path of an address; None where it is no path below the folders that are served."""
    segments = [segment for segment in path.split("/") if segment not in ("", ".")]
    if len(segments) < 2 or ".." in segments or any(mark in path for mark in _FOREIGN):
        return None
    return segments if segments[0].lower() in (_JOBS, _OUTPUT) else None
