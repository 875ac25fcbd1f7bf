"""`python -m benchmarks`: run all or some benchmarks, print a table, write the figures as JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    check_cost,
    client_cost,
    contract_size,
    first_answer,
    http_rates,
    long_job,
    proxy_cost,
    store_size,
    test_cost,
)
from benchmarks.measurements import Measurement, as_json, as_table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="start, http, store, job, client, test, check, contract, proxy; all unless given",
    )
    parser.add_argument("--rounds", type=int, default=9, help="pairs of rounds of each HTTP benchmark (9)")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a round (1.5)")
    parser.add_argument("--starts", type=int, default=11, help="starts of each server (11)")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="jobs in the full store (1,000,000)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where the figures go")
    options = parser.parse_args()
    runs: dict[str, Callable[[], list[Measurement]]] = {
        "start": lambda: first_answer.measure(starts=options.starts),
        "http": lambda: http_rates.measure(rounds=options.rounds, seconds=options.seconds),
        "store": lambda: store_size.measure(jobs=options.jobs),
        "job": long_job.measure,
        "client": client_cost.measure,
        "test": test_cost.measure,
        "check": check_cost.measure,
        "contract": contract_size.measure,
        "proxy": proxy_cost.measure,
    }
    if unknown := set(options.names) - set(runs):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; known are {', '.join(runs)}")

    found: list[Measurement] = []
    for name, run in runs.items():
        if not options.names or name in options.names:
            print(f"{name} …", file=sys.stderr, flush=True)
            found += run()
    machine = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{
            package: version(package)
            for package in ("gpharness", "uvicorn", "uvloop", "httptools", "starlette")
        },
    }
    options.json.write_text(
        json.dumps({"machine": machine, "measurements": as_json(found)}, indent=2) + "\n", encoding="utf-8"
    )
    print(as_table(found))
    print(", ".join(f"{name} {value}" for name, value in machine.items()))


main()
