"""Secrets in files, looked for by `check --secrets`: where they stand is told, never what they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_MOST_SHOWN: Final = 200


def search_files(files: Sequence[str], *, is_alone: bool) -> int:
    """Look for secrets in files and folders, and print where they stand; the status to end with. `is_alone`:
    no option of the other checks was given."""
    from gpharness.contracts.errors import ContractFileError
    from gpharness.contracts.secrets.scanning import scan_files
    from gpharness.plain_texts import printable
    from gpharness.standard_output import OutputLost, give_up, written

    if not is_alone:
        return _refuse("--secrets goes with no other option: it takes files of any kind and folders")
    missing = next((name for name in files if not Path(name).exists()), None)
    if missing is not None:
        return _refuse(f"{missing!r} is no file and no folder")
    try:
        leaks = scan_files(files)
    except ContractFileError as error:
        return _refuse(" ".join(str(error).split()))
    lines = [printable(str(leak)) for leak in leaks[:_MOST_SHOWN]]
    if len(leaks) > _MOST_SHOWN:
        lines.append(f"... and {len(leaks) - _MOST_SHOWN} more")
    lines.append(
        f"{len(leaks)} secret{'' if len(leaks) == 1 else 's'} found" if leaks else "no secrets found"
    )
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = "".join(f"{line}\n" for line in lines)
    try:
        with written():
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()
    except OutputLost as error:
        return give_up("check", error)
    return 1 if leaks else 0


def _refuse(why: str) -> int:
    print(f"gpharness check: {why}", file=sys.stderr)
    return 2
