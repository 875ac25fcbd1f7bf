"""Jinja's sandbox, held to a size: whatever a template asks for is measured before it is made.

Jinja keeps templates away from Python; how much they make it does not limit. Here operators, filters, methods
and joins look first at what would come of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, wraps
from types import BuiltinFunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT: Final = 16 * 1024 * 1024
"""The longest text, and the most items of a list, that a template may make."""
TURN: Final = "_turn"
"""The function that each turn of a loop calls."""

_MAX_BITS: Final = 65_536
"""Of a whole number."""
_MAX_ROWS: Final = 100_000
_MAX_DIGITS: Final = 1000
_MAX_INDENT: Final = 100
_CONVERSION: Final = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d+)?(?:\.(\*|\d+)?)?")
_WIDTH: Final = re.compile(r"\d+")
_OF_CONTAINERS: Final = frozenset(
    [
        "abs",
        "attr",
        "batch",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "map",
        "max",
        "min",
        "random",
        "reject",
        "rejectattr",
        "reverse",
        "round",
        "select",
        "selectattr",
        "slice",
        "sort",
        "sum",
        "unique",
    ]
)
"""Filters that make no text of what they are given."""


class TemplateFailed(Exception):
    """A template could not be rendered; the text says why."""


def check_size(size: int) -> None:
    """Raises TemplateFailed for more than MAX_TEXT characters or items."""
    if size > MAX_TEXT:
        raise TemplateFailed(f"it makes more than {MAX_TEXT} characters or items")


def size_of(value: Any) -> int:
    """About how long the text of a value is, in characters; counted no further than MAX_TEXT."""
    size = 0
    to_do = [value]
    while to_do and size <= MAX_TEXT:
        each = to_do.pop()
        size += 2
        if isinstance(each, str | bytes):
            size += len(each)
        elif isinstance(each, int):
            size += each.bit_length() // 3
        elif isinstance(each, Mapping):
            to_do += each.keys()
            to_do += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            size += len(each)
            if size <= MAX_TEXT:
                to_do += each
    return size


def join_bounded(pieces: Iterable[str]) -> str:
    """The pieces after each other. Raises TemplateFailed where that would be too long."""
    pieces = pieces if isinstance(pieces, list) else list(pieces)
    check_size(sum(map(len, pieces)))
    return "".join(pieces)


def _checked(value: Any) -> Any:
    check_size(size_of(value))
    return value


def _check_operation(operator: str, left: Any, right: Any) -> None:
    match operator:
        case "**":
            if abs(right) > 1000:
                raise TemplateFailed(f"the exponent {right} is beyond 1000")
            if isinstance(left, int) and isinstance(right, int):
                _check_bits(left.bit_length() * right)
        case "*":
            if isinstance(left, int) and isinstance(right, int):
                _check_bits(left.bit_length() + right.bit_length())
            for repeated, times in ((left, right), (right, left)):
                if isinstance(repeated, str | bytes | list | tuple) and isinstance(times, int):
                    check_size(len(repeated) * times)
        case "+":
            if isinstance(left, str | bytes | list | tuple) and isinstance(right, type(left)):
                check_size(len(left) + len(right))
        case "%" if isinstance(left, str | bytes):
            _check_conversions(str(left), right)


def _check_bits(bits: int) -> None:
    if bits > _MAX_BITS:
        raise TemplateFailed(f"it makes a number of more than {_MAX_BITS} bits")


def _check_conversions(text: str, given: Any) -> None:
    """What `text % given` would be long."""
    widths = count = 0
    for found in _CONVERSION.finditer(text):
        count += 1
        widths += sum(int(each[:12]) for each in found.groups() if each not in (None, "*"))
    values = given if isinstance(given, tuple) else (given,)
    widths += sum(abs(each) for each in values if isinstance(each, int)) if "*" in text else 0
    each = max(map(size_of, given.values()), default=0) if isinstance(given, Mapping) else 0
    check_size(len(text) + widths + 320 * count + 4 * (count * each + size_of(given)))


def _check_numbers(given: Iterable[Any], most: int = MAX_TEXT) -> None:
    if any(isinstance(each, int) and abs(each) > most for each in given):
        check_size(MAX_TEXT + 1)


def _check_replacement(text: str, args: tuple[Any, ...]) -> None:
    if len(args) > 1:
        old, new = str(args[0]), str(args[1])
        check_size(len(text) + (text.count(old) if old else len(text) + 1) * max(0, len(new) - len(old)))


def _check_join(separator: str, items: list[Any]) -> None:
    check_size(len(separator) * len(items) + sum(map(size_of, items)))


def _bounded_filter(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that looks first at what it is given."""

    skipped = 1 if hasattr(make, "jinja_pass_arg") else 0
    most = {"batch": _MAX_ROWS, "slice": _MAX_ROWS, "round": _MAX_DIGITS, "tojson": _MAX_INDENT}

    @wraps(make)
    def bounded(*args: Any, **named: Any) -> Any:
        before, (value, *rest) = args[:skipped], args[skipped:]
        given = (*rest, *named.values())
        if name != "format":
            _check_numbers(given, most.get(name, MAX_TEXT))
        if name == "join":
            value = list(value)
        if name not in _OF_CONTAINERS:
            check_size(size_of(value))
            _check_text(name, value, rest, named)
        elif name == "sum" and isinstance(rest[1] if len(rest) > 1 else named.get("start"), list | tuple):
            raise TemplateFailed("sum adds numbers, not lists")
        made = make(*before, value, *rest, **named)
        if isinstance(made, str | list | tuple):
            check_size(len(made))
        return made

    return bounded


def _check_text(name: str, value: Any, rest: list[Any], named: Mapping[str, Any]) -> None:
    """What a filter that makes a text would make of this value."""
    if name == "join":
        _check_join(str(rest[0] if rest else named.get("d", "")), value)
        return
    if name == "format":
        _check_conversions(str(value), named or tuple(rest))
        return
    text = value if isinstance(value, str) else ""
    given = [*rest, *named.values()]
    longest = max((each if isinstance(each, int) else len(str(each)) for each in given), default=0)
    if name == "indent":
        check_size(len(text) + (text.count("\n") + 1) * longest)
    elif name == "wordwrap":
        breaks = [each for each in given if isinstance(each, str)]
        check_size(len(text) * (1 + max(map(len, breaks), default=0)))
    elif name == "replace":
        found = {"old": None, "new": None, **dict(zip(("old", "new"), rest, strict=False)), **named}
        _check_replacement(str(value), (found["old"], found["new"]))
    elif name == "urlize":
        words = text.count(".") + text.count(":") + text.count("@")
        check_size(len(text) * 4 + words * longest)


def _to_json(value: Any, indent: int | None = None, sort_keys: bool = False) -> str:
    return json.dumps(value, indent=indent, sort_keys=sort_keys)


def _check_call(method: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """What a method of a text, of bytes or of a number would make."""
    owner = getattr(method, "__self__", None)
    if not isinstance(method, BuiltinFunctionType | MethodType) or not isinstance(
        owner, str | bytes | int | float
    ):
        return
    given = (*args, *named.values())
    _check_numbers(given)
    name = method.__name__
    if not isinstance(owner, str | bytes):
        return
    text = owner if isinstance(owner, str) else owner.decode("latin-1")
    if name == "replace":
        _check_replacement(text, tuple(_as_text(each) for each in args))
    elif name == "join" and args and isinstance(args[0], list | tuple | set | frozenset | Mapping):
        _check_join(text, list(args[0]))
    elif name == "join":
        raise TemplateFailed("join takes a list: use the filter join")
    elif name == "expandtabs":
        check_size(len(text) + text.count("\t") * max((abs(each) for each in given), default=8))
    elif name == "translate" and args and isinstance(args[0], Mapping):
        check_size(len(text) * max(map(size_of, args[0].values()), default=1))


def _as_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@cache
def bounded_environment() -> ImmutableSandboxedEnvironment:
    """The environment in which all output templates are compiled."""
    from jinja2 import StrictUndefined, nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
    from jinja2.visitor import NodeTransformer

    class Joins(NodeTransformer):
        """`a ~ b` becomes `[a, b] | join`, which is bounded."""

        def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
            self.generic_visit(node)
            items = nodes.List(node.nodes, lineno=node.lineno)
            return nodes.Filter(items, "join", [], [], None, None, lineno=node.lineno)

    class BoundedFormatter(SandboxedFormatter):
        size = 0

        def format_field(self, value: Any, format_spec: str) -> Any:
            widths = sum(int(each[:12]) for each in _WIDTH.findall(format_spec))
            self.size += widths + size_of(value)
            check_size(self.size)
            return super().format_field(value, format_spec)

        def convert_field(self, value: Any, conversion: Any) -> Any:
            check_size(size_of(value))
            return super().convert_field(value, conversion)

    class BoundedEnvironment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"+", "*", "**", "%"})
        concat = staticmethod(join_bounded)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _check_operation(operator, left, right)
            return super().call_binop(context, operator, left, right)

        def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
            _check_call(__obj, args, kwargs)
            return super().call(__context, __obj, *args, **kwargs)

        def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
            if super().wrap_str_format(value) is None:
                return None
            text, is_map = value.__self__, value.__name__ == "format_map"

            def formatted(*args: Any, **named: Any) -> str:
                given = ((), args[0]) if is_map else (args, named)
                return BoundedFormatter(self).vformat(text, *given)

            return formatted

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            repeated: Iterator[nodes.For | nodes.Macro | nodes.CallBlock] = tree.find_all(
                (nodes.For, nodes.Macro, nodes.CallBlock)
            )
            for node in repeated:
                call = nodes.Call(nodes.Name(TURN, "load"), [], [], None, None)
                node.body.insert(0, nodes.ExprStmt(call, lineno=node.lineno))
            return tree

        def _generate(
            self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
        ) -> str:
            return super()._generate(Joins().visit(source), name, filename, defer_init)

    environment = BoundedEnvironment(undefined=StrictUndefined, cache_size=0, finalize=_checked)
    environment.globals = {
        name: environment.globals[name] for name in ("range", "dict", "namespace", "cycler")
    }
    environment.filters["tojson"] = _to_json
    environment.filters = {name: _bounded_filter(name, make) for name, make in environment.filters.items()}
    return environment
