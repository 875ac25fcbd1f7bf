"""Makers: what a record writes in place of a value that is too large, too odd or too variable to write down.

A maker is an object with one member whose key begins with `$`. It may stand anywhere in an action, and its
own operands may be makers:

| maker | makes |
|---|---|
| `"$name"`, `{"$parameter": "name"}` | the deviation's parameter of that name |
| `{"$text": "$5"}` | a text, which is not looked into |
| `{"$repeat": [what, n]}` | a text, bytes or a list, n times over |
| `{"$join": [one, another]}` | texts, numbers or bytes after each other; bytes if one of them is bytes |
| `{"$hex": "efbbbf"}` | bytes by their digits; blanks between them are passed over |
| `{"$random": n}` | n bytes, the same for the same seed |
| `{"$gzip-blanks": n}` | a gzip stream of n blanks, n / 1000 bytes long |
| `{"$literal": "NaN"}` | raw text in place of a JSON value; `{"$literal": "null"}` is TOML's missing null |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.deviations.body_limits import MOST_BYTES, check_size
from gp_mockserver.deviations.edit_forms import operand
from gp_mockserver.deviations.json_documents import Literal
from gp_mockserver.errors import SiteFileError

if TYPE_CHECKING:
    from random import Random

_PARAMETER: Final = re.compile(r"\$([A-Za-z][\w-]*)", re.ASCII)
_DEEPEST: Final = 100
_ITEM: Final = 100
"""Bytes of memory that an element of a list takes beside what it says, about."""


class Made(msgspec.Struct):
    """How many bytes makers have made so far."""

    size: int = 0


class Makings(msgspec.Struct, frozen=True):
    """What makers make from: the deviation's parameters, a seed, and how many bytes all of them together may
    make. `made` counts them; a record has one of these for all of its steps."""

    parameters: Mapping[str, Any] = {}
    seed: int | str = 0
    limit: int = MOST_BYTES
    made: Made = msgspec.field(default_factory=Made)

    def take(self, path: str, size: int, before: int | None = None) -> None:
        """Count bytes that are about to be made; where they are made of others that were, `before` says how
        many there were without those. Raises BodyTooLarge."""
        size += self.made.size if before is None else before
        check_size(f"{path}, all that is made for the deviation", size, self.limit)
        self.made.size = size


def expand(data: Any, makings: Makings | None = None, path: str = "value") -> Any:
    """The data with every maker replaced by what it makes; parameters' own values are not looked into.

    Raises SiteFileError, said of `path`, for unknown makers, unknown parameters and wrong operands, and
    BodyTooLarge for what would be too large, before it is made.
    """
    from random import Random

    makings = makings or Makings()
    return _expanded(data, makings, Random(str(makings.seed)), path, 0)


def parameters_in(data: Any) -> frozenset[str]:
    """The names of all parameters that the data asks for."""
    return frozenset(_names(data, 0))


def _names(data: Any, depth: int) -> Iterator[str]:
    if isinstance(data, str):
        asked = _PARAMETER.fullmatch(data)
        if asked:
            yield asked[1]
    elif isinstance(data, Mapping):
        for key, each in data.items():
            if key == "$parameter" and isinstance(each, str):
                yield each.removeprefix("$")
            elif key != "$text" and depth < _DEEPEST:
                yield from _names(each, depth + 1)
    elif isinstance(data, list | tuple) and depth < _DEEPEST:
        for each in data:
            yield from _names(each, depth + 1)


def _expanded(data: Any, makings: Makings, random: Random, path: str, depth: int) -> Any:
    if isinstance(data, str):
        asked = _PARAMETER.fullmatch(data)
        return _parameter(asked[1], makings, path) if asked else data
    if not isinstance(data, Mapping | list | tuple):
        return data
    if depth > _DEEPEST:
        raise SiteFileError(path, "deeper nesting", f"at most {_DEEPEST} levels")
    if not isinstance(data, Mapping):
        return [_expanded(each, makings, random, f"{path}[{i}]", depth + 1) for i, each in enumerate(data)]
    name = next((key for key in data if isinstance(key, str) and key.startswith("$")), None)
    if name is None:
        return {
            key: _expanded(each, makings, random, f"{path}.{key}", depth + 1) for key, each in data.items()
        }
    if len(data) > 1:
        raise SiteFileError(path, f"{name} and other members", "a maker alone in its object")
    place = f"{path}.{name}"
    if name == "$text":
        return _text(data[name], place)
    if name == "$parameter":
        return _parameter(_text(data[name], place).removeprefix("$"), makings, place)
    if name not in _MAKERS:
        known = ["$parameter", "$text", *_MAKERS]
        raise SiteFileError(place, "no maker of that name", one_of(known), did_you_mean(name, known))
    before = makings.made.size
    given = _expanded(data[name], makings, random, place, depth + 1)
    return _MAKERS[name](given, makings, before, random, place)


def _parameter(name: str, makings: Makings, path: str) -> Any:
    if name not in makings.parameters:
        known = one_of(makings.parameters) if makings.parameters else "a deviation with parameters"
        hint = did_you_mean(name, makings.parameters) or 'a text that begins with $ is {"$text": …}'
        raise SiteFileError(path, f"no parameter called {name}", known, hint)
    value = makings.parameters[name]
    makings.take(path, _size_of(value))
    return value


def _size_of(value: Any) -> int:
    """About how many bytes a value takes; numbers, which makers count by, take none."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_ITEM + _size_of(key) + _size_of(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return sum(_ITEM + _size_of(each) for each in value)
    return 0


def _repeated(given: Any, makings: Makings, before: int, random: Random, path: str) -> Any:
    if not isinstance(given, list) or len(given) != 2:
        raise SiteFileError(path, shown(given), "what to repeat, and how often")
    what, times = given[0], _count(given[1], f"{path}[1]")
    if isinstance(what, str):
        size = len(what.encode("utf-8", "replace"))
    elif isinstance(what, bytes | list):
        size = _size_of(what)
    else:
        raise SiteFileError(f"{path}[0]", shown(what), "a text, bytes or a list")
    makings.take(path, size * times, before)
    return what * times


def _joined(given: Any, makings: Makings, before: int, random: Random, path: str) -> str | bytes:
    if not isinstance(given, list):
        raise SiteFileError(path, shown(given), "a list of texts, numbers and bytes")
    given = [str(each) if type(each) in (int, float) else each for each in given]
    pieces = [operand(each, f"{path}[{i}]") for i, each in enumerate(given)]
    makings.take(path, sum(map(len, pieces)), before)
    if any(isinstance(each, bytes) for each in given):
        return b"".join(pieces)
    return "".join(given)


def _bytes_of_digits(given: Any, makings: Makings, before: int, random: Random, path: str) -> bytes:
    try:
        return bytes.fromhex(_text(given, path))
    except ValueError:
        raise SiteFileError(path, shown(given), "two of 0-9 and a-f for each byte") from None


def _random_bytes(given: Any, makings: Makings, before: int, random: Random, path: str) -> bytes:
    count = _count(given, path)
    makings.take(path, count, before)
    return random.randbytes(count)


def _gzip_blanks(given: Any, makings: Makings, before: int, random: Random, path: str) -> bytes:
    from gp_mockserver.deviations.gzip_blanks import gzip_blanks, packed_size

    count = _count(given, path)
    makings.take(path, packed_size(count), before)
    return gzip_blanks(count)


def _literal(given: Any, makings: Makings, before: int, random: Random, path: str) -> Literal:
    return Literal(operand(given, path))


def _count(given: Any, path: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise SiteFileError(path, shown(given), "a whole number, 0 or more")
    return given


def _text(given: Any, path: str) -> str:
    if not isinstance(given, str):
        raise SiteFileError(path, shown(given), "a text")
    return given


_MAKERS: Final[dict[str, Callable[[Any, Makings, int, Random, str], Any]]] = {
    "$repeat": _repeated,
    "$join": _joined,
    "$hex": _bytes_of_digits,
    "$random": _random_bytes,
    "$gzip-blanks": _gzip_blanks,
    "$literal": _literal,
}
