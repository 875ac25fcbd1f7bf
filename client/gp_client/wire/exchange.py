"""One request and the answer to it: with its token, by way of redirects, repeated where that does no harm.

What may be repeated is the rule of this file. A read may, when no answer came or one that says that another
try may do better. A run, a cancel or an upload may only when it is certain that the server did nothing: when
it could not be reached, when it answered 429 or 503 and when to come back, or when it refused the token; and
never when the refusal names a job, or carries results.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, overload

from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    HTTPError,
    JobAddress,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
)
from gp_client.reading.answers import is_transient, read_answer, read_list_answer
from gp_client.sessions import Deadline, Session
from gp_client.steps import Flow, Retrying, Send, Tell, Wait
from gp_client.wire.addresses import shown
from gp_client.wire.composing import NOTHING, Asked, composed, with_format
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.named_jobs import was_acted_on
from gp_client.wire.redirects import STATUSES, becomes_get, target_of, too_many

T = TypeVar("T")

_BUSY = (429, 503)
_EARLY = (400, 404)
_FIRST_LOOK = 0.5
_MOST_REFUSALS = 5


@overload
def ask(
    session: Session,
    url: str,
    parameters: Mapping[str, str] = ...,
    *,
    safe: bool,
    deadline: Deadline,
    job: JobAddress | None = ...,
    list_allowed: Literal[False] = ...,
    patience: int = ...,
    keep: Callable[[bytes], object] | None = ...,
) -> Flow[dict[str, Any]]: ...
@overload
def ask(
    session: Session,
    url: str,
    parameters: Mapping[str, str] = ...,
    *,
    safe: bool,
    deadline: Deadline,
    job: JobAddress | None = ...,
    list_allowed: bool,
    patience: int = ...,
    keep: Callable[[bytes], object] | None = ...,
) -> Flow[Any]: ...
def ask(
    session: Session,
    url: str,
    parameters: Mapping[str, str] = NOTHING,
    *,
    safe: bool,
    deadline: Deadline,
    job: JobAddress | None = None,
    list_allowed: bool = False,
    patience: int = 0,
    keep: Callable[[bytes], object] | None = None,
) -> Flow[Any]:
    """The JSON object that a resource answers, or with `list_allowed` its list; `f=json` is added.

    It is a GET where it is `safe`, short and without a token, else a POST of a form. A safe one that is
    answered 400 or 404 is repeated `patience` times more, after 0.5 s and then longer. `job` is named in
    errors. `keep` gets the bytes of the answer that is returned.

    Raises TransportError (SubmissionUnknown where it is not safe and may have been acted on), HTTPError,
    AuthError, ServerError, ProtocolViolation, DeadlineExceeded.
    """
    url = url.partition("#")[0]
    asked = Asked("GET" if safe else "POST", url, with_format(parameters, url))
    reader, clock = read_list_answer if list_allowed else read_answer, session.clock

    def read(response: Response) -> Any:
        value = reader(response, now=clock.wall())
        if keep is not None:
            keep(response.content)
        return value

    return _exchange(session, asked, safe=safe, deadline=deadline, job=job, read=read, patience=patience)


def fetch(
    session: Session,
    request: Request,
    *,
    safe: bool,
    deadline: Deadline,
    job: JobAddress | None = None,
    read: Callable[[Response], T],
) -> Flow[T]:
    """What `read` makes of the answer to any request; it raises the error that the answer is.

    A token goes into the form, or where the body is none into a header; into the query where a server
    refuses that. The time limit of a request with a
    sink or with a streamed body is its own `timeout`, where that is more than the settings'. `Response.url`
    is where the answer came from, without the query. Raises as `ask` does.
    """
    asked = Asked(request.method.upper(), request.url.partition("#")[0], None, request)
    return _exchange(session, asked, safe=safe, deadline=deadline, job=job, read=read)


def ask_unsigned(
    session: Session, url: str, parameters: Mapping[str, str], *, safe: bool, deadline: Deadline
) -> Flow[dict[str, Any]]:
    """The same for what a token is not needed for, or what hands one out: none goes along, and no redirect
    to another host is followed. A page in the place of JSON is an AuthError."""
    asked = Asked("GET" if safe else "POST", url, parameters)
    return _exchange(session, asked, safe=safe, deadline=deadline, job=None, read=_read_token, home=url)


def _exchange(
    session: Session,
    asked: Asked,
    *,
    safe: bool,
    deadline: Deadline,
    job: JobAddress | None,
    read: Callable[[Response], T],
    patience: int = 0,
    home: str = "",
) -> Flow[T]:
    """`home`: whose redirects are followed where no token is sent; the server's root where one is."""
    keeper, clock, is_signed = session.tokens, session.clock, not home
    whole, tries, early, refusals, tokens, used, in_query = asked, 0, 0, 0, 0, 0, False
    seen: list[str] = []
    request: Request | None = None
    response: Response | None = None
    caught: GPError | None = None
    try:
        while True:
            try:
                response = None
                wait = 0.0 if deadline.is_urgent else session.pace.turn(clock.now(), deadline.left(clock))
                if wait:
                    if wait < 0:
                        raise _over(deadline, asked, job)
                    yield Wait(wait)
                if is_signed and keeper.is_due(clock.now()):
                    tokens += yield from _renewed_in_time(session, deadline)
                used = keeper.generation
                left = deadline.left(clock)
                if left <= 0:
                    raise _over(deadline, asked, job)
                request = composed(session, asked, safe, left, is_signed, in_query)
                response = yield Send(request)
                assert response is not None
                if response.status in STATUSES:
                    was_safe = safe
                    asked, safe, seen = _redirected(session, asked, safe, response, request, home, seen)
                    whole = whole if safe == was_safe else asked
                    continue
                response.url = shown(response.url or request.url)
                value = read(response)
                keeper.wants_query = keeper.wants_query or in_query
                return value
            except GPError as error:
                is_done = False
                if response is not None and not safe and is_signed:
                    is_done, made = was_acted_on(whole.url, response)
                    error.job = error.job or job or made
                caught = _completed(session, error, asked, job)
            if is_done:
                raise caught
            asked, seen = whole, []
            if isinstance(caught, AuthError) and is_signed:
                if request is not None and _is_header_refused(caught, request) and refusals < _MOST_REFUSALS:
                    refusals, in_query = refusals + 1, True
                    continue
                in_query = False
                if refusals >= _MOST_REFUSALS or not keeper.can_renew(caught, used, tokens, clock.now()):
                    raise _with_remedy(caught, keeper.can_sign_in, keeper.has_token)
                refusals += 1
                tokens += yield from _renewed(session, deadline, asked, job, used, tokens)
                continue
            if isinstance(caught, TransportError) and caught.sent and not safe and is_signed:
                raise _unknown(caught) from caught
            if deadline.left(clock) <= 0 and isinstance(caught, TransportError | HTTPError):
                raise _over(deadline, asked, job) from caught
            if safe and early < patience and isinstance(caught, ServerError) and caught.code in _EARLY:
                wait = min(_FIRST_LOOK * 2.0 ** min(early, 60), session.settings.retries.longest_wait)
                early += 1
            else:
                wait = _wait(session, caught, tries, safe)
                tries += 1
            if wait < 0 or wait >= deadline.left(clock):
                raise caught
            yield Tell(Retrying(shown(asked.url), wait, caught.text))
            yield Wait(wait)
    finally:
        caught = request = response = None  # else an error that is kept keeps its answer


def _is_header_refused(error: AuthError, request: Request) -> bool:
    """Whether a server may have refused a token because it does not know the header that it came in."""
    return "X-Esri-Authorization" in request.headers and error.code in (None, 401, 498, 499)


def _redirected(
    session: Session,
    asked: Asked,
    safe: bool,
    response: Response,
    request: Request,
    home: str,
    seen: list[str],
) -> tuple[Asked, bool, list[str]]:
    """What to ask next, whether it is safe, and the addresses seen by then. A run that is sent on with a GET
    was acted on: from there on it is a read."""
    trusted = () if home else session.settings.trusted_hosts
    target = target_of(response, request.url, home or session.root, trusted)
    is_get = becomes_get(response.status, request.method, target)
    is_new = is_get and not safe
    seen = seen or [request.url]
    if over := too_many(response, request.url, target, [] if is_new else seen, safe=safe):
        raise over
    seen = [*seen, target]
    if asked.made is not None:
        return Asked("GET" if is_get else asked.method, target, None, asked.made), safe or is_new, seen
    if is_new or (request.method == "GET" and "?" in target):
        return Asked("GET", target, with_format(NOTHING, target)), True, seen
    return Asked(asked.method, target, asked.form), safe, seen


def _renewed(
    session: Session, deadline: Deadline, asked: Asked, job: JobAddress | None, used: int, tokens: int
) -> Flow[int]:
    """How many tokens were asked for to have another than the one of generation `used`."""
    if session.tokens.generation != used:
        return 0
    try:
        yield from session.tokens.renewed(session, deadline, ask_unsigned, used, tokens)
    except TransportError as error:
        text = f"{error.text}, while signing in; what was asked for was refused before, and not done"
        unsigned = TransportError(text, url=error.url, sent=False)
        raise _completed(session, unsigned, asked, job) from error
    except GPError as error:
        raise _completed(session, error, asked, job) from None
    return 1


def _renewed_in_time(session: Session, deadline: Deadline) -> Flow[int]:
    """1, as a token was asked for. If none came, the old one serves until it is refused."""
    keeper = session.tokens
    with contextlib.suppress(GPError):
        yield from keeper.renewed(session, deadline, ask_unsigned, keeper.generation, 0)
    return 1


def _wait(session: Session, error: GPError, tries: int, safe: bool) -> float:
    """Seconds until the request may be repeated; -1: it may not."""
    retries = session.settings.retries
    if tries + 1 >= retries.attempts:
        return -1
    told = error.retry_after if isinstance(error, HTTPError) else None
    is_undone = (isinstance(error, TransportError) and not error.sent) or (
        isinstance(error, HTTPError) and error.status in _BUSY and told is not None
    )
    if not is_undone and not (safe and is_transient(error)):
        return -1
    if told is not None and told > retries.longest_retry_after:
        return -1
    wait = min(retries.first_wait * 2.0 ** min(tries, 60), retries.longest_wait)
    return max(wait * session.random.uniform(0.75, 1.0), told or 0.0)


def _completed(session: Session, error: GPError, asked: Asked, job: JobAddress | None) -> GPError:
    """The same error, which says where it was, and nothing of tokens and passwords."""
    error.url = shown(error.url or asked.url)
    error.job = error.job or job
    completed: GPError = session.tokens.without_secrets(error)
    return completed


def _over(deadline: Deadline, asked: Asked, job: JobAddress | None) -> DeadlineExceeded:
    text = f"the deadline of {deadline.seconds:g} seconds is over, and there is no answer yet"
    return DeadlineExceeded(text, url=shown(asked.url), job=job)


def _unknown(error: TransportError) -> SubmissionUnknown:
    text = f"{error.text}; the request was sent, and whether the server acts on it is not known"
    return SubmissionUnknown(text, url=error.url, job=error.job, sent=True)


def _with_remedy(error: AuthError, can_sign_in: bool, has_token: bool) -> AuthError:
    if error.code == 403:
        return error
    if can_sign_in:
        remedy = "user and password, or what they may do, do not suffice here"
    elif has_token:
        remedy = "the token that was given is refused here: give a new one, or user and password"
    else:
        remedy = "give user= and password=, or token="
    return AuthError(
        f"{error.text}; {remedy}", code=error.code, details=error.details, url=error.url, job=error.job
    )


def _read_token(response: Response) -> dict[str, Any]:
    """What a token service answers; it is quoted only where it is an error by the protocol, as some answer
    the bare token."""
    from gp_client.reading.pages import page_in

    if response.status < 400:
        page = page_in(response.content, response.header("content-type"))
        if page is not None:
            raise AuthError(f"the token service answered with a page ({page.title[:80]!r}), expected JSON")
    try:
        return read_answer(response)
    except HTTPError as error:
        if 400 <= error.status < 500 and not is_transient(error):
            raise AuthError(f"the token service answered with {error.text}, expected JSON") from None
        error.beginning = ""
        raise
    except ProtocolViolation as error:
        if is_transient(error):
            raise
        raise ProtocolViolation(pointer="", met="no JSON", expected="a JSON object") from None
