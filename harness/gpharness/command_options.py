"""Options that the environment sets, too, shared by the modules that define commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class SettableOption(click.Option):
    """An option whose errors name what set it: the environment variable, or else the option."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        from click.core import ParameterSource

        if ctx and self.name and ctx.get_parameter_source(self.name) is ParameterSource.ENVIRONMENT:
            return f"'{self.envvar}'"
        return f"'{self.opts[0]}'"


def option(name: str, *words: str, **settings: Any) -> Callable[[Function], Function]:
    """A click option that `GPHARNESS_<NAME>` in the environment sets, too; a flag by 1, true or yes.

    `words` are its short form and the name of its argument, where it has such. The variable of an option that
    may be given several times holds them with blanks between.
    """
    variable = f"GPHARNESS_{name.upper().replace('-', '_')}"
    return click.option(
        f"--{name}", *words, cls=SettableOption, envvar=variable, show_envvar=True, **settings
    )
