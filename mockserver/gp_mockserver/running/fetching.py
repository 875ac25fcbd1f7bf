"""Fetching an input from another host: only from listed ones, only so much, only for so long.

What is checked and what is connected to are the same parsed address, so that no spelling can mean one host to
the check and another to the connection. No proxy, cookie or stored credential of this machine takes part.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Final

import httpx

from gp_mockserver.running.listed_hosts import may_fetch

DEADLINE: Final = 10.0
"""Seconds of real time for one input, from the first look-up of its host to its last byte."""
MAX_REDIRECTS: Final = 3
_PIECE: Final = 256 * 1024
_GZIP_OR_ZLIB: Final = 47
_REDIRECTS: Final = (301, 302, 303, 307, 308)


class NotFetched(Exception):
    """An input could not be fetched; the text says why and what to do."""


def is_listed(listed: frozenset[str], address: str) -> bool:
    """Whether an address is one of a listed host."""
    try:
        _checked(listed, httpx.URL(address))
    except (NotFetched, httpx.InvalidURL):
        return False
    return True


def fetch(
    address: str, listed: frozenset[str], target: Path, limit: int, count: Callable[[int], None]
) -> None:
    """Write what stands at an address to a file. For a worker thread.

    `limit` is in bytes, after unpacking; `count` is told of bytes before they are written. Raises
    NotFetched.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise NotFetched(f"it is no address: {error}") from None
    _checked(listed, url)

    async def within_deadline() -> None:
        await asyncio.wait_for(_fetch(url, listed, target, limit, count), DEADLINE)

    try:
        asyncio.run(within_deadline())
    except TimeoutError:
        raise NotFetched(f"it did not come within {DEADLINE:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise NotFetched(f"it cannot be fetched: {str(error)[:200] or type(error).__name__}") from None


def _checked(listed: frozenset[str], url: httpx.URL) -> None:
    """Raises NotFetched for an address that is not to be fetched."""
    if url.scheme not in ("http", "https"):
        raise NotFetched(f"met the scheme {url.scheme[:20]!r}, expected http or https")
    if url.userinfo:
        raise NotFetched("met a user in the address, expected none")
    host = url.raw_host.decode("ascii", "replace").strip("[]")
    if not may_fetch(listed, url.scheme, host, url.port):
        shown = url.netloc.decode("ascii", "replace")[:120]
        raise NotFetched(
            f"the site fetches nothing from {shown}: list the host (fetchFrom in a site file, "
            "Site(fetch_from=[…]) in Python)"
        )


async def _fetch(
    url: httpx.URL, listed: frozenset[str], target: Path, limit: int, count: Callable[[int], None]
) -> None:
    # A transport alone: a client would follow, remember cookies, and log addresses with their tokens.
    async with httpx.AsyncHTTPTransport(verify=_verification(), trust_env=False) as transport:
        for _ in range(MAX_REDIRECTS + 1):
            request = httpx.Request(
                "GET",
                url,
                headers={"accept": "*/*", "accept-encoding": "gzip", "user-agent": "gpharness"},
                extensions={"timeout": httpx.Timeout(DEADLINE).as_dict()},
            )
            response = await transport.handle_async_request(request)
            try:
                location = response.headers.get("location")
                if response.status_code not in _REDIRECTS or not location:
                    await _keep(response, target, limit, count)
                    return
            finally:
                await response.aclose()
            url = url.join(location)
            _checked(listed, url)
    raise NotFetched(f"met more than {MAX_REDIRECTS} redirects, expected at most that")


@cache
def _verification() -> ssl.SSLContext:
    """How certificates are checked: by this machine's authorities (and `SSL_CERT_FILE`), and httpx's own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


async def _keep(response: httpx.Response, target: Path, limit: int, count: Callable[[int], None]) -> None:
    if response.status_code != 200:
        raise NotFetched(f"it was answered with status {response.status_code}, expected 200")
    size = 0
    with target.open("wb") as file:
        async for piece in _unpacked(response):
            size += len(piece)
            if size > limit:
                raise NotFetched(f"met more than {limit} bytes, expected at most that (limits.fetched)")
            count(len(piece))
            file.write(piece)


async def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body, unpacked in pieces that stay small however well it was packed."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise NotFetched(f"met the encoding {encoding[:20]!r}, expected gzip or none")
    inflater = None if encoding == "identity" else zlib.decompressobj(_GZIP_OR_ZLIB)
    async for raw in response.aiter_raw():
        if inflater is None:
            yield raw
            continue
        try:
            while raw and not inflater.eof:
                yield inflater.decompress(raw, _PIECE)
                raw = inflater.unconsumed_tail
        except zlib.error as error:
            raise NotFetched(f"its {encoding} encoding cannot be read: {error}") from None
    if inflater is not None and not inflater.eof:
        raise NotFetched(f"its {encoding} encoding has no end")
