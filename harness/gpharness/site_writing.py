"""Descriptors of a real server as a site file, from which the mock serves the same services."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from gpharness.describing import Described

_NUMERIC = frozenset("+-.0123456789")
_CONTEXT = re.compile(r"[A-Za-z0-9._~-]+")


def site_text(root: str, described: Sequence[Described]) -> str:
    """The site file, in YAML; every descriptor stands in it as the server sent it.

    The context is the last segment of the server's own. A service of which only some tasks are described
    lists those alone.
    """
    data = {"context": _context(root), "services": {each.service.name: _service(each) for each in described}}
    written = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return f"# The geoprocessing services of {root}, as it describes them.\n{written}"


def _context(root: str) -> str:
    last = root.rstrip("/").rpartition("/")[2]
    return last if root.count("/") > 2 and _CONTEXT.fullmatch(last) else "arcgis"


def _service(described: Described) -> dict[str, Any]:
    labels = [task.descriptor.label for task in described.tasks]
    return {
        "descriptor": {**described.service.raw, "tasks": labels},
        "tasks": [{"descriptor": task.raw} for task in described.tasks],
    }


class _Dumper(yaml.SafeDumper):
    """A dumper that writes everything out: anchors, which stand for what comes twice, are hard to read.

    Texts that begin as numbers do are quoted: site files are YAML 1.2, in which more of them are numbers.
    """

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = '"' if data[:1] in _NUMERIC else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)
