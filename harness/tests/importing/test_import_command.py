from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gpharness.contracts.contract_files import read_contract
from gpharness.import_commands import import_

TASK = "https://gis.example.com/arcgis/rest/services/S/GPServer/T"
SECRET = "c2VjcmV0LXRva2VuLW9mLXRoZS10ZXN0"


def har(folder: Path, name: str = "a.har", **more: Any) -> Path:
    entry = {
        "startedDateTime": "2026-11-26T20:15:00Z",
        "request": {"method": "GET", "url": f"{TASK}/execute?f=json&In=1&token={SECRET}", "headers": []},
        "response": {
            "status": 200,
            "headers": [],
            "content": {"text": json.dumps({"results": [], "messages": [], "note": f"token={SECRET}"})},
        },
        **more,
    }
    page = {**entry, "request": {"method": "GET", "url": "https://app.example.com/"}}
    path = folder / name
    path.write_text(json.dumps({"log": {"creator": {"name": "Firefox"}, "entries": [entry, page]}}))
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(import_, [str(each) for each in words])


def test_a_har_becomes_a_contract_that_says_where_it_is_from(tmp_path: Path) -> None:
    ran = run(har(tmp_path), "-o", tmp_path / "a.yaml")

    contract = read_contract(tmp_path / "a.yaml")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == (
        f"wrote {tmp_path / 'a.yaml'}: 0 tasks, 1 conversation (1 execution), recorded from "
        "https://gis.example.com/arcgis\n"
    )
    assert "1 request: not below https://gis.example.com/arcgis (app.example.com)" in ran.stderr
    told = contract.provenance
    assert (told.source, told.at, told.by) == ("recorded", "2026-11-26T20:15:00Z", "Firefox")
    assert (told.by_way_of, told.of) == ("har", "https://gis.example.com/arcgis")
    assert contract.conversations[0].inputs == {"In": "1"}


def test_a_refusal_for_want_of_a_token_stays_though_it_was_overcome(tmp_path: Path) -> None:
    refused = {"error": {"code": 499, "message": "Token Required", "details": []}}
    answer = {"status": 200, "headers": [], "content": {"text": json.dumps(refused)}}
    request = {"method": "GET", "url": f"{TASK}/execute?f=json&In=1", "headers": []}
    later = har(tmp_path, "b.har", startedDateTime="2026-11-26T20:15:01Z")
    run(har(tmp_path, request=request, response=answer), later, "-o", tmp_path / "a.yaml")

    contract = read_contract(tmp_path / "a.yaml")
    assert [each.kind for each in contract.conversations] == ["request", "execute"]
    assert contract.conversations[0].asked[0].answer.json == refused


def test_no_secret_is_left_in_what_is_written(tmp_path: Path) -> None:
    run(har(tmp_path), "-o", tmp_path / "a.yaml")

    assert SECRET not in (tmp_path / "a.yaml").read_text()


def test_what_does_not_say_when_is_reconstructed_and_names_its_page(tmp_path: Path) -> None:
    run(har(tmp_path, startedDateTime=""), "-o", tmp_path / "a.yaml", "--of", "https://docs.example.com/p")

    told = read_contract(tmp_path / "a.yaml").provenance
    assert (told.source, told.at, told.of) == ("reconstructed", "", "https://docs.example.com/p")


def test_what_a_mock_has_written_is_never_called_recorded(tmp_path: Path) -> None:
    path = har(tmp_path)
    path.write_text(path.read_text().replace("Firefox", "gpharness"))

    run(path, "-o", tmp_path / "a.yaml")

    assert read_contract(tmp_path / "a.yaml").provenance.source == "generated"


def test_several_files_make_one_contract(tmp_path: Path) -> None:
    second = har(tmp_path, "b.json")
    second.write_text(second.read_text().replace("In=1", "In=2"))

    run(har(tmp_path), second, "-o", tmp_path / "c.json")

    assert len(read_contract(tmp_path / "c.json").conversations) == 2


def test_a_contract_is_not_written_over_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")

    refused = run(har(tmp_path), "-o", tmp_path / "a.yaml")
    kept = (tmp_path / "a.yaml").read_text()
    forced = run(har(tmp_path), "-o", tmp_path / "a.yaml", "--force")

    assert (refused.exit_code, kept, forced.exit_code) == (2, "mine", 0)
    assert "--force" in refused.stderr


@pytest.mark.parametrize(
    ("name", "content", "words", "message"),
    [
        ("a.har", "{", (), "broken JSON"),
        ("a.har", '{"log": {"entries": []}}', (), "nothing of a GP server"),
        ("a.txt", "hello", (), "--as har|vcr|bodies|widget"),
        ("a.json", "[" * 100_000, (), "nested too deeply"),
        ("a.yaml", "a: 1", ("--as", "vcr"), "without interactions"),
        ("a.yaml", "interactions: !!python/object:os.x {}", (), "would make an object"),
    ],
)
def test_what_cannot_be_imported_is_told_in_one_line(
    tmp_path: Path, name: str, content: str, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / name).write_text(content)

    ran = run(tmp_path / name, "-o", tmp_path / "out.yaml", *words)

    assert ran.exit_code == 2
    assert ran.stderr.startswith(f"gpharness import: {tmp_path / name}: ")
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "out.yaml").exists()


def test_a_file_that_is_not_there_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    missing = run(tmp_path / "none.har", "-o", tmp_path / "out.yaml")
    nowhere = run(har(tmp_path), "-o", tmp_path / "no" / "out.yaml")

    assert (missing.exit_code, nowhere.exit_code) == (2, 2)
    assert "nothing there" in missing.stderr
    assert "its folder does not exist" in nowhere.stderr


def test_files_are_recognised_by_what_stands_in_them(tmp_path: Path) -> None:
    cassette = tmp_path / "c.txt"
    request = {"method": "GET", "uri": f"{TASK}/execute?f=json"}
    answer = {"status": {"code": 200}, "headers": {}, "body": {"string": '{"results":[],"messages":[]}'}}
    cassette.write_text(
        json.dumps({"version": 1, "interactions": [{"request": request, "response": answer}]})
    )
    har(tmp_path).rename(tmp_path / "a.txt")

    for path in (cassette, tmp_path / "a.txt"):
        assert run(path, "-o", path.with_suffix(".yaml")).exit_code == 0
