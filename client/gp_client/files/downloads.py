"""Files that tasks leave on their server, fetched to disk: whole or not at all, and from where they were.

Source: ArcGIS REST, *GP data types*, GPDataFile and GPRasterDataLayer: the URL of an output file; RFC 9110
for ranges.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from gp_protocol.values.references import DataFile, MapImage, Raster

from gp_client.errors import (
    DeadlineExceeded,
    GPError,
    HTTPError,
    InvalidInput,
    JobAddress,
    SubmissionUnknown,
    TransportError,
)
from gp_client.files.file_names import name_in_url
from gp_client.files.file_sinks import FileSink, Listener
from gp_client.steps import Flow, Retrying, Tell, Wait
from gp_client.wire.http_messages import Request

if TYPE_CHECKING:
    from gp_client.sessions import Deadline, Session

_ODD = re.compile(r"[^\x21-\x7e]+")
_LONGEST = 86_400.0
"""Seconds to which the time limit of one request grows."""
_LEAST = 1024
"""Bytes that a request has to bring so that it does not count as an attempt."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def download(
    session: Session,
    url: str,
    to: Path,
    *,
    overwrite: bool = True,
    resume: bool = True,
    deadline: Deadline,
    job: JobAddress | None = None,
    listener: Listener | None = None,
) -> Flow[Path]:
    """Fetch a file to `to`, or into it where it is a folder; the path of what was written.

    In a folder it has the name of its Content-Disposition, else that in its address, made safe. A file that
    has not all come lies beside it as `<name>.part`; with `resume` this call goes on from there after a cut,
    and so does a later one, if the server has named a validator and the file is still the same. `listener`
    hears of each megabyte while it is on its way; without one, progress is told between requests. The time
    limit of a request grows as long as bytes come.

    Raises UnexpectedPage for a page in the place of a file, HTTPError for an address on another host that is
    not trusted, InvalidInput for a file that is there already without `overwrite`, and whatever errors the
    server's answers are. An OSError of writing to disk stays one.
    """
    address = resolved(session, url, job)
    is_folder = to.is_dir()
    folder, name = (to, name_in_url(address)) if is_folder else (to.parent, to.name)
    if not folder.is_dir():
        raise InvalidInput(
            parameter="to",
            met=repr(str(to)),
            expected="a file in a folder that is there",
            remedy=f"make {folder}",
        )
    sink = FileSink(
        address,
        folder,
        name,
        is_name_final=not is_folder,
        overwrite=overwrite,
        resume=resume,
        listener=listener,
    )
    try:
        yield from _fetched(session, address, sink, deadline, job)
    except BaseException:
        sink.leave()
        raise
    if listener is not None:
        listener(sink.progress)
    else:
        yield Tell(sink.progress)
    return sink.place


def file_url(file: DataFile | Raster | MapImage | str, root: str = "") -> str:
    """The address of a value's file. Raises InvalidInput for a value without one, as an uploaded item is."""
    address = file
    if isinstance(file, DataFile | Raster):
        address = file.url or ""
    elif isinstance(file, MapImage):
        address = file.href
    if isinstance(address, str) and address.strip():
        return address.strip()
    raise InvalidInput(
        parameter="file",
        met=repr(file)[:120],
        expected="a DataFile, Raster or MapImage with an address, or an address",
    )


def resolved(session: Session, url: str, job: JobAddress | None = None) -> str:
    """A file's address in full: one that is relative is below the job, or `rest/…` below the root.

    Raises HTTPError for one on another host, or by http where the server is asked by https.
    """
    from gp_client.wire.addresses import is_home, shown

    text = _ODD.sub(lambda match: quote(match[0], errors="replace"), url.strip())
    root = session.root.rstrip("/")
    if not _SCHEME.match(text) or text.startswith("//"):
        context = urlsplit(root).path.strip("/")
        if text.startswith(f"{context}/rest/") and context:
            text = f"/{text}"
        elif not text.startswith(("/", "?")) and (job is None or text.lower().startswith("rest/")):
            text = f"{root}/{text}"
        base = f"{job.url.rstrip('/')}/" if job is not None else f"{root}/"
        text = urljoin(base, text)
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInput(
            parameter="file", met=repr(url[:200]), expected="the address of a file, by http or https"
        )
    address = urlunsplit(parts._replace(fragment=""))
    if not is_home(address, session.root, session.settings.trusted_hosts):
        raise HTTPError(
            f"met a file at {shown(address)}, expected one on the server's own host, {shown(session.root)}: "
            "nothing was asked there; if it is right, name the host in trusted_hosts",
            status=0,
            url=shown(address),
            job=job,
        )
    return address


def _fetched(
    session: Session, address: str, sink: FileSink, deadline: Deadline, job: JobAddress | None
) -> Flow[None]:
    """Ask until the file is whole. A request that led hardly further than those before counts as an
    attempt."""
    from gp_client.wire.exchange import fetch

    retries = session.settings.retries
    timeout = session.settings.timeout
    failed = begun_anew = furthest = 0
    while True:
        request = Request("GET", address, sink.headers(), b"", timeout, sink)
        try:
            is_whole = yield from fetch(
                session, request, safe=False, deadline=deadline, job=job, read=sink.finish
            )
            if is_whole:
                return
            text = f"the server sent {sink.size} bytes, and not all of the file"
            error: GPError = TransportError(text, url=address, job=job)
            is_cut = False
        except GPError as raised:
            error, is_cut = _as_read(raised), True
            if sink.must_begin_anew and begun_anew < retries.attempts:
                begun_anew += 1
                sink.begin_anew()
                continue
            if sink.must_begin_anew or not _may_be_repeated(error):
                raise error from raised.__cause__
            if sink.came_to_something:
                timeout = min(timeout * 2, _LONGEST)
        failed = int(is_cut) if sink.size - furthest >= _LEAST else failed + 1
        furthest = max(furthest, sink.size)
        if deadline.left(session.clock) <= 0:
            raise _over(deadline, error) from error
        if failed >= retries.attempts:
            raise error
        if failed:
            yield from _pause(session, error, failed, deadline)


def _pause(session: Session, error: GPError, failed: int, deadline: Deadline) -> Flow[None]:
    """Wait before the next request. Raises the error where that would be too long."""
    retries = session.settings.retries
    seconds = min(retries.first_wait * 2.0 ** (failed - 1), retries.longest_wait)
    seconds *= 1 - 0.25 * session.random.random()
    asked = error.retry_after if isinstance(error, HTTPError) else None
    if asked is not None:
        seconds = max(asked, 0.0)
        if seconds > retries.longest_retry_after:
            raise error
    if seconds >= deadline.left(session.clock):
        raise _over(deadline, error) from error
    yield Tell(Retrying(error.url, seconds, error.text))
    yield Wait(seconds)


def _may_be_repeated(error: GPError) -> bool:
    """Whether another request may do better: not where `fetch` has tried it again and again already."""
    from gp_client.reading.answers import is_transient

    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, HTTPError) and error.status in (429, 503) and error.retry_after is not None:
        return False
    return is_transient(error)


def _as_read(error: GPError) -> GPError:
    """A read whose answer did not come is no submission whose fate is unknown."""
    if isinstance(error, SubmissionUnknown):
        cause = error.__cause__
        text = cause.text if isinstance(cause, TransportError) else error.text
        return TransportError(text, url=error.url, job=error.job, sent=error.sent)
    return error


def _over(deadline: Deadline, error: GPError) -> DeadlineExceeded:
    text = f"the file has not all come within {deadline.seconds:g} seconds: {error.text}"
    return DeadlineExceeded(text, url=error.url, job=error.job)
