"""Requests of every kind for the built-in site: right ones, slightly wrong ones, and nonsense.

The same seed makes the same requests, but for the ids of jobs and items, which come from the answers. The
words beside those of the site itself stand in `fuzz_words.json`; its noise is bytes, written as Latin-1.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

CONTEXT = "arcgis"
SERVICES = {
    "Elevation/ESRI_Elevation_World": ("Viewshed",),
    "WorldViewshed": ("viewshed",),
    "GPFolder/BufferService": ("BufferPoints",),
    "DataTypes/Echo": ("Echo",),
    "DataTypes/EchoJob": ("Echo",),
    "Simulation/JobOutcomes": ("Succeeds", "Fails", "TimesOut", "NeverEnds", "WaitsInQueue", "StepProgress"),
    "15_Names/OddNames": ("Extract Data Task", "ExtractDataTask"),
    "Files/FileTransfer": ("ZipFile",),
    "Secured/WorldViewshed": ("viewshed",),
}
POINT = '{"geometryType":"esriGeometryPoint","features":[{"geometry":{"x":-118.8,"y":37.5}}]}'
RIGHT_INPUTS = (
    ("Input_Observation_Point", POINT),
    ("Viewshed_Distance", '{"distance":5,"units":"esriMiles"}'),
    ("Input_Points", POINT),
    ("Distance", '{"distance":100,"units":"esriMeters"}'),
)
METHODS = ("GET",) * 10 + ("POST",) * 8 + ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")
METHODS += ("CONNECT", "LOCK", "M-SEARCH", "REPORT", "SOURCE")
ITEM_PARTS = ("parts", "uploadPart", "commit", "download", "delete")
PLACES = (
    "rest",
    "rest/info",
    "rest/login",
    "rest/logout",
    "rest/static/main.css",
    "rest/services",
    "rest/services/Files",
    "rest/directories/arcgisoutput/{service}_GPServer/{glued}/{task}.htm",
    "rest/directories/arcgisoutput/{service}_GPServer/{glued}/spec/json-schema.json",
    "rest/directories/arcgisoutput/{service}_GPServer/a.zip",
    "rest/directories/arcgisjobs/files/filetransfer_gpserver/{job}/scratch/output.zip",
    "tokens",
    "tokens/generateToken",
    "admin/generateToken",
    "admin/services/{service}.GPServer/jobs",
    "admin/services/{service}.GPServer/jobs/{job}",
    "admin/services/{service}.GPServer/jobs/{job}/cancel",
    "admin/services/{service}.GPServer/jobs/{job}/delete",
    "sharing/rest",
    "sharing/rest/generateToken",
    "sharing/rest/portals/self",
    "sharing/rest/community/self",
    "sharing/rest/community/users/tester",
    "services/{service}/GPServer",
)
WITH_BODY = ("POST", "PUT", "PATCH")
WORDS: dict[str, list[str]] = json.loads(Path(__file__).with_name("fuzz_words.json").read_text("utf-8"))
INPUTS = [*WORDS["inputs"], *(f"In_{each}" for each in WORDS["types"])]
RESULTS = [*WORDS["results"], *(f"Out_{each}" for each in WORDS["types"])]
OPTIONS = WORDS["options"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent. `is_noise`: perhaps no HTTP, so that no answer can be told from the next."""

    sent: bytes
    method: str = ""
    is_noise: bool = False

    @property
    def shown(self) -> str:
        return repr(self.sent[:600])


class Grammar:
    """Makes requests by a seed; `learn` gives it the ids in an answer, for requests to come."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._known: dict[str, list[str]] = {"jobId": ["j" + "0" * 32], "itemID": ["i0"], "token": ["t"]}
        self._jobs: list[str] = []

    def learn(self, asked: Asked, body: bytes) -> None:
        """Remember the ids in an answer, the last fifty of each kind."""
        if len(body) > 2000 or not body.startswith(b"{"):
            return
        try:
            answer = json.loads(body)
        except ValueError:
            return
        item = answer.get("item")
        for name, value in (*answer.items(), *(item.items() if isinstance(item, dict) else ())):
            if name in self._known and isinstance(value, str):
                self._known[name].append(value)
                del self._known[name][:-50]
                if name == "jobId" and b"/submitJob" in asked.sent:
                    self._jobs.append(_task_of(asked) + f"/jobs/{value}")
                    del self._jobs[:-50]

    def next(self) -> Asked:
        """The next request; one in thirty is noise."""
        draw = self._random
        if draw.random() < 1 / 30:
            return Asked(self._noise(), is_noise=True)
        method = draw.choice(METHODS)
        query = self._form() if draw.random() < (0.5 if method == "POST" else 0.9) else ""
        headers = [draw.choice(WORDS["headers"]) for _ in range(draw.choice((0, 0, 0, 1, 1, 2, 4)))]
        if not any(each.startswith("Host:") for each in headers):
            headers.insert(0, f"Host: 127.0.0.1:{draw.choice((80, 8585))}")
        body = b""
        if method in WITH_BODY:
            body, content_type = self._body()
            headers.append(f"Content-Type: {content_type}")
            if draw.random() < 0.1:
                headers.append("Transfer-Encoding: chunked")
                body = _in_chunks(body, draw.randrange(len(body) + 1))
            else:
                headers.append(f"Content-Length: {len(body)}")
        target = self._path() + (f"?{query}" if query else "")
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""])
        return Asked(head.encode("latin-1", "replace") + body, method)

    def _noise(self) -> bytes:
        draw = self._random
        kind = draw.random()
        known = draw.choice(WORDS["noise"]).encode("latin-1")
        if kind < 0.5:
            return known
        if kind < 0.7:
            return draw.randbytes(draw.randrange(1, 300))
        asked = bytearray(self.next().sent or known or b"x")
        for _ in range(draw.randrange(1, 6)):
            asked[draw.randrange(len(asked))] = draw.randrange(256)
        return bytes(asked[: draw.randrange(1, len(asked) + 1)] if kind < 0.85 else asked)

    def _path(self) -> str:
        """A resource's path; one in four with a segment changed, added or left out."""
        draw = self._random
        segments = self._resource().split("/")
        if draw.random() < 0.25:
            place = draw.randrange(1, len(segments) + 1)
            wrong = draw.choice(WORDS["segments"])
            change = draw.random()
            if change < 0.4:
                segments.insert(place, wrong)
            elif change < 0.8:
                segments[place - 1 : place] = [wrong]
            else:
                segments = segments[:place]
        path = "/" + "/".join(segments)
        return (
            path
            if draw.random() < 0.05
            else quote(path, safe="/%;=~*+$", encoding="latin-1", errors="replace")
        )

    def _resource(self) -> str:
        draw = self._random
        service = draw.choice(list(SERVICES))
        task = draw.choice(SERVICES[service])
        base = f"{CONTEXT}/rest/services/{service}/GPServer"
        item = draw.choice(self._known["itemID"])
        job_id = draw.choice(self._known["jobId"])
        kind = draw.random()
        if kind < 0.3:
            return f"{base}/{task}/{draw.choice(('execute', 'submitJob', 'submitJob', 'validate', ''))}"
        if kind < 0.55:
            job = (
                draw.choice(self._jobs)
                if self._jobs and draw.random() < 0.8
                else f"{base}/{task}/jobs/{job_id}"
            )
            below = draw.choice(
                ("", "", "/cancel", "/results", "/inputs", "/results/", "/results/", "/inputs/")
            )
            named = draw.choice(RESULTS if "results" in below else INPUTS) if below.endswith("/") else ""
            return f"{job}{below}{named}"
        if kind < 0.7:
            places = ("", "upload", "register", "info", item, *(f"{item}/{each}" for each in ITEM_PARTS))
            return f"{CONTEXT}/rest/services/Files/FileTransfer/GPServer/uploads/{draw.choice(places)}"
        if kind < 0.8:
            below = draw.choice(("", "/export", "/layers", "/legend", "/0", "/0/query"))
            kinds = draw.choice(("MapServer", "FeatureServer"))
            return f"{CONTEXT}/rest/services/{service}/{kinds}/jobs/{job_id}{below}"
        if kind < 0.9:
            return f"{CONTEXT}/{draw.choice(PLACES)}".format(
                service=service, glued=service.replace("/", "_"), task=task, job=job_id
            )
        return draw.choice(
            (base, f"{base}/info/{draw.choice(('iteminfo', 'metadata', 'thumbnail'))}", "", CONTEXT)
        )

    def _pairs(self) -> list[tuple[str, str]]:
        draw = self._random
        pairs = [
            ("f", draw.choice(WORDS["formats"]) if draw.random() < 0.3 else draw.choice(("json", "html")))
        ]
        for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 6))):
            name = draw.choice(INPUTS if draw.random() < 0.6 else OPTIONS)
            if name in self._known and draw.random() < 0.5:
                value = draw.choice(self._known[name])
            else:
                value = draw.choice(WORDS["texts"])
            pairs.append((name if draw.random() < 0.97 else draw.choice(WORDS["texts"])[:200], value))
        if draw.random() < 0.25:
            pairs += RIGHT_INPUTS
        draw.shuffle(pairs)
        return pairs

    def _form(self) -> str:
        whole = "&".join(
            f"{quote_plus(name, errors='replace')}={quote_plus(value, errors='replace')}"
            for name, value in self._pairs()
        )
        return whole if self._random.random() < 0.97 else whole.replace("%", "%%").replace("=", "", 1)

    def _body(self) -> tuple[bytes, str]:
        """A body and its type, which fit in most cases."""
        draw = self._random
        kind = draw.random()
        if kind < 0.6:
            return self._form().encode("latin-1", "replace"), "application/x-www-form-urlencoded"
        if kind < 0.85:
            return self._multipart(), "multipart/form-data; boundary=b"
        if kind < 0.9:
            return gzip.compress(self._form().encode("latin-1", "replace"), 1), draw.choice(
                WORDS["content_types"]
            )
        return draw.choice(WORDS["texts"]).encode("utf-8", "replace"), draw.choice(WORDS["content_types"])

    def _multipart(self) -> bytes:
        draw = self._random
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in self._pairs()]
        if draw.random() < 0.7:
            field = draw.choice(("file", "partFile", "itemFile", "Input_File", "x"))
            name = draw.choice(
                ("a.zip", "a.txt", "", "../../a.zip", "a\0.zip", "é.zip", "a.exe", "CON", "." * 300)
            )
            kind = draw.choice(("", "\r\nContent-Type: application/zip", "\r\nContent-Type: \x01"))
            content = "PK" + "x" * draw.choice((0, 1, 100, 3000))
            parts.append(f'name="{field}"; filename="{name}"{kind}\r\n\r\n{content}')
        text = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
        text += "--b--\r\n" if draw.random() < 0.95 else ""
        return text.encode("utf-8", "replace")


def _task_of(asked: Asked) -> str:
    target = asked.sent.split(b" ", 2)[1].decode("latin-1")
    return unquote(target.partition("/submitJob")[0]).lstrip("/")


def _in_chunks(body: bytes, middle: int) -> bytes:
    parts = [part for part in (body[:middle], body[middle:]) if part]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))
