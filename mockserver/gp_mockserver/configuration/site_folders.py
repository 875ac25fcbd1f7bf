"""The folder of a site file: the files and the Python functions that the site file names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean

from gp_mockserver.errors import SiteFileError

_REFERENCE = 'a function as "module:name" or "package.module:name"'


class SiteFolder:
    """Resolves names in a site file. `path` None is a site without a file, which can name no files.

    `named` gathers the files that the site depends on, whether or not they are there.

    Modules of the folder are imported afresh for every `SiteFolder`, so that a site that is loaded again sees
    changed functions, and two sites may each have a `tools.py`.
    """

    def __init__(self, path: Path | None, named: set[Path] | None = None) -> None:
        self.path = path.resolve() if path else None
        self.named = set() if named is None else named
        self._fresh: set[str] = set()

    def find(self, name: str, path: str) -> Path:
        """The file of this name in the folder; `path` is the place that names it. Raises SiteFileError."""
        if self.path is None:
            raise SiteFileError(
                path, shown(name), "no file", "only a site that was loaded from a file can name files"
            )
        try:
            file = (self.path / name).resolve()
            self.named.add(file)
            exists = file.is_file()
        except (OSError, ValueError):
            exists = False
        if not exists:
            there = [entry.name for entry in self.path.iterdir() if entry.is_file()]
            raise SiteFileError(path, shown(name), f"a file in {self.path}", did_you_mean(name, there))
        if not file.is_relative_to(self.path):
            raise SiteFileError(path, shown(name), f"a file below {self.path}", "copy it there")
        return file

    def load_function(self, reference: str, path: str) -> Callable[..., Any]:
        """The function that `package.module:name` means, looked for in the folder first."""
        module_name, colon, name = reference.partition(":")
        if not colon or not all(part.isidentifier() for part in [*module_name.split("."), name]):
            raise SiteFileError(path, shown(reference), _REFERENCE)
        try:
            module = self._import(module_name)
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name and module_name.startswith(error.name):
                met, remedy = f'no module "{error.name}"', f"put it into {self.path or 'the Python path'}"
            else:
                met, remedy = f"{type(error).__name__}: {error}", f"correct what importing {module_name} runs"
            raise SiteFileError(path, met, _REFERENCE, remedy) from error
        function = getattr(module, name, None)
        if not callable(function):
            functions = [word for word, value in vars(module).items() if callable(value)]
            met = f'no function "{name}" in {module_name}'
            raise SiteFileError(path, met, _REFERENCE, did_you_mean(name, functions))
        return function  # type: ignore[no-any-return]

    def _import(self, name: str) -> ModuleType:
        top = name.partition(".")[0]
        folder = str(self.path)
        if self.path is not None:
            own = self.path.glob("*.py"), (self.path / top).rglob("*.py")
            self.named.update([self.path / f"{top}.py"], *own)
        if self.path is None or not any((self.path / entry).exists() for entry in (f"{top}.py", top)):
            return importlib.import_module(name)
        if top not in self._fresh:
            self._fresh.add(top)
            for loaded in [word for word in sys.modules if word == top or word.startswith(f"{top}.")]:
                del sys.modules[loaded]
        importlib.invalidate_caches()
        sys.path.insert(0, folder)
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(folder)
