"""What a test asks of its site: by the marker `gp_site` on test, class or module, the narrowest one winning,
then by the command line, then by the ini file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.suggestions import did_you_mean, one_of

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.clocks import Clock
    from gp_mockserver.sites import Site

MARKER = "gp_site"
MARKER_TEXT = (
    "gp_site(file=None, *, seed=0, version=None, clock='jump', context=None, deviations=(), "
    "allow_unexpected=False, allow_unused=False): what the test's own site is: the built-in one, or that of "
    "a site file (relative to the test's), what it departs in, and what may pass at the test's end."
)
_LONGEST_CONTEXT = 40


class SettingsError(Exception):
    """A marker asks for something that there is not."""


class SiteSettings(msgspec.Struct, frozen=True):
    """See MARKER_TEXT. `clock` None leaves it to the site file, and to the fixtures that the test uses."""

    file: str | Path | None = None
    seed: int | None = None
    version: str | float | None = None
    clock: Any = None
    context: str | None = None
    deviations: tuple[Any, ...] = ()
    allow_unexpected: bool = False
    allow_unused: bool = False


def settings_of(
    marks: Iterable[tuple[tuple[Any, ...], Mapping[str, Any]]], base: SiteSettings
) -> SiteSettings:
    """The settings of a test: `marks` are the arguments of its markers, the narrowest first.

    Raises SettingsError for words that the marker does not know.
    """
    given: dict[str, Any] = {}
    for positional, named in reversed(list(marks)):
        known = SiteSettings.__struct_fields__
        strange = [name for name in named if name not in known]
        if strange:
            hint = did_you_mean(strange[0], known)
            raise SettingsError(
                f"marker gp_site: met {strange[0]}=, expected {one_of(known)}; {hint}".rstrip("; ")
            )
        if len(positional) > 1:
            raise SettingsError(f"marker gp_site: met {len(positional)} unnamed values, expected a site file")
        given |= dict(zip(known, positional, strict=False))
        given |= named
    if isinstance(given.get("deviations"), str | dict):
        given["deviations"] = (given["deviations"],)
    return msgspec.structs.replace(base, **given)


def make_site(settings: SiteSettings, context: str, folder: Path, *, needs_manual_clock: bool) -> Site:
    """The site that settings describe; `folder` is where a site file is looked for.

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
    if settings.file is None:
        from gp_mockserver.builtin.builtin_site import builtin_site

        site = builtin_site(**options)
    else:
        from gp_mockserver.configuration.site_files import load_site

        site = load_site(folder / settings.file, **options)
    for each in settings.deviations:
        site.deviate(each)
    return site


def _clock(settings: SiteSettings, needs_manual_clock: bool) -> Clock | None:
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
