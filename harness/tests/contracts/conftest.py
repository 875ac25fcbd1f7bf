"""Makes `planted_secrets`, which stands beside the tests, importable by them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "planted_secrets", Path(__file__).with_name("planted_secrets.py")
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["planted_secrets"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["planted_secrets"])
