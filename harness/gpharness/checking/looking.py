"""What is known of a body that is looked at, and what is found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import msgspec
from gp_client.reading.quoting import quoted
from gp_protocol.errors import ProtocolError, shown

from gpharness.findings.finding_names import finding

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter, Task
    from gp_protocol.versions import Profile

    from gpharness.findings.findings import Finding, Severity

_MOST_FINDINGS: Final = 100
_LONGEST_KEY: Final = 80
_LONGEST_MET: Final = 160
_INDEX: Final = re.compile(r"\[\d+\]")


class NotFinite(float):
    """A number that was written as NaN or as an infinity. That it is no JSON has been found already."""

    __slots__ = ()


class Looking:
    """`kind` is what the body is taken for, `is_guessed` that nobody said so. `asked` are the request's
    parameters, `knows_asked` whether any were told: without them nothing can be called unasked. `is_strict`:
    the body was read by the quick reader, so that no number in it is a NotFinite.

    The same thing found at many places of one list is told once, with how often.
    """

    def __init__(
        self,
        kind: str,
        *,
        is_guessed: bool = False,
        profile: Profile | None = None,
        task: Task | None = None,
        parameter: Parameter | None = None,
        asked: Mapping[str, str] = {},
        job_id: str = "",
        task_path: str = "",
    ) -> None:
        self.kind = kind
        self.is_guessed = is_guessed
        self.profile = profile
        self.task = task
        self.parameter = parameter
        self.job_id = job_id
        self.is_strict = True
        self.task_path = task_path
        self.knows_asked = bool(asked)
        self._asked = {key.lower(): value for key, value in asked.items()}
        self._found: dict[tuple[str, str, str], tuple[Finding, int]] = {}

    @property
    def is_of_inputs(self) -> bool:
        """Whether the values are inputs as they were sent, which may be references."""
        return self.kind in ("input", "inputs")

    def asked(self, name: str) -> str:
        """A parameter of the request; empty where it was not given."""
        return self._asked.get(name.lower(), "").strip()

    def asked_with(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """Names, in small letters, and values of the request's parameters in which the pattern is found."""
        return ((name, value) for name, value in self._asked.items() if pattern.search(value))

    def is_asked(self, name: str) -> bool:
        """Whether a parameter of the request says true."""
        return self.asked(name).lower() == "true"

    def say(self, name: str, path: str, met: Any, expected: str, *, severity: Severity | None = None) -> None:
        """Something found. `met` is the value itself, or a `Phrase`."""
        general = _INDEX.sub("[]", path)
        key = (name, general, severity or "")
        first, count = self._found.get(key, (None, 0))
        if first is None:
            if len(self._found) >= _MOST_FINDINGS:
                return
            first = finding(
                name,
                operation=self.kind,
                task=self.task_path,
                path=path,
                expected=expected,
                met=met.text if isinstance(met, Phrase) else quoted(shown(met), _LONGEST_MET),
                **({"severity": severity} if severity else {}),
            )
        self._found[key] = (first, count + 1)

    def note(self, name: str, path: str, met: Any, expected: str) -> None:
        """Something legal that is odd enough to be told."""
        self.say(name, path, met, expected, severity="note")

    def say_error(self, name: str, path: str, error: ProtocolError) -> None:
        """What a reader of the protocol raised."""
        place = f"{path}{error.path}" if error.path.startswith("[") else join(path, error.path)
        self.say(name, place, Phrase(quoted(error.met, _LONGEST_MET)), error.expected)

    @property
    def findings(self) -> list[Finding]:
        """What was found, in the order of the body."""
        return [
            first
            if count == 1
            else msgspec.structs.replace(first, met=f"{first.met} (and {count - 1} more like it)")
            for first, count in self._found.values()
        ]


class Phrase:
    """What was met, in words."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


NOTHING: Final = Phrase("nothing")
"""What is met where a member is missing."""


def join(path: str, key: Any) -> str:
    """The path, led on by a member's name."""
    name = str(key)
    if len(name) > _LONGEST_KEY or not name.isprintable():
        name = quoted(name, _LONGEST_KEY)
    return f"{path}.{name}" if path and name else path or name


def met_at(value: Mapping[str, Any], key: str) -> Any:
    """A member's value, or that there is none."""
    return value.get(key, NOTHING)


def is_whole(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a whole number, in whatever form it is written."""
    return type(value) is int or (type(value) is float and value.is_integer())


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a number; NaN and infinities, which have been told, are taken for such."""
    return type(value) is int or isinstance(value, float)
