"""Where a job stands when a request about it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gp_mockserver.deviations.selectors import Occasion
    from gp_mockserver.sites import Site


async def status_of(site: Site, occasion: Occasion, job_id: str) -> str:
    """The status of a job of the task that is asked, at the instant of the request; empty where there is no
    such job."""
    record = site.store.get(job_id, occasion.at)
    if record is None:
        return ""
    service = site.services.get(occasion.service)
    task = service.find_task(occasion.task.rpartition("/")[2]) if service is not None else None
    if task is None:
        return record.state(occasion.at).status
    from gp_mockserver.running.job_progress import observe

    _, state = await observe(task, record, occasion.at)
    return state.status
