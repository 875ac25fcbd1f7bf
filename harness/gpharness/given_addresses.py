"""The addresses that `run` and `describe` are given: one that names something else is refused."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from gp_client.errors import InvalidInput
from gp_client.wire.addresses import Place, job_url, place_of, service_url, shown, task_url

from gpharness.own_words import own_options


def runnable(address: str) -> Place:
    """The task, or the job, that an address names. Raises InvalidInput for any other address."""
    place, below = _read(address, "TASK_URL")
    if not place.task:
        where = service_address(place) if place.service and below else address
        remedy = f"see what is there: gpharness describe {where}"
    elif len(below) == (3 if place.job_id else 1):
        return place
    elif place.job_id:
        remedy = f"all results of the job are shown by: gpharness run {job_address(place)}"
    else:
        remedy = f"the task is run by: gpharness run {task_address(place)}"
    raise InvalidInput(
        parameter="TASK_URL",
        met=shown(address.strip()),
        expected="the address of a task, …/GPServer/<task>, or of a job, …/GPServer/<task>/jobs/<id>",
        remedy=remedy,
    )


def describable(address: str) -> Place:
    """The task, the service or the catalogue that an address names. Raises InvalidInput for any other."""
    place, below = _read(address, "URL")
    if not place.service or len(below) == bool(place.task):
        return place
    if place.job_id:
        remedy = f"the job's results are shown by: gpharness run {job_address(place)}"
    else:
        where = task_address(place) if place.task else service_address(place)
        remedy = f"try gpharness describe {where}"
    raise InvalidInput(
        parameter="URL",
        met=shown(address.strip()),
        expected="the address of a service, …/GPServer, of a task, …/GPServer/<task>, or of a catalogue",
        remedy=remedy,
    )


def service_address(place: Place) -> str:
    return service_url(place.root, place.service)


def task_address(place: Place) -> str:
    return task_url(place.root, place.service, place.task)


def job_address(place: Place) -> str:
    return job_url(task_address(place), place.job_id)


def _read(address: str, word: str) -> tuple[Place, list[str]]:
    """What the address names, and all of its segments below the service."""
    with own_options(word):
        place = place_of(address)
    segments = _segments(address.strip())[len(_segments(place.root)) :]
    types = [number for number, segment in enumerate(segments) if segment.lower() == "gpserver"]
    return place, segments[types[0] + 1 :] if types else []


def _segments(address: str) -> list[str]:
    return [unquote(segment) for segment in urlsplit(address).path.split("/") if segment]
