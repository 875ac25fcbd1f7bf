"""The options of the commands that serve sites, `serve` and `replay`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from gpharness.command_options import option

Command = TypeVar("Command", bound=Callable[..., Any])

_TO_LISTEN = (
    option("host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    option(
        "port",
        default=8585,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 takes a free one.",
    ),
    option(
        "control-token",
        metavar="TOKEN",
        help="What the control API under /__admin asks for, as `Authorization: Bearer TOKEN`. Without one it "
        "is open to this machine alone, and closed where --host lets others in. Others may see an option: "
        "give it in the environment.",
    ),
    option(
        "ready-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File that gets the readiness lines once connections are accepted; removed at the end.",
    ),
    option(
        "tls",
        is_flag=True,
        help="Serve by HTTPS, with a certificate of an authority of your own that is made once. What clients "
        "need to trust it is said on stderr.",
    ),
    option(
        "tls-dir",
        metavar="FOLDER",
        show_default="the user's folder for gpharness",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the authority and the certificate of --tls are kept.",
    ),
    option(
        "tls-cert",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Serve by HTTPS, with this certificate (PEM).",
    ),
    option(
        "tls-key",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The key of --tls-cert (PEM, without a password).",
    ),
)


def listening_options(command: Command) -> Command:
    """Gives a command the options that say where it listens; it is called with them as one `Listening`."""

    @wraps(command)
    def called(
        *,
        host: str,
        port: int,
        control_token: str | None,
        ready_file: Path | None,
        tls: bool,
        tls_dir: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **others: Any,
    ) -> Any:
        from gpharness.listening import Listening, Tls

        secured = Tls(tls, tls_dir, tls_cert, tls_key)
        return command(listening=Listening(host, port, secured, control_token, ready_file), **others)

    return _with(_TO_LISTEN, called)  # type: ignore[return-value]


def site_options(context: str) -> Callable[[Command], Command]:
    """Gives a command the options that say how sites are served; `context` is the default of --context."""
    options = (
        option("context", show_default=context, help="The first segment of the site's address."),
        option("seed", show_default="0", type=int, help="Decides job ids and generated values."),
        option(
            "clock",
            show_default="real",
            metavar="CLOCK",
            help="The time that jobs go by: real; x60: sixty times as fast, or any other factor; jump: every "
            "wait is over at once.",
        ),
        option(
            "deviate",
            metavar="NAME[@OPERATION][#NTH]",
            multiple=True,
            help="Depart from the protocol in this way, on this operation alone, on its nth request: "
            "results-late@job#2. `gpharness deviations` lists the names. Parameters, and deviations of your "
            "own, as in a site file: '{name: slow-each, seconds: 0.5}'. May be given several times.",
        ),
        option(
            "public-url",
            metavar="URL",
            help="The server's address as clients see it, for the addresses in answers, without the context, "
            "which follows it: https://gis.example.com. Without this option it is the request's own.",
        ),
    )
    return lambda command: _with(options, command)


def _with(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for each in reversed(options):
        command = each(command)
    return command
