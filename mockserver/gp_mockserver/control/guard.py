"""Keeps the control API to those who may use it.

Off the computer itself only a token lets anybody in. On it the API is open to programs, and closed to web
pages: a browser runs pages from anywhere, and would carry their requests here. Such a request names the
origin of its page, or comes under a host's name that was made to lead here; and it cannot have a JSON body
without asking first, which is answered with no permission.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gp_mockserver.control.control_rules import is_loopback
from gp_mockserver.control.refusals import ControlError

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from gp_mockserver.control.control_rules import ControlRules

_PORTS = {"http": 80, "https": 443}
_OWN_PAGES = ("same-origin", "none")
_READS = ("GET", "HEAD", "OPTIONS")


def admit(rules: ControlRules, method: str, headers: Headers) -> None:
    """Raises ControlError for a request that may not be made."""
    if rules.token is not None:
        _check_token(rules.token, headers)
        return
    if rules.host is not None and not rules.is_on_loopback:
        raise ControlError(
            403,
            f"the control API is closed: the server listens on {rules.host}, which others can reach, and has "
            "no token for it",
            remedy="start the server with a control token, or have it listen on 127.0.0.1",
        )
    if rules.host is not None:
        _check_host(headers)
    _check_origin(method, headers)


def _check_token(token: str, headers: Headers) -> None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    is_given = scheme.lower() == "bearer" and bool(given.strip())
    if is_given and hmac.compare_digest(given.strip().encode(), token.encode()):
        return
    raise ControlError(
        401,
        f"the control API asks for its token, and {'another was given' if is_given else 'none was given'}",
        expected="Authorization: Bearer TOKEN",
        headers={"WWW-Authenticate": 'Bearer realm="gpharness control API"'},
    )


def _check_host(headers: Headers) -> None:
    host = headers.get("host", "")
    if not is_loopback(_host_and_port(f"http://{host}")[0]):
        raise ControlError(
            403,
            "the control API answers only under the names of this computer",
            path="Host",
            met=host[:200] or "none",
            expected="localhost, 127.0.0.1 or [::1]",
            remedy="start the server with a control token, and give that",
        )


def _check_origin(method: str, headers: Headers) -> None:
    """A browser says from which page a request comes; other programs say nothing."""
    origin = headers.get("origin")
    from_elsewhere = origin is not None and not _is_own(origin, headers.get("host", ""))
    site = headers.get("sec-fetch-site", "none")
    if from_elsewhere or (method not in _READS and site not in _OWN_PAGES):
        raise ControlError(
            403,
            "the control API takes no requests from pages of other origins",
            path="Origin" if from_elsewhere else "Sec-Fetch-Site",
            met=(origin or "")[:200] if from_elsewhere else site[:200],
            expected="none, as programs send, or the server's own",
        )


def _is_own(origin: str, host: str) -> bool:
    scheme = origin.partition(":")[0]
    own = _host_and_port(f"{scheme}://{host}")
    return bool(own[0]) and _host_and_port(origin) == own


def _host_and_port(address: str) -> tuple[str, int | None]:
    """Empty, and no port, for what is no address, such as `null`."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None
