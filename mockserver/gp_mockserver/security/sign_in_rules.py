"""How a site hands out tokens and takes them back: what an administrator of a real server could set."""

from __future__ import annotations

import msgspec

MINUTE = 60.0


class SignInRules(msgspec.Struct, frozen=True):
    """Durations are in seconds of the site's clock. All defaults are *assumed* to be ArcGIS Server's own.

    `short_lived`: how long a token holds where the request says nothing; `rest/info` tells it.
    `long_lived`: the longest that a request can ask for; a longer wish is cut to it without a word.
    `tokens_by_get`: whether credentials may stand in the address of a GET, which servers refuse by default
    (the older form, `request=getToken`, from version 10.1 on).
    `federated`: the site is one of a portal's servers, with the portal beside it: `rest/info` then names the
    portal as the owner and sends clients there for tokens. `authorization_header`: whether
    `Authorization: Bearer` is looked at besides Esri's own header; None: from version 10.8 on.
    `forwarded_for`: the client's address is what a proxy says in `X-Forwarded-For`. `hide_secured`: the
    catalogue lists a secured service only for those who may use it.
    """

    short_lived: float = 60 * MINUTE
    long_lived: float = 24 * 60 * MINUTE
    tokens_by_get: bool = False
    federated: bool = False
    authorization_header: bool | None = None
    forwarded_for: bool = False
    hide_secured: bool = False
