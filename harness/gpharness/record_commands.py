"""The command that makes contracts from servers that answer: `record`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gpharness.command_options import option

PRECEDENCE = "An option wins over its environment variable, that over the default."
STATUSES = (
    "Ends with status 0; 1 where something could not be recorded whole, or you said no; 2 for wrong usage, "
    "inputs, addresses or credentials, and where the contract cannot be written; 3 where the server is not "
    "reached or does not speak the protocol; 130 after Ctrl-C, which keeps what is complete."
)
_ABOVE_0 = click.FloatRange(0, min_open=True)


@click.command(epilog=f"{STATUSES} {PRECEDENCE}")
@click.argument("url", metavar="[URL]", required=False)
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE | NAME=@FILE]...")
@click.option(
    "--output",
    "-o",
    metavar="FILE|FOLDER",
    type=click.Path(path_type=Path),
    help="What to write: a file that ends in .yaml or .json, or a folder. By default a file called as the "
    "host, such as gis.example.com-arcgis.contract.yaml. What is there is not written over.",
)
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option(
    "--update",
    metavar="CONTRACT",
    type=click.Path(exists=True, path_type=Path),
    help="Have this contract's conversations again, show what has changed, and write only that, once you "
    "have said yes. Without URL it is the server that the contract is from.",
)
@click.option(
    "--inputs",
    "input_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sets of inputs, in YAML or JSON: a list of {name: value}, or by task such lists.",
)
@click.option(
    "--generate",
    metavar="N",
    default=0,
    type=click.IntRange(0, 1000),
    help="Run each task with N sets of inputs that its description allows.",
)
@click.option("--seed", default=0, show_default=True, type=int, help="Decides the generated inputs.")
@click.option(
    "--only",
    metavar="TASK",
    multiple=True,
    help="Only this task, such as WorldViewshed/viewshed; * stands for any text. May be given several times.",
)
@click.option(
    "--wrong",
    is_flag=True,
    help="Also send requests that are wrong on purpose: an unknown task and job, a missing input, one of a "
    "wrong type, one outside its choice list, the wrong operation, a result before the end.",
)
@click.option(
    "--cancel",
    metavar="TASK",
    multiple=True,
    help="Also run this task and cancel its job. May be given several times.",
)
@option("rate", show_default="2", type=_ABOVE_0, help="Requests a second, at even distances.")
@option(
    "interval",
    metavar="SECONDS",
    show_default="1",
    type=_ABOVE_0,
    help="Between two looks at a job, the first of which is as soon as the rate allows.",
)
@option(
    "max-time",
    metavar="SECONDS",
    show_default="600",
    type=_ABOVE_0,
    help="For one job; one that takes longer is cancelled, and its trace ends there.",
)
@option(
    "max-bytes",
    metavar="BYTES",
    show_default="10485760",
    type=click.IntRange(1),
    help="Of one answer; a larger one is left out.",
)
@option(
    "max-total",
    metavar="BYTES",
    show_default="104857600",
    type=click.IntRange(1),
    help="Of all answers; then nothing more is asked.",
)
@option("timeout", metavar="SECONDS", show_default="60", type=_ABOVE_0, help="For one request.")
@option("user", metavar="NAME", help="Sign in as this user; without a password it is asked for.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin; or set GPHARNESS_PASSWORD."
)
@option("token", metavar="TOKEN", help="A token to send, instead of signing in.")
@option("token-url", metavar="URL", show_default="as the server says", help="Where tokens are had from.")
@option(
    "trust",
    metavar="HOST",
    multiple=True,
    help="Another host, or host:port, that may be redirected to, give out tokens and keep files.",
)
@click.option("--mask-users", is_flag=True, help="Put stand-ins for user names into the contract.")
@click.option("--mask-paths", is_flag=True, help="Put stand-ins for folders of the server's machine into it.")
@click.option(
    "--source",
    type=click.Choice(["recorded", "generated"]),
    help="What the contract says of where it is from; by default generated for a mock of this program, else "
    "recorded.",
)
@click.option(
    "--yes",
    "-y",
    is_flag=True,
    help="Do not ask before tasks are run on another machine, files are uploaded and jobs are cancelled.",
)
@click.option(
    "--proxy",
    is_flag=True,
    help="Run no task, but stand between a client and the server, and write what passes until Ctrl-C: in "
    "front of URL, which may be https, or without one as the client's proxy for plain HTTP.",
)
@click.option(
    "--upstream",
    metavar="URL",
    help="With --proxy: the server to stand in front of, as URL says it, too.",
)
@click.option(
    "--allow",
    metavar="HOST",
    multiple=True,
    help="With --proxy and no URL: a host, or host:port, that clients may ask; else it is the first that one "
    "asks for. May be given several times.",
)
@click.option(
    "--port",
    default=None,
    show_default="a free one",
    type=click.IntRange(0, 65535),
    help="With --proxy: the port to listen on, on this machine alone.",
)
@click.option(
    "--rewrite",
    is_flag=True,
    help="With --proxy in front of a server: addresses of the server in its answers lead to the proxy.",
)
@click.option("--dry-run", is_flag=True, help="Read what there is, say what would be run, and end.")
@option("quiet", "-q", is_flag=True, help="No plan and no progress on stderr.")
def record(url: str | None, inputs: Sequence[str], **words: Any) -> None:
    """Make a contract from a server, by running its tasks.

    URL is the address of a task, of a service, of a folder of services or of a server. Each task runs with
    its default inputs, unless inputs are given for it or generated; one that has no defaults is left out.
    Inputs are written as for `gpharness run`.

    What the server says of itself is read first, and what will be run is shown. Tasks of another machine
    run only once you have said yes.

    With --proxy it is a client of yours that asks, and what passes between it and the server is written down.
    """
    if words["proxy"]:
        from gpharness.recording.proxy_words import proxied_as_told

        sys.exit(proxied_as_told(url, inputs, words))
    if url is None and words["update"] is None:
        raise click.UsageError(
            "what is recorded? give the address of a task, a service, a folder or a server"
        )
    from gpharness.recording.given_words import recorded_as_told

    sys.exit(recorded_as_told(url, inputs, words))
