"""How a request fails in process: what stands in for a refused connection, a reset, an answer cut short.

There is no connection here that an application could break. It finds in
`scope["extensions"]["gpharness.in-process"]` an object with the method of `Failing`, and says by it what its
client is to meet; then it returns. The client gets the nearest error of httpx, where it would have met it:
before the answer's head, or while it reads the body, once it has read what was sent before.

What differs from a socket:
- Silence takes no time. `ReadTimeout` and `ConnectTimeout` are raised at once, also where the client has no
  time limit and would wait for ever. (An application that is slow, and does not fail, is waited for in real
  time, as long as the client's time limit for reading says.)
- Every request stands alone. There is no connection to be lost between two of them, so what a server does to
  an idle one (`keep-alive` cut) is not seen; nor is what httpx does about it.
- The request counts as sent: a body is read by the application, or not at all, and never written in vain.
- Bytes outside HTTP (a broken chunk, two lengths, a head that is none) become one error, `garbage`: httpx's
  own parser never sees them.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec
from gp_protocol.suggestions import did_you_mean


class Failing(Protocol):
    """What an application asks of its request's client."""

    def fail(self, kind: str) -> None:
        """Let the client meet a failure, one of `KINDS`, after what was sent until now. Whatever is sent
        later is lost, and so is a failure after a whole answer. Raises ValueError for any other word."""
        ...


class Kind(msgspec.Struct, frozen=True):
    """The name of an httpx error, and what it says."""

    error: str
    text: str


KINDS: Final[dict[str, Kind]] = {
    "refused": Kind("ConnectError", "Connection refused"),
    "connect-timeout": Kind("ConnectTimeout", "timed out"),
    "tls": Kind("ConnectError", "the TLS handshake failed"),
    "silent": Kind("ReadTimeout", "timed out"),
    "stalled": Kind("ReadTimeout", "timed out"),
    "reset": Kind("ReadError", "Connection reset by peer"),
    "closed": Kind("RemoteProtocolError", "Server disconnected without sending a response."),
    "cut": Kind("RemoteProtocolError", "peer closed connection without sending complete message body"),
    "garbage": Kind("RemoteProtocolError", "illegal bytes from the server"),
}
"""What a client can meet. `silent` and `stalled` are one to it, before the head and in the body; `cut` before
the head is `closed`."""


def known(kind: str) -> Kind:
    """A kind by its word. Raises ValueError."""
    try:
        return KINDS[kind]
    except KeyError:
        hint = did_you_mean(kind, KINDS)
        raise ValueError(
            f"fail: met {kind!r}, expected one of {', '.join(KINDS)}{hint and f'; {hint}'}"
        ) from None
