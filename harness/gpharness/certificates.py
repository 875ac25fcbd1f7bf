"""Certificates for `gpharness serve --tls`: an authority made once per user, and a server's certificate.

In the folder stand `ca.pem`, the authority's certificate, which clients are told to trust; `ca-key.pem`,
its key with the certificate, which nobody else may read; `server.pem`, the server's key and certificate. A
client that trusts the authority trusts whoever can read `ca-key.pem`: it is for testing, on this machine.
"""

from __future__ import annotations

import os
import shlex
import socket
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import trustme
    from cryptography.x509 import Certificate

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
VALID_FOR = timedelta(days=397)
"""What browsers accept at most."""
RENEWED_BEFORE = timedelta(days=30)
MOST_NAMES = 100
VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""What Python, curl, Python's requests, and Node read the authorities' file from. curl reads the first, too,
but not where the second is set already, as it is on many machines."""


class CertificateError(Exception):
    """No certificate can be made or kept; the text says why and what to do."""


class OwnCertificate(msgspec.Struct, frozen=True):
    """The authority's certificate, and the files with key and certificate of the server and the authority."""

    authority: Path
    server: Path
    authority_key: Path

    @property
    def lines(self) -> list[str]:
        """What to tell the user: where the authority is, and lines for a shell whose programs trust it."""
        quoted = shlex.quote(str(self.authority))
        return [
            f"clients have to trust the certificate authority {self.authority}; in their shell:",
            *(f"export {variable}={quoted}" for variable in VARIABLES),
        ]


def own_certificate(folder: Path, host: str, now: datetime | None = None) -> OwnCertificate:
    """A valid certificate for this machine and `host`, made anew where there is none.

    Names of an earlier certificate are kept, so that servers on several hosts can take turns. Raises
    CertificateError.
    """
    try:
        import trustme  # noqa: F401
    except ImportError:
        raise CertificateError(
            "--tls needs the library trustme: pip install 'gpharness[tls]', or give a certificate of your "
            "own with --tls-cert and --tls-key"
        ) from None
    now = now or datetime.now(UTC)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _authority(folder / "ca-key.pem")
        certificate = folder / "ca.pem"
        if _content(certificate) != authority.cert_pem.bytes():
            _write(certificate, authority.cert_pem.bytes(), mode=0o644)
        server = folder / "server.pem"
        wanted = names(host)
        kept = _kept_names(server, authority, now)
        if kept is None or not wanted <= kept:
            every = sorted(wanted | (kept or set()) if len(kept or ()) < MOST_NAMES else wanted)
            issued = authority.issue_cert(
                *every,
                organization_name="gpharness",
                organization_unit_name="mock server",
                not_before=_naive(now - timedelta(days=1)),
                not_after=_naive(now + VALID_FOR),
            )
            _write(server, issued.private_key_and_cert_chain_pem.bytes(), mode=0o600)
    except OSError as error:
        raise CertificateError(
            f"{error.filename or folder}: {error.strerror or error}; choose another folder with --tls-dir"
        ) from None
    return OwnCertificate(certificate, server, folder / "ca-key.pem")


def names(host: str) -> set[str]:
    """The names by which a server that listens on `host` is asked for, in the form of certificates."""
    wanted = set(LOCAL_NAMES)
    for name in (host, socket.gethostname()):
        try:
            address = ip_address(name.partition("%")[0])
        except ValueError:
            if (encoded := _encoded(name)) is not None:
                wanted.add(encoded)
        else:
            if not address.is_unspecified:
                wanted.add(str(address))
    return wanted


def _encoded(name: str) -> str | None:
    """A host name as certificates hold it; None for one that they cannot hold."""
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii") if name else None
    except idna.IDNAError:
        return None


def _authority(file: Path) -> trustme.CA:
    """The authority in a file, made there if there is none; the first of several makers wins."""
    import trustme

    if _content(file) is None:
        made = trustme.CA(
            organization_name="gpharness", organization_unit_name="testing authority", path_length=0
        )
        _write(file, made.private_key_pem.bytes() + made.cert_pem.bytes(), mode=0o600, replace=False)
    content = file.read_bytes()
    try:
        return trustme.CA.from_pem(cert_bytes=content, private_key_bytes=content)
    except (ValueError, TypeError):
        raise CertificateError(
            f"{file}: expected the key and certificate of an authority, as an earlier --tls wrote them; "
            "remove the file to have a new authority made, which clients have to be told to trust, too"
        ) from None


def _kept_names(file: Path, authority: trustme.CA, now: datetime) -> set[str] | None:
    """The names in a certificate by this authority that is good for a while; None where there is none."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _content(file)
    if content is None:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(content)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.cert_pem.bytes()))
        if load_pem_private_key(content, None).public_key() != certificate.public_key():
            return None
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return None
    if not _valid(certificate, now):
        return None
    addresses = held.get_values_for_type(x509.IPAddress)
    return {*held.get_values_for_type(x509.DNSName), *map(str, addresses)}


def _valid(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - RENEWED_BEFORE


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _write(file: Path, content: bytes, *, mode: int, replace: bool = True) -> None:
    """Write a file that is there whole or not at all; without `replace` one that is there stays."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, mode)
        if replace:
            os.replace(name, file)
        else:
            with suppress(FileExistsError):
                os.link(name, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
