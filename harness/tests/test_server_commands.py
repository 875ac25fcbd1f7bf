"""`gpharness deviations`, `gpharness wait`, and what `gpharness serve` has for deviations."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.catalogue import catalogue
from gp_mockserver.server import serve
from gpharness.command_line import main

Command = Callable[..., Result]


@pytest.fixture
def command() -> Command:
    """Runs `gpharness <words>` in this process."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    return run


def test_every_deviation_is_listed_with_its_group(command: Command) -> None:
    shown = command("deviations")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(catalogue())
    assert [line for line in lines if line and not line.startswith(" ")] == list(
        dict.fromkeys(each.group for each in catalogue().values())
    )


def test_a_glob_lists_some(command: Command) -> None:
    names = [line.split()[0] for line in command("deviations", "status-50*").output.splitlines()[1:]]
    assert names[:3] == ["status-500-html", "status-502-html", "status-504-html"]
    assert all(name.startswith("status-50") for name in names)
    assert "token-required" in command("deviations", "token").output


def test_one_is_explained(command: Command) -> None:
    text = command("deviations", "submit-runs-then-reset").output
    entry = catalogue()["submit-runs-then-reset"]
    for part in (entry.does, "a fault", "(transport)", str(entry.finding), "run-then"):
        assert part in text


def test_an_explained_one_spells_out_where_it_is_known_from(command: Command) -> None:
    lines = [" ".join(line.split()) for line in command("deviations", "results-late").output.splitlines()]
    assert catalogue()["results-late"].evidence == ("C[apy]", "D[ljd]")
    at = next(i for i, line in enumerate(lines) if line.startswith("known from "))
    assert lines[at].startswith("known from client code: Esri/arcgis-python-api")
    assert lines[at + 1].startswith("and documented: LocalJobsDirectory")
    text = command("deviations", "token-expired-admin-style").output
    assert "recorded: Esri/arcgis-python-api#1558" in text
    assert "thread: Esri/arcgis-python-api#1558" in command("deviations", "token-expires-mid-job").output


def test_what_narrows_one_is_told_with_its_parameters_in_place(command: Command) -> None:
    assert 'nth "2..", per "job"' in command("deviations", "token-expires-mid-job").output
    assert "$" not in "".join(
        command("deviations", name).output.split("It is made of")[0]
        for name in ("results-late", "token-expires-mid-job")
    )


def test_an_unknown_one_is_told_the_nearest(command: Command) -> None:
    shown = command("deviations", "result-late")
    assert shown.exit_code == 2
    assert shown.stderr == (
        "gpharness deviations: no deviation is called 'result-late'; did you mean \"results-late\"?\n"
    )


def test_records_come_as_json(command: Command) -> None:
    records = json.loads(command("deviations", "--json").output)
    assert [each["name"] for each in records] == list(catalogue())
    one = next(each for each in records if each["name"] == "connection-refused")
    assert (one["by"], one["class"], one["finding"]) == ("socket", "fault", "transport.unreachable")
    assert one["expect"]["safe"][-1] == "transport"


def test_wait_ends_when_the_server_answers(command: Command) -> None:
    with serve(builtin_site()) as running:
        assert command("wait", running.url + "/rest/services", "--timeout", "5").exit_code == 0
        assert command("wait", running.root + "/__admin/health").exit_code == 0


def test_wait_says_what_it_met_when_its_time_is_over(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    shown = command("wait", f"http://127.0.0.1:{port}/", "--timeout", "0.05")
    assert shown.exit_code == 3
    assert "not ready within 0.05 seconds" in shown.stderr
    with serve(builtin_site()) as running:
        shown = command("wait", running.root + "/nowhere", "--timeout", "0.05")
    assert (shown.exit_code, "HTTP status 404" in shown.stderr) == (3, True)


@pytest.mark.parametrize("url", ["127.0.0.1:8585", "ftp://127.0.0.1/", "http://[::1/"])
def test_wait_asks_for_an_address(command: Command, url: str) -> None:
    shown = command("wait", url, "--timeout", "0.05")
    assert shown.exit_code == 2
    assert "expected an address" in shown.stderr


def test_serve_follows_deviations_in_front_of_a_server_too(gpharness: Callable[..., object]) -> None:
    with serve(builtin_site()) as real:
        running = gpharness(
            "serve",
            "--port",
            "0",
            "--in-front-of",
            real.url,
            "--deviate",
            "{name: error-in-200, operation: catalogue, nth: 1}",
        )
        url = running.url()  # type: ignore[attr-defined]
        answers = [json.load(urlopen(f"{url}?f=json")) for _ in range(2)]
    assert list(answers[0]) == ["error"]
    assert "services" in answers[1]


def test_serve_says_the_address_that_deviates_and_the_one_that_controls_it(
    gpharness: Callable[..., object],
) -> None:
    running = gpharness("serve", "--port", "0", "--deviate", "connection-refused")
    url = running.url()  # type: ignore[attr-defined]
    with pytest.raises(URLError, match="refused"):
        urlopen(url)
    said = running.error_line()  # type: ignore[attr-defined]
    assert said.startswith(url.removesuffix("/rest/services"))
    with urlopen(f"{said.rpartition(' ')[2]}/deviations") as answer:
        assert json.load(answer)["deviations"][0]["label"] == "connection-refused"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--deviate", "results-lat"], 'did you mean "results-late"'),
        (["--deviate", "{name: slow-each, secnds: 1}"], 'did you mean "seconds"'),
        (["--deviate", "{name: mine, do: [{remov: /x}]}"], 'did you mean "remove"'),
        (["--deviate", "{name: mine"], "--deviate"),
        (["--deviate", "results-late@jobs"], 'did you mean "job"'),
        (["--deviate", "status-502-html", "--deviate", "results-late"], "cannot be followed at once"),
        (["--in-front-of", "gis.example.com"], "with its context"),
        (["--in-front-of", "https://gis.example.com/arcgis", "--store", "x"], "give one of the two"),
    ],
)
def test_serve_refuses_what_it_cannot_follow(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gpharness.leaving.leave", _leave)
    shown = command("serve", "--port", "0", *words)
    assert shown.exit_code == 2
    assert says in shown.stderr


def _leave(status: int) -> None:
    raise SystemExit(status)
