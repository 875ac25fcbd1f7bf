"""What a test asks of its site: by the marker `gp_site` on test, class or module, the narrowest one winning,
then by the command line, then by the ini file."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of

if TYPE_CHECKING:
    from gp_mockserver.journal.strictness import Allowed
    from gp_mockserver.lifecycle.clocks import Clock
    from gp_mockserver.sites import Site

MARKER = "gp_site"
MARKER_TEXT = (
    "gp_site(file=None, *, seed=0, version=None, clock='jump', context=None, deviations=(), "
    "allow_unexpected=False, allow_unused=False, allow_tool_errors=False, contract=None, fallback=False): "
    "what the test's own site is: the built-in one, that of a site file or one that replays a contract "
    "(relative to the test's), what it departs in, and what may pass at the test's end."
)
_LONGEST_CONTEXT = 40


class SettingsError(ValueError):
    """Something is asked for that there is not: `marker gp_site: clock: met "jmp", expected …`."""


class SiteSettings(msgspec.Struct, frozen=True):
    """See MARKER_TEXT. `clock` None: one that jumps, or that stands still where the test moves it."""

    file: str | os.PathLike[str] | None = None
    seed: int | None = None
    version: str | float | None = None
    clock: Any = None
    context: str | None = None
    deviations: tuple[Any, ...] = ()
    allow_unexpected: bool = False
    allow_unused: bool = False
    allow_tool_errors: bool = False
    contract: str | os.PathLike[str] | None = None
    """A contract that is replayed; with `fallback` the site answers what was not recorded."""
    fallback: bool = False

    @property
    def allowed(self) -> Allowed:
        """What may pass at the test's end."""
        return {
            "allow_unexpected": self.allow_unexpected,
            "allow_unused": self.allow_unused,
            "allow_tool_errors": self.allow_tool_errors,
        }


def settings_of(
    given_at: Iterable[tuple[tuple[Any, ...], Mapping[str, Any]]],
    base: SiteSettings,
    who: str = f"marker {MARKER}",
) -> SiteSettings:
    """The settings that are given: `given_at` are the arguments of a test's markers, the narrowest first, or
    those of a function.

    Raises SettingsError, which begins with `who`, for words that are not known and values that do not fit.
    """
    given: dict[str, Any] = {}
    known = SiteSettings.__struct_fields__
    for positional, named in reversed(list(given_at)):
        if strange := next((name for name in named if name not in known), None):
            hint = did_you_mean(strange, known)
            raise SettingsError(f"{who}: met {strange}=, expected {one_of(known)}; {hint}".rstrip("; "))
        if len(positional) > 1 or (positional and "file" in named):
            met = len(positional) + ("file" in named)
            raise SettingsError(f"{who}: met {met} site files, expected one; name what else is said")
        given |= dict(zip(known, positional, strict=False))
        given |= named
    for name, value in given.items():
        _check(name, value, who)
    if given.get("file") is not None and given.get("contract") is not None:
        raise SettingsError(f"{who}: met a site file and a contract, expected one of them")
    if "deviations" in given:
        given["deviations"] = _listed(given["deviations"])
    return msgspec.structs.replace(base, **given)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_clock(value: object) -> bool:
    return isinstance(value, str) or all(callable(getattr(value, name, None)) for name in ("now", "sleep"))


_FORMS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "file": (lambda value: isinstance(value, str | os.PathLike), "the path of a site file"),
    "contract": (lambda value: isinstance(value, str | os.PathLike), "the path of a contract"),
    "seed": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "version": (lambda value: isinstance(value, str) or _is_number(value), "a version, such as 10.91"),
    "clock": (_is_clock, '"jump", "manual", "real", "x60" or any other rate, or a clock'),
    "context": (lambda value: isinstance(value, str), "one segment of an address"),
    "deviations": (
        lambda value: isinstance(value, str | Mapping | list | tuple | msgspec.Struct),
        "a list of deviations",
    ),
}
"""What a value has to be; the others are booleans. None is what is not given."""


def _check(name: str, value: Any, who: str) -> None:
    fits, expected = _FORMS.get(name, (lambda each: isinstance(each, bool), "True or False"))
    if not (fits(value) or (value is None and not name.startswith("allow_"))):
        raise SettingsError(f"{who}: {name}: met {_shown(value)}, expected {expected}")
    try:
        if name == "version" and value is not None:
            check_version(value)
        elif name == "clock" and isinstance(value, str):
            from gp_mockserver.lifecycle.clocks import parse_clock

            parse_clock(value)
    except ValueError as error:
        raise SettingsError(f"{who}: {name}: {error}") from None


def check_version(value: str | float) -> None:
    """Raises ValueError for what is no version of ArcGIS."""
    from gp_protocol.versions import profile

    try:
        profile(value)
    except ProtocolError as error:
        raise ValueError(str(error).removeprefix("version: ")) from None


def _shown(value: Any) -> str:
    return shown(value) if isinstance(value, str) else reprlib.repr(value)


def _listed(deviations: Any) -> tuple[Any, ...]:
    """Several deviations, or one."""
    if deviations is None:
        return ()
    is_pair = isinstance(deviations, tuple) and _is_pair(deviations)
    return tuple(deviations) if isinstance(deviations, list | tuple) and not is_pair else (deviations,)


def _is_pair(value: Any) -> bool:
    """Whether it is a deviation's name with its parameters: `("slow-each@job", {"seconds": 0.1})`."""
    if len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], Mapping) and not value[1].keys() & {"name", "do"}


def make_site(settings: SiteSettings, context: str, folder: Path, *, needs_manual_clock: bool) -> Site:
    """The site that settings describe, as yet without its deviations; `folder` is where a site file is looked
    for.

    Raises SiteError, with the file and the place in it.
    """
    options: dict[str, Any] = {
        "context": settings.context or context,
        "clock": _clock(settings, needs_manual_clock),
    }
    if settings.seed is not None:
        options["seed"] = settings.seed
    if settings.version is not None:
        options["version"] = str(settings.version)
    if settings.contract is not None:
        return _replaying(folder / settings.contract, settings, options)
    if settings.file is None:
        from gp_mockserver.builtin.builtin_site import builtin_site

        return builtin_site(**options)
    from gp_mockserver.configuration.site_files import load_site

    return load_site(folder / settings.file, **options)


def _replaying(path: Path, settings: SiteSettings, options: dict[str, Any]) -> Site:
    from gp_mockserver.errors import SiteError

    from gpharness.contracts.contract_files import ContractError, read_contract
    from gpharness.replaying.sites import site_of

    try:
        return site_of(read_contract(path), fallback=settings.fallback, **options)
    except ContractError as error:
        raise SiteError(str(error)) from None


def inject(site: Site, deviations: Iterable[Any]) -> None:
    """Have a site follow deviations: names such as `results-late@job#2`, names with their parameters, in a
    pair or in a mapping, and records of one's own. It has to be served, since some need a port of their own.

    Raises SiteError, which says which is wrong.
    """
    from gp_mockserver.configuration.deviation_forms import inject_written
    from gp_mockserver.errors import SiteError, SiteFileError

    for number, each in enumerate(deviations):
        path = f"deviations[{number}]"
        try:
            if isinstance(each, tuple) and _is_pair(each):
                inject_written(site, [{"name": each[0], **each[1]}])
            elif isinstance(each, str | Mapping):
                inject_written(site, [each if isinstance(each, str) else dict(each)])
            elif isinstance(each, msgspec.Struct):
                site.deviate(each)  # type: ignore[arg-type]  # which says so, where it is no deviation
            else:
                expected = 'a name, ("name", {parameters}), or a mapping with a name or `do`'
                raise SiteFileError(path, _shown(each), expected)
        except SiteFileError as error:
            again = error.path.replace("deviations[0]", path, 1)
            raise SiteFileError(again, error.met, error.expected, error.remedy) from None
        except SiteError as error:
            raise SiteFileError(path, _shown(each), "a deviation that can be followed", str(error)) from None


def _clock(settings: SiteSettings, needs_manual_clock: bool) -> Clock:
    from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock, parse_clock

    chosen = settings.clock
    if isinstance(chosen, str):
        return parse_clock(chosen)
    if chosen is not None:
        clock: Clock = chosen
        return clock
    return ManualClock() if needs_manual_clock else JumpingClock()


def context_for(node_id: str) -> str:
    """A context that tells a person whose site it is, the same on every run, since job ids follow from it."""
    name = node_id.rpartition("::")[2] or node_id
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:_LONGEST_CONTEXT].rstrip("-")
    return f"{plain}-{sha256(node_id.encode()).hexdigest()[:6]}"
