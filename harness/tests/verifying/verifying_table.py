"""The table of what `verify` finds of each entry of the catalogue, for the docs.

The test of the catalogue holds the program to it. Run this file to write the page anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import verifying_expectations as expectations
from gp_mockserver.deviations.catalogue import GROUPS, catalogue
from gp_mockserver.deviations.records import Deviation

PAGE: Final = Path(__file__).parents[3] / "docs" / "verify-table.md"
_HEAD: Final = """# What `gpharness verify` finds of each deviation

Each entry of the [catalogue of deviations](deviations.md) is injected into the built-in mock, which is then
held to a contract that it made when it was clean. The finding is the one about the protocol that is reported,
and no other is; where there is none the server may do so. Beside it stands what is told of promises that are
not kept, as a descriptor or an outcome is another one than the contract has; notes are left out. This page is
made of what the tests hold the program to.

"""


def page() -> str:
    """The whole page."""
    return _HEAD + "\n".join(_group(each) for each in GROUPS)


def _group(group: str) -> str:
    rows = [_row(each) for each in catalogue().values() if each.group == group]
    columns = "| entry | kind | finding | promises not kept |\n|---|---|---|---|"
    return "\n".join([f"## {group[0].upper()}{group[1:]}", "", columns, *rows]) + "\n"


def _row(entry: Deviation) -> str:
    finding = f"`{entry.finding}`" if entry.finding else "none"
    if entry.name in expectations.NOT_MET:
        finding = f"none ({expectations.NOT_MET[entry.name]})"
    drift = ", ".join(f"`{each}`" for each in sorted(expectations.DRIFT.get(entry.name, ())))
    return f"| `{entry.name}` | {entry.kind} | {finding} | {drift} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
