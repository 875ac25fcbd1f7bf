"""The `gpharness` command. What a command needs beyond its options is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gpharness.check_commands import check
from gpharness.client_commands import arcpy, describe, run
from gpharness.command_options import option
from gpharness.import_commands import import_
from gpharness.record_commands import record
from gpharness.replay_commands import replay
from gpharness.server_commands import deviations, wait
from gpharness.verify_commands import verify

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
@option("host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option(
    "port",
    default=8585,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@option("context", show_default="arcgis", help="The first segment of the site's address.")
@option("seed", show_default="0", type=int, help="Decides job ids and generated values.")
@option(
    "clock",
    show_default="real",
    metavar="CLOCK",
    help="real; x60: sixty times as fast, or any other factor; jump: every wait is over at once.",
)
@option(
    "server-version",
    metavar="VERSION",
    help="The ArcGIS version to answer as, such as 10.0, 10.91, 11.3, agol-hosted or notebook.",
)
@option(
    "deviate",
    metavar="NAME[@OPERATION][#NTH]",
    multiple=True,
    help="Depart from the protocol in this way, on this operation alone, on its nth request: "
    "results-late@job#2. `gpharness deviations` lists the names. Parameters, and deviations of your own, as "
    "in a site file: '{name: slow-each, seconds: 0.5}'. May be given several times.",
)
@option(
    "in-front-of",
    metavar="URL",
    help="Instead of a mock, pass everything on to a real server, https://gis.example.com/arcgis, and depart "
    "from what it answers. Nothing but this server is asked.",
)
@option(
    "public-url",
    metavar="URL",
    help="The server's address as clients see it, for the addresses in answers, without the context, which "
    "follows it: https://gis.example.com. Without this option it is the request's own.",
)
@option(
    "control-token",
    metavar="TOKEN",
    help="What the control API under /__admin asks for, as `Authorization: Bearer TOKEN`. Without one it is "
    "open to this machine alone, and closed where --host lets others in. Others may see an option: give it "
    "in the environment.",
)
@option(
    "ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that gets the readiness lines once connections are accepted; removed at the end.",
)
@option(
    "store",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file in which the site's jobs outlive a restart, made where it is missing; what they wrote "
    "stands in FILE.files.",
)
@option(
    "tls",
    is_flag=True,
    help="Serve by HTTPS, with a certificate of an authority of your own that is made once. What clients "
    "need to trust it is said on stderr.",
)
@option(
    "tls-dir",
    metavar="FOLDER",
    show_default="the user's folder for gpharness",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the authority and the certificate of --tls are kept.",
)
@option(
    "tls-cert",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Serve by HTTPS, with this certificate (PEM).",
)
@option(
    "tls-key",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The key of --tls-cert (PEM, without a password).",
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
@option(
    "reload",
    is_flag=True,
    help="Serve a site file anew when it changes, or a file or module that it names; its jobs are forgotten.",
)
def serve(
    sites: Sequence[Path],
    host: str,
    port: int,
    context: str | None,
    seed: int | None,
    clock: str | None,
    server_version: str | None,
    deviate: Sequence[str],
    in_front_of: str | None,
    public_url: str | None,
    control_token: str | None,
    ready_file: Path | None,
    store: Path | None,
    tls: bool,
    tls_dir: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    max_url: int | None,
    max_head: int | None,
    max_connections: int | None,
    head_seconds: float | None,
    stall_seconds: float | None,
    body_rate: float | None,
    send_seconds: float | None,
    idle_seconds: float | None,
    reload: bool,
) -> None:
    """Serve the built-in site, or the sites of your files.

    A folder stands for the site files in it. Prints a line per site once connections are accepted, such as
    `serving http://127.0.0.1:8585/arcgis/rest/services`. SIGINT and SIGTERM end it with status 0: requests
    under way have three seconds to be answered, or end at once after a second signal. A bad site file, two
    sites under one context and a port in use end it with status 2.
    """
    from gpharness.leaving import leave
    from gpharness.listening import Tls, connection_limits
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
    status = serve_sites(
        sites,
        settings,
        host=host,
        port=port,
        tls=Tls(tls, tls_dir, tls_cert, tls_key),
        limits=limits,
        control_token=control_token,
        ready_file=ready_file,
        reload=reload,
    )
    leave(status)
