"""Where an answer sends its client on to, and whether the client goes.

Redirects are followed by hand, as HTTP libraries turn a POST into a GET, which loses a run's inputs, and take
tokens along to strangers. Followed are those to the same host, at any port, from http to https of it, and to
trusted hosts; never from https to http. One to a log-in page is a refusal in other words.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from gp_client.errors import AuthError, HTTPError
from gp_client.reading.quoting import quoted
from gp_client.wire.addresses import is_home, origin_of, shown
from gp_client.wire.http_messages import Response

MOST = 10
"""Redirects of one request that are followed."""

STATUSES = frozenset((301, 302, 303, 307, 308))
MOST_OF_RUNS = 4
"""Of a run, which each of them may act on."""
_LONGEST = 65536
_LOG_IN = re.compile(
    r"(?<![a-z])(log-?in|log-?on|sign-?in|sign-?on|oauth2?|saml2?|sso|adfs|authorize|idp|identity-?provider"
    r"|openid)(?![a-z])"
)
_LOG_IN_QUERY = re.compile(r"(?:^|&)(?:samlrequest=|wa=wsignin|openid\.mode=|oauth_state=)", re.IGNORECASE)
_JOB = re.compile(r"/jobs/[^/]+/?$")
_NOT_IN_ADDRESSES = re.compile(r"[^!#$%&'()*+,/:;=?@\[\]~\w.-]", re.ASCII)


def target_of(response: Response, url: str, home: str, trusted: Collection[str]) -> str:
    """The absolute address that a redirect of `url` leads to, without a token and a fragment.

    Raises AuthError where it is a log-in's, and HTTPError where it is missing, unreadable or not to be
    followed.
    """
    location = response.header("location").strip()
    target = _absolute(location, url)
    if target is None:
        met = f"the Location {quoted(shown(location))!r}" if location else "no Location"
        raise _not_followed(response, url, f"a redirect with {met}, expected the address of a resource")
    here, there = origin_of(url), origin_of(target)
    if _is_log_in(target, is_same=here is not None and there is not None and here.host == there.host):
        raise AuthError(
            f"the request was redirected to the log-in page {quoted(shown(target))}",
            url=shown(url),
        )
    is_downgrade = here is not None and there is not None and (here.scheme, there.scheme) == ("https", "http")
    if there is None or is_downgrade or not is_home(target, home, trusted):
        remedy = "" if is_downgrade else "; name that host in trusted_hosts if it may be asked"
        text = f"a redirect from {here} to {there or quoted(shown(target))} is not followed{remedy}"
        raise _not_followed(response, url, text)
    return target


def becomes_get(status: int, method: str, target: str) -> bool:
    """Whether a redirect turns a POST into a GET: 303 does, and a 302 to a job's page, which is how submitJob
    answers (page *Submit GP Job*, of f=html). Any other keeps the method and the body."""
    if method != "POST":
        return False
    return status == 303 or (status == 302 and _JOB.search(urlsplit(target).path) is not None)


def too_many(response: Response, url: str, target: str, seen: list[str], *, safe: bool) -> HTTPError | None:
    """What to raise of a redirect that leads back, or that is one too many; `seen` are the addresses before.

    A redirect may lead back once where it sets a cookie: to what is then asked with it."""
    is_loop = seen.count(target) > (1 if response.header("set-cookie") else 0)
    most = MOST if safe else MOST_OF_RUNS
    if not is_loop and len(seen) <= most:
        return None
    met = "redirects that lead in a circle" if is_loop else f"more than {most} redirects"
    return _not_followed(response, url, f"{met}, expected an answer")


def without_token(url: str) -> str:
    """An address whose query has no `token`."""
    if "token" not in url.lower() and "%" not in url:
        return url
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() != "token"]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))


def _absolute(location: str, url: str) -> str | None:
    if not location or len(location) > _LONGEST:
        return None
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode()  # headers come as Latin-1, and mean UTF-8
    try:
        # a blank or a letter beyond ASCII is written as it would have to be
        target = urljoin(url, _NOT_IN_ADDRESSES.sub(lambda each: quote(each[0], safe=""), location))
        return without_token(target.partition("#")[0])
    except ValueError:
        return None


def _is_log_in(target: str, *, is_same: bool) -> bool:
    parts = urlsplit(target)
    path = unquote(parts.path).lower()
    query = unquote(parts.query)
    if _LOG_IN_QUERY.search(query) or ("response_type=" in query and "client_id=" in query):
        return True
    if is_same and "/rest/services/" in path:
        return False  # a service may be called anything
    return _LOG_IN.search(path) is not None or _LOG_IN.search(parts.netloc.lower()) is not None


def _not_followed(response: Response, url: str, text: str) -> HTTPError:
    return HTTPError(
        f"HTTP {response.status}: {text}",
        status=response.status,
        content_type=response.header("content-type"),
        url=shown(url),
    )
