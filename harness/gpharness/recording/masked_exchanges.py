"""Exchanges of other clients, their secrets masked before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gpharness.probing.exchanges import Exchange


def masked(
    exchanges: Iterable[Exchange], *, usernames: bool = False, server_paths: bool = False
) -> list[Exchange]:
    """The same exchanges with stand-ins for secrets, wherever one of them has them. What is the same but for
    its time, as most polls of a job are, is held and masked once."""
    from gpharness.contracts.secrets.masking import Mask

    places: dict[object, int] = {}
    distinct: list[Exchange] = []
    met: list[tuple[int, float, float]] = []
    for each in exchanges:
        telling = tuple(header for header in each.headers if header[0].lower() != "date")
        asked = (each.method, each.url, each.request_headers, each.request_body)
        place = places.setdefault((asked, each.status, telling, each.body, each.fault), len(distinct))
        if place == len(distinct):
            distinct.append(each)
        met.append((place, each.at, each.seconds))
    places.clear()
    done = Mask(usernames=usernames, server_paths=server_paths).exchanges(distinct)
    return [msgspec.structs.replace(done[place], at=at, seconds=seconds) for place, at, seconds in met]
