"""The commands that call a service: `run`, `describe` and `arcpy`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gpharness.command_options import Function, option

PRECEDENCE = "An option wins over its environment variable, that over the default."
STATUSES = (
    "Ends with status 0; 1 where the task did not succeed or the deadline is over; 2 for wrong usage, "
    "inputs, addresses or credentials, and where a file or stdout cannot be written; 3 where the server is "
    "not reached or does not speak the protocol; 130 after Ctrl-C."
)

_ACCESS = (
    option("user", metavar="NAME", help="Sign in as this user; without a password it is asked for."),
    option(
        "password",
        metavar="WORD",
        help="The user's password. Others may see an option: give it in the environment.",
    ),
    option("token", metavar="TOKEN", help="A token to send, instead of signing in."),
    option(
        "token-url",
        metavar="URL",
        show_default="as the server says",
        help="Where tokens are had from.",
    ),
    option(
        "trust",
        metavar="HOST",
        multiple=True,
        help="Another host, or host:port, that may be redirected to, give out tokens and keep files.",
    ),
    option(
        "timeout",
        metavar="SECONDS",
        show_default="60",
        type=click.FloatRange(0, min_open=True),
        help="For one request and its answer.",
    ),
    option(
        "deadline",
        metavar="SECONDS",
        show_default="3600",
        type=click.FloatRange(0, min_open=True),
        help="For all of it, the job included.",
    ),
)


_QUIET = option("quiet", "-q", is_flag=True, help="No progress, no messages and no warnings on stderr.")


def access_options(command: Function) -> Function:
    """The options that say how a server is called."""
    for each in reversed(_ACCESS):
        command = each(command)
    return command


@click.command(epilog=f"{STATUSES} {PRECEDENCE}")
@click.argument("address", metavar="TASK_URL")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE | NAME=@FILE]...")
@option(
    "out-sr",
    metavar="WKID",
    help="The spatial reference of the results: a number such as 25832 or EPSG:25832, or its JSON.",
)
@option(
    "save",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save files, and features as GeoJSON, into this folder; each is called as its output.",
)
@option("leave-running", is_flag=True, help="Let a job go on after the deadline and after Ctrl-C.")
@option("json", "as_json", is_flag=True, help="One JSON document on stdout, also for an error.")
@_QUIET
@access_options
def run(
    address: str,
    inputs: Sequence[str],
    out_sr: str | None,
    save: Path | None,
    leave_running: bool,
    as_json: bool,
    quiet: bool,
    user: str | None,
    password: str | None,
    token: str | None,
    token_url: str | None,
    trust: Sequence[str],
    timeout: float | None,
    deadline: float | None,
) -> None:
    """Run a task of any server, and print its results.

    A value is written as in the form of the task's page: 12, "5 Miles", 2026-01-31T12:00Z (UTC, unless a
    zone is given), JSON, GeoJSON. NAME=@FILE takes it from a file, NAME=@- from stdin: JSON, GeoJSON or text;
    for features also a format that geopandas reads, NAME=@FILE.gpkg/LAYER; for a file or raster the file is
    uploaded. NAME=@@TEXT is a text that begins with @.

    Progress and messages go to stderr, results to stdout. Ctrl-C cancels the job. The address of a job
    instead of a task's comes back to that job.
    """
    from gpharness.client_access import Access
    from gpharness.running import Wishes, run_task

    access = Access(user, password, token, token_url, trust, timeout, deadline, leave_running)
    sys.exit(run_task(address, inputs, access, Wishes(out_sr, save, as_json, quiet)))


@click.command(epilog=f"{STATUSES} {PRECEDENCE}")
@click.argument("address", metavar="URL")
@click.option("--site", is_flag=True, help="Print a site file for `gpharness serve` instead.")
@option("json", "as_json", is_flag=True, help="Print what the server said, as JSON.")
@_QUIET
@access_options
def describe(
    address: str,
    site: bool,
    as_json: bool,
    quiet: bool,
    user: str | None,
    password: str | None,
    token: str | None,
    token_url: str | None,
    trust: Sequence[str],
    timeout: float | None,
    deadline: float | None,
) -> None:
    """Show a service's tasks and their parameters.

    URL is a service's address, or a task's; that of a server, or of a folder, lists its services.

    With --site it is a site file: `gpharness describe URL --site > site.yaml`, then `gpharness serve
    site.yaml` serves a mock of that service, or of all geoprocessing services there.
    """
    from gpharness.client_access import Access
    from gpharness.describing import Form, describe_address

    if site and as_json and _is_on_the_command_line("as_json"):
        raise click.UsageError("--site and --json are two forms; leave out one of them")
    form = Form.SITE if site else Form.JSON if as_json else Form.TEXT
    access = Access(user, password, token, token_url, trust, timeout, deadline)
    sys.exit(describe_address(address, access, form, quiet=quiet))


def _is_on_the_command_line(argument: str) -> bool:
    from click.core import ParameterSource

    source = click.get_current_context().get_parameter_source(argument)
    return source is ParameterSource.COMMANDLINE


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--server",
    metavar="URL",
    help="Where every toolbox of the script is looked for, whatever server its address names. Without it one "
    "that names none, such as ';Elevation/World', is looked for at $GPHARNESS_ARCPY_SERVER.",
)
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def arcpy(server: str | None, script: Path, arguments: Sequence[str]) -> None:
    """Run an ArcPy script unchanged, without ArcGIS.

    Its `import arcpy` gets a façade that calls services as ArcPy does; what follows the script's name are the
    script's own arguments. The status is the script's: 1 after an error, 130 after Ctrl-C, which cancels the
    jobs that it has started.
    """
    import signal

    from gpharness.arcpy_scripts import run_script

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(run_script(script, arguments, server=server))
