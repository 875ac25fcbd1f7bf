"""What `gpharness wait` does: ask a server until it answers, for scripts that have started one."""

from __future__ import annotations

import time

import httpx

from gpharness.client_access import FINE, complain
from gpharness.plain_texts import one_line

UNREACHABLE = 3
_EVERY = 0.1
_LONGEST_ANSWER = 5.0


def wait_for(url: str, timeout: float) -> int:
    """Ask every tenth of a second until the answer is HTTP 200, for at most so many seconds; the exit status.

    A certificate that nobody trusts is no reason to wait: nothing secret is sent.
    """
    deadline = time.monotonic() + timeout
    met = "nothing was asked"
    with httpx.Client(verify=False, follow_redirects=True, trust_env=False) as client:
        while True:
            left = deadline - time.monotonic()
            try:
                answer = client.get(url, timeout=min(_LONGEST_ANSWER, max(left, _EVERY)))
                if answer.status_code == httpx.codes.OK:
                    return FINE
                met = f"it answers with HTTP status {answer.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                met = one_line(str(error)) or type(error).__name__
                if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
                    complain(
                        "wait", f"{one_line(url)}: {met}; expected an address such as http://127.0.0.1:8585"
                    )
                    return 2
            if time.monotonic() + _EVERY > deadline:
                break
            time.sleep(_EVERY)
    complain("wait", f"{one_line(url)} was not ready within {timeout:g} seconds: {met}")
    return UNREACHABLE
