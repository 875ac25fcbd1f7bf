"""What a server answers instead of an answer: the known errors, each with its source, as one table.

With `f=json` an error is `{"error": {"code", "message", "details"}}` at HTTP status 200; with `f=html` it is
a page at a real HTTP status. Match errors by their code: the words differ by version. Where nobody has
recorded the words or the code, the row says `assumed`, and `overrides` takes their place.

Sources: ArcGIS REST (the pages named in the rows), Esri's list of platform error codes, and recorded answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gp_protocol.errors import LocalProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.versions import ErrorWording, Profile


class Wording(msgspec.Struct, frozen=True):
    """The words of an error.

    `details` are those where the case itself gives none; `message_code` is ArcGIS Online's.
    """

    message: str
    details: tuple[str, ...] = ()
    message_code: str | None = None


class KnownError(msgspec.Struct, frozen=True):
    """One row: `message` may hold `{service}` (`folder/name`) and `{operation}`, blanks at its end included.

    `http_status_html` is the status of the HTML page; that it is the code is assumed throughout.
    `http_status_json` is that of JSON: 200 but where the web server answers before the service. `assumed`
    says that the code or the words are not from a recorded answer or a published page.
    """

    name: str
    code: int
    message: str
    source: str
    assumed: bool = False
    http_status_html: int = 0
    http_status_json: int = 200
    details: tuple[str, ...] = ()
    by_version: Mapping[ErrorWording, Wording] = {}

    def __post_init__(self) -> None:
        if not self.http_status_html:
            msgspec.structs.force_setattr(self, "http_status_html", self.code)

    def wording(self, profile: Profile) -> Wording:
        """The words for a version."""
        return self.by_version.get(profile.error_wording) or Wording(self.message, self.details)


_INVALID: Final = "Invalid or missing input parameters."
_UNABLE: Final = "Unable to complete operation."
_TWO_BLANKS: Final = {ErrorWording.VERSION_10_0: Wording("Unable to complete  operation.")}
_INVALID_URL_ONLINE: Final = {ErrorWording.ONLINE: Wording("Invalid URL", ("Invalid URL",))}
_PLATFORM: Final = "Esri's list of platform error codes"

KNOWN_ERRORS: Final[Mapping[str, KnownError]] = MappingProxyType(
    {
        row.name: row
        for row in (
            # What was asked is wrong.
            KnownError("invalid-parameters", 400, _INVALID, "the message: *Cancel GP job*", assumed=True),
            KnownError("bad-value", 400, _UNABLE, _PLATFORM, assumed=True, by_version=_TWO_BLANKS),
            KnownError(
                "upload-refused", 400, _INVALID, "*Upload*: that it fails, without the words", assumed=True
            ),
            KnownError(
                "column-names-not-unique",
                400,
                _UNABLE,
                "*GP data types*, GPValueTable with returnColumnName: that it fails, without the words",
                assumed=True,
                by_version=_TWO_BLANKS,
            ),
            KnownError(
                "unsupported-format",
                400,
                "Invalid or unsupported format",
                "recorded: an HTML page at a status other than 200, whatever f asks for",
                assumed=True,
            ),
            KnownError(
                "method-not-allowed",
                405,
                "Method not allowed",
                "recorded, without the code",
                assumed=True,
                http_status_json=405,
            ),
            KnownError(
                "too-large", 413, "Request entity too large", _PLATFORM, assumed=True, http_status_json=413
            ),
            KnownError(
                "unsupported-encoding",
                415,
                "Unsupported media type",
                "as web servers answer a body in an encoding that they do not know",
                assumed=True,
                http_status_json=415,
            ),
            # What was asked for is not there.
            KnownError("service-not-found", 404, "Service {service}/GPServer not found ", "recorded"),
            KnownError("service-not-started", 500, "Service {service}/GPServer not started ", "recorded"),
            KnownError("map-service-not-found", 404, "Service {service}/MapServer not found ", "recorded"),
            KnownError(
                "feature-service-not-found",
                404,
                "Service {service}/FeatureServer not found ",
                "as for map services",
                assumed=True,
            ),
            KnownError("invalid-url", 400, "Invalid URL", "recorded", by_version=_INVALID_URL_ONLINE),
            KnownError(
                "unknown-task",
                400,
                "Invalid URL",
                "as for other paths that lead nowhere",
                assumed=True,
                by_version=_INVALID_URL_ONLINE,
            ),
            KnownError("file-not-found", 404, "File not found", "as web servers answer", assumed=True),
            # Jobs and their results.
            KnownError("unknown-job", 400, _INVALID, "*GP job*, without the words", assumed=True),
            KnownError("unknown-result", 400, _UNABLE, "recorded", by_version=_TWO_BLANKS),
            KnownError(
                "geojson-with-m",
                404,
                _UNABLE,
                "*Execute GP task*: that geojson of m-values gives 404, without the words",
                assumed=True,
            ),
            KnownError("result-not-ready", 400, _INVALID, "*GP result*, without the words", assumed=True),
            KnownError("result-of-failed-job", 400, _INVALID, "*GP result*, without the words", assumed=True),
            KnownError("cancel-refused", 400, _INVALID, "*Cancel GP job*, without the code", assumed=True),
            # Running a task.
            KnownError("tool-failed", 400, _UNABLE, "recorded", by_version=_TWO_BLANKS),
            KnownError(
                "execute-on-async",
                500,
                "Error performing execute operation",
                "recorded; that the verb is the cause is assumed",
                assumed=True,
            ),
            KnownError(
                "submit-on-sync", 500, "Error performing submitJob operation", _PLATFORM, assumed=True
            ),
            KnownError("operation-failed", 500, "Error performing {operation} operation", _PLATFORM),
            # Who asks.
            KnownError(
                "bad-credentials",
                400,
                "Unable to generate token.",
                "Esri's test recordings of generateToken",
                details=("Invalid username or password.",),
            ),
            KnownError("authorization-required", 401, "Authorization required", _PLATFORM, assumed=True),
            KnownError(
                "forbidden",
                403,
                "You do not have permissions to access this resource or perform this operation.",
                "*Submit job* and Esri's JavaScript client",
            ),
            KnownError(
                "https-required", 403, "SSL Required", "Esri's JavaScript client, not the words", assumed=True
            ),
            KnownError(
                "invalid-token",
                498,
                "Invalid Token",
                "recorded from ArcGIS Online, assumed elsewhere",
                assumed=True,
                by_version={ErrorWording.ONLINE: Wording("Invalid token.", ("Invalid token.",))},
            ),
            KnownError(
                "token-required",
                499,
                "Token Required",
                "recorded",
                by_version={
                    ErrorWording.ONLINE: Wording(
                        "Token Required", ("Token Required",), message_code="GWM_0003"
                    )
                },
            ),
            # Load and gateways.
            KnownError(
                "server-busy",
                500,
                "Wait time of the request to the service '{service}.GPServer' has expired",
                "the server's log, *Geoprocessing service log codes*; on the wire",
                assumed=True,
            ),
            KnownError("not-implemented", 501, "Service not implemented", _PLATFORM, assumed=True),
            KnownError("bad-gateway", 502, "Bad gateway", "as proxies answer", assumed=True),
            KnownError("unavailable", 503, "Service unavailable", "as proxies answer", assumed=True),
            KnownError("gateway-timeout", 504, "Gateway timeout", _PLATFORM, assumed=True),
        )
    }
)
"""Every error by its name."""


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """An error as it was or will be answered. `code` is 0 where the answer had none.

    `extended_code` is a signed 32-bit HRESULT, a negative number; `message_code` is text such as `GWM_0003`.
    """

    code: int
    message: str
    details: tuple[str, ...] = ()
    extended_code: int | None = None
    message_code: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The whole answer, `{"error": {…}}`, in the recorded order: code, extendedCode, message, details."""
        error: dict[str, Any] = {"code": self.code}
        if self.extended_code is not None:
            error["extendedCode"] = self.extended_code
        error["message"] = self.message
        if self.message_code is not None:
            error["messageCode"] = self.message_code
        error["details"] = list(self.details)
        return {"error": error}


Overrides = Mapping[str, Mapping[str, Any]]
"""Error name -> `{"code": …, "message": …}`, either or both: what takes the place of the table's."""


def envelope(
    name: str, profile: Profile, *details: str, overrides: Overrides | None = None, **fill: str
) -> ErrorEnvelope:
    """The error of that name as a server of that version answers it.

    `fill` gives what stands for `{service}` and `{operation}` in the message. Raises LocalProtocolError for a
    name that is not in the table, also in `overrides`.
    """
    row = KNOWN_ERRORS.get(name)
    if row is None:
        raise _unknown("name", name, KNOWN_ERRORS)
    wording = row.wording(profile)
    code, message = row.code, wording.message
    if overrides:
        check_overrides(overrides)
        override = overrides.get(name, {})
        code, message = override.get("code", code), override.get("message", message)
    for key, value in fill.items():
        message = message.replace(f"{{{key}}}", value)
    return ErrorEnvelope(code, message, details or wording.details, message_code=wording.message_code)


def check_overrides(overrides: Overrides) -> None:
    """Hold overrides to the table: known names, `code` a whole number, `message` a text, nothing else.

    Raises LocalProtocolError naming the place.
    """
    for name, override in overrides.items():
        if name not in KNOWN_ERRORS:
            raise _unknown("errors", name, KNOWN_ERRORS)
        if not isinstance(override, Mapping):
            raise LocalProtocolError(
                path=f"errors.{name}", met=shown(override), expected='an object {"code", "message"}'
            )
        for key, value in override.items():
            kind = _OVERRIDABLE.get(key)
            if kind is None:
                raise _unknown(f"errors.{name}", key, _OVERRIDABLE)
            if not isinstance(value, kind) or isinstance(value, bool):
                expected = "a whole number" if kind is int else "a text"
                raise LocalProtocolError(path=f"errors.{name}.{key}", met=shown(value), expected=expected)


_OVERRIDABLE: Final[Mapping[str, type]] = {"code": int, "message": str}


def _unknown(path: str, word: str, choices: Iterable[str]) -> LocalProtocolError:
    return LocalProtocolError(
        path=path, met=shown(word), expected=one_of(choices), remedy=did_you_mean(str(word), choices)
    )


class ToolFailureForm(StrEnum):
    """How much the one details string of a tool's failure in execute tells: three recorded forms."""

    BARE = "bare"
    """The job id and nothing of the messages."""
    LINES = "lines"
    """The messages, a line each, without the job id."""
    ONE_LINE = "one-line"
    """The job id, then the messages on one line."""


def tool_failed_detail(
    label: str, *, job_id: str, texts: Iterable[str] = (), form: ToolFailureForm = ToolFailureForm.ONE_LINE
) -> str:
    """The details string of `tool-failed`: `Error executing tool. Label Job ID: j… : messages`.

    The task is named by its label; synchronous runs have job ids too.
    """
    texts = tuple(texts)
    head = f"Error executing tool. {label}"
    if form is ToolFailureForm.LINES:
        return f"{head} : " + "\n".join(texts)
    head = f"{head} Job ID: {job_id}"
    if form is ToolFailureForm.BARE or not texts:
        return head
    return f"{head} : " + " ".join(" ".join(texts).split("\n"))


def read_error(json: Any) -> ErrorEnvelope | None:
    """The error that a JSON answer is, in any shape that servers and portals have answered; None where it is
    none.

    Read as errors: `{"error": {…}}` with details that are a list, a text, null or missing; `{"error": "text",
    "error_description"}` (ArcGIS Online); `{"status": "error", "messages", "code"}` (administrator's pages);
    `{"status": "failed", "statusMessage"}`; `{"code", "message", "status": "failure"}`.
    """
    if not isinstance(json, Mapping):
        return None
    error = json.get("error")
    if isinstance(error, Mapping):
        message_code = error.get("messageCode")
        return ErrorEnvelope(
            _number(error.get("code")) or 0,
            _message(error.get("message")),
            _details(error.get("details")),
            _number(error.get("extendedCode")),
            None if message_code is None else str(message_code),
        )
    code = _number(json.get("code")) or 0
    if error:
        return ErrorEnvelope(code, _message(error), _details(json.get("error_description")))
    if str(json.get("status")).lower() in ("error", "failed", "failure"):
        first, *rest = _details(json.get("messages")) or ("",)
        message = _message(json.get("statusMessage")) or _message(json.get("message")) or first
        return ErrorEnvelope(code, message, _details(json.get("details")) or tuple(rest))
    return None


def _number(value: Any) -> int | None:
    try:
        return None if value is None or isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _message(value: Any) -> str:
    return "" if value is None else str(value)


def _details(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(_message(part) for part in value) if isinstance(value, list | tuple) else (str(value),)
