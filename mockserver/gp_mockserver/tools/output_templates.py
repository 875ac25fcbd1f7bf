"""Jinja templates that make an output's value from a job's inputs.

A template is a text, or any JSON whose texts are templates. A text that is one expression and nothing else,
`"{{ Distance.distance * 2 }}"`, keeps the type of its value; any other text becomes a text. In reach stand
every input by its name, in its JSON form, all of them as `inputs`, and `seed` and `job_id`. Templates run in
Jinja's sandbox, and a mistake costs a failed job, not the server: loops, repetitions and the result are
bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.bounded_templates import (
    TURN,
    TemplateFailed,
    bounded_environment,
    check_size,
    size_of,
)

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TURNS = 250_000
"""How many turns all loops and macros of one template may take."""
BUILT_IN = ("inputs", "seed", "job_id")


class OutputTemplate(msgspec.Struct, frozen=True):
    """A compiled template. `names` are the variables that it reads; `render` makes the JSON value from them,
    or raises TemplateFailed.
    """

    names: frozenset[str]
    render: Callable[[Mapping[str, Any]], Any]


def compile_template(source: Any, inputs: Collection[str], path: str = "template") -> OutputTemplate:
    """Compile a template that may read these inputs. Raises SiteFileError, also for an unknown variable."""
    if isinstance(source, str):
        return _compile_text(source, inputs, path)
    if isinstance(source, list):
        items = [compile_template(item, inputs, f"{path}[{i}]") for i, item in enumerate(source)]
        return _joined(items, lambda variables: list(_together(items, variables)))
    if isinstance(source, dict):
        members = {key: compile_template(item, inputs, f"{path}.{key}") for key, item in source.items()}
        return _joined(
            members.values(),
            lambda variables: dict(zip(members, _together(members.values(), variables), strict=True)),
        )
    return OutputTemplate(frozenset(), lambda variables: source)


def _joined(parts: Collection[OutputTemplate], render: Callable[[Mapping[str, Any]], Any]) -> OutputTemplate:
    return OutputTemplate(frozenset().union(*(part.names for part in parts)), render)


def _together(parts: Iterable[OutputTemplate], variables: Mapping[str, Any]) -> Iterator[Any]:
    """What each part makes, as long as all together are not too large."""
    size = 0
    for part in parts:
        value = part.render(variables)
        size += size_of(value)
        check_size(size)
        yield value


def _compile_text(source: str, inputs: Collection[str], path: str) -> OutputTemplate:
    from jinja2 import TemplateSyntaxError, meta

    environment = bounded_environment()
    try:
        names = meta.find_undeclared_variables(environment.parse(source)) - {TURN}
        expression = _only_expression(environment, source)
        render = _expression(environment, expression) if expression else _text(environment, source)
    except TemplateSyntaxError as error:
        met = f"{shown(source)} (line {error.lineno}: {error.message})"
        raise SiteFileError(path, met, "a Jinja template") from error
    known = [*inputs, *BUILT_IN]
    for name in sorted(names - set(known) - set(environment.globals)):
        expected = f"an input of the task, or inputs, seed or job_id: {one_of(known)}"
        raise SiteFileError(path, f'the variable "{name}"', expected, did_you_mean(name, known))
    return OutputTemplate(frozenset(names) & set(known), render)


def _only_expression(environment: ImmutableSandboxedEnvironment, source: str) -> str | None:
    """The expression of a text such as `{{ a + 1 }}`; None where the text holds more, or no expression."""
    tokens = [(kind, value) for _, kind, value in environment.lex(source) if kind != "data" or value.strip()]
    kinds = [kind for kind, _ in tokens]
    whole = kinds[:1] == ["variable_begin"] and kinds.index("variable_end") == len(kinds) - 1
    return "".join(value for _, value in tokens[1:-1]) if whole else None


def _expression(
    environment: ImmutableSandboxedEnvironment, source: str
) -> Callable[[Mapping[str, Any]], Any]:
    expression = environment.compile_expression(source, undefined_to_none=False)

    def render(variables: Mapping[str, Any]) -> Any:
        with _Failures():
            return _plain(expression(**variables), _Room())

    return render


def _text(environment: ImmutableSandboxedEnvironment, source: str) -> Callable[[Mapping[str, Any]], Any]:
    template = environment.from_string(source)

    def render(variables: Mapping[str, Any]) -> Any:
        pieces: list[str] = []
        size = 0
        with _Failures():
            for piece in template.generate({**variables, TURN: _counter()}):
                size += len(piece)
                check_size(size)
                pieces.append(piece)
        return "".join(pieces)

    return render


class _Failures:
    """Turns whatever a template raises into TemplateFailed."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RecursionError):
            raise TemplateFailed("it calls itself without an end") from None
        if isinstance(error, Exception) and not isinstance(error, TemplateFailed):
            raise TemplateFailed(str(error) or type(error).__name__) from error


def _counter() -> Callable[[], None]:
    turns = iter(range(MAX_TURNS))

    def turn() -> None:
        if next(turns, None) is None:
            raise TemplateFailed(f"its loops take more than {MAX_TURNS} turns")

    return turn


def _plain(value: Any, room: _Room) -> Any:
    """The JSON of what an expression gave: what is undefined raises, any sequence becomes a list."""
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        str(value)
    room.take(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, room) for key, item in value.items()}
    if isinstance(value, Sequence | set | Iterator | range):
        return [_plain(item, room) for item in value]
    return value


_ITEM = 8
"""Characters that each item of a list counts for."""


class _Room:
    """How much of an expression's value has been taken."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, value: Any) -> None:
        if isinstance(value, str):
            self._taken += len(value)
        elif isinstance(value, Mapping | Sequence | set):
            self._taken += _ITEM * len(value)
        check_size(self._taken)
