"""Exchanges of other clients, their secrets masked before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from gpharness.probing.exchanges import Exchange

Times = Sequence[tuple[float, float]]
"""When an exchange began, in seconds, and how many it took; more than once where it came again and again."""


def masked(
    exchanges: Iterable[Exchange], *, usernames: bool = False, server_paths: bool = False
) -> list[Exchange]:
    """The same exchanges with stand-ins for secrets, wherever one of them has them. What is the same but for
    its time, as most polls of a job are, is held and masked once."""
    once = ((each, ((each.at, each.seconds),)) for each in exchanges)
    return masked_repeated(once, usernames=usernames, server_paths=server_paths)


def masked_repeated(
    exchanges: Iterable[tuple[Exchange, Times]], *, usernames: bool = False, server_paths: bool = False
) -> list[Exchange]:
    """As `masked`, of exchanges of which each may have come several times."""
    from gpharness.contracts.secrets.masking import Mask
    from gpharness.recording.hidden_inputs import HiddenInputs

    places: dict[object, int] = {}
    distinct: list[Exchange] = []
    met: list[tuple[int, Times]] = []
    for each, times in exchanges:
        telling = tuple(header for header in each.headers if header[0].lower() != "date")
        asked = (each.method, each.url, each.request_headers, each.request_body)
        place = places.setdefault((asked, each.status, telling, each.body, each.fault), len(distinct))
        if place == len(distinct):
            distinct.append(each)
        met.append((place, times))
    places.clear()
    mask = Mask(usernames=usernames, server_paths=server_paths)
    hidden = HiddenInputs(mask)
    hidden.learn(distinct)
    done = mask.exchanges(hidden.without(distinct))
    return [
        msgspec.structs.replace(done[place], at=at, seconds=seconds)
        for place, times in met
        for at, seconds in times
    ]
