"""The guard of a site without users, where whoever names a user and a password is one from then on."""

from __future__ import annotations

from typing import Final

from gp_mockserver.security.accounts import Account
from gp_mockserver.security.guard import Guard
from gp_mockserver.wire.addresses import Address

_MOST_ACCOUNTS: Final = 1000


class OpenGuard(Guard):
    """Deviations that have clients sign in put it where a site has no guard.

    A name's first password is its password. Who brings no token is not looked at: the deviation says who has
    to. Past 1,000 names the one that came first is forgotten.
    """

    def sign_in(self, name: str, password: str) -> Account:
        """The account of that name, which may be new. Raises Refusal for another password than its own."""
        if name not in self.accounts and name and password:
            if len(self.accounts) >= _MOST_ACCOUNTS:
                del self.accounts[next(iter(self.accounts))]
            self.accounts[name] = Account(name, password, administrator=True)
        return super().sign_in(name, password)

    def watches(self, address: Address) -> bool:
        """Nobody has to bring a token."""
        return False
