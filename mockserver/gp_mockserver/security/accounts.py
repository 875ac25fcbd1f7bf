"""The accounts of a site, and whether a password is theirs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

ANY_USER = "*"
"""Stands in a service's list of users for everybody who has an account."""


class Account(msgspec.Struct, frozen=True):
    """A user. An administrator may use every service, and the administrator's resources."""

    name: str
    password: str
    administrator: bool = False
    full_name: str = ""

    def __repr__(self) -> str:
        return f"Account({self.name!r})"


def account_with(accounts: Mapping[str, Account], name: str, password: str) -> Account | None:
    """The account of that name, if the password is its own.

    A wrong name takes as long as a wrong password, and neither tells how much of it was right.
    """
    from hashlib import sha256
    from hmac import compare_digest

    account = accounts.get(name)
    expected = account.password if account else ""
    is_right = compare_digest(sha256(_bytes(expected)).digest(), sha256(_bytes(password)).digest())
    return account if is_right and account and expected else None


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
