"""A version knows what had been introduced by then, and has the habits recorded of it."""

from __future__ import annotations

import pytest
from gp_protocol.errors import LocalProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.versions import FEATURES, PROFILES, Kind, Profile, profile

from every_case import every_case

NUMBERS = [9.3, 9.31, 10.0, 10.1, 10.11, 10.31, 10.4, 10.5, 10.51, 10.6, 10.61, 10.7, 10.71, 10.8, 10.81]
NUMBERS += [10.9, 10.91, 11.0, 11.1, 11.2, 11.3, 11.4, 11.5, 12.0]

INTRODUCED: list[tuple[Kind, str, float]] = [
    ("resource", "execute", 9.3),
    ("resource", "submitJob", 9.3),
    ("resource", "result", 9.3),
    ("resource", "input", 9.3),
    ("resource", "cancel", 10.0),
    ("resource", "upload", 10.0),
    ("resource", "register", 10.0),
    ("resource", "commit", 10.0),
    ("resource", "generateToken", 10.0),
    ("resource", "info", 10.0),
    ("resource", "uploads", 10.1),
    ("resource", "result map", 10.1),
    ("resource", "admin jobs", 10.61),
    ("resource", "task metadata", 10.91),
    ("resource", "results", 11.1),
    ("resource", "inputs", 11.1),
    ("resource", "json-schema", 11.1),
    ("resource", "webhooks", 11.1),
    ("resource", "validate", 12.0),
    ("parameter", "f", 9.3),
    ("parameter", "env:outSR", 9.3),
    ("parameter", "env:processSR", 9.3),
    ("parameter", "outSR", 9.3),
    ("parameter", "returnType", 9.3),
    ("parameter", "returnMessages", 10.0),
    ("parameter", "token", 10.0),
    ("parameter", "returnZ", 10.1),
    ("parameter", "returnM", 10.1),
    ("parameter", "returnTrueCurves", 10.5),
    ("parameter", "returnFeatureCollection", 10.6),
    ("parameter", "context", 10.61),
    ("parameter", "returnColumnName", 11.0),
    ("parameter", "simplifyFeatures", 11.4),
    ("parameter", "esri_out_image_service", 11.4),
    ("service key", "resultMapServerName", 9.3),
    ("service key", "currentVersion", 10.1),
    ("service key", "maximumRecords", 10.1),
    ("service key", "schema", 11.1),
    ("task key", "helpUrl", 9.3),
    ("task key", "executionType", 9.31),
    ("task key", "description", 10.11),
    ("parameter key", "choiceList", 9.3),
    ("parameter key", "description", 10.11),
    ("parameter key", "filter", 10.7),
    ("parameter key", "parameterInfos", 11.0),
    ("default key", "hasZ", 10.1),
    ("default key", "hasM", 10.1),
    ("job key", "messages", 9.3),
    ("job key", "progress", 10.81),
    ("job status", "esriJobTimedOut", 9.3),
    ("type", "GPBoolean", 9.3),
    ("type", "GPDouble", 9.3),
    ("type", "GPLong", 9.3),
    ("type", "GPString", 9.3),
    ("type", "GPDate", 9.3),
    ("type", "GPLinearUnit", 9.3),
    ("type", "GPFeatureRecordSetLayer", 9.3),
    ("type", "GPRecordSet", 9.3),
    ("type", "GPRasterData", 9.3),
    ("type", "GPRasterDataLayer", 9.3),
    ("type", "GPDataFile", 9.3),
    ("type", "GPMultiValue", 9.3),
    ("type", "Field", 10.7),
    ("type", "GPValueTable", 11.0),
    ("type", "GPComposite", 11.2),
    ("type", "GPArealUnit", 11.3),
    ("type", "GPStringHidden", 11.4),
    ("type", "GPSQLExpression", 11.4),
    ("type", "GPSpatialReference", 11.4),
    ("type", "GPCoordinateSystem", 11.4),
    ("type", "GPExtent", 11.4),
    ("type", "GPEnvelope", 11.4),
    ("type", "GPTimeUnit", 12.0),
    ("type", "GPMultiValue:GPString", 9.3),
    ("type", "GPMultiValue:GPExtent", 11.4),
    ("field type", "esriFieldTypeOID", 9.3),
    ("field type", "esriFieldTypeBigInteger", 11.2),
    ("field type", "esriFieldTypeDateOnly", 11.2),
    ("field type", "esriFieldTypeTimeOnly", 11.2),
    ("field type", "esriFieldTypeTimestampOffset", 11.2),
    ("filter", "range", 10.7),
    ("filter", "field", 10.7),
    ("filter", "codedValue", 12.0),
    ("filter", "composite", 12.0),
    ("format", "pjson", 9.3),
    ("format", "kmz", 9.3),
    ("format", "geojson", 10.5),
    ("format", "pbf", 10.8),
    ("input form", "layer time", 10.71),
    ("input form", "portalItemID", 10.8),
    ("input form", "image service", 10.8),
    ("input form", "pbf file", 11.5),
    ("rule", "64-bit integers", 11.2),
    ("rule", "cancellationCheckInterval", 11.2),
    ("rule", "output feature service overwrite", 11.0),
    ("rule", "blank GPStringHidden in inputs", 11.5),
    ("tool", "Get Layout Templates Info Task", 10.4),
]


@every_case(("kind", "name", "since"), INTRODUCED)
def test_a_version_knows_a_thing_from_the_version_that_introduced_it(
    kind: Kind, name: str, since: float
) -> None:
    assert [n for n in NUMBERS if profile(n).has(kind, name)] == [n for n in NUMBERS if n >= since]


@pytest.mark.parametrize(
    ("kind", "name", "versions"),
    [
        ("format", "amf", [10.0, 10.1, 10.11, 10.31, 10.4, 10.5, 10.51, 10.6, 10.61]),
        ("rule", "choiceList on every parameter", [10.0]),
        ("default key", "Fields", [10.0]),
    ],
)
def test_some_things_went_again(kind: Kind, name: str, versions: list[float]) -> None:
    assert [n for n in NUMBERS if profile(n).has(kind, name)] == versions


def test_what_is_in_no_row_is_known_to_no_version() -> None:
    assert not any(p.has("type", "GPType") or p.has("resource", "messages") for p in PROFILES.values())
    assert not profile("12.0").has("type", "GPMultiValue:GPType")


def test_every_row_says_something_of_its_own() -> None:
    assert len({(row.kind, row.name) for row in FEATURES}) == len(FEATURES)


def test_notebook_servers_only_submit_jobs_and_know_items_and_expected_failures() -> None:
    notebook = profile("notebook")
    assert notebook.has("task key", "itemId")
    assert notebook.has("job status", "expectedFailure")
    assert not notebook.has("resource", "execute")
    assert notebook.has("resource", "submitJob")
    others = [p for p in PROFILES.values() if p is not notebook]
    assert not any(p.has("task key", "itemId") or p.has("job status", "expectedFailure") for p in others)
    assert all(p.has("resource", "execute") for p in others)


def test_the_profiles_have_the_promised_names() -> None:
    assert list(PROFILES) == [
        *["9.3", "10.0", "10.1", "10.51", "10.81", "10.91", "11.1", "11.3", "11.5", "12.0"],
        *["agol-hosted", "notebook"],
    ]


@every_case(
    ("asked", "number", "full"),
    [
        ("10.91", 10.91, "10.9.1"),
        ("10.9.1", 10.91, "10.9.1"),
        (10.91, 10.91, "10.9.1"),
        ("10.71", 10.71, "10.7.1"),
        ("11.4", 11.4, "11.4.0"),
        ("11", 11.0, "11.0.0"),
        (" 12.0 ", 12.0, "12.0.0"),
        ("13.2", 13.2, "13.2.0"),
        (10, 10.0, "10.0"),
        ("10.31", 10.31, "10.3.1"),
    ],
)
def test_a_version_number_is_kept_also_where_no_profile_has_it(
    asked: str | float, number: float, full: str
) -> None:
    assert (profile(asked).number, profile(asked).full_version) == (number, full)


def test_an_unknown_version_has_the_habits_of_the_nearest_lower_one() -> None:
    assert profile("10.71").name == "10.71"
    assert profile("10.71").json_content_type == profile("10.51").json_content_type
    assert profile("11.4").json_content_type == profile("11.3").json_content_type
    assert profile("11.4").has("type", "GPExtent")
    assert profile("13.2").has("type", "GPTimeUnit")


@every_case("asked", ["9.2", "", "latest", "eleven", "-1", "1091", "nan", 8, float("inf")])
def test_what_is_no_version_is_refused(asked: str | float) -> None:
    with pytest.raises(LocalProtocolError, match=r"from 9\.3 on"):
        profile(asked)


def test_a_misspelt_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(LocalProtocolError, match='did you mean "agol-hosted"'):
        profile("agol_hosted")


HABITS = (
    "json_content_type",
    "job_id_prefix",
    "first_status",
    "submit_answers_all",
    "date_style",
    "cim_version",
)


@every_case(
    ("name", "habits"),
    [
        ("10.0", ("text/plain;charset=utf-8", "j", JobStatus.SUBMITTED, False, "arcmap", None)),
        ("10.91", ("application/json;charset=UTF-8", "j", JobStatus.SUBMITTED, False, "pro", "2.9.0")),
        ("11.1", ("application/json;charset=UTF-8", "j", JobStatus.SUBMITTED, False, "pro", "3.1.0")),
        ("agol-hosted", ("application/json; charset=utf-8", "", JobStatus.NEW, True, "pro", None)),
    ],
)
def test_a_profile_has_its_recorded_habits(name: str, habits: tuple[object, ...]) -> None:
    found: Profile = profile(name)
    assert tuple(getattr(found, habit) for habit in HABITS) == habits
