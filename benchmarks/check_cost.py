"""What it costs to hold a large result to the protocol, beside what it costs to parse it.

Measured: `check_body` of the answer that one result is, about 10 MB of features, beside `json.loads` of the
same bytes, in one process and in turns; the ratio is the median of those of neighbouring rounds. Once with
polygons of some sixty vertices, where nearly all is coordinates, and once with points of six attributes,
where nearly all is objects. The result is in order: what is not takes longer, as each feature is then looked
at.

Not measured: reading the file, printing what was found, the start of the program.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measurements import Measurement

_BYTES = 10_000_000
_FIELDS = (
    ("OBJECTID", "esriFieldTypeOID"),
    ("Name", "esriFieldTypeString"),
    ("Area", "esriFieldTypeDouble"),
    ("Grade", "esriFieldTypeSmallInteger"),
    ("Measured_On", "esriFieldTypeDate"),
    ("Note", "esriFieldTypeString"),
)
_LIMIT = 5.0


def measure(*, rounds: int = 7, size: int = _BYTES) -> list[Measurement]:
    return [
        _ratio("check: 10 MB of polygons", _result("esriGeometryPolygon", _polygon, size), rounds),
        _ratio("check: 10 MB of points", _result("esriGeometryPoint", _point, size), rounds),
    ]


def _ratio(name: str, body: bytes, rounds: int) -> Measurement:
    from gpharness.checking.bodies import check_body

    invalid = ""
    if found := check_body(body, "result").findings:
        invalid = f"found {found[0].name} in a result that is in order"
    pairs = [
        (_seconds(lambda: json.loads(body)), _seconds(lambda: check_body(body, "result")))
        for _ in range(rounds)
    ]
    ratio = statistics.median(check / parse for parse, check in pairs)
    parse, check = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    detail = f"{check:.0f} ms beside {parse:.0f} ms with json.loads, {len(body) / 1e6:.1f} MB"
    return Measurement(name, ratio, wanted=f"<= {_LIMIT}", detail=detail, invalid=invalid)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _result(geometry_type: str, shape: Callable[[random.Random], dict[str, Any]], size: int) -> bytes:
    """One result with features until it has so many bytes."""
    dice = random.Random(7)
    features: list[bytes] = []
    length = 0
    while length < size:
        number = len(features) + 1
        attributes = {
            "OBJECTID": number,
            "Name": f"feature {number}",
            "Area": dice.random() * 1e5,
            "Grade": number % 7,
            "Measured_On": 1_678_181_829_000 + number,
            "Note": None if number % 3 else "12:30",
        }
        feature = {"attributes": attributes, "geometry": shape(dice)}
        features.append(json.dumps(feature, separators=(",", ":")).encode())
        length += len(features[-1]) + 1
    value = {
        "displayFieldName": "",
        "geometryType": geometry_type,
        "spatialReference": {"wkid": 4326, "latestWkid": 4326},
        "fields": [{"name": name, "type": kind, "alias": name} for name, kind in _FIELDS],
        "features": [],
        "exceededTransferLimit": False,
    }
    result = {"paramName": "Output", "dataType": "GPFeatureRecordSetLayer", "value": value}
    whole = json.dumps(result, separators=(",", ":")).encode()
    return whole.replace(b'"features":[]', b'"features":[' + b",".join(features) + b"]")


def _polygon(dice: random.Random) -> dict[str, Any]:
    ring = [[dice.uniform(-180, 180), dice.uniform(-90, 90)] for _ in range(60)]
    return {"rings": [[*ring, ring[0]]]}


def _point(dice: random.Random) -> dict[str, Any]:
    return {"x": dice.uniform(-180, 180), "y": dice.uniform(-90, 90)}
