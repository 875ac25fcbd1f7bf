"""What keeps a recording polite: no more requests than a rate allows, no more bytes than a limit."""

from __future__ import annotations

from gp_client.errors import NotSupported
from gp_client.wire.http_messages import Request, Response, Transport
from gp_client.wire.pacing import Pace

from gpharness.recording.options import MEBIBYTE


class EvenPace(Pace):
    """So many requests a second at even distances, without a burst."""

    def turn(self, now: float, at_most: float) -> float:
        wait = max(self._full_at - now, 0.0)
        if wait and wait >= at_most:
            return -1.0
        self._full_at = now + wait + self._interval
        return wait


class LimitedTransport:
    """Passes requests on to `transport` until `most` bytes have been answered.

    `send` raises NotSupported once that is reached; nothing is sent then.
    """

    def __init__(self, transport: Transport, most: int) -> None:
        self._transport = transport
        self._most = most
        self.received = 0
        """Bytes of all bodies so far, unpacked."""
        self.requests = 0

    @property
    def is_full(self) -> bool:
        """Whether as much has been answered as may be."""
        return self.received >= self._most

    def send(self, request: Request) -> Response:
        if self.is_full:
            raise NotSupported(
                f"{self.received / MEBIBYTE:.1f} MiB have been answered, as much as --max-total allows",
                feature="--max-total",
            )
        self.requests += 1
        response = self._transport.send(request)
        self.received += len(response.content)
        return response

    def close(self) -> None:
        self._transport.close()
