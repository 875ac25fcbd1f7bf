"""What one exchange shows by itself: the connection, HTTP's statuses and headers, the sign-in, the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_client.errors import AuthError, GPError
from gp_client.reading.pages import page_in
from gp_client.wire.http_messages import Response
from gp_client.wire.redirects import STATUSES, target_of
from gp_protocol.error_envelopes import read_error
from msgspec import UNSET

from gpharness.findings.finding_names import named
from gpharness.findings.findings import Finding
from gpharness.probing.exchanges import Exchange
from gpharness.verifying.looks import Look, wants_json

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Task

_OF_FAULTS: Final = {
    "unreachable": ("transport.unreachable", "a server that can be reached"),
    "tls": ("transport.tls", "a certificate that is valid for this host"),
    "cut": ("transport.cut", "a whole answer"),
    "framing": ("http.framing", "an answer in the form that HTTP gives it"),
    "encoding": ("http.encoding", "an encoding that was asked for"),
    "size": ("http.size", "an answer of a size that a client can take"),
    "slow": ("timing.slow", "an answer within the client's limit"),
}
_LONGEST_HEADER: Final = 64 * 1024
_KINDS: Final = {
    "info": "info",
    "catalogue": "catalogue",
    "service": "service",
    "task": "task",
    "execute": "execute",
    "submit": "submit",
    "job": "job",
    "cancel": "cancel",
    "result": "result",
    "results": "results",
    "input": "input",
    "inputs": "inputs",
    "token": "token",
    "upload": "upload",
}
_JSON_TYPE: Final = re.compile(
    r"(?:application|text)/(?:[\w.+-]*\+)?(?:json|plain|javascript|x-javascript)\Z"
)
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_BUSY: Final = "wait time of the request"
_JOBS_PAGE: Final = re.compile(r"/jobs/[^/?#]+/?(?:\?.*)?\Z")


class Promise:
    """What the answers of a conversation are held to besides the protocol: the descriptors of its task, as
    the server has them now and as the contract has them."""

    def __init__(self, tasks: list[Task], asked: Mapping[str, str], trusted: tuple[str, ...] = ()) -> None:
        self.tasks = tasks
        self.asked = asked
        self.trusted = trusted


def looked_at(exchange: Exchange, promise: Promise, root: str, conversation: str = "") -> Look:
    """The exchange with what it shows by itself."""
    look = Look(exchange, conversation=conversation, findings=[])
    if exchange.fault is not None:
        name, expected = _OF_FAULTS[exchange.fault]
        look.find(name, expected, exchange.fault_text)
        return look
    longest = max((len(value) for _, value in exchange.headers), default=0)
    if longest > _LONGEST_HEADER:
        look.find("http.size", f"headers of at most {_LONGEST_HEADER} bytes", f"one of {longest} bytes")
    if exchange.status in STATUSES:
        _check_redirect(look, promise, root)
    elif exchange.operation == "file":
        _check_file(look)
    elif wants_json(exchange):
        _check_answer(look, promise)
    return look


def _check_redirect(look: Look, promise: Promise, root: str) -> None:
    exchange = look.exchange
    response = Response(exchange.status or 0, exchange.headers)
    url = exchange.url.partition("#")[0]
    try:
        target = target_of(response, url, root, promise.trusted)
    except AuthError as error:
        look.find("auth.login-page", "an answer, not a page to sign in at", error.text)
        return
    except GPError as error:
        look.find("http.redirect", "a redirect to the same host, or none", error.text)
        return
    loses_inputs = exchange.method == "POST" and exchange.status in (301, 302)
    if loses_inputs and exchange.operation in ("execute", "submit") and not _JOBS_PAGE.search(target):
        look.find(
            "http.redirect",
            "307 or 308, which keep a POST and its inputs",
            f"HTTP {exchange.status}, after which most clients send a GET",
        )


def _check_file(look: Look) -> None:
    exchange, status = look.exchange, look.exchange.status or 0
    if status in (404, 410):
        look.find("file.url", "the file of a result", f"HTTP {status}")
    elif status in (401, 403):
        look.find("auth.web-tier", "the file of a result", _told(exchange))
    elif not 200 <= status < 300:
        look.find("http.status", "the file of a result", f"HTTP {status}")
    elif not re.search(r"\.html?\Z", exchange.name.lower()):
        page = page_in(exchange.body, exchange.header("content-type"))
        if page is not None:
            look.find("file.url", "the file of a result", f"an HTML page {page.title!r}")
    look.kind = "file"


def _told(exchange: Exchange) -> str:
    challenge = exchange.header("www-authenticate").partition(" ")[0]
    return f"HTTP {exchange.status}" + (f" and the challenge {challenge!r}" if challenge else "")


def _check_answer(look: Look, promise: Promise) -> None:
    exchange, status = look.exchange, look.exchange.status or 0
    if status in (204, 304):
        look.find("http.status", "an answer with a body", f"HTTP {status}")
        return
    if not 200 <= status < 300 and not _is_envelope(exchange.body):
        _check_status(look, status)
        return
    _check_body(look, promise)
    if not 200 <= status < 300 and look.kind != "error" and not look.findings:
        look.find("http.status", "HTTP 200 with a good answer", f"HTTP {status}")
    _check_labels(look)
    if look.kind == "error":
        _check_error(look)
    age = exchange.header("age").strip()
    if exchange.operation == "job" and age.isdecimal() and int(age[:9]) > 0:
        look.find("http.cached-job", "the job as it is now", f"an answer that a cache kept for {age} s")


def _check_status(look: Look, status: int) -> None:
    exchange = look.exchange
    if status in (401, 403):
        look.find("auth.web-tier", "the service's own answer", _told(exchange))
    elif status == 414:
        look.find("http.url-length", "the service's own answer to a long query", f"HTTP {status}")
    elif not _is_json_object(exchange.body):
        page = page_in(exchange.body, exchange.header("content-type"))
        told = f"HTTP {status}"
        if page is not None:
            told += f" and the page {page.title!r}" if page.title else " and a page"
        look.find("http.status", "the service's own answer", told)
    else:
        look.find("http.status", "HTTP 200 with a good answer", f"HTTP {status}")


def _is_envelope(body: bytes) -> bool:
    value = _json_in(body)
    return read_error(value) is not None


def _is_json_object(body: bytes) -> bool:
    return isinstance(_json_in(body), dict)


def _json_in(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _check_body(look: Look, promise: Promise) -> None:
    """What the checker says, once for each descriptor that may count: what only one of them minds is none."""
    exchange = look.exchange
    kind = _KINDS.get(exchange.operation)
    if kind is None or (kind == "upload" and not _tells_an_item(exchange)):
        kind = "auto" if kind is None else "upload"
        if kind == "upload":
            look.kind, look.value = "other", _json_in(exchange.body)
            look.value = UNSET if look.value is None else look.value
            return
    from gpharness.checking.bodies import check_body

    found: list[list[Finding]] = []
    tasks: list[Task | None] = [*promise.tasks] or [None]
    for task in tasks:
        parameter = task.parameter(exchange.name) if task is not None and exchange.name else None
        if task is not None and parameter is None and exchange.operation == "result":
            task = None  # that it is not declared is told where it is listed
        checked = check_body(
            exchange.body,
            kind,
            task=task,
            parameter=parameter,
            asked={**promise.asked, **exchange.parameters},
            headers=exchange.headers,
            job_id=exchange.job_id,
        )
        look.kind, look.value = checked.kind, checked.value
        found.append([each for each in map(_weighed, checked.findings) if each.severity != "note"])
    names = [{each.name for each in one} for one in found]
    look.findings += [each for each in found[0] if all(each.name in one for one in names)]
    if exchange.operation == "token":
        _as_of_a_token(look)
    elif _verb(exchange) == "register":  # whose parts are still to come
        look.findings = [each for each in look.findings if each.path != "item.committed"]


def _weighed(found: Finding) -> Finding:
    """A finding of the checker, which knows no version, as it counts here: 9.3 has tasks that do not say how
    they are run; a number that is the text NaN is read by some clients and is no number."""
    if (found.name, found.path, found.operation) == ("descriptor.members", "executionType", "task"):
        return msgspec.structs.replace(found, severity="note") if "nothing" in found.met else found
    if found.name == "value.type" and found.severity == "note":
        return msgspec.structs.replace(found, severity=named(found.name).severity)
    return found


def _tells_an_item(exchange: Exchange) -> bool:
    """Whether an upload's answer is about an item: that of a whole file, of `register` and of `commit`."""
    return exchange.method == "POST" and _verb(exchange) in ("upload", "register", "commit")


def _verb(exchange: Exchange) -> str:
    return exchange.url.partition("?")[0].rstrip("/").rpartition("/")[2].lower()


def _as_of_a_token(look: Look) -> None:
    """Whatever stands in the place of a token is one finding."""
    if any(each.name in ("format.html", "token.answer") for each in look.findings) or look.kind == "error":
        met = "an error" if look.kind == "error" else "a page"
        look.findings = []
        look.find("token.answer", "a token for the user and the password that were given", met)


def _check_labels(look: Look) -> None:
    """The content type and encoding of JSON."""
    exchange = look.exchange
    if any(each.name.startswith(("format.", "token.", "upload.")) for each in look.findings):
        return
    if look.value is UNSET or exchange.operation == "upload":
        return
    if exchange.header("content-encoding").strip().lower() not in ("", "identity"):
        length = exchange.header("content-length").strip()
        if length.isdecimal() and int(length) == len(exchange.body) and exchange.body[:2] != b"\x1f\x8b":
            look.find("http.encoding", "a body that is packed as its label says", "one that is not packed")
    labels = [value.strip() for name, value in exchange.headers if name.lower() == "content-type"]
    expected = "application/json;charset=UTF-8, or text/plain"
    if not labels:
        look.find("http.content-type", expected, "none")
        return
    if len({label.lower().replace(" ", "") for label in labels}) > 1:
        look.find("http.content-type", expected, f"{len(labels)} of them: {', '.join(labels)}"[:200])
        return
    media = labels[0].partition(";")[0].strip().lower()
    charset = _CHARSET.search(labels[0])
    if not _JSON_TYPE.match(media) or (charset and charset[1].lower() not in _UTF_8):
        look.find("http.content-type", expected, labels[0][:100])


def _check_error(look: Look) -> None:
    error = read_error(look.value)
    if error is None:
        return
    said = " ".join([error.message, *error.details]).lower()
    if look.exchange.operation in ("execute", "submit") and _BUSY in said:
        look.find("server.busy", "a free instance of the service", f"{error.code}: {error.message}"[:200])
