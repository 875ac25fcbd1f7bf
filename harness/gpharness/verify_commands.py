"""The command that holds a server to contracts: `verify`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gpharness.client_commands import PRECEDENCE, access_options
from gpharness.command_options import option

STATUSES = (
    "Ends with status 0 where nothing worse than a note was found; 1 where something was, or conversations "
    "were not run: the deadline was over, or three requests in a row had no answer; 2 for wrong usage, files "
    "that cannot be read and a token that is missing; 3 where the server is not reached or speaks another "
    "protocol; 130 after Ctrl-C."
)


@click.command(epilog=f"{STATUSES} {PRECEDENCE}")
@click.argument("contracts", nargs=-1, required=True, metavar="CONTRACT...", type=click.Path(path_type=Path))
@option("url", metavar="URL", help="The server: the address of its context, or any below it.")
@access_options
@option(
    "rate",
    metavar="N",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Requests a second at most.",
)
@option(
    "only",
    metavar="NAME",
    multiple=True,
    help="Only these conversations: a name or a task, * standing for any text. May be given several times.",
)
@option(
    "baseline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Findings that are known: they are left out, and those that are gone are told.",
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what is found as known, and end with status 0.",
)
@option("max-age", metavar="SPAN", help="Warn of recordings that are older: 180d, 26w, 12h.")
@option("json", "is_json", is_flag=True, help="The report as one JSON document on stdout.")
@option("junit", metavar="FILE", type=click.Path(path_type=Path), help="Write it as JUnit XML, too.")
@option("html", metavar="FILE", type=click.Path(path_type=Path), help="Write it as one HTML page, too.")
@option("quiet", "-q", is_flag=True, help="No progress on stderr.")
def verify(contracts: tuple[Path, ...], **words: Any) -> None:
    """Hold a server to contracts: repeat their conversations, and report what differs.

    CONTRACT is a file or a folder that `gpharness record` or `gpharness import` has written. Its tasks are
    run again with the recorded inputs, one after the other. Without --url it is the server that the contract
    is from.

    \b
    gpharness verify roads.contract.yaml --url https://gis.example.gov/arcgis
    gpharness verify contracts/*.yaml --url http://127.0.0.1:8585/arcgis --junit report.xml
    """
    from gpharness.verifying.by_command import VerifyWishes, verify_contracts

    sys.exit(verify_contracts(contracts, VerifyWishes(**words)))


for _each in verify.params:
    if isinstance(_each, click.Option) and _each.name == "deadline":
        _each.help = "For all of it, every contract's; what is not held by then is told as not run."
        _each.show_default = "none; 3600 for one conversation"
