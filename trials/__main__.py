"""`python -m trials NAME`: a long run against a server in a process of its own, shown as a table.

Status 1 says that a promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from trials import big_result, fuzz, soak, termination, upload_storm
from trials.promises import Figure, as_table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trials", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")

    def trial(name: str, module: object) -> argparse.ArgumentParser:
        text = (module.__doc__ or "").strip()
        one = names.add_parser(name, help=text.splitlines()[0], description=text)
        one.add_argument("--seed", type=int, default=0, help="decides what is sent, and the site's seed (0)")
        return one

    one = trial("fuzz", fuzz)
    one.add_argument("--requests", type=int, default=1_000_000, help="how many are sent (1,000,000)")
    one.add_argument("--processes", type=int, default=2, help="that send them (2)")
    one = trial("soak", soak)
    one.add_argument("--jobs", type=int, default=1_000_000, help="how many are run (1,000,000)")
    one = trial("big-result", big_result)
    one.add_argument("--megabytes", type=int, default=50, help="size of the result (50)")
    one = trial("upload-storm", upload_storm)
    one.add_argument("--uploads", type=int, default=200, help="at once (200)")
    one.add_argument("--megabytes", type=int, default=20, help="size of each (20)")
    one = trial("terminate", termination)
    one.add_argument("--rounds", type=int, default=20, help="servers that are started and ended (20)")
    chosen = parser.parse_args()

    runs: dict[str, Callable[[], list[Figure]]] = {
        "fuzz": lambda: fuzz.run(chosen.requests, chosen.processes, chosen.seed),
        "soak": lambda: soak.run(chosen.jobs, chosen.seed),
        "big-result": lambda: big_result.run(chosen.megabytes, chosen.seed),
        "upload-storm": lambda: upload_storm.run(chosen.uploads, chosen.megabytes, chosen.seed),
        "terminate": lambda: termination.run(chosen.rounds, chosen.seed),
    }
    begun = time.monotonic()
    figures = runs[chosen.name]()
    print(as_table(figures))
    for figure in figures:
        if figure.details:
            print(f"\n{figure.name}:", *figure.details, sep="\n\n", file=sys.stderr)
    print(f"{chosen.name}, seed {chosen.seed}, {time.monotonic() - begun:,.0f} s")
    sys.exit(any(figure.kept is False for figure in figures))


if __name__ == "__main__":
    main()
