"""Certificates that are wrong on purpose: for another host, or out of date."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gp_mockserver.doors.errors import DoorError

if TYPE_CHECKING:
    import trustme


def certificate_context(
    host: str, not_after: datetime | None = None, *, authority: bytes | None = None
) -> ssl.SSLContext:
    """A context to serve with whose certificate is for `host`, a name or an address, until `not_after`.

    None: until 2038; a time without a zone is UTC. `authority` is who issues it, as `new_authority` makes it
    and `gpharness serve --tls` keeps it in `ca-key.pem`; without one it is one that nobody knows. A client
    that trusts the authority meets no other fault than the one that was chosen; any other client may say
    instead that it does not know who issued the certificate. Raises DoorError where the library trustme is
    missing, or for a host or an authority that cannot be used.
    """
    issuer = _authorities()() if authority is None else _read(authority)
    until = None if not_after is None else _in_utc(not_after)
    try:
        issued = issuer.issue_cert(host, not_before=datetime(2000, 1, 1), not_after=until)
    except ValueError as error:
        raise DoorError(f"no certificate for {host!r} until {until}: {error}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    issued.configure_cert(context)
    return context


def new_authority() -> bytes:
    """A new authority: its key and its certificate, in PEM. A client is told to trust the certificate."""
    made = _authorities()(organization_name="gpharness", organization_unit_name="testing authority")
    return made.private_key_pem.bytes() + made.cert_pem.bytes()


def _read(authority: bytes) -> trustme.CA:
    try:
        return _authorities().from_pem(cert_bytes=authority, private_key_bytes=authority)
    except (ValueError, TypeError):
        raise DoorError(
            "authority: expected the key and the certificate of an authority in PEM form, one after the other"
        ) from None


def _authorities() -> type[trustme.CA]:
    try:
        import trustme
    except ImportError:
        raise DoorError(
            "a certificate is made by the library trustme: pip install 'gpharness[tls]'"
        ) from None
    return trustme.CA


def _in_utc(moment: datetime) -> datetime:
    """The time as the library takes it."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
