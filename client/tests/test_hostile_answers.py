"""Whatever JSON and whatever bytes a server answers, the outcome is a value or one of the client's errors."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from conversation import converse, good, job, page, parameter, service, task, value
from gp_client import GPClient
from gp_client.wire.http_messages import Response
from scripted import answer

from every_case import every_case

FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
    {"name": "n", "type": "esriFieldTypeInteger", "alias": "n"},
]
VALUES: dict[str, Any] = {
    "GPString": "done",
    "GPLong": 5,
    "GPDouble": 5.5,
    "GPBoolean": True,
    "GPDate": 1769860800000,
    "GPLinearUnit": {"distance": 5, "units": "esriMiles"},
    "GPArealUnit": {"area": 5, "units": "esriAcres"},
    "GPTimeUnit": {"time": 5, "units": "esriTimeUnitsDays"},
    "GPDataFile": {"url": "http://gis.example.com/a.zip"},
    "GPRasterDataLayer": {"url": "http://gis.example.com/a.tif", "format": "tif"},
    "GPFeatureRecordSetLayer": {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 102100, "latestWkid": 3857},
        "hasZ": True,
        "fields": FIELDS,
        "features": [
            {
                "geometry": {"rings": [[[0, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 1]]]},
                "attributes": {"OBJECTID": 1, "n": 5},
            }
        ],
        "exceededTransferLimit": False,
    },
    "GPRecordSet": {"fields": FIELDS, "features": [{"attributes": {"OBJECTID": 1, "n": 5}}]},
    "GPMultiValue:GPLinearUnit": [{"distance": 5, "units": "esriMiles"}],
    "GPValueTable": [["a", 1.5]],
    "GPComposite": 5,
    "Field": {"name": "n", "type": "esriFieldTypeInteger", "alias": "n"},
    "GPSpatialReference": {"wkid": 4326},
    "GPExtent": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "spatialReference": {"wkid": 4326}},
}
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    5.5,
    1e308,
    10**30,
    "",
    " ",
    "NaN",
    "x",
    "\x00",
    "../..",
    "//elsewhere.example.org/",
    "http://[",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": None},
    {"error": {}},
    "esriJobSucceeded",
    "esriGeometryPoint",
    [[[[[1]]]]],
]


def places(tree: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way]
    if isinstance(tree, dict):
        for key, each in tree.items():
            found += places(each, (*way, key))
    elif isinstance(tree, list):
        for number, each in enumerate(tree):
            found += places(each, (*way, number))
    return found


def mutated(tree: Any, dice: random.Random) -> Any:
    """The same JSON with one to three places changed: another value, none, or one that is doubled."""
    tree = copy.deepcopy(tree)
    for _ in range(dice.randint(1, 3)):
        way = dice.choice(places(tree))
        if not way:
            if dice.random() < 0.1:
                return dice.choice(ODD)
            continue
        holder = tree
        for key in way[:-1]:
            holder = holder[key]
        last = way[-1]
        match dice.randrange(4):
            case 0:
                del holder[last]
            case 1 if isinstance(holder, dict):
                holder[dice.choice([str(last).upper(), f" {last}", "x", "error"])] = holder[last]
            case 2 if isinstance(holder, list):
                holder.insert(0, holder[last])
            case _:
                holder[last] = copy.deepcopy(dice.choice(ODD))
    return tree


def with_other_json(response: Response, dice: random.Random) -> Response:
    return answer(json.dumps(mutated(json.loads(response.content), dice)).encode())


def garbled(response: Response, dice: random.Random) -> Response:
    """The same bytes with some changed, lost or doubled."""
    content = bytearray(response.content)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content) + 1)
        match dice.randrange(3):
            case 0:
                content[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del content[at : at + dice.randrange(20)]
            case _:
                content[at:at] = content[at : at + dice.randrange(20)]
    return answer(bytes(content), dice.choice([200, 200, 200, 204, 301, 400, 403, 500, 503]))


def everything(client: GPClient) -> Any:
    """All that a program may do with a task and its result."""
    client.info()
    client.services()
    client.service("Tools").describe()
    described = client.task("Tools/tool").describe()
    assert repr(described)
    result = client.task("Tools/tool").run(Note="a note")
    return [repr(result), result.values, result.warnings, result.messages, dict(result.outputs)]


def script_of(data_type: str, execution: str) -> dict[str, Any]:
    given = value(VALUES[data_type], data_type)
    return {
        **good(execution),
        "rest/services": answer({"folders": ["A"], "services": [{"name": "Tools", "type": "GPServer"}]}),
        "task": answer(task(data_type, execution=execution)),
        "job": [answer(job("Executing", progress={"type": "step", "percent": 5})), answer(job())],
        "result": answer(given),
        "execute": answer({"results": [given], "messages": []}),
    }


TRIES = 60
KINDS = ("info", "service", "task", "submit", "job", "result", "execute", "rest/services", "cancel")


@every_case("execution", ["Asynchronous", "Synchronous"])
@every_case("data_type", VALUES)
def test_json_that_is_another_than_it_should_be(data_type: str, execution: str) -> None:
    for seed in range(TRIES):
        dice = random.Random(f"{data_type} {execution} {seed}")
        script = script_of(data_type, execution)
        for kind in dice.sample(KINDS, 2):
            listed = script[kind] if isinstance(script[kind], list) else [script[kind]]
            script[kind] = [
                answer(json.dumps(mutated(json.loads(each.content), dice)).encode()) for each in listed
            ]
        converse(script, call=everything, execution=execution, acted_on=2, elsewhere=page(status=404))


@every_case("execution", ["Asynchronous", "Synchronous"])
@every_case("data_type", ["GPString", "GPFeatureRecordSetLayer"])
def test_bytes_that_are_others_than_they_should_be(data_type: str, execution: str) -> None:
    for seed in range(5 * TRIES):
        dice = random.Random(f"{data_type} {execution} {seed}")
        script = script_of(data_type, execution)
        for kind in dice.sample(KINDS, 2):
            listed = script[kind] if isinstance(script[kind], list) else [script[kind]]
            script[kind] = [garbled(each, dice) for each in listed]
        converse(script, call=everything, execution=execution, acted_on=2, elsewhere=page(status=404))


def test_a_service_of_many_odd_tasks() -> None:
    for seed in range(5 * TRIES):
        dice = random.Random(seed)
        described = task(parameters=[parameter(f"In{n}", kind) for n, kind in enumerate(VALUES)])
        script = {
            "service": answer(json.dumps(mutated(service(), dice)).encode()),
            "task": dice.choice([answer(json.dumps(mutated(described, dice)).encode()), page()]),
        }
        converse(script, call=lambda client: client.service("Tools").tasks(), acted_on=0, elsewhere=page())
