"""The commands about servers that deviate, and about waiting for one."""

from __future__ import annotations

import sys

import click

from gpharness.command_options import option


@click.command(epilog="Exit status: 0 ready, 2 no address, 3 not ready in time.")
@click.argument("url")
@option(
    "timeout",
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="For how long to ask.",
)
def wait(url: str, timeout: float) -> None:
    """Wait until a server answers at URL.

    \b
    gpharness serve --port 8585 &
    gpharness wait http://127.0.0.1:8585/arcgis/rest/services --timeout 10
    """
    from gpharness.waiting import wait_for

    sys.exit(wait_for(url, timeout))


@click.command()
@click.argument("name", required=False)
@option("json", "is_json", is_flag=True, help="The records, as JSON.")
def deviations(name: str | None, is_json: bool) -> None:
    """List the ways in which a server can go wrong, or explain one.

    NAME may be a glob, of names or of a group: 'status-*', token.

    \b
    gpharness deviations results-late
    gpharness serve --deviate results-late
    """
    from gp_mockserver.deviations.records import DeviationError

    from gpharness.deviation_listing import show
    from gpharness.standard_output import OutputLost, give_up, written

    try:
        lines = show(name, is_json=is_json)
    except DeviationError as error:
        print(f"gpharness deviations: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        with written():
            print("\n".join(lines), flush=True)
    except OutputLost as error:
        sys.exit(give_up("deviations", error))
