"""What can go wrong, as one tree; nothing else leaves the client, and no wrong or partial answer is returned.

    Exception
    └── GPError                     `kind` is one word; `url` and `job` say where, once they are known
        ├── InvalidInput            "usage": what was given cannot be sent; nothing was (also a ValueError)
        ├── TransportError          "transport": no complete HTTP answer came
        │   └── SubmissionUnknown   of a run: whether the server acted on it, nobody knows
        ├── HTTPError               "http": an answer, but not the service's
        │   └── UnexpectedPage      a page where JSON, or a file, was due
        ├── AuthError               "auth": sign-in missing, expired or refused
        ├── ServerError             "server": the service's own error: code, message, details
        │   └── JobVanished         a job that was there is there no longer
        ├── ProtocolViolation       "protocol": an answer that the protocol does not allow, and where in it
        ├── NotSupported            "unsupported": legal, but this server or this client does not do it
        ├── JobError                "job": the job ended, but did not succeed; its status and messages
        │   ├── JobFailed
        │   ├── JobTimedOut         on the server; our own limit is a DeadlineExceeded
        │   ├── JobCancelled
        │   └── JobDeleted
        └── DeadlineExceeded        "deadline": our own limit is over; the job may go on

Ctrl-C (KeyboardInterrupt) and the cancellation of an async task stay what they are: a job that they leave
behind is named in a note to them (`__notes__`) and in their attribute `job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from gp_protocol.messages import Message

if TYPE_CHECKING:
    from gp_client.jobs import JobState


class JobAddress(msgspec.Struct, frozen=True):
    """Where to come back to a job: `GPClient.job(address.url)`."""

    id: str
    url: str


class GPError(Exception):
    """Anything that this client raises. `kind` is a word to branch on; `url` has no query and no token."""

    kind: ClassVar[str]

    def __init__(self, text: str, *, url: str = "", job: JobAddress | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.url = url
        self.job = job

    def __str__(self) -> str:
        if self.job is not None:
            return f"{self.text} [job {self.job.id}: {self.job.url}]"
        return f"{self.text} [{self.url}]" if self.url else self.text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)

    def report(self) -> dict[str, Any]:
        """The error as JSON: `kind`, `text`, `url`, `job`, and what its class adds."""
        told = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        return {"kind": self.kind, "type": type(self).__name__, **msgspec.to_builtins(told)}


class InvalidInput(GPError, ValueError):
    """What was given cannot be sent: found before anything was.

    `parameter` is the task's parameter (or the argument), `path` leads on from there, `met`, `expected` and
    `remedy` are phrases.
    """

    kind = "usage"

    def __init__(
        self, *, parameter: str, met: str, expected: str, remedy: str = "", path: str = "", url: str = ""
    ) -> None:
        glue = "." if path and not path.startswith("[") else ""
        after = f"; {remedy}" if remedy else ""
        super().__init__(f"{parameter}{glue}{path}: met {met}, expected {expected}{after}", url=url)
        self.parameter = parameter
        self.path = path
        self.met = met
        self.expected = expected
        self.remedy = remedy


class TransportError(GPError):
    """No complete HTTP answer came. `sent` says whether the server may have got the request."""

    kind = "transport"

    def __init__(self, text: str, *, url: str = "", job: JobAddress | None = None, sent: bool = True) -> None:
        super().__init__(text, url=url, job=job)
        self.sent = sent


class SubmissionUnknown(TransportError):
    """A submitJob, execute, cancel or upload went out and no answer came: it may have been acted on.

    It is never repeated by itself, as a second job might be the outcome. Ask the server's administrator's
    job list, or run it again where a second run does no harm.
    """


class HTTPError(GPError):
    """An HTTP answer that is not the service's own: a proxy's page, a redirect that is not followed.

    `status` and `content_type` are the answer's; `retry_after` in seconds, where it said so; `beginning` is
    the start of its body, as text.
    """

    kind = "http"

    def __init__(
        self,
        text: str,
        *,
        status: int,
        content_type: str = "",
        url: str = "",
        job: JobAddress | None = None,
        retry_after: float | None = None,
        beginning: str = "",
    ) -> None:
        super().__init__(text, url=url, job=job)
        self.status = status
        self.content_type = content_type
        self.retry_after = retry_after
        self.beginning = beginning


class UnexpectedPage(HTTPError):
    """A page where JSON or a file was due, whatever its status; `title` is the page's."""

    def __init__(self, text: str, *, title: str = "", **rest: Any) -> None:
        super().__init__(text, **rest)
        self.title = title


class AuthError(GPError):
    """Sign-in is missing, has expired or was refused. `code` is the server's (401, 403, 498, 499), None
    where a log-in page came instead of one."""

    kind = "auth"

    def __init__(
        self,
        text: str,
        *,
        code: int | None = None,
        details: Sequence[str] = (),
        url: str = "",
        job: JobAddress | None = None,
    ) -> None:
        super().__init__(text, url=url, job=job)
        self.code = code
        self.details = tuple(details)


class ServerError(GPError):
    """The service's own error, unchanged: `code` (None where it told none that is a number), `message`,
    `details`. `reason` is what it likely means, empty where nothing is known; `raw` is the envelope."""

    kind = "server"

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        details: Sequence[str] = (),
        reason: str = "",
        raw: Any = None,
        url: str = "",
        job: JobAddress | None = None,
    ) -> None:
        parts = [f"{code}: {message}" if code is not None else message or "an error without a message"]
        parts += [each for each in details if each and each != message]
        if reason:
            parts.append(f"({reason})")
        super().__init__(" ".join(parts), url=url, job=job)
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.reason = reason
        self.raw = raw


class JobVanished(ServerError):
    """A job that was there is there no longer: deleted, or cleaned up some hours after its end."""


class ProtocolViolation(GPError):
    """An answer that the protocol does not allow. `pointer` is the place in it (RFC 6901, empty for the
    whole), `met` and `expected` are phrases.

    Of an answer that is no JSON `body` is the text, its tokens masked, as far as 65,536 characters, for those
    who know what it means, such as the text of a Python dictionary; of any other it is empty.
    """

    kind = "protocol"

    def __init__(
        self,
        *,
        pointer: str,
        met: str,
        expected: str,
        url: str = "",
        job: JobAddress | None = None,
        body: str = "",
    ) -> None:
        super().__init__(f"{pointer or 'the answer'}: met {met}, expected {expected}", url=url, job=job)
        self.pointer = pointer
        self.met = met
        self.expected = expected
        self.body = body


class NotSupported(GPError):
    """Legal, but this server or this client does not do it; `feature` names it."""

    kind = "unsupported"

    def __init__(self, text: str, *, feature: str, url: str = "", job: JobAddress | None = None) -> None:
        super().__init__(text, url=url, job=job)
        self.feature = feature


class JobError(GPError):
    """The job ended and did not succeed. `status` is its last one, `messages` are all that it left; `state`
    is all of its last answer."""

    kind = "job"

    def __init__(self, text: str, *, state: JobState, job: JobAddress) -> None:
        super().__init__(text, url=job.url, job=job)
        self.status: str = state.status
        self.messages: tuple[Message, ...] = state.messages
        self._state = state

    @property
    def state(self) -> JobState:
        return self._state


class JobFailed(JobError):
    """The tool failed."""


class JobTimedOut(JobError):
    """The server's own limit ended the job (`esriJobTimedOut`)."""


class JobCancelled(JobError):
    """The job was cancelled, by us or by somebody else."""


class JobDeleted(JobError):
    """The job was deleted while it was awaited."""


class DeadlineExceeded(GPError):
    """Our own limit is over. `job` may go on: `cancelled` says whether it was asked to end, `status` is the
    last one seen, `messages` those of then."""

    kind = "deadline"

    def __init__(
        self,
        text: str,
        *,
        url: str = "",
        job: JobAddress | None = None,
        status: str = "",
        messages: Sequence[Message] = (),
        cancelled: bool = False,
    ) -> None:
        super().__init__(text, url=url, job=job)
        self.status = status
        self.messages = tuple(messages)
        self.cancelled = cancelled


def _rebuilt(kind: type[GPError], args: tuple[Any, ...], members: dict[str, Any]) -> GPError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(members)
    return error
