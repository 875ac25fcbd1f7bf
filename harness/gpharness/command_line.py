"""The `gpharness` command. What a command needs beyond its options is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gpharness.check_commands import check
from gpharness.client_commands import arcpy, describe, run
from gpharness.command_options import option
from gpharness.import_commands import import_
from gpharness.record_commands import record
from gpharness.replay_commands import replay
from gpharness.server_commands import deviations, wait
from gpharness.serving_options import listening_options, site_options
from gpharness.verify_commands import verify

if TYPE_CHECKING:
    from gpharness.listening import Listening

PRECEDENCE = "An option wins over its environment variable, that over a site file, that over the default."


class Commands(click.Group):
    """A group that answers an unknown command with the nearest known one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            from gp_protocol.suggestions import did_you_mean

            known = self.list_commands(ctx)
            hint = did_you_mean(word, known) or f"known are {', '.join(known)}"
            ctx.fail(f"no command {word!r}: {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gpharness", prog_name="gpharness", message="%(prog)s %(version)s")
def main() -> None:
    """A test harness for clients of ArcGIS geoprocessing services (GPServer), and a client of them."""


main.add_command(run)
main.add_command(describe)
main.add_command(arcpy)
main.add_command(wait)
main.add_command(deviations)
main.add_command(record)
main.add_command(import_)
main.add_command(replay)
main.add_command(verify)
main.add_command(check)


@main.command()
def demo() -> None:
    """Run four REST scripts against a mock server, and show the wire.

    The scripts are of the shape that ArcGIS's documentation of web tools in Python shows. Everything stays
    on this machine. Ends with status 1 if anything did not go as told.
    """
    from gpharness.demo import run_demo

    sys.exit(run_demo())


@main.command(epilog=PRECEDENCE)
@click.argument("sites", nargs=-1, metavar="[SITE]...", type=click.Path(exists=True, path_type=Path))
@listening_options
@site_options("arcgis")
@option(
    "server-version",
    metavar="VERSION",
    help="The ArcGIS version to answer as, such as 10.0, 10.91, 11.3, agol-hosted or notebook.",
)
@option(
    "in-front-of",
    metavar="URL",
    help="Instead of a mock, pass everything on to a real server, https://gis.example.com/arcgis, and depart "
    "from what it answers. Nothing but this server is asked.",
)
@option(
    "store",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file in which the site's jobs outlive a restart, made where it is missing; what they wrote "
    "stands in FILE.files.",
)
@option(
    "reload",
    is_flag=True,
    help="Serve a site file anew when it changes, or a file or module that it names; its jobs are forgotten.",
)
@option(
    "max-url",
    metavar="BYTES",
    show_default="262144",
    type=click.IntRange(1),
    help="Longest address of a request; a longer one is answered 414.",
)
@option(
    "max-head",
    metavar="BYTES",
    show_default="65536",
    type=click.IntRange(1),
    help="Longest headers of a request together; longer ones are answered 431.",
)
@option(
    "max-connections",
    metavar="N",
    show_default="4096",
    type=click.IntRange(1),
    help="Connections open at once, if the system allows so many; the next few (an eighth, from 8 to 256) "
    "are answered 503, yet more are closed without a word.",
)
@option(
    "head-seconds",
    show_default="30",
    type=click.FloatRange(0, min_open=True),
    help="In which the headers of a request have to come; then it is answered 408.",
)
@option(
    "stall-seconds",
    show_default="60",
    type=click.FloatRange(0, min_open=True),
    help="For which a request's body may bring nothing; then it is answered 408.",
)
@option(
    "body-rate",
    metavar="BYTES",
    show_default="1024",
    type=click.FloatRange(0, min_open=True),
    help="Least that a request's body brings in a second, on average of --stall-seconds; else 408.",
)
@option(
    "send-seconds",
    show_default="60",
    type=click.FloatRange(0, min_open=True),
    help="In which a client has to take some of an answer that waits; then it is dropped.",
)
@option(
    "idle-seconds",
    show_default="75",
    type=click.FloatRange(0, min_open=True),
    help="For which a connection is kept open between two requests.",
)
def serve(
    sites: Sequence[Path],
    listening: Listening,
    context: str | None,
    seed: int | None,
    clock: str | None,
    deviate: Sequence[str],
    public_url: str | None,
    server_version: str | None,
    in_front_of: str | None,
    store: Path | None,
    reload: bool,
    max_url: int | None,
    max_head: int | None,
    max_connections: int | None,
    head_seconds: float | None,
    stall_seconds: float | None,
    body_rate: float | None,
    send_seconds: float | None,
    idle_seconds: float | None,
) -> None:
    """Serve the built-in site, or the sites of your files.

    A folder stands for the site files in it. Prints a line per site once connections are accepted, such as
    `serving http://127.0.0.1:8585/arcgis/rest/services`. SIGINT and SIGTERM end it with status 0: requests
    under way have three seconds to be answered, or end at once after a second signal. A bad site file, two
    sites under one context and a port in use end it with status 2.
    """
    from msgspec.structs import replace

    from gpharness.leaving import leave
    from gpharness.listening import connection_limits
    from gpharness.serving import Settings, serve_sites

    settings = Settings(context, seed, clock, server_version, public_url, store, tuple(deviate), in_front_of)
    limits = connection_limits(
        url=max_url,
        head=max_head,
        connections=max_connections,
        head_seconds=head_seconds,
        stall_seconds=stall_seconds,
        body_rate=body_rate,
        send_seconds=send_seconds,
        idle_seconds=idle_seconds,
    )
    leave(serve_sites(sites, settings, replace(listening, limits=limits), reload=reload))
