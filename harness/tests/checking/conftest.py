"""Makes `asked_bodies`, which stands beside the tests, importable by them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("asked_bodies", Path(__file__).with_name("asked_bodies.py"))
assert _spec is not None
assert _spec.loader is not None
sys.modules["asked_bodies"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["asked_bodies"])
