"""The where clause of a query: comparisons of fields with literals, joined by AND, OR and NOT.

What is known: `=`, `<>`, `!=`, `<`, `<=`, `>`, `>=`, `IS [NOT] NULL`, `[NOT] IN (…)`, `[NOT] LIKE` with `%`
and `_`, `[NOT] BETWEEN … AND …`, parentheses, numbers, `'texts'`, `DATE '…'` and `TIMESTAMP '…'`. Functions,
arithmetic and subqueries are refused. Words and names of fields match in any case, texts only in their own
(*assumed*). As in SQL, what is compared with NULL is neither true nor false, and such a row is left out.

Source: ArcGIS REST, *Query (Feature Service/Layer)*, standardized queries.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.fields import Field

from gp_mockserver.layers.like_patterns import count_pieces, matcher
from gp_mockserver.layers.query_work import PatternWork, QueryRefused, check_work

Attributes = Mapping[str, Any]
Truth = bool | None
Where = Callable[[Attributes], Truth]

LONGEST: Final = 10_000
"""Characters of a where clause."""
DEEPEST: Final = 50
"""Parentheses and NOTs within each other."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?)
    | (?P<sign><=|>=|<>|!=|[=<>(),])
    | (?P<word>[^\W\d][\w.$]*)
    | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RESERVED: Final = frozenset({"and", "or", "not", "is", "null", "in", "like", "between"})
_NUMBERS: Final = ("OID", "SmallInteger", "Integer", "BigInteger", "Single", "Double")
_SIGNS: Final = "one of =, <>, <, <=, >, >=, IS NULL, IN, LIKE, BETWEEN"
_HELP: Final = "this server knows comparisons of fields with literals, joined by AND, OR and NOT"


class _Token(NamedTuple):
    kind: str
    text: str


class _Operand(NamedTuple):
    """A field or a literal: how to read it, and `number`, `text`, `date` or `any`."""

    value: Callable[[Attributes], Any]
    kind: str
    said: str
    is_literal: bool = True


def parse_where(text: str, fields: Sequence[Field], rows: int = 1) -> Where:
    """What a row's attributes must be like, for so many rows. A blank text is true of every row.

    Raises QueryRefused, also for names that are none of the fields, for comparisons of unlike types, and for
    more comparisons than so many rows allow. So does what it gives, where patterns take too much.
    """
    if len(text) > LONGEST:
        raise QueryRefused(f"where: met {len(text)} characters, expected {LONGEST} at most")
    if not text.strip():
        return lambda row: True
    parser = _Parser(_tokens(text), {field.name.lower(): field for field in fields})
    found = parser.either(0)
    parser.expect_end()
    check_work("where", "comparisons", parser.looks, rows)
    return found


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "other":
            met = "a text without an end" if match[kind] in "'\"" else repr(match[kind])
            raise QueryRefused(f"where: met {met} at character {match.start(kind) + 1}; {_HELP}")
        tokens.append(_Token(kind, match[kind]))
    return tokens


class _Parser:
    """Reads tokens from left to right; each method reads one kind of phrase. `looks` counts how often what
    has been read looks at a row."""

    def __init__(self, tokens: list[_Token], fields: Mapping[str, Field]) -> None:
        self.looks = 0
        self._patterns = PatternWork()
        self._tokens = tokens
        self._place = 0
        self._fields = fields

    def either(self, depth: int) -> Where:
        return self._joined(depth, "or", self._all, _or)

    def _all(self, depth: int) -> Where:
        return self._joined(depth, "and", self._negated, _and)

    def _joined(
        self,
        depth: int,
        word: str,
        read: Callable[[int], Where],
        join: Callable[[Sequence[Where]], Where],
    ) -> Where:
        if depth > DEEPEST:
            raise QueryRefused(f"where: met more than {DEEPEST} levels of parentheses")
        parts = [read(depth)]
        while self._takes(word):
            parts.append(read(depth))
        return parts[0] if len(parts) == 1 else join(parts)

    def _negated(self, depth: int) -> Where:
        if self._takes("not"):
            if depth > DEEPEST:
                raise QueryRefused(f"where: met more than {DEEPEST} levels of parentheses")
            return _not(self._negated(depth + 1))
        if self._takes("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Where:
        left = self._operand()
        self.looks += 1
        if self._takes("is"):
            negated = self._takes("not")
            self._expect("null")
            return lambda row: (left.value(row) is None) != negated
        negated = self._takes("not")
        found = self._listed(left) or self._like(left) or self._between(left)
        if found is not None:
            return _not(found) if negated else found
        sign = self._next()
        compare = _COMPARISONS.get(sign.text) if sign.kind == "sign" and not negated else None
        if compare is None:
            raise self._unexpected(sign, _SIGNS)
        return _compared(left, compare, self._alike(left))

    def _listed(self, left: _Operand) -> Where | None:
        if not self._takes("in"):
            return None
        self._expect("(")
        choices = [self._alike(left)]
        while self._takes(","):
            choices.append(self._alike(left))
        self._expect(")")
        found = _among(left, [choice.value({}) for choice in choices if choice.is_literal])
        fields = [choice for choice in choices if not choice.is_literal]
        self.looks += len(fields)
        return _or([found, *(_compared(left, operator.eq, field) for field in fields)]) if fields else found

    def _like(self, left: _Operand) -> Where | None:
        if not self._takes("like"):
            return None
        token = self._next()
        if left.kind not in ("text", "any") or token.kind != "text":
            raise self._unexpected(token, "a field of texts LIKE a 'text'")
        pattern = _unquoted(token.text)
        self.looks += count_pieces(pattern)
        fits = matcher(pattern, self._patterns)

        def like(row: Attributes) -> Truth:
            value = left.value(row)
            return None if value is None else fits(str(value))

        return like

    def _between(self, left: _Operand) -> Where | None:
        if not self._takes("between"):
            return None
        self.looks += 1
        low = self._alike(left)
        self._expect("and")
        return _and([_compared(left, operator.ge, low), _compared(left, operator.le, self._alike(left))])

    def _alike(self, left: _Operand) -> _Operand:
        """The next operand, which must be of the same kind."""
        right = self._operand()
        kinds = {left.kind, right.kind}
        if "any" not in kinds and len(kinds) > 1 and kinds != {"date", "number"}:
            raise QueryRefused(f"where: {left.said} ({left.kind}) cannot be compared with {right.said}")
        return right

    def _operand(self) -> _Operand:
        token = self._next()
        if token.kind == "number":
            try:
                number: float = int(token.text)
            except ValueError:
                number = float(token.text)
            return _Operand(lambda row: number, "number", token.text[:40])
        if token.kind == "text":
            literal = _unquoted(token.text)
            return _Operand(lambda row: literal, "text", token.text[:40])
        if token.kind == "word" and token.text.lower() in ("date", "timestamp") and self._peek() == "text":
            instant = _milliseconds(_unquoted(self._next().text))
            return _Operand(lambda row: instant, "date", token.text)
        if token.kind == "word" and token.text.lower() == "null":
            return _Operand(lambda row: None, "any", "NULL")
        if token.kind not in ("word", "quoted") or (token.kind == "word" and token.text.lower() in _RESERVED):
            raise self._unexpected(token, "a field, a number or a 'text'")
        return self._field(token)

    def _field(self, token: _Token) -> _Operand:
        name = token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text
        field = self._fields.get(name.lower())
        if field is None:
            if self._peek() == "sign" and self._tokens[self._place].text == "(":
                raise QueryRefused(f"where: met the function {name[:60]}; {_HELP}")
            hint = did_you_mean(name, [each.name for each in self._fields.values()])
            raise QueryRefused(f"where: met {name[:60]!r}, which is no field; {hint}".rstrip("; "))
        own = field.name
        return _Operand(lambda row: row.get(own), _kind(field), own, is_literal=False)

    def _peek(self) -> str:
        return self._tokens[self._place].kind if self._place < len(self._tokens) else "end"

    def _next(self) -> _Token:
        if self._place == len(self._tokens):
            return _Token("end", "the end")
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, word: str) -> bool:
        """Read a word or sign, if it comes next."""
        if self._peek() in ("word", "sign") and self._tokens[self._place].text.lower() == word:
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected(self._next(), word.upper())

    def expect_end(self) -> None:
        if self._peek() != "end":
            raise self._unexpected(self._next(), "AND, OR or the end")

    def _unexpected(self, token: _Token, expected: str) -> QueryRefused:
        return QueryRefused(f"where: met {token.text[:60]}, expected {expected}; {_HELP}")


def _kind(field: Field) -> str:
    own = field.type.removeprefix("esriFieldType")
    return "number" if own in _NUMBERS else "date" if own == "Date" else "text"


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise QueryRefused(f"where: met {text[:40]!r}, expected a date such as 2025-12-31 23:59:59") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _compared(left: _Operand, compare: Callable[[Any, Any], bool], right: _Operand) -> Where:
    def compared(row: Attributes) -> Truth:
        one, other = left.value(row), right.value(row)
        if one is None or other is None:
            return None
        try:
            return compare(one, other)
        except TypeError:
            return None

    return compared


def _among(left: _Operand, literals: Sequence[Any]) -> Where:
    """Whether a value is one of the literals, however many they are; where NULL is one of them and the value
    is none of the others, nobody knows."""
    listed = frozenset(literals) - {None}
    otherwise = None if None in literals else False

    def among(row: Attributes) -> Truth:
        value = left.value(row)
        if value is None:
            return None
        try:
            return True if value in listed else otherwise
        except TypeError:  # no literal is like it
            return otherwise

    return among


def _and(parts: Sequence[Where]) -> Where:
    return lambda row: _least(part(row) for part in parts)


def _or(parts: Sequence[Where]) -> Where:
    return lambda row: _greatest(part(row) for part in parts)


def _not(part: Where) -> Where:
    def negated(row: Attributes) -> Truth:
        truth = part(row)
        return None if truth is None else not truth

    return negated


def _least(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True


def _greatest(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False
