"""The deviations that a site follows now: injected, counted, cleared.

`Deviations` belongs to one site, or to one of the addresses that name deviations (`/arcgis~results-late/…`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.configuration.written_data import shaped
from gp_mockserver.deviations.actions import BindTokens, OfferTokens, RenameInput, Stage, TokenTerms
from gp_mockserver.deviations.body_limits import BodyTooLarge
from gp_mockserver.deviations.conflicts import check_beside
from gp_mockserver.deviations.records import (
    Deviation,
    DeviationError,
    check_operation,
    operations_of,
    read_deviation,
)
from gp_mockserver.deviations.selectors import Counter, Occasion, Selector
from gp_mockserver.deviations.steps import Step, steps_of
from gp_mockserver.errors import SiteFileError

if TYPE_CHECKING:
    from gp_mockserver.deviations.given_answers import GivenAnswer
    from gp_mockserver.doors.door import Door
    from gp_mockserver.security.guard import Guard
    from gp_mockserver.sites import Site


class Injection:
    """One deviation as a site follows it.

    `number` is its own, from 1, among the site's.
    """

    def __init__(
        self,
        deviation: Deviation,
        label: str,
        where: Selector,
        steps: tuple[Step, ...],
        *,
        number: int,
        at: float,
        cleared: Callable[[], None],
    ) -> None:
        self.deviation = deviation
        self.label = label
        self.where = where
        self.steps = steps
        self.number = number
        self.since = at
        self._applied = 0
        self.door: Door | None = None
        """The socket of its own that it had opened."""
        self.address_is_known = False
        """Whether the site's address was asked for while its door did what it says."""
        self.is_cleared = False
        self.tokens: dict[str, str] = {}
        """By job, or for requests without one together: the token to which it first applied."""
        self.answers: dict[tuple[str, str], list[GivenAnswer]] = {}
        """Answers that may be sent again, by operation and job."""
        self._cleared = cleared
        self._operations = operations_of(deviation.on)
        self._counters = [Counter(_per(where, step.where)) for step in steps]
        self.is_about_json = "json" in deviation.on
        """Whether it leaves pages alone, which browsers ask for."""
        self._described: set[str] | None = (
            set() if any(isinstance(step.action, RenameInput) for step in steps) else None
        )

    def __repr__(self) -> str:
        return f"<Injection {self.label}, applied {self.applied} times>"

    @property
    def applied(self) -> int:
        """On how many requests, or connections, it has had an effect. Connections that are refused, or never
        completed, are seen by no server: one is taken to have been, if the site's address was asked for
        meanwhile."""
        if self.door is None:
            return self._applied
        count = self.door.count
        return self._applied + (int(self.address_is_known) if count is None else count)

    @property
    def hint(self) -> str:
        """What to do where it never applies, for a text that says so; mostly empty."""
        if any(step.stage is Stage.NETWORK for step in self.steps):
            return "; it has an address of its own: ask for the site's url after it was injected"
        return ""

    def leave_door(self) -> None:
        """The door does something else from now on: keep what it has counted."""
        self._applied, self.door = self.applied, None

    @property
    def is_about_preflights(self) -> bool:
        """Whether a step of it is for OPTIONS: only such ones are followed there."""
        wheres = (self.where, *(step.where for step in self.steps))
        return any((where.method or "").upper() == "OPTIONS" for where in wheres)

    @property
    def is_about_tokens(self) -> bool:
        """Whether it tells one token from another, or changes those that are handed out."""
        return (
            any(
                isinstance(step.action, OfferTokens | TokenTerms | BindTokens)
                or step.where.until != "cleared"
                for step in self.steps
            )
            or self.where.until != "cleared"
        )

    @property
    def looks_at_forms(self) -> bool:
        """Whether a selector of it asks for what a form says."""
        return bool(self.where.form) or any(step.where.form for step in self.steps)

    def note(self) -> None:
        """Note one more request on which it had an effect."""
        self._applied += 1

    @property
    def is_over(self) -> bool:
        return self.is_cleared or (self.where.times is not None and self.applied >= self.where.times)

    @property
    def operations(self) -> frozenset[str] | None:
        """The operations that it is on; None: every one."""
        own = self.where.operation
        narrowed = None if own is None else operations_of((own,) if isinstance(own, str) else own)
        if narrowed is None or self._operations is None:
            return self._operations if narrowed is None else narrowed
        return self._operations & narrowed

    def is_on(self, operation: str) -> bool:
        """Whether requests of this operation can be meant."""
        operations = self.operations
        return not self.is_over and (operations is None or operation in operations)

    def take(self, occasion: Occasion, *, after: bool, begun: bool = False) -> list[Step]:
        """The steps that apply to a request: before it is answered, or after. Each request is counted once in
        each of the two. `begun`: it has applied to this request already, so that it is not over for it."""
        if not (begun or self.is_on(occasion.operation)) or occasion.at < self.since + self.where.after:
            return []
        where = self.where
        if self._described is not None and occasion.operation == "task":
            self._described.add(occasion.task)
        is_preflight = occasion.method == "OPTIONS" and (where.method or "").upper() != "OPTIONS"
        taken = []
        for step, counter in zip(self.steps, self._counters, strict=True):
            if step.is_after is not after or not (where.fits(occasion) and step.where.fits(occasion)):
                continue
            if is_preflight and (step.where.method or "").upper() != "OPTIONS":
                continue
            if isinstance(step.action, RenameInput) and occasion.task not in (self._described or ()):
                continue
            number = counter.next(occasion)
            if (
                where.takes(number)
                and step.where.takes(number)
                and where.draws(self.deviation.name, occasion, number)
                and self._is_before_renewal(occasion)
            ):
                taken.append(step.in_turn(number))
        return taken

    def _is_before_renewal(self, occasion: Occasion) -> bool:
        until = self.where.until
        if until == "cleared":
            return True
        first = self.tokens.setdefault(occasion.job_id if until == "token-renewed" else "", occasion.token)
        return occasion.token in ("", first)

    def clear(self) -> None:
        """Let it be over; what it did stays done."""
        self.is_cleared = True
        self._cleared()


class Deviations:
    """What one site, or one address of it, follows; in the order of injection."""

    def __init__(self, site: Site, *, is_of_address: bool = False) -> None:
        self._site = site
        self._is_of_address = is_of_address
        self._injections: list[Injection] = []
        self._numbers = itertools.count(1)
        self.job_statuses: dict[str, str] = {}
        """The last status that was answered, by job."""
        self.guard: Guard | None = None
        """Of a site without users, while a deviation has it offer tokens."""

    def __iter__(self) -> Iterator[Injection]:
        return iter(list(self._injections))

    def __len__(self) -> int:
        return len(self._injections)

    def find(self, number: int) -> Injection | None:
        """The injection of this number."""
        return next((each for each in self._injections if each.number == number), None)

    def inject(self, deviation: str | Deviation | Mapping[str, Any], **chosen: Any) -> Injection:
        """Follow a deviation from now on; see `Site.deviate`."""
        record, chosen = _record_of(deviation, chosen)
        selected = {
            name: chosen.pop(name)
            for name in list(chosen)
            if name in _SELECTS and name not in record.parameters
        }
        unknown = [name for name in chosen if name not in record.parameters]
        if unknown:
            known = [*record.parameters, *_SELECTS]
            hint = did_you_mean(unknown[0], known)
            text = (
                f"deviation {record.name!r} has no parameter {unknown[0]!r}; expected {one_of(known)}; {hint}"
            )
            raise DeviationError(text.rstrip("; "))
        try:
            for word in _words(selected.get("operation")):
                check_operation(word, "operation")
            steps = steps_of(record, chosen, self._site.seed)
            own = expanded_where(record, chosen)
            where = shaped({**own, **selected}, Selector, "where")
        except (SiteFileError, BodyTooLarge) as error:
            raise DeviationError(f"deviation {record.name!r}: {error}") from None
        _check_is_on(record, selected)
        if self._site.passing_on is not None and (step := _of_own_jobs(steps)):
            raise DeviationError(
                f"deviation {record.name!r}: {step} needs jobs and tokens of the mock's own; this site "
                f"stands in front of {self._site.passing_on.address}"
            )
        if any(step.stage is Stage.NETWORK for step in steps):
            _check_is_of_connections(record, selected)
        made = Injection(
            record,
            _label(record, selected),
            where,
            steps,
            number=next(self._numbers),
            at=self._site.clock.now(),
            cleared=self._one_is_cleared,
        )
        beside = self._site.deviations if self._is_of_address and self._site.deviating else ()
        for other in (*self._injections, *beside):
            if not other.is_over:
                check_beside(made, other)
        self._injections.append(made)
        self._open_sign_in()
        if self._is_of_address:
            return made
        self._site.deviating = True
        if any(step.stage is Stage.NETWORK for step in steps):
            try:
                self._site.doors.update()
            except DeviationError:
                made.clear()
                raise
        return made

    def clear(self) -> None:
        """Follow none any more."""
        for each in list(self._injections):
            each.clear()

    def _one_is_cleared(self) -> None:
        cleared = [each for each in self._injections if each.is_cleared]
        self._injections = [each for each in self._injections if not each.is_cleared]
        if any(step.stage is Stage.NETWORK for each in cleared for step in each.steps):
            self._site.doors.update()
        self._open_sign_in()

    @property
    def looks_at_tokens(self) -> bool:
        """Whether one is followed that tells one token from another, or changes them."""
        return any(each.is_about_tokens for each in self._injections if not each.is_over)

    def _open_sign_in(self) -> None:
        """Have a guard while one is followed that offers tokens."""
        if not any(_offers_tokens(each) for each in self._injections if not each.is_cleared):
            self.guard = None
        elif self.guard is None:
            from gp_mockserver.security.open_guard import OpenGuard

            self.guard = OpenGuard(self._site)

    def on(self, operation: str) -> list[Injection]:
        """Those that may mean requests of an operation."""
        return [each for each in self._injections if each.is_on(operation)]


_SELECTS = frozenset(Selector.__struct_fields__)


def expanded_where(record: Deviation, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A record's `where`, its parameters filled in."""
    from gp_mockserver.deviations.value_makers import Makings, expand

    where = expand(record.where, Makings({**record.parameters, **chosen}), "where")
    assert isinstance(where, dict)
    return {name: each for name, each in where.items() if each is not None}


def _record_of(
    deviation: str | Deviation | Mapping[str, Any], chosen: dict[str, Any]
) -> tuple[Deviation, dict[str, Any]]:
    if isinstance(deviation, Deviation):
        return deviation, chosen
    if isinstance(deviation, str):
        from gp_mockserver.deviations.catalogue import find
        from gp_mockserver.deviations.spelling import read_spelling

        name, said = read_spelling(deviation)
        return find(name), {**said, **chosen}
    try:
        record = read_deviation(deviation)
        _check_is_no_others(record)
        return record, chosen
    except (SiteFileError, BodyTooLarge) as error:
        given = deviation.get("name") if isinstance(deviation, Mapping) else None
        called = f"deviation {given[:80]!r}" if isinstance(given, str) else "deviation"
        raise DeviationError(f"{called}: {error}") from None


def _check_is_no_others(record: Deviation) -> None:
    """Raises SiteFileError for a record with the name of one of the catalogue that is another."""
    from gp_mockserver.deviations.catalogue import find

    try:
        known = find(record.name)
    except DeviationError:
        return
    if record != known:
        raise SiteFileError("name", f"{record.name}, which the catalogue has", "a name of your own")


def _check_is_of_connections(record: Deviation, selected: Mapping[str, Any]) -> None:
    """Raises DeviationError for words about requests where connections are meant."""
    about_requests = [name for name in selected if name not in ("times", "after", "seed")]
    if about_requests:
        raise DeviationError(
            f"deviation {record.name!r} is about connections, before any request is read: "
            f"{about_requests[0]} cannot narrow it; expected times, or nothing"
        )


def _check_is_on(record: Deviation, selected: Mapping[str, Any]) -> None:
    """Raises DeviationError for operations none of which the deviation is on."""
    words = _words(selected.get("operation"))
    own, asked = operations_of(record.on), operations_of(words) if words else None
    if own is not None and asked is not None and not own & asked:
        raise DeviationError(
            f"deviation {record.name!r} is not on {' or '.join(words)}: it is on {', '.join(record.on)}"
        )


def _per(where: Selector, of_step: Selector) -> str:
    """How requests are counted: as the step says, else as the deviation does."""
    return of_step.per if of_step.per != "operation" else where.per


def _of_own_jobs(steps: tuple[Step, ...]) -> str:
    own = (step for step in steps if step.stage is Stage.OPERATION)
    return next((step.name for step in own if not isinstance(step.action, OfferTokens)), "")


def _offers_tokens(injection: Injection) -> bool:
    return any(isinstance(step.action, OfferTokens) for step in injection.steps)


def _words(operation: Any) -> tuple[str, ...]:
    if operation is None:
        return ()
    return (operation,) if isinstance(operation, str) else tuple(operation)


def _label(record: Deviation, selected: Mapping[str, Any]) -> str:
    words = _words(selected.get("operation"))
    operation = f"@{','.join(words)}" if words else ""
    nth = f"#{selected['nth']}" if "nth" in selected else ""
    return f"{record.name}{operation}{nth}"
