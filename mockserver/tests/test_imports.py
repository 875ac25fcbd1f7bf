"""What importing the mock brings with it: start-up time is a feature."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["shapely", "pyproj", "numpy", "jinja2", "click", "rich", "yaml", "httpx", "hypothesis"]


def imported_by(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import gp_mockserver",
        "from gp_mockserver import MockServer, Site",
        "from gp_mockserver.builtin.builtin_site import builtin_site; builtin_site()",
    ],
)
def test_no_geometry_library_template_engine_or_command_line_comes_along(statement: str) -> None:
    assert not set(HEAVY) & imported_by(statement)


def test_the_protocol_needs_msgspec_alone() -> None:
    stdlib = set(sys.stdlib_module_names)
    foreign = {
        name
        for name in imported_by("import gp_protocol.values.data_types, gp_protocol.descriptions.descriptors")
        if name not in stdlib
    }
    assert {name for name in foreign if not name.startswith("_")} <= {
        "gp_protocol",
        "msgspec",
        "sitecustomize",
        "typing_extensions",
    }
