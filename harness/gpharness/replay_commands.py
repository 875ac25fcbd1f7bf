"""The command that serves a contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from gpharness.command_options import option


@click.command(
    epilog="An option wins over its environment variable, that over the default. Exit status: 0 ended by a "
    "signal, 2 a bad contract or option, a port in use."
)
@click.argument(
    "contracts", nargs=-1, required=True, metavar="CONTRACT...", type=click.Path(exists=True, path_type=Path)
)
@option("host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option(
    "port",
    default=8585,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@option(
    "context",
    show_default="the recorded server's",
    help="The first segment of the site's address. Contracts of one context are one site.",
)
@option("seed", show_default="0", type=int, help="Decides job ids and generated values.")
@option(
    "clock",
    show_default="real",
    metavar="CLOCK",
    help="On which recorded jobs go: real; x60: sixty times as fast, or any other factor; jump: every wait "
    "is over at once.",
)
@option(
    "fallback",
    is_flag=True,
    help="Answer what was not recorded by the descriptors, as a mock does, instead of refusing it with the "
    "nearest that was.",
)
@option(
    "deviate",
    metavar="NAME[@OPERATION][#NTH]",
    multiple=True,
    help="Depart from the protocol in this way, as `gpharness serve` does. May be given several times.",
)
@option(
    "public-url",
    metavar="URL",
    help="The server's address as clients see it, for the addresses in answers, without the context. Without "
    "this option it is the request's own.",
)
@option(
    "control-token",
    metavar="TOKEN",
    help="What the control API under /__admin asks for, as `Authorization: Bearer TOKEN`.",
)
@option(
    "ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that gets the readiness lines once connections are accepted; removed at the end.",
)
@option("tls", is_flag=True, help="Serve by HTTPS, with a certificate that is made once.")
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
def replay(
    contracts: Sequence[Path],
    host: str,
    port: int,
    context: str | None,
    seed: int | None,
    clock: str | None,
    fallback: bool,
    deviate: Sequence[str],
    public_url: str | None,
    control_token: str | None,
    ready_file: Path | None,
    tls: bool,
    tls_dir: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
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
    from gpharness.listening import Tls, connection_limits
    from gpharness.replaying.serving import serve_contracts
    from gpharness.serving import Settings

    settings = Settings(context, seed, clock, None, public_url, None, tuple(deviate), None)
    leave(
        serve_contracts(
            contracts,
            settings,
            fallback=fallback,
            host=host,
            port=port,
            tls=Tls(tls, tls_dir, tls_cert, tls_key),
            limits=connection_limits(),
            control_token=control_token,
            ready_file=ready_file,
        )
    )
