"""How what is served may be reached: where, by HTTPS or not, and what a connection may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from gp_mockserver.connection_limits import ConnectionLimits

if TYPE_CHECKING:
    from ssl import SSLContext


class ListenError(Exception):
    """What was asked of the server's TLS cannot be done; the text says what and what to do."""


class Secured(msgspec.Struct, frozen=True):
    """How a server is reached: the context of HTTPS, None for plain HTTP; what to tell the user about trust;
    key and certificate of the authority, in PEM, where that is the user's own."""

    context: SSLContext | None = None
    trust: list[str] = []
    authority: bytes | None = None


class Tls(msgspec.Struct, frozen=True):
    """What the command line says about HTTPS: `own` asks for a certificate of an authority of the user's
    own, which is kept in `folder`; `certificate` and `key` are files of another."""

    own: bool = False
    folder: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def secured(self, host: str) -> Secured:
        """What to serve `host` with. Raises ListenError or BadCertificate."""
        given = self.certificate, self.key
        if self.own and any(given):
            raise ListenError("--tls makes a certificate: leave it out where --tls-cert gives one")
        if self.certificate is None and self.key is not None:
            raise ListenError(f"--tls-key {self.key} needs its certificate: give --tls-cert, too")
        if self.certificate is not None and self.key is None:
            raise ListenError(f"--tls-cert {self.certificate} needs its key: give --tls-key, too")
        if self.certificate is not None and self.key is not None:
            from gp_mockserver.tls import server_context

            return Secured(server_context((self.certificate, self.key)))
        return self._by_own_authority(host) if self.own else Secured()

    def _by_own_authority(self, host: str) -> Secured:
        import click
        from gp_mockserver.tls import server_context

        from gpharness.certificates import CertificateError, own_certificate

        folder = (self.folder or Path(click.get_app_dir("gpharness"))).absolute()
        try:
            made = own_certificate(folder, host)
        except CertificateError as error:
            raise ListenError(str(error)) from None
        return Secured(
            server_context((made.server, made.server)), made.lines, made.authority_key.read_bytes()
        )


class Listening(msgspec.Struct, frozen=True):
    """Where the command line has a server listen, and what a connection may do there."""

    host: str
    port: int
    tls: Tls = Tls()
    control_token: str | None = None
    ready_file: Path | None = None
    limits: ConnectionLimits = ConnectionLimits()


def connection_limits(**given: float | None) -> ConnectionLimits:
    """The limits as given, those that are None by default."""
    values = {name: value for name, value in given.items() if value is not None}
    return msgspec.convert(values, ConnectionLimits)
