"""The small pieces: numbers, words, dates, and which version they are for. All shrink to what is plain to
read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gp_protocol.descriptions.filters import RangeFilter
from gp_protocol.values.literals import long_limits
from gp_protocol.versions import Profile, profile
from hypothesis import strategies as st

OLDEST: Final = profile("9.3")
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIRST_DAY: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SMALL: Final = 1000.0
_FAR: Final = 2.0**31

Version = str | float | Profile | None
"""A version's name or number, its profile, or None for what every version takes."""

words: Final = st.text(LETTERS, min_size=1, max_size=8)
"""A word that can be a name or the last part of an address."""

names: Final = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_äß", min_size=1, max_size=8)
"""The name of a field or a parameter."""

_SIGNS: Final = " .,-_/()&äßñ中😀\"'<>+%#"

texts: Final = st.builds(
    lambda first, more: first + more,
    st.sampled_from(LETTERS),
    st.text(LETTERS + "0123456789" + _SIGNS, max_size=11),
)
"""A text that is never blank and never reads as JSON: words, signs, letters of other alphabets."""


def profile_of(version: Version) -> Profile:
    """The profile that a version names; the oldest for None. Raises LocalProtocolError for any other word."""
    if version is None:
        return OLDEST
    return version if isinstance(version, Profile) else profile(version)


def whole_numbers(within: RangeFilter | None, version: Profile) -> st.SearchStrategy[int]:
    """Numbers that a GPLong of this version holds, within a range."""
    lowest, highest = long_limits(version.number)
    low, high = (within.minimum, within.maximum) if within is not None else (None, None)
    least = lowest if low is None else max(lowest, -int(-low // 1))
    most = highest if high is None else min(highest, int(high // 1))
    if least > most:
        return st.nothing()
    small = st.integers(max(least, -1000), min(most, 1000)) if least <= 1000 and most >= -1000 else None
    anything = st.integers(least, most)
    return anything if small is None else small | anything


def numbers(within: RangeFilter | None) -> st.SearchStrategy[float]:
    """Numbers that a GPDouble holds, within a range; whole ones and small ones first."""
    low = within.minimum if within is not None else None
    high = within.maximum if within is not None else None
    least = min(-_FAR, high - _FAR if high is not None else 0) if low is None else low
    most = max(_FAR, low + _FAR if low is not None else 0) if high is None else high
    if least > most:
        return st.nothing()
    first, last = -int(-max(least, -_SMALL) // 1), int(min(most, _SMALL) // 1)
    anything = st.floats(least, most, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return st.integers(first, last).map(float) | anything if first <= last else anything


dates: Final = st.builds(
    lambda days, seconds: _FIRST_DAY + timedelta(days=days, seconds=seconds),
    st.integers(0, 20_000) | st.integers(-20_000, 20_000),
    st.integers(0, 86_399),
)
"""An instant in whole seconds of the years 1965 to 2074, UTC."""


def urls(ending: str = "") -> st.SearchStrategy[str]:
    """An address at which nothing is: `example.com` is no one's."""
    return words.map(lambda word: f"https://data.example.com/{word}{ending}")
