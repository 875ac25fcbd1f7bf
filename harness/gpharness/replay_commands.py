"""The command that serves a contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gpharness.command_options import option
from gpharness.serving_options import listening_options, site_options

if TYPE_CHECKING:
    from gpharness.listening import Listening


@click.command(
    epilog="An option wins over its environment variable, that over the default. Exit status: 0 ended by a "
    "signal, 2 a bad contract or option, a port in use."
)
@click.argument(
    "contracts", nargs=-1, required=True, metavar="CONTRACT...", type=click.Path(exists=True, path_type=Path)
)
@listening_options
@site_options("the recorded server's; contracts of one context are one site")
@option(
    "fallback",
    is_flag=True,
    help="Answer what was not recorded by the descriptors, as a mock does, instead of refusing it with the "
    "nearest that was.",
)
def replay(
    contracts: Sequence[Path],
    listening: Listening,
    context: str | None,
    seed: int | None,
    clock: str | None,
    deviate: Sequence[str],
    public_url: str | None,
    fallback: bool,
) -> None:
    """Serve what was recorded: the same answers to the same requests, jobs at the pace of then.

    Inputs are compared by what they mean: `5 Miles` is {"distance": 5, "units": "esriMiles"}, and what is
    left out is its default. Several recorded runs with the same inputs are answered in turn, the last one
    from then on. Any token is accepted, unless the contract has a refusal for want of one. What was not
    recorded is refused, and the refusal, and the journal, say what came closest.

    Prints a line once connections are accepted, such as `serving http://127.0.0.1:8585/arcgis/rest/services`.
    SIGINT and SIGTERM end it with status 0.

    \b
    gpharness replay contracts/viewshed --port 8585 --clock x60
    """
    from gpharness.leaving import leave
    from gpharness.replaying.serving import serve_contracts
    from gpharness.serving import Settings

    settings = Settings(context, seed, clock, public_url=public_url, deviations=tuple(deviate))
    leave(serve_contracts(contracts, settings, listening, fallback=fallback))
