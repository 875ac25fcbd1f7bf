"""Sessions on a clock that only moves when somebody waits, and servers made of answers written by hand."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gp_client.clocks import SharedClock
from gp_client.sessions import Session, Settings

for _name in ("scripted", "raw_server", "conversation"):
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(f"{_name}.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])


@pytest.fixture
def session() -> Callable[..., Session]:
    """Makes a session of a server at `root`; further words are Settings."""

    def make(root: str = "http://gis.example.com/arcgis", tokens: Any = None, **settings: Any) -> Session:
        from gp_client.wire.tokens import TokenKeeper

        return Session(
            root, Settings(**settings), tokens=tokens or TokenKeeper(), clock=SharedClock(), seed=1
        )

    return make
