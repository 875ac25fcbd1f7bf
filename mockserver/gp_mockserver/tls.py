"""What a server needs to be reached by HTTPS: an SSL context, from the files of a certificate and its key."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from gp_mockserver.errors import MockServerError

Certificate = tuple[str | os.PathLike[str], str | os.PathLike[str]]
"""The paths of a certificate (PEM, with the certificates between it and its authority) and of its key."""


class BadCertificate(MockServerError):
    """A certificate and its key cannot be served with."""


def server_context(tls: ssl.SSLContext | Certificate) -> ssl.SSLContext:
    """A context to serve with, of TLS 1.2 and newer; one that is given is used as it is.

    Raises BadCertificate, which names the file that cannot be read, or what does not fit.
    """
    if isinstance(tls, ssl.SSLContext):
        return tls
    certificate, key = (Path(each) for each in tls)
    for what, file in (("certificate", certificate), ("key", key)):
        try:
            file.open("rb").close()
        except OSError as error:
            raise BadCertificate(f"{file}: the {what} cannot be read: {error.strerror or error}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except _KeyIsLocked:
        raise BadCertificate(
            f"{key}: the key is locked by a password: give a file without one, as "
            f"`openssl pkey -in {key.name} -out unlocked.pem` writes it"
        ) from None
    except (ssl.SSLError, ValueError) as error:
        raise BadCertificate(_what_is_wrong(error, certificate, key)) from None
    return context


class _KeyIsLocked(Exception):
    """OpenSSL asks for a password."""


def _no_password() -> str:
    raise _KeyIsLocked


def _what_is_wrong(error: Exception, certificate: Path, key: Path) -> str:
    reason = getattr(error, "reason", "") or ""
    if reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of the certificate {certificate}: give the pair that was made together"
    if not _holds(certificate, b"CERTIFICATE-----"):
        return f"{certificate}: expected a certificate in PEM form, with a line -----BEGIN CERTIFICATE-----"
    if not _holds(key, b"PRIVATE KEY-----"):
        return f"{key}: expected a key in PEM form, with a line -----BEGIN PRIVATE KEY-----"
    return f"{certificate} and {key}: met {reason or error}, expected a certificate and its key, in PEM form"


def _holds(file: Path, mark: bytes) -> bool:
    with file.open("rb") as content:
        return mark in content.read(1024 * 1024)
