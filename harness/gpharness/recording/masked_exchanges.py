"""Exchanges of other clients, their secrets masked before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gpharness.probing.exchanges import Exchange


def masked(
    exchanges: Iterable[Exchange], *, usernames: bool = False, server_paths: bool = False
) -> list[Exchange]:
    """The same exchanges with stand-ins for secrets, wherever one of them has them. What is the same but for
    its time, as most polls of a job are, is masked once."""
    from gpharness.contracts.secrets.masking import Mask

    distinct: dict[object, Exchange] = {}
    keys: list[object] = []
    given = list(exchanges)
    for each in given:
        telling = tuple(header for header in each.headers if header[0].lower() != "date")
        asked = (each.method, each.url, each.request_headers, each.request_body)
        keys.append((asked, each.status, telling, each.body, each.fault))
        distinct.setdefault(keys[-1], each)
    mask = Mask(usernames=usernames, server_paths=server_paths)
    done = dict(zip(distinct, mask.exchanges(distinct.values()), strict=True))
    return [
        msgspec.structs.replace(done[key], at=each.at, seconds=each.seconds)
        for key, each in zip(keys, given, strict=True)
    ]
