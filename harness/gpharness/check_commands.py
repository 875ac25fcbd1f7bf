"""The command that holds captured bodies to the protocol: `check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gpharness.checking.kinds import KINDS
from gpharness.command_options import option

STATUSES = (
    "Ends with status 0 where nothing worse than a note, and no secret, was found; 1 where something was; 2 "
    "for wrong usage and for files that cannot be read or written."
)


@click.command(epilog=STATUSES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--as",
    "kind",
    default="auto",
    show_default=True,
    metavar="KIND",
    type=click.Choice(KINDS, case_sensitive=False),
    help=f"What the bodies are: {', '.join(KINDS)}.",
)
@click.option(
    "--version",
    metavar="VERSION",
    help="The server's version, such as 10.0, 10.91, 11.3, agol-hosted or notebook; by default any.",
)
@option(
    "task-descriptor",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The task's own answer to f=json: results are held to what it declares.",
)
@option(
    "asked",
    metavar="QUERY",
    help="The request's parameters, as in an address: 'f=json&returnMessages=false'. Without them nothing is "
    "called unasked.",
)
@option("job-id", metavar="ID", help="The id of the job that was asked for.")
@option("json", "is_json", is_flag=True, help="One JSON document on stdout.")
@option("junit", metavar="FILE", type=click.Path(path_type=Path), help="Write it as JUnit XML, too.")
@option("html", metavar="FILE", type=click.Path(path_type=Path), help="Write it as one HTML page, too.")
@option(
    "secrets",
    "is_for_secrets",
    is_flag=True,
    help="Look for passwords, tokens and the like instead, in files of any kind and in folders; only the "
    "places are told.",
)
def check(
    files: Sequence[str],
    kind: str,
    version: str | None,
    task_descriptor: Path | None,
    asked: str | None,
    job_id: str | None,
    is_json: bool,
    junit: Path | None,
    html: Path | None,
    is_for_secrets: bool,
) -> None:
    """Hold captured answers of a geoprocessing server to the protocol.

    FILE is the body of one answer to f=json, byte for byte; - is stdin. Nothing is asked of any server.

    \b
    gpharness check --as job polled.json
    curl -s "$TASK_URL?f=json" | gpharness check --as task -
    gpharness check --as result --task-descriptor task.json out.json
    gpharness check --secrets contracts/
    """
    if is_for_secrets:
        from gpharness.checking.secret_search import search_files

        others = (kind != "auto", version, task_descriptor, asked, job_id, is_json, junit, html)
        sys.exit(search_files(files, is_alone=not any(others)))
    from gpharness.checking.captured_files import CheckWishes, check_files

    wishes = CheckWishes(kind, version, task_descriptor, asked or "", job_id or "", is_json, junit, html)
    sys.exit(check_files(files, wishes))
