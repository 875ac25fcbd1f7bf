"""The deviations of results' values: each data type as servers write it, or should not.

Every one is looked at where values come from: the resource of one result, the list of all, and execute's
answer; and all other results have to come as before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from deviation_probe import ECHO, ECHO_JOB, POINT, Probe

LAYERS = "Publishing/ViewshedLayers/GPServer/viewshed"
FILES = "Files/FileTransfer/GPServer/ZipFile"
SYNCHRONOUS = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"

LONG, DOUBLE, BOOLEAN, STRING, DATE = (
    "Out_GPLong",
    "Out_GPDouble",
    "Out_GPBoolean",
    "Out_GPString",
    "Out_GPDate",
)
COMPOSITE, TABLE, UNIT = "Out_GPComposite", "Out_GPValueTable", "Out_GPLinearUnit"
FEATURES, RECORDS = "Out_GPFeatureRecordSetLayer", "Out_GPRecordSet"
RASTER, PICTURE = "Out_GPRasterDataLayer", "Out_GPRasterData"
NAME_FIELD = {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 10}
SHAPES: dict[str, dict[str, Any]] = {
    "esriGeometryPoint": {"x": 1, "y": 2.5},
    "esriGeometryMultipoint": {"points": [[1, 2.5], [3, 4]]},
    "esriGeometryPolyline": {"paths": [[[1, 2.5], [3, 4]], [[5, 6], [7, 8]]]},
    "esriGeometryPolygon": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
}


def feature_set(shape: str = "esriGeometryPoint", wkid: int = 4326, count: int = 3) -> str:
    return json.dumps(
        {
            "geometryType": shape,
            "spatialReference": {"wkid": wkid},
            "fields": [NAME_FIELD],
            "features": [{"attributes": {"Name": f"n{i}"}, "geometry": SHAPES[shape]} for i in range(count)],
        }
    )


INPUTS = {
    "In_GPLong": "5",
    "In_GPDouble": "0.1",
    "In_GPBoolean": "true",
    "In_GPString": "hello",
    "In_GPDate": "1678181829000",
    "In_GPLinearUnit": '{"distance":5,"units":"esriMiles"}',
    "In_GPFeatureRecordSetLayer": feature_set(),
    "In_GPRecordSet": json.dumps({"fields": [NAME_FIELD], "features": [{"attributes": {"Name": "a"}}] * 3}),
    "In_GPMultiValue_GPString": '["a","b"]',
    "In_GPMultiValue_GPLong": "[1,2]",
    "In_GPValueTable": '[["a",1.5,1],["b",2.5,2]]',
    "In_GPComposite": "7",
    "In_GPDataFile": '{"url":"http://127.0.0.1:1/a.zip"}',
}
MISSING = object()


def spelt(body: bytes | str) -> Any:
    """JSON with its numbers as they are spelt: `5.0` is not `5`, and `NaN` is one, too."""

    def number(text: str) -> tuple[str, str]:
        return ("number", text)

    return json.loads(body, parse_int=number, parse_float=number, parse_constant=number)


Results = dict[str, dict[str, Any]]
Change = Callable[[dict[str, Any]], Any]
"""What becomes of a result, in place; a value that is returned is the result's new one."""


def by_name(results: Any) -> Results:
    return {each["paramName"]: each for each in results}


def listed(probe: Probe, job_id: str) -> Any:
    return spelt(probe.get(f"{probe.task(ECHO_JOB)}/jobs/{job_id}/results").body)


def executed(probe: Probe, inputs: Mapping[str, str]) -> Any:
    return spelt(probe.post(f"{probe.task(ECHO)}/execute", **inputs).body)["results"]


def one(probe: Probe, job_id: str, name: str) -> Any:
    return spelt(probe.result(job_id, name, ECHO_JOB).body)


def look(
    probe: Probe,
    name: str,
    wanted: Mapping[str, Change],
    inputs: Mapping[str, str] = INPUTS,
    **chosen: Any,
) -> None:
    """Check that a deviation changes these results as they say, everywhere, and no others."""
    job_id = probe.finish(ECHO_JOB, **inputs)
    clean = listed(probe, job_id)
    assert executed(probe, inputs) == clean
    after = [changed(each, wanted.get(each["paramName"])) for each in clean]
    changes = [
        (old, new) for old, new in zip(clean, after, strict=True) if json.dumps(old) != json.dumps(new)
    ]
    assert len(changes) == len(wanted)
    injection = probe.site.deviate(name, **chosen)
    assert listed(probe, job_id) == after
    assert executed(probe, inputs) == after
    assert injection.applied == 2
    for old, new in changes:
        assert one(probe, job_id, old["paramName"]) == new
    assert injection.applied == 2 + len(changes)
    other = next((each for each in clean if each["paramName"] not in wanted), None)
    if other is not None:
        assert one(probe, job_id, other["paramName"]) == other
        assert injection.applied == 2 + len(changes) + (name == "value-table-as-objects")
    injection.clear()
    assert listed(probe, job_id) == clean


def changed(result: dict[str, Any], change: Change | None) -> dict[str, Any]:
    result = deepcopy(result)
    if change is not None:
        value = change(result)
        if value is MISSING:
            del result["value"]
        elif value is not result and value is not KEPT:
            result["value"] = spelt(value)
    return result


KEPT = object()


def becomes(text: str) -> Change:
    """The value that this JSON is."""
    return lambda result: text


VALUES: dict[str, dict[str, str]] = {
    "number-as-text": {LONG: '"5"', DOUBLE: '"0.1"', COMPOSITE: '"7"'},
    "boolean-as-text": {BOOLEAN: '"true"'},
    "boolean-as-number": {BOOLEAN: "1"},
    "number-with-comma": {LONG: '"5,0"', DOUBLE: '"0,1"', COMPOSITE: '"7,0"'},
    "long-with-fraction": {LONG: "5.5", COMPOSITE: "5.5"},
    "double-as-nan-text": {DOUBLE: '"NaN"'},
    "long-64-bit": {LONG: "4503599627370495", COMPOSITE: "4503599627370495"},
    "double-17-digits": {DOUBLE: "0.10000000000000001"},
    "long-with-point-zero": {LONG: "5.0", COMPOSITE: "7.0"},
    "date-before-1970": {DATE: "-315619200000"},
    "string-as-array": {STRING: '[{"name":"a"},{"name":"b"}]'},
    "date-as-iso": {DATE: '"2023-03-07T09:37:09"'},
    "date-as-local-text": {DATE: '"3/7/2023 9:37 AM"'},
    "linear-unit-as-text": {UNIT: '"5 Miles"'},
    "linear-unit-unknown": {UNIT: '{"distance":5.0,"units":"esriFurlongs"}'},
    "linear-unit-case": {UNIT: '{"distance":5.0,"units":"esriMILES"}'},
    "multi-value-as-scalar": {"Out_GPMultiValue_GPString": '"a"', "Out_GPMultiValue_GPLong": "1"},
    "value-table-ragged": {TABLE: '[["a"],["b",2.5,2]]'},
    "value-table-as-objects": {
        TABLE: '[{"Name":"a","Amount":1.5,"Count":1},{"Name":"b","Amount":2.5,"Count":2}]'
    },
}
"""The values that results have instead, as JSON."""


@pytest.mark.parametrize(("name", "values"), VALUES.items(), ids=VALUES)
def test_a_value_is_written_in_another_way(probe: Probe, name: str, values: dict[str, str]) -> None:
    look(probe, name, {each: becomes(text) for each, text in values.items()})


def test_what_a_value_becomes_can_be_chosen(probe: Probe) -> None:
    look(probe, "long-with-fraction", {LONG: becomes("7.25"), COMPOSITE: becomes("7.25")}, value=7.25)
    look(
        probe, "linear-unit-unknown", {UNIT: becomes('{"distance":5.0,"units":"esriRods"}')}, units="esriRods"
    )


def without_value(result: dict[str, Any]) -> Any:
    return MISSING


def says(key: str, text: str) -> Change:
    def change(result: dict[str, Any]) -> Any:
        result[key] = text
        return KEPT

    return change


def without_type(result: dict[str, Any]) -> Any:
    del result["dataType"]
    return KEPT


WHOLE: dict[str, Change] = {
    "value-null": becomes("null"),
    "value-empty-object": becomes("{}"),
    "value-missing": without_value,
    "param-name-wrong": says("paramName", "Another_Output"),
    "data-type-wrong": says("dataType", "GPLinearUnit"),
    "data-type-missing": without_type,
    "data-type-newer": says("dataType", "GPHologram"),
}
"""What becomes of every result that it does not hold of already."""


@pytest.mark.parametrize(("name", "change"), WHOLE.items(), ids=WHOLE)
def test_every_result_is_of_another_form(probe: Probe, name: str, change: Change) -> None:
    results = listed(probe, probe.finish(ECHO_JOB, **INPUTS))
    look(
        probe,
        name,
        {each["paramName"]: change for each in results if changed(each, change) != each},
    )


def test_an_array_comes_as_a_text(probe: Probe) -> None:
    def packed(result: dict[str, Any]) -> str:
        value = [each[1] if isinstance(each, tuple) else json.dumps(each) for each in result["value"]]
        return json.dumps(f"[{','.join(value)}]")

    results = listed(probe, probe.finish(ECHO_JOB, **INPUTS))
    arrays = [each["paramName"] for each in results if each["dataType"].startswith("GPMultiValue:")]
    assert len(arrays) > 15
    look(probe, "multi-value-as-json-text", dict.fromkeys(arrays, packed))


def test_a_composite_output_says_so_instead_of_its_member(probe: Probe) -> None:
    look(probe, "composite-names-itself", {COMPOSITE: says("dataType", "GPComposite")})


def edited(change: Callable[[dict[str, Any]], object]) -> Change:
    """A change of the value in place."""

    def changed(result: dict[str, Any]) -> Any:
        change(result["value"])
        return KEPT

    return changed


def without(*path: str) -> Callable[[dict[str, Any]], object]:
    def change(value: dict[str, Any]) -> None:
        for key in path:
            value.pop(key, None)

    return change


def n(value: int | float) -> tuple[str, str]:
    return ("number", repr(value))


def newer_fields(value: dict[str, Any]) -> None:
    for name, kind, each in (
        ("Big_Number", "BigInteger", n(4503599627370495)),
        ("Made_On", "DateOnly", "2026-01-31"),
    ):
        value["fields"].append({"name": name, "type": f"esriFieldType{kind}", "alias": name})
        for feature in value["features"]:
            feature["attributes"][name] = each


def over_limit(value: dict[str, Any]) -> None:
    value.update(features=[], exceededTransferLimit=True)


def cut_at_two(value: dict[str, Any]) -> None:
    value.update(features=value["features"][:2], exceededTransferLimit=True)


def field_without_values(value: dict[str, Any]) -> None:
    value["fields"].append({"name": "Not_There", "type": "esriFieldTypeInteger", "alias": "Not_There"})


def value_without_field(value: dict[str, Any]) -> None:
    for feature in value["features"]:
        feature["attributes"]["No_Field"] = n(1)


def text_for_an_integer(value: dict[str, Any]) -> None:
    value["fields"].append({"name": "How_Many", "type": "esriFieldTypeInteger", "alias": "How_Many"})
    for feature in value["features"]:
        feature["attributes"]["How_Many"] = "a few"


BOTH: dict[str, Callable[[dict[str, Any]], object]] = {
    "field-type-newer": newer_fields,
    "features-over-limit": over_limit,
    "features-cut-with-flag": cut_at_two,
    "features-null": lambda value: value.update(features=None),
    "features-missing": without("features"),
    "fields-missing": without("fields"),
    "fields-both-cases": lambda value: value.update(Fields=value["fields"]),
    "transfer-limit-missing": without("exceededTransferLimit"),
    "attribute-missing": field_without_values,
    "attribute-extra": value_without_field,
    "attribute-of-other-type": text_for_an_integer,
}
"""What becomes of features and of records."""


@pytest.mark.parametrize(("name", "change"), BOTH.items(), ids=BOTH)
def test_a_set_of_features_or_of_records_is_of_another_form(
    probe: Probe, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    chosen = {"count": 2} if name == "features-cut-with-flag" else {}
    look(probe, name, dict.fromkeys((FEATURES, RECORDS), edited(change)), **chosen)


def each_geometry(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    def all_of_them(value: dict[str, Any]) -> None:
        for feature in value["features"]:
            change(feature["geometry"])

    return all_of_them


def no_geometry(value: dict[str, Any]) -> None:
    for feature in value["features"]:
        feature["geometry"] = None


def none_at_first(value: dict[str, Any]) -> None:
    value["features"][0]["geometry"] = None


def empty_points(value: dict[str, Any]) -> None:
    value["features"][0]["geometry"] = {"x": "NaN"}
    value["features"][1]["geometry"] = {"x": None}


def reference_in_geometries(value: dict[str, Any]) -> None:
    reference = value.pop("spatialReference")
    each_geometry(lambda geometry: geometry.update(spatialReference=reference))(value)


OF_POINTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "display-field-missing": without("displayFieldName"),
    "geometry-null": no_geometry,
    "first-geometry-null": none_at_first,
    "geometry-empty-point": empty_points,
    "spatial-reference-missing": without("spatialReference"),
    "spatial-reference-in-geometry": reference_in_geometries,
}


@pytest.mark.parametrize(("name", "change"), OF_POINTS.items(), ids=OF_POINTS)
def test_a_feature_set_of_points_is_of_another_form(
    probe: Probe, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    look(probe, name, {FEATURES: edited(change)})


def parts(geometry: dict[str, Any]) -> list[Any]:
    """All vertices of a geometry but a point."""
    (found,) = geometry.values()
    return found if "points" in geometry else [vertex for part in found for vertex in part]


def with_texts(geometry: dict[str, Any]) -> None:
    if "x" in geometry:
        geometry.update({key: number[1] for key, number in geometry.items()})
        return
    for vertex in parts(geometry):
        vertex[:] = [number[1] for number in vertex]


def with_nan(geometry: dict[str, Any]) -> None:
    if "x" in geometry:
        geometry.update(x=("number", "NaN"), y=("number", "NaN"))
    else:
        parts(geometry)[0][:] = [("number", "NaN")] * 2
        if len(geometry.get("paths", ())) > 1:  # the first one alone
            assert geometry["paths"][1][0] == [n(5), n(6)]


def with_third(geometry: dict[str, Any]) -> None:
    if "x" in geometry:
        geometry["z"] = geometry["y"]
        return
    for vertex in parts(geometry):
        vertex.append(n(12.5))


def other_type(value: dict[str, Any]) -> None:
    is_point = value["geometryType"] == "esriGeometryPoint"
    value["geometryType"] = "esriGeometryMultipoint" if is_point else "esriGeometryPoint"


OF_SHAPES: dict[str, Callable[[dict[str, Any]], object]] = {
    "geometry-of-other-type": other_type,
    "coordinates-as-text": each_geometry(with_texts),
    "coordinates-nan": each_geometry(with_nan),
    "geometry-z-unannounced": each_geometry(with_third),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "change"), OF_SHAPES.items(), ids=OF_SHAPES)
def test_geometries_of_every_type_are_of_another_form(
    probe: Probe, name: str, change: Callable[[dict[str, Any]], object], shape: str
) -> None:
    inputs = {"In_GPFeatureRecordSetLayer": feature_set(shape)}
    look(probe, name, {FEATURES: edited(change)}, inputs)


def test_lines_and_rings_come_with_curves_that_run_as_the_lines_did(probe: Probe) -> None:
    def curved(geometry: dict[str, Any]) -> None:
        ((key, found),) = geometry.items()
        del geometry[key]
        for part in found:
            part[1] = {"b": [part[1]] * 3}
        geometry[f"curve{key.title()}"] = found

    for shape in ("esriGeometryPolyline", "esriGeometryPolygon"):
        inputs = {"In_GPFeatureRecordSetLayer": feature_set(shape)}
        look(probe, "curves-unasked", {FEATURES: edited(each_geometry(curved))}, inputs)


def test_web_mercator_is_called_by_both_numbers(probe: Probe) -> None:
    def both(value: dict[str, Any]) -> None:
        value["spatialReference"] = {"wkid": n(102100), "latestWkid": n(3857)}

    for wkid in (3857, 102100):
        inputs = {"In_GPFeatureRecordSetLayer": feature_set(wkid=wkid)}
        clean = by_name(listed(probe, probe.finish(ECHO_JOB, **inputs)))[FEATURES]
        if clean["value"]["spatialReference"] != {"wkid": n(102100), "latestWkid": n(3857)}:
            look(probe, "spatial-reference-latest-differs", {FEATURES: edited(both)}, inputs)


def test_a_spatial_reference_is_its_text_alone(probe: Probe) -> None:
    job_id = probe.finish()
    clean = probe.result(job_id).json
    injection = probe.site.deviate("spatial-reference-wkt-only")
    seen = probe.result(job_id).json
    reference = seen["value"]["spatialReference"]
    assert list(reference) == ["wkt"]
    assert reference["wkt"].startswith('GEOGCS["GCS_WGS_1984",')
    assert {**seen["value"], "spatialReference": {"wkid": 4326, "latestWkid": 4326}} == clean["value"]
    assert injection.applied == 1
    injection.clear()
    assert probe.result(job_id).json == clean


ASKING: list[tuple[str, dict[str, str]]] = [
    ("submit", {"env:outSR": "3857"}),
    ("submit", {"context": '{"outSR":{"wkid":3857}}'}),
    ("result", {"outSR": "3857"}),
    ("execute", {"env:outSR": "3857"}),
]


@pytest.mark.parametrize(("where", "asked"), ASKING, ids=[f"{where}-{next(iter(a))}" for where, a in ASKING])
def test_a_spatial_reference_that_is_asked_for_is_ignored(
    probe: Probe, where: str, asked: dict[str, str]
) -> None:
    def reference() -> int:
        if where == "execute":
            inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}
            answer = probe.post(f"{probe.task(SYNCHRONOUS)}/execute", **inputs, **asked)
            result = answer.json["results"][0]
        else:
            job_id = probe.finish(**(asked if where == "submit" else {}))
            result = probe.result(job_id, **(asked if where == "result" else {})).json
        return int(result["value"]["spatialReference"]["wkid"])

    assert reference() == 3857
    injection = probe.site.deviate("spatial-reference-not-as-asked")
    assert reference() == 4326
    assert injection.applied == 1
    injection.clear()
    assert reference() == 3857


ADDRESSES = {
    "map-image-value": (FEATURES, "rest/directories/arcgisoutput/map.png"),
    "feature-service-value": (FEATURES, "rest/services/Hosted/Features/FeatureServer/0"),
    "image-service-value": (RASTER, "rest/services/Hosted/Picture/ImageServer"),
}
"""The output that comes by an address, and that."""


@pytest.mark.parametrize(("name", "output", "path"), [(name, *row) for name, row in ADDRESSES.items()])
def test_a_value_comes_by_its_address(probe: Probe, name: str, output: str, path: str) -> None:
    url = f"{probe.root}/{path}"
    extent = {"xmin": 0, "ymin": 0, "xmax": 400, "ymax": 300, "spatialReference": {"wkid": 3857}}
    picture = {"href": url, "width": 400, "height": 300, "extent": extent, "scale": 3779.5}
    value: dict[str, Any] = {
        "map-image-value": {"mapImage": picture},
        "feature-service-value": {"url": url},
        "image-service-value": {"url": url, "type": "ImageService"},
    }[name]
    outputs = (RASTER, PICTURE) if output == RASTER else (output,)
    look(probe, name, dict.fromkeys(outputs, becomes(json.dumps(value))))


@pytest.mark.parametrize("name", ["map-image-value", "features-over-limit", "features-cut-with-flag"])
def test_a_picture_for_features_is_no_feature_set(probe: Probe, name: str) -> None:
    inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}
    job_id = probe.finish(LAYERS, **inputs)
    clean = probe.result(job_id, path=LAYERS).json
    assert list(clean["value"]) == ["mapImage"]
    injection = probe.site.deviate(name)
    seen = probe.result(job_id, path=LAYERS).json
    assert (seen != clean, injection.applied) == ((True, 1) if name == "map-image-value" else (False, 0))
    assert list(seen["value"]) == ["mapImage"]


def test_a_flag_comes_with_a_feature_set_that_had_none(probe: Probe) -> None:
    job_id = probe.finish()
    probe.site.deviate("transfer-limit-missing")
    assert "exceededTransferLimit" not in probe.result(job_id).json["value"]
    probe.site.deviate("features-over-limit", nth=1)
    assert probe.result(job_id).json["value"]["exceededTransferLimit"] is True


@pytest.mark.parametrize("outputs", [1, 2])
def test_outputs_can_be_missing(probe: Probe, outputs: int) -> None:
    path = "DataTypes/OutputsJob/GPServer/SeveralOutputs"
    at_once = f"{probe.task('DataTypes/Outputs/GPServer/SeveralOutputs')}/execute"
    job_id = probe.finish(path)

    def seen() -> list[list[str]]:
        everywhere = probe.get(f"{probe.task(path)}/jobs/{job_id}/results").json
        return [
            list(probe.poll(job_id, path).json["results"]),
            [each["paramName"] for each in everywhere],
            [each["paramName"] for each in probe.post(at_once).json["results"]],
        ]

    clean = seen()
    assert clean == [["Summary", "Count", "Area", "Found", "Measured_On", "Places"]] * 3
    injection = probe.site.deviate("optional-output-missing", outputs=outputs)
    assert seen() == [clean[0][outputs:]] * 3
    assert injection.applied == 3
    assert probe.result(job_id, "Count", path).json["paramName"] == "Count"
    assert injection.applied == 3
    running = probe.poll(probe.job_id(path), path).json
    assert (running["jobStatus"], "results" in running) == ("esriJobExecuting", False)
    injection.clear()
    assert seen() == clean


def test_a_result_stands_in_a_list(probe: Probe) -> None:
    job_id = probe.finish(ECHO_JOB, **INPUTS)
    every = listed(probe, job_id)
    injection = probe.site.deviate("result-as-list")
    for output in (LONG, FEATURES):
        assert one(probe, job_id, output) == [by_name(every)[output]]
    assert injection.applied == 2
    assert listed(probe, job_id) == every
    assert executed(probe, INPUTS) == every
    injection.clear()
    assert one(probe, job_id, LONG) == by_name(every)[LONG]


FILE_URLS = {
    "file-url-internal-host": "http://GISSRV01:6080{path}",
    "file-url-relative": "{below}",
    "file-url-dot-slash": "{origin}{dotted}",
}
"""The address of a file that a result has."""


def made_file(probe: Probe) -> tuple[str, str]:
    """A job that has made a file, and the file's address."""
    job_id = probe.finish(FILES)
    url = probe.result(job_id, "Output_File", FILES).json["value"]["url"]
    assert probe.ask("GET", "", address=url).body.startswith(b"PK")
    return job_id, url


@pytest.mark.parametrize(("name", "form"), FILE_URLS.items(), ids=FILE_URLS)
def test_the_address_of_a_file_is_of_another_form(probe: Probe, name: str, form: str) -> None:
    job_id, url = made_file(probe)
    split = urlsplit(url)
    wanted = form.format(
        origin=f"{split.scheme}://{split.netloc}",
        path=split.path,
        below=url.removeprefix(f"{probe.root}/"),
        dotted=split.path.replace("/directories/", "/directories/./"),
    )
    assert wanted != url
    injection = probe.site.deviate(name)
    seen = probe.result(job_id, "Output_File", FILES).json
    assert seen == {"paramName": "Output_File", "dataType": "GPDataFile", "value": {"url": wanted}}
    (all_of_it,) = probe.get(f"{probe.task(FILES)}/jobs/{job_id}/results").json
    assert all_of_it == seen
    assert injection.applied == 2
    if name == "file-url-dot-slash":
        assert probe.ask("GET", "", address=wanted).body.startswith(b"PK")
    elif name == "file-url-relative":
        assert urljoin(f"{probe.root}/", wanted) == url
    other = probe.finish(ECHO_JOB, **INPUTS)
    assert one(probe, other, "Out_GPDataFile")["value"] == {"url": "http://127.0.0.1:1/a.zip"}
    assert injection.applied == 2
    injection.clear()
    assert probe.result(job_id, "Output_File", FILES).json["value"]["url"] == url


def test_an_inner_machine_can_have_another_name(probe: Probe) -> None:
    job_id, url = made_file(probe)
    probe.site.deviate("file-url-internal-host", origin="https://inside/")
    seen = probe.result(job_id, "Output_File", FILES).json["value"]["url"]
    assert seen == f"https://inside{urlsplit(url).path}"


PAGES = {"file-url-404": (404, b"404"), "file-is-login-page": (200, b"password")}
"""The status that a file comes with, and what its page has."""


@pytest.mark.parametrize(("name", "status", "text"), [(name, *row) for name, row in PAGES.items()])
def test_in_the_place_of_a_file_comes_a_page(probe: Probe, name: str, status: int, text: bytes) -> None:
    job_id, url = made_file(probe)
    result = probe.result(job_id, "Output_File", FILES).json
    injection = probe.site.deviate(name)
    seen = probe.ask("GET", "", address=url)
    assert seen.status == status
    assert seen.headers["content-type"].startswith("text/html")
    assert text in seen.body
    assert injection.applied == 1
    assert probe.result(job_id, "Output_File", FILES).json == result
    assert injection.applied == 1
    injection.clear()
    assert probe.ask("GET", "", address=url).body.startswith(b"PK")


def test_an_error_comes_as_json_though_another_format_was_asked_for(probe: Probe) -> None:
    job_id = probe.finish()
    assert probe.result(job_id, f="pbf").headers["content-type"].startswith("text/html")
    injection = probe.site.deviate("pbf-error-as-json")
    seen = probe.result(job_id, f="pbf")
    assert seen.headers["content-type"].startswith("application/json")
    assert seen.json == {"error": {"code": 400, "message": "Unable to complete operation.", "details": []}}
    assert probe.poll(job_id).json["jobStatus"] == "esriJobSucceeded"
    assert injection.applied == 1
    injection.clear()
    assert probe.result(job_id).json["paramName"] == "Viewshed_Result"


def test_requests_are_looked_at_without_parameters_or_with_others(probe: Probe) -> None:
    def given(job_id: str, name: str) -> Any:
        return probe.get(f"{probe.task(ECHO_JOB)}/jobs/{job_id}/inputs/{name}").json["value"]

    def echoed(**inputs: str) -> tuple[Any, Any]:
        job_id = probe.finish(ECHO_JOB, **inputs)
        return given(job_id, "In_GPString"), given(job_id, "In_GPLong")

    assert echoed(In_GPString="a", In_GPLong="1") == ("a", 1)
    ignoring = probe.site.deviate({"name": "deaf", "on": ["submit"], "do": [{"ignore": ["In_GPLong"]}]})
    assert echoed(In_GPString="a", In_GPLong="1") == echoed(In_GPString="a")
    assert ignoring.applied == 1  # the second had nothing to ignore
    assuming = probe.site.deviate(
        {"name": "knows", "on": ["run"], "do": [{"assume": {"In_GPString": "b", "In_GPLong": "2"}}]}
    )
    assert echoed(In_GPString="a", In_GPLong="1") == ("b", 2)
    assert (ignoring.applied, assuming.applied) == (2, 1)
    assert echoed() == ("b", 2)
    seen = by_name(probe.post(f"{probe.task(ECHO)}/execute", In_GPLong="1").json["results"])
    assert (seen[STRING]["value"], seen[LONG]["value"]) == ("b", 2)
    assert (ignoring.applied, assuming.applied) == (2, 3)
    probe.site.deviations.clear()
    assert echoed(In_GPString="a", In_GPLong="1") == ("a", 1)


COVERED = frozenset(
    {
        *VALUES,
        *WHOLE,
        *BOTH,
        *OF_POINTS,
        *OF_SHAPES,
        *ADDRESSES,
        *FILE_URLS,
        *PAGES,
        "multi-value-as-json-text",
        "composite-names-itself",
        "curves-unasked",
        "spatial-reference-latest-differs",
        "spatial-reference-wkt-only",
        "spatial-reference-not-as-asked",
        "optional-output-missing",
        "result-as-list",
        "pbf-error-as-json",
    }
)
