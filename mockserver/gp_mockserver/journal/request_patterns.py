"""Which requests are meant, and how another one differs from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.descriptions.parameter_checks import value_of_name
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.data_types import data_type

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal import Criteria, check_operation
from gp_mockserver.security.masking import without_secrets
from gp_mockserver.tools.outcome_rules import when_text

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter

    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site


class Pattern(msgspec.Struct, frozen=True):
    """Requests to a site that are meant: those of one operation, or of any (None), and of them as `Criteria`
    say. Without a site no data types are known, by which parameters are compared."""

    site: Site | None
    operation: str | None
    task: str | None = None
    service: str | None = None
    job: str | None = None
    name: str | None = None
    method: str | None = None
    status: int | None = None
    path: str | None = None
    where: Callable[[Entry], bool] | None = None
    parameters: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """Such as `submitJob of WorldViewshed/viewshed with Viewshed_Distance "8.5 Miles"`."""
        given = ", ".join(f"{name} {shown(value)}" for name, value in (self.parameters or {}).items())
        parts = (
            ("by", self.method),
            ("of", self.task or self.service),
            ("of job", self.job),
            ("for", self.name),
            ("at", self.path),
            ("answered with", self.status),
            ("with", given),
            ("where", self.where and when_text(self.where)),
        )
        return " ".join(
            [self.operation or "any request", *(f"{lead} {said}" for lead, said in parts if said)]
        )

    def fits(self, entry: Entry) -> bool:
        """Whether a request is meant."""
        return (
            self.operation in (None, entry.operation)
            and all(expected is None or met == expected for _, expected, met in self._compared(entry))
            and (self.path is None or fnmatchcase(entry.path, self.path))
            and not any(self._differing_parameters(entry))
            and (self.where is None or bool(self.where(entry)))
        )

    def _compared(self, entry: Entry) -> tuple[tuple[str, Any, Any], ...]:
        return (
            ("task", self.task, entry.task),
            ("service", self.service, entry.service),
            ("job", self.job, entry.job_id),
            ("name", self.name, entry.name),
            ("method", self.method, entry.method),
            ("status", self.status, entry.status),
        )

    def _differing_parameters(self, entry: Entry) -> Iterator[str]:
        if self.parameters:
            described = _inputs_of(self.site, entry.task)
            for name, expected in self.parameters.items():
                if difference := _difference(name, expected, entry.parameters, described.get(name)):
                    yield difference

    def differences(self, entry: Entry) -> list[str]:
        """How a request of the operation differs from those that are meant, each in a phrase."""
        found = [
            f"{what}: met {shown(met) if met else 'none'}, expected {shown(expected)}"
            for what, expected, met in self._compared(entry)
            if expected is not None and met != expected
        ]
        if self.path is not None and not fnmatchcase(entry.path, self.path):
            found.append(f"path: met {shown(entry.path)}, expected {shown(self.path)}")
        found += self._differing_parameters(entry)
        if self.where is not None and not found and not self.where(entry):
            found.append(f"{when_text(self.where)} answered False")
        return found


def pattern_of(site: Site | None, operation: str | None, criteria: Criteria) -> Pattern:
    """The requests to a site that are meant: of an operation, of any (None), or those whose address leads
    nowhere (`""`).

    Raises SiteError for a name that the site does not have, with the nearest, and for a parameter whose value
    the journal masks.
    """
    if operation:
        check_operation(operation)
    if unknown := criteria.keys() - Criteria.__annotations__.keys():
        raise _unknown("criterion", min(unknown), Criteria.__annotations__)
    pattern = Pattern(site, operation, **criteria)
    for name in pattern.parameters or {}:
        if not without_secrets({name: ""}):
            raise SiteError(f"parameter {name!r}: the journal masks its value; expected one that it shows")
    if site is None:
        return pattern
    if pattern.service is not None and pattern.service not in site.services:
        raise _unknown("service", pattern.service, site.services)
    if pattern.task is None:
        return pattern
    return msgspec.structs.replace(pattern, task=site.find_task(pattern.task).path)


def _unknown(what: str, met: str, known: Mapping[str, Any]) -> SiteError:
    hint = did_you_mean(met, known)
    return SiteError(f"{what} {met!r}: expected {some_of(list(known))}{hint and f'; {hint}'}")


def _inputs_of(site: Site | None, path: str) -> Mapping[str, Parameter]:
    if site is None:
        return {}
    service, _, label = path.rpartition("/")
    served = site.services.get(service)
    task = served.find_task(label) if served is not None else None
    return {} if task is None else {each.name: each for each in task.descriptor.inputs}


def _difference(name: str, expected: Any, given: Mapping[str, str], parameter: Parameter | None) -> str:
    """How a parameter of a request differs from what is expected; empty where it does not."""
    text = given.get(name, "")
    if _is_same(expected, text, parameter):
        return ""
    if name in given:
        return f"{name}: met {shown(text)}, expected {'none' if expected is None else shown(expected)}"
    hint = did_you_mean(name, given)
    return f"{name}: not given" + (hint and f", {hint}")


def _is_same(expected: Any, text: str, parameter: Parameter | None) -> bool:
    if expected is None:
        return not text.strip()
    if expected == text:
        return True
    if parameter is not None:
        try:
            return _same(_value(expected, parameter), _value(text, parameter))
        except ProtocolError:
            pass
    return _same(_json(expected), _json(text))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _value(given: Any, parameter: Parameter) -> Any:
    """A value of the parameter's data type: itself, or what its text or JSON says."""
    if not isinstance(given, str | int | float | list | tuple | Mapping):
        return given
    plain = list(given) if isinstance(given, tuple) else given
    return data_type(parameter.data_type).decode_input(value_of_name(parameter, plain), parameter)


def _json(given: Any) -> Any:
    if isinstance(given, str):
        try:
            return decode_json(given)
        except ProtocolError:
            return given
    return list(given) if isinstance(given, tuple) else given
