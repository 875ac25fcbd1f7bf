"""What goes wrong in the mock server itself; what clients are answered with stands in `gp_protocol`.

MockServerError
├── BodyTooLarge            a deviation would make too large a body (deviations.body_limits)
├── NotJSON                 an answer that a deviation was to edit is no JSON (deviations.json_scanning)
├── JobFileError            a file cannot be used as a job store
├── StoreUnwritable         a job store's file cannot be written now
├── BadCertificate          a certificate and its key cannot be served with (tls)
├── DoorError               a site cannot be given such a socket of its own (doors.errors)
├── ServerLeft              a server that a site stands in front of has ended its answer early (passing_on)
├── CallerLeft              its client has left before all of its request had come (passing_on)
├── NotOverTls              a connection by TLS cannot do what was asked of it (wire_access)
├── CannotListen, PortInUse the host or port cannot be listened on (server)
└── SiteError               a site, service, task or rule was described wrongly
    ├── SiteFileError       … in a site file, or in data of a site file's form
    └── DeviationError      a deviation is unknown, written wrongly, or not possible (deviations.records)
        └── HiddenDeviation … for one that is followed already and it would hide one another
"""

from __future__ import annotations

from pathlib import Path

from gp_protocol.errors import ProtocolError


class MockServerError(Exception):
    """Every error of this package."""


class JobFileError(MockServerError):
    """A file cannot be used as a job store: which, why, and what to do."""

    def __init__(self, path: Path, met: str, remedy: str = "give another file") -> None:
        super().__init__(f"job store {path}: {met}; {remedy}")


class StoreUnwritable(MockServerError):
    """The store's file cannot be written; what was asked for has not happened, and may be asked for again."""


class SiteError(MockServerError):
    """A site was asked for something that it does not have, or described in a way that cannot be served."""


class SiteFileError(SiteError):
    """Data of a site file is wrong: where, what was met, what was expected, and what to do.

    `file` is empty for data that came from Python. `path` reads like
    `services.Tools.tasks[0].parameters.Distance`, or `line 3, column 5` where the text itself is broken.
    """

    def __init__(self, path: str, met: str, expected: str, remedy: str = "", file: str = "") -> None:
        super().__init__(path, met, expected, remedy, file)
        self.path = path
        self.met = met
        self.expected = expected
        self.remedy = remedy
        self.file = file

    def __str__(self) -> str:
        place = "".join(f"{part}: " for part in (self.file, self.path) if part)
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}met {self.met}, expected {self.expected}{remedy}"

    def at(self, prefix: str) -> SiteFileError:
        """The same error, its path led in by `prefix`."""
        glue = "." if prefix and self.path and not self.path.startswith("[") else ""
        return SiteFileError(f"{prefix}{glue}{self.path}", self.met, self.expected, self.remedy, self.file)

    def in_file(self, file: str) -> SiteFileError:
        """The same error, said of this file unless it names one."""
        return SiteFileError(self.path, self.met, self.expected, self.remedy, self.file or file)

    @classmethod
    def of(cls, error: ProtocolError, path: str) -> SiteFileError:
        """What the protocol says of a value, said of the place in the site file where the value stands."""
        placed = error.at(path)
        return cls(placed.path, placed.met, placed.expected, placed.remedy)
