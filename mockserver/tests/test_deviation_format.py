"""The deviations of the format: what is no JSON, nearly JSON, or JSON that few expect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from deviation_probe import ECHO_JOB, Probe, Seen
from gp_mockserver.deviations.catalogue import find

INFO = "rest/info"
TASK = "rest/services/WorldViewshed/GPServer/viewshed"

PAGES = {
    "html-login-page-200": ("text/html", b"password"),
    "html-maintenance-page-200": ("text/html", b"maintenance"),
    "html-error-page-200": ("text/html", b"Unable to complete operation."),
    "html-labelled-json": ("application/json", b"<!DOCTYPE html>"),
    "f-ignored": ("text/html", b"Execution type"),
}
BODIES: dict[str, Any] = {
    "jsonp-unasked": lambda clean: b"cb(" + clean + b");",
    "json-bom": lambda clean: b"\xef\xbb\xbf" + clean,
    "json-utf16": lambda clean: b"\xff\xfe" + clean.decode().encode("utf-16-le"),
    "body-empty": lambda clean: b"",
    "body-blank": lambda clean: b"\r\n",
    "body-null": lambda clean: b"null",
    "body-array": lambda clean: b"[" + clean + b"]",
    "body-string": lambda clean: json.dumps(clean.decode()).encode(),
    "body-number": lambda clean: b"0",
    "json-trailing-garbage": lambda clean: clean + b"<!-- node 2 -->",
    "json-twice": lambda clean: clean + clean,
    "json-comments": lambda clean: b"/* node 2 */ " + clean,
    "json-leading-blanks": lambda clean: b"\r\n" + clean,
}
MESSAGES = {
    "json-invalid-utf8": b'"Caf\xe9"',
    "json-lone-surrogate": b'"Half \\ud800 a letter"',
    "json-control-character": b'"Rings\x07 twice,\nin two lines"',
}
WORDS = {"json-nan": b"NaN", "json-infinity": b"-Infinity"}
SAME_WORTH = {"json-other-order", "json-pretty", "json-escapes", "json-number-forms", "json-leading-blanks"}
BEHIND = {
    "json-deep": b',"nested":[[[]]]}',
    "json-huge-number": b',"largest":1e400,"longest":123456789012345678901234567890}',
    "json-large": b',"padding":"xxx"}',
}
SMALL: dict[str, dict[str, int]] = {"json-deep": {"depth": 3}, "json-large": {"bytes": 3}}
ALONE = {"json-truncated", "json-single-quotes", "json-duplicate-keys", "json-unknown-members"}
COVERED = frozenset({*PAGES, *BODIES, *MESSAGES, *WORDS, *SAME_WORTH, *BEHIND, *ALONE})


@pytest.mark.parametrize(("name", "meets"), PAGES.items())
def test_a_page_comes_where_json_was_asked_for(probe: Probe, name: str, meets: tuple[str, bytes]) -> None:
    kind, words = meets
    clean = probe.get(TASK)
    injection = probe.site.deviate(name)
    for seen in (probe.get(TASK), probe.get(INFO), probe.submit()):
        assert (seen.status, seen.headers["content-type"].split(";")[0]) == (200, kind)
        assert words in seen.body
        assert not seen.body.lstrip().startswith((b"{", b"["))
    assert injection.applied == 3
    injection.clear()
    assert probe.get(TASK).json == clean.json


@pytest.mark.parametrize(("name", "jobs"), [("html-login-page-200", 0), ("f-ignored", 1), ("body-empty", 1)])
def test_what_edits_an_answer_runs_the_operation_and_a_page_in_its_place_does_not(
    probe: Probe, name: str, jobs: int
) -> None:
    probe.site.deviate(name)
    probe.submit()
    assert len(probe.site.store) == jobs


@pytest.mark.parametrize("name", BODIES)
def test_the_body_is_otherwise_whole(probe: Probe, name: str) -> None:
    clean = probe.get(INFO)
    injection = probe.site.deviate(name)
    seen = probe.get(INFO)
    assert seen.body == BODIES[name](clean.body) != clean.body
    assert seen.status == 200
    assert seen.headers["content-length"] == str(len(seen.body))
    assert ("utf-16" in seen.headers["content-type"]) is (name == "json-utf16")
    assert injection.applied == 1
    injection.clear()
    assert probe.get(INFO).body == clean.body


def test_a_text_is_cut_off_in_its_middle(probe: Probe) -> None:
    clean = probe.get(TASK)
    injection = probe.site.deviate("json-truncated")
    seen = probe.get(TASK)
    assert clean.body.startswith(seen.body)
    assert seen.headers["content-length"] == str(len(seen.body))
    with pytest.raises(json.JSONDecodeError, match="Unterminated string"):
        json.loads(seen.body)
    assert injection.applied == 1
    injection.clear()
    assert probe.get(TASK).body == clean.body


def test_keys_and_texts_stand_in_single_quotes(probe: Probe) -> None:
    clean = probe.get(INFO)
    injection = probe.site.deviate("json-single-quotes")
    seen = probe.get(INFO)
    assert b"'currentVersion':" in seen.body
    assert b"None" in seen.body
    assert b'"' not in seen.body
    assert injection.applied == 1
    injection.clear()
    assert probe.get(INFO).body == clean.body


OUTPUTS = [
    ({"In_GPDouble": "2.5"}, "Out_GPDouble", lambda value: [value]),
    ({"In_GPLong": "5"}, "Out_GPLong", lambda value: [value]),
    (
        {"In_GPLinearUnit": '{"distance":5,"units":"esriMiles"}'},
        "Out_GPLinearUnit",
        lambda value: [value["distance"]],
    ),
]


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize(("inputs", "output", "numbers"), OUTPUTS)
def test_numbers_of_a_value_are_words_that_json_has_not(
    probe: Probe, name: str, inputs: dict[str, str], output: str, numbers: Any
) -> None:
    job_id = probe.finish(ECHO_JOB, **inputs)
    clean = probe.result(job_id, output, ECHO_JOB)
    assert all(isinstance(each, int | float) for each in numbers(clean.json["value"]))
    injection = probe.site.deviate(name)
    seen = probe.result(job_id, output, ECHO_JOB)
    met: list[str] = []
    value = json.loads(seen.body, parse_constant=lambda word: met.append(word) or word)["value"]
    assert numbers(value) == met == [WORDS[name].decode()]
    assert injection.applied == 1
    injection.clear()
    assert probe.result(job_id, output, ECHO_JOB).body == clean.body


@pytest.mark.parametrize("name", WORDS)
def test_numbers_of_the_first_features_attributes_are_words(probe: Probe, name: str) -> None:
    job_id = probe.finish()
    clean = probe.result(job_id)
    injection = probe.site.deviate(name)
    features = json.loads(probe.result(job_id).body, parse_constant=lambda word: f"({word})")["value"][
        "features"
    ]
    word = f"({WORDS[name].decode()})"
    first, *others = clean.json["value"]["features"]
    assert features[1:] == others
    assert features[0]["geometry"] == first["geometry"]
    assert features[0]["attributes"] == {
        key: word if isinstance(value, int | float) else value for key, value in first["attributes"].items()
    }
    assert word in features[0]["attributes"].values()
    assert injection.applied == 1


def test_the_last_poll_has_the_status_twice(probe: Probe) -> None:
    job_id = probe.job_id()
    injection = probe.site.deviate("json-duplicate-keys")
    seen = [probe.poll(job_id) for _ in range(4)]
    last = seen[-1].body
    assert b'"jobStatus":"esriJobExecuting","jobStatus":"esriJobSucceeded"' in last
    is_last = [each.json["jobStatus"] == "esriJobSucceeded" for each in seen]
    assert [each.body.count(b'"jobStatus"') == 2 for each in seen] == is_last
    assert injection.applied == sum(is_last) < 4


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_holds_what_no_json_text_may(probe: Probe, name: str) -> None:
    job_id = probe.finish()
    clean = [probe.poll(job_id), probe.get("rest/services/Nowhere/GPServer")]
    assert MESSAGES[name] not in clean[0].body
    injection = probe.site.deviate(name)
    assert b'"description":' + MESSAGES[name] in probe.poll(job_id).body
    assert b'"message":' + MESSAGES[name] in probe.get("rest/services/Nowhere/GPServer").body
    assert injection.applied >= 1
    injection.clear()
    assert probe.poll(job_id).body == clean[0].body


@pytest.mark.parametrize("name", BEHIND)
def test_a_member_that_nobody_knows_is_larger_than_most_readers_like(probe: Probe, name: str) -> None:
    clean = probe.get(INFO)
    injection = probe.site.deviate(name, **SMALL.get(name, {}))
    assert probe.get(INFO).body == clean.body[:-1] + BEHIND[name]
    assert injection.applied == 1
    injection.clear()
    assert probe.get(INFO).body == clean.body


def test_arrays_are_as_deep_as_it_says(probe: Probe) -> None:
    probe.site.deviate("json-deep")
    assert b"[" * 100_000 + b"]" * 100_000 in probe.get(INFO).body


def test_a_large_answer_is_as_large_as_it_says(probe: Probe) -> None:
    assert find("json-large").parameters == {"bytes": 50_000_000}
    probe.site.deviate("json-large", bytes=2_000_000)
    assert len(probe.get(INFO).body) > 2_000_000


def polled(probe: Probe) -> list[Seen]:
    """Answers that hold numbers, texts, objects and arrays."""
    return [probe.get(TASK), probe.get(INFO)]


@pytest.mark.parametrize("name", sorted(SAME_WORTH))
def test_the_same_json_is_written_otherwise(probe: Probe, name: str) -> None:
    clean = polled(probe)
    injection = probe.site.deviate(name)
    seen = polled(probe)
    assert [each.json for each in seen] == [each.json for each in clean]
    assert [each.body for each in seen] != [each.body for each in clean]
    assert injection.applied >= 1
    injection.clear()
    assert [each.body for each in polled(probe)] == [each.body for each in clean]


FORMS = {
    "json-other-order": lambda clean, seen: list(json.loads(clean)) != list(json.loads(seen)),
    "json-pretty": lambda clean, seen: seen.startswith(b'{\n "'),
    "json-escapes": lambda clean, seen: seen == clean.replace(b"/", rb"\/") and rb"\/" in seen,
}


@pytest.mark.parametrize("name", FORMS)
def test_each_in_its_own_way(probe: Probe, name: str) -> None:
    clean = probe.get(INFO).body
    probe.site.deviate(name)
    assert FORMS[name](clean, probe.get(INFO).body)


def test_numbers_are_spelt_in_three_ways_in_turn(probe: Probe) -> None:
    job_id = probe.finish(ECHO_JOB, In_GPDouble="-12000000.1")
    clean = probe.result(job_id, "Out_GPDouble", ECHO_JOB)
    probe.site.deviate("json-number-forms")
    seen = [probe.result(job_id, "Out_GPDouble", ECHO_JOB) for _ in range(3)]
    assert [each.json["value"] for each in seen] == [clean.json["value"]] * 3
    assert [each.body.rpartition(b'"value":')[2].rstrip(b"}") for each in seen] == [
        b"-12000000.1",
        b"-1.20000001E7",
        b"-12000000.100000000",
    ]
    probe.site.deviations.clear()
    job_id = probe.finish(ECHO_JOB, In_GPLong="5")
    probe.site.deviate("json-number-forms")
    assert b'"value":5.0' in probe.result(job_id, "Out_GPLong", ECHO_JOB).body


def test_letters_beyond_ascii_are_escaped(probe: Probe) -> None:
    job_id = probe.finish(ECHO_JOB, In_GPString="Höhe")
    assert "Höhe".encode() in probe.result(job_id, "Out_GPString", ECHO_JOB).body
    probe.site.deviate("json-escapes")
    seen = probe.result(job_id, "Out_GPString", ECHO_JOB)
    assert rb'"H\u00f6he"' in seen.body
    assert seen.json["value"] == "Höhe"


def test_objects_have_members_that_nobody_knows(probe: Probe) -> None:
    job_id = probe.finish()
    clean = [probe.poll(job_id), probe.get(TASK)]
    injection = probe.site.deviate("json-unknown-members")
    job, task = (each.json for each in (probe.poll(job_id), probe.get(TASK)))
    assert job["servedBy"]
    assert all("id" in message for message in job["messages"])
    assert all("hidden" in each for each in job["results"].values())
    assert all("hints" in each for each in task["parameters"])
    assert {key for key in job if key not in clean[0].json} == {"servedBy"}
    assert injection.applied == 2
    injection.clear()
    assert probe.poll(job_id).json == clean[0].json
