"""As much of a portal's sharing API as clients ask for while they sign in: ArcGIS REST, *Portal self* and
*Self*. What a real portal says besides is left out, since it has no items and no groups here."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from gp_mockserver.security.accounts import Account
from gp_mockserver.wire.replies import Refusal, Reply
from gp_mockserver.wire.requests import Request

_VERSION: Final = "2025.1"
"""What the sharing API calls itself: *assumed*, whatever the server's version."""
_PORTAL_ID: Final = "0123456789ABCDEF"
"""That of every portal which an organization runs itself."""


async def root(request: Request) -> Reply:
    """The sharing API's own version; below `info`, where its tokens come from."""
    if request.address.name != "info":
        return Reply({"currentVersion": _VERSION})
    portal = request.caller.find_root()
    value = {
        "owningSystemUrl": portal,
        "authInfo": {
            "tokenServicesUrl": f"{portal}/sharing/rest/generateToken",
            "isTokenBasedSecurity": True,
        },
    }
    return Reply(value)


async def portal_self(request: Request) -> Reply:
    """ArcGIS REST, *Portal self*, with the user where one is signed in."""
    address = urlsplit(request.caller.find_root())
    value: dict[str, Any] = {
        "access": "public",
        "allSSL": address.scheme == "https",
        "authorizedCrossOriginDomains": [],
        "availableCredits": -1,
        "culture": "en",
        "currentVersion": _VERSION,
        "customBaseUrl": "",
        "description": "",
        "helperServices": {},
        "id": _PORTAL_ID,
        "isPortal": True,
        "name": "gpharness",
        "portalHostname": f"{address.netloc}{address.path}",
        "portalMode": "singletenant",
        "portalName": "gpharness",
        "region": "WO",
        "supportsHostedServices": False,
        "supportsOAuth": True,
        "units": "metric",
        "urlKey": "",
    }
    account = _account(request)
    if account is not None:
        value["user"] = _user_json(account)
    return Reply(value)


async def user(request: Request) -> Reply:
    """ArcGIS REST, *Self* and *User*: who asks."""
    account = _account(request)
    if account is None:
        raise Refusal("token-required")
    if request.address.name not in ("", account.name):
        raise Refusal("forbidden", "expected the name of the user who asks: others are not shown")
    return Reply(_user_json(account))


def _account(request: Request) -> Account | None:
    guard = request.site.guard
    return guard.accounts.get(request.user) if guard else None


def _user_json(account: Account) -> dict[str, Any]:
    full_name = account.full_name or account.name
    first, _, last = full_name.partition(" ")
    return {
        "username": account.name,
        "id": f"{account.name.encode().hex():0>32}"[-32:],
        "fullName": full_name,
        "firstName": first,
        "lastName": last,
        "email": None,
        "description": None,
        "tags": [],
        "culture": "en",
        "region": "WO",
        "units": "metric",
        "access": "private",
        "level": "2",
        "role": "org_admin" if account.administrator else "org_user",
        "privileges": [],
        "userType": "arcgisonly",
        "userLicenseTypeId": "creatorUT",
        "orgId": _PORTAL_ID,
        "provider": "arcgis",
        "disabled": False,
        "groups": [],
    }
