"""Lets tox find every Python that pyenv keeps; by itself it finds only those that pyenv has switched on."""

from __future__ import annotations

import os
from pathlib import Path

from tox.config.sets import ConfigSet
from tox.plugin import impl
from tox.session.state import State


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    """Offer pyenv's interpreters to tox's discovery, after those that the command line names."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    state.conf.options.discover.extend(str(python) for python in sorted(root.glob("versions/3.*/bin/python")))
