"""The hosts from which a site fetches inputs: those that it lists, exactly as they are listed.

`data.example.com` is that host at its scheme's own port, `127.0.0.1:9000` that port alone. There are no
wildcards, and what a name means is not looked up: another spelling of the same host is another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gp_mockserver.errors import SiteError

LISTED_HOST: Final = "a host, such as data.example.com, 127.0.0.1:9000 or [::1]:9000"

_HOST = re.compile(r"([a-z0-9]([a-z0-9_.\-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:([1-9]\d{0,4}))?", re.ASCII)
_MAX_PORT = 65535


def is_listed_host(text: str) -> bool:
    """Whether a text is what a list of hosts may hold."""
    found = _HOST.fullmatch(text.lower())
    return found is not None and int(found[4] or 1) <= _MAX_PORT


def listed_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """A list of hosts as it is looked into. Raises SiteError for what is no host."""
    listed = list(hosts)
    for host in listed:
        if not is_listed_host(host):
            raise SiteError(f"fetch_from {host!r}: expected {LISTED_HOST}")
    return frozenset(host.lower() for host in listed)


def may_fetch(listed: frozenset[str], scheme: str, host: str, port: int | None) -> bool:
    """Whether the list has that host; `port` is None for the scheme's own. An IPv6 address has no brackets
    here."""
    name = f"[{host}]" if ":" in host else host
    own = {"http": 80, "https": 443}.get(scheme)
    if own is None:
        return False
    return f"{name}:{port or own}" in listed or (port in (None, own) and name in listed)
