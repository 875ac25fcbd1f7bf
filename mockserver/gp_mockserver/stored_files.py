"""How many bytes the files that jobs and runs leave may take on disk, uploads counted in.

A file counts once its tool has come to its end: what a tool writes while it runs is not held back. Where
there is no room the oldest outputs of synchronous runs go, which no job owns: ArcGIS Server too cleans its
output directory by itself, by age (that they go for want of room is *assumed*).
"""

from __future__ import annotations

from collections.abc import Iterable

from gp_mockserver.site_directories import SiteDirectories
from gp_mockserver.uploads.incoming_files import Space
from gp_mockserver.wire.replies import Refusal


class NoRoom(Exception):
    """The files that a job or run made are more than the site may keep."""


class StoredFiles:
    """The sizes of what jobs and runs left: of a job's folder, of each file in the output folder.

    `found`: the jobs of which there are files from before the site, and how many bytes.
    """

    def __init__(
        self, directories: SiteDirectories, space: Space, found: Iterable[tuple[str, int]] = ()
    ) -> None:
        self._directories = directories
        self._space = space
        self._jobs: dict[str, int] = {}
        self._outputs: dict[str, int] = {}
        for job_id, size in found:
            self._jobs[job_id] = size
            self._space.count(size)

    def keep_job(self, job_id: str, folder: str) -> None:
        """Count the files in a job's scratch folder. Raises NoRoom, and removes them."""
        size = self._directories.size_of(folder)
        try:
            self._take(size)
        except NoRoom:
            self._directories.remove_folder(folder)
            raise
        self._jobs[job_id] = size

    def forget_job(self, service: str, job_id: str) -> None:
        """Remove the files of a job, if it has any."""
        self._directories.remove_job(service, job_id)
        self._space.give_back(self._jobs.pop(job_id, 0))

    def keep_output(self, path: str) -> None:
        """Count a file of the output folder. Raises NoRoom, and removes it."""
        size = self._directories.size_of(path)
        try:
            self._take(size)
        except NoRoom:
            self._directories.remove_file(path)
            raise
        self._outputs[path] = size

    def _take(self, size: int) -> None:
        while True:
            try:
                return self._space.take(size)
            except Refusal:
                if size > self._space.limit or not self._remove_oldest_output():
                    raise NoRoom(
                        f"the job's files take {size} bytes, and the site keeps at most {self._space.limit} "
                        "bytes of files: its limits.stored says how many"
                    ) from None

    def _remove_oldest_output(self) -> bool:
        path = next(iter(self._outputs), None)
        if path is None:
            return False
        size = self._outputs.pop(path, 0)
        self._directories.remove_file(path)
        self._space.give_back(size)
        return True
