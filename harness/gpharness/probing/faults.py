"""Why there is no whole answer, by what the client's transport raised."""

from __future__ import annotations

import ssl
from typing import Final

from gp_client.errors import GPError, ProtocolViolation, TransportError

from gpharness.probing.exchanges import Fault

_CUT: Final = (
    "disconnected",
    "peer closed",
    "connection closed",
    "closed connection",
    "incomplete",
    "ends too early",
    "stream",
    "no complete answer",
)
_FRAMING: Final = "RemoteProtocolError"
_TOO_LARGE: Final = ("too long", "buffer", "larger than", "more than")


def fault_of(error: GPError) -> Fault:
    """The word for an error of a transport."""
    if isinstance(error, ProtocolViolation):
        return "size" if error.met == "more bytes" else "encoding"
    if not isinstance(error, TransportError):
        return "cut"
    if not error.sent:
        return "tls" if _is_of_tls(error) else "unreachable"
    text = error.text
    if text.startswith(_FRAMING) and not any(word in text.lower() for word in _CUT):
        return "size" if any(word in text.lower() for word in _TOO_LARGE) else "framing"
    return "cut"


def _is_of_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return False
        if isinstance(seen, ssl.SSLError) or any(
            word in str(seen) for word in ("CERTIFICATE", "SSL", "TLS", "certificate")
        ):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
