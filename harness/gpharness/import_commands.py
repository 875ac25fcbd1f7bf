"""The command that makes contracts, and site files, of what other programs have written down: `import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

STATUSES = "Ends with status 0; 2 for wrong usage and for files from which nothing can be read or written."


@click.command(name="import", epilog=STATUSES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    metavar="CONTRACT",
    required=True,
    type=click.Path(path_type=Path),
    help="What to write: a file that ends in .yaml or .json, or a folder.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["har", "vcr", "bodies", "widget"]),
    help="What the files are, where they do not say it themselves.",
)
@click.option(
    "--root",
    metavar="URL",
    help="The address of the server's context, such as https://gis.example.com/arcgis; by default that which "
    "most requests were to.",
)
@click.option("--of", metavar="PAGE", default="", help="The page or document that the files are from.")
@click.option("--mask-users", is_flag=True, help="Put stand-ins for user names into the contract.")
@click.option("--mask-paths", is_flag=True, help="Put stand-ins for folders of the server's machine into it.")
@click.option("--force", is_flag=True, help="Write over what is there.")
def import_(files: tuple[Path, ...], **words: Any) -> None:
    """Make a contract of recordings of other programs.

    FILE is an HTTP Archive (.har, .har.gz) of a browser or a proxy, a cassette of VCR, or a folder of saved
    answers, one in each file. The geoprocessing widget's configuration of Web AppBuilder or Experience
    Builder becomes a site file. Nothing is asked of any server, and what cannot be used is told.

    \b
    gpharness import app.har -o gis.contract.yaml
    gpharness import widget-config.json -o site.yaml
    """
    from gpharness.importing.by_command import ImportWishes, import_files

    sys.exit(import_files(files, ImportWishes(**words)))
