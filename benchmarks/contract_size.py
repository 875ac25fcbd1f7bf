"""What a contract of ten thousand conversations costs that stands in a folder.

Measured in a fresh process each: by how much the process grew, at its largest, once the contract is open,
and once all of its conversations were gone through, one by one; and how long opening takes. Each
conversation is a job's, with inputs, a trace, and a result of a polygon.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from gpharness.contracts.contract import Contract

LIMIT = 200
"""Megabytes."""
POINTS = 60


def measure(*, conversations: int = 10_000) -> list[Measurement]:
    """Raises RuntimeError where the contract that was read is not the one that was written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract"
        start = time.perf_counter()
        in_fresh_process(write, path, conversations)
        written = time.perf_counter() - start
        opened, opened_in = in_fresh_process(read, path, 0, conversations)
        gone_through, read_in = in_fresh_process(read, path, conversations, conversations)
    detail = f"{conversations:,} conversations in a folder, written in {written:.1f} s"
    invalid = "" if sys.platform == "linux" else "memory is measured on Linux alone"
    return [
        Measurement(
            "memory of an open contract",
            opened,
            "MB",
            f"<= {LIMIT}",
            f"opened in {opened_in * 1000:.0f} ms; {detail}",
            invalid,
        ),
        Measurement(
            "memory of a contract that was gone through",
            gone_through,
            "MB",
            f"<= {LIMIT}",
            f"all read in {read_in:.1f} s",
            invalid,
        ),
    ]


def in_fresh_process(run: Any, *given: Any) -> Any:
    """What a function gives that runs where nothing ran before, so that memory left by others does not
    count."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run, *given).result()


def write(path: Path, conversations: int) -> None:
    from gpharness.contracts.contract_files import write_contract

    write_contract(generated(conversations), path)


def read(path: Path, visited: int, conversations: int) -> tuple[float, float]:
    """The megabytes of the whole process at its largest, and the seconds that reading took."""
    from gpharness.contracts.contract_files import read_contract

    start = time.perf_counter()
    contract = read_contract(path)
    if len(contract.conversations) != conversations:
        raise RuntimeError(f"met {len(contract.conversations)} conversations, expected {conversations}")
    for place in range(visited):
        if contract.conversations[place].name != f"conversation {place}":
            raise RuntimeError(f"met another conversation at {place}")
    return largest_megabytes(), time.perf_counter() - start


def generated(conversations: int) -> Contract:
    """A contract of so many jobs, in memory."""
    from gpharness.contracts.contract import Answer, Contract, Conversation, Provenance, Seen

    def conversation(place: int) -> Conversation:
        job_id = f"j{place:032x}"
        ring = [[place + 0.1 * each, each * 1.234567890123] for each in range(POINTS)]
        value = {"geometryType": "esriGeometryPolygon", "features": [{"geometry": {"rings": [ring]}}]}
        states = ("esriJobSubmitted", "esriJobExecuting", "esriJobSucceeded")
        return Conversation(
            name=f"conversation {place}",
            kind="job",
            task="Folder/Service/Task",
            inputs={"Input_Points": json.dumps({"features": [{"geometry": {"x": place, "y": 7.5}}]})},
            job_id=job_id,
            submission=Answer(json={"jobId": job_id, "jobStatus": states[0]}),
            trace=[
                Seen(state, Answer(json={"jobId": job_id, "jobStatus": state, "messages": []}), float(after))
                for after, state in enumerate(states)
            ],
            results={"Output": Answer(json={"paramName": "Output", "value": value})},
        )

    return Contract(
        Provenance("generated", of="a benchmark"),
        conversations=[conversation(place) for place in range(conversations)],
    )


def largest_megabytes() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1_048_576 if sys.platform == "darwin" else 1024)
