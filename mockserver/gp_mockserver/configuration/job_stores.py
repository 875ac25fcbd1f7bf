"""The job store that a site file, or who loads it, asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gp_protocol.errors import shown

from gp_mockserver.configuration.durations import parse_duration
from gp_mockserver.configuration.site_file_model import JobsForm
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.job_store import JobStore, MemoryJobStore

_PLACE = "jobs.store"


def open_job_store(form: JobsForm, folder: Path | None, file: str | Path | None = None) -> JobStore:
    """Jobs in `file`, or in the file in `folder` that the form names, or else in memory.

    Raises SiteFileError, and JobFileError for a file that cannot be used.
    """
    limits: dict[str, Any] = {}
    if form.max_age is not None:
        limits["max_age"] = parse_duration(form.max_age)
        if not limits["max_age"]:
            raise SiteFileError("jobs.maxAge", "0", "a duration above 0")
    if form.max_jobs is not None:
        limits["max_jobs"] = form.max_jobs
    if file is None and form.store is not None:
        file = _file_in(folder, form.store)
    if file is None:
        return MemoryJobStore(**limits)
    from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore

    return SQLiteJobStore(file, **limits)


def _file_in(folder: Path | None, name: str) -> Path:
    if folder is None:
        remedy = "only a site that was loaded from a file can name files"
        raise SiteFileError(_PLACE, shown(name), "no file", remedy)
    home = folder.resolve()
    try:
        file = (home / name).resolve()
    except (OSError, ValueError):
        file = home
    if file == home or not file.is_relative_to(home):
        remedy = "`gpharness serve --store FILE` takes any file"
        raise SiteFileError(_PLACE, shown(name), f"a file below {home}", remedy)
    return file
