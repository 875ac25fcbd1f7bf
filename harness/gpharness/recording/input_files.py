"""Files that hold several sets of inputs, in YAML or JSON.

    - {Distance: 5 Miles, Points: '@points.geojson'}      # for the one task that is recorded
    - {Distance: 8 Kilometers, Points: '@points.geojson'}

    WorldViewshed/viewshed:                               # or for each task its own
      - {Viewshed_Distance: 5 Miles}

A text is read as a word of the command line is, `@file` (from the file's folder on) included; any other value
is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gp_client.errors import InvalidInput
from gp_protocol.errors import shown

Sets = dict[str, list[dict[str, Any]]]
_EXPECTED = "a list of sets of inputs, or such a list by task: Folder/Service/Task: [{name: value}, …]"


def read_input_sets(path: Path) -> Sets:
    """The sets by task, by `""` where the file names none. Raises InvalidInput."""
    content = _content(path)
    if isinstance(content, list):
        return {"": _sets(content, path, "")}
    if not isinstance(content, Mapping) or not content:
        raise _refused(path, "", content, _EXPECTED)
    return {
        str(task): _sets(sets if isinstance(sets, list) else [sets], path, str(task))
        for task, sets in content.items()
    }


def _content(path: Path) -> Any:
    import yaml

    try:
        return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise InvalidInput(
            parameter="--inputs", met=f"{path}, which cannot be read: {error.strerror}", expected="a file"
        ) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        met = " ".join(str(error).split())[:300]
        raise InvalidInput(parameter="--inputs", met=f"in {path} {met}", expected="YAML or JSON") from None


def _sets(listed: list[Any], path: Path, task: str) -> list[dict[str, Any]]:
    if not listed:
        raise _refused(path, task, listed, "at least one set of inputs")
    for number, each in enumerate(listed):
        if not isinstance(each, Mapping) or not all(isinstance(name, str) for name in each):
            raise _refused(path, f"{task}[{number}]", each, "a set of inputs, {name: value}")
    return [dict(each) for each in listed]


def _refused(path: Path, place: str, met: Any, expected: str) -> InvalidInput:
    where = f"{path}: {place}" if place else str(path)
    return InvalidInput(parameter=f"--inputs {where}", met=shown(met)[:200], expected=expected)
