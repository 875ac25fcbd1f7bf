"""`gpharness replay`, as a process and within this one."""

from __future__ import annotations

import json
import signal
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest
from click.testing import CliRunner
from gpharness.contracts.contract_files import write_contract
from gpharness.replay_commands import replay as command

TASK = "WorldViewshed/GPServer/viewshed"
START = "from gpharness.replay_commands import replay; replay()"


@pytest.fixture
def contract_file(recorded, tmp_path):
    write_contract(recorded, tmp_path / "viewshed.yaml")
    return tmp_path / "viewshed.yaml"


def test_a_contract_is_served_to_plain_clients_until_a_signal(start, contract_file, recorded):
    running = start("-c", START, contract_file, "--port", "0", "--clock", "jump", "--context", "gis")
    services = running.url()
    assert services.endswith("/gis/rest/services")
    opener = build_opener(ProxyHandler({}))

    def ask(path: str, **parameters: str) -> dict:
        with opener.open(f"{services}/{path}", urlencode({"f": "json", **parameters}).encode()) as answer:
            return json.loads(answer.read())

    inputs = recorded.conversations[0].inputs
    place = f"{TASK}/jobs/{ask(f'{TASK}/submitJob', **inputs)['jobId']}"
    seen = [ask(place)["jobStatus"] for _ in range(4)]
    assert seen == ["esriJobSubmitted", "esriJobExecuting", "esriJobSucceeded", "esriJobSucceeded"]
    assert "features" in ask(f"{place}/results/Viewshed_Result")["value"]
    running.process.send_signal(signal.SIGTERM)
    assert running.status() == 0


def told(*words: object) -> tuple[int, str]:
    """Exit status and stderr of a command that ends before it serves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpharness.leaving.leave", lambda status: __import__("sys").exit(status))
        result = CliRunner().invoke(command, [str(word) for word in words])
    return result.exit_code, result.stderr


def test_what_is_no_contract_is_told_in_a_line(tmp_path):
    (tmp_path / "broken.yaml").write_text("format: 1\nprovenence: {}\n")
    status, said = told(tmp_path / "broken.yaml", "--port", "0")
    assert status == 2
    assert said.startswith("gpharness replay: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--clock", "sideways"), "--clock sideways: expected real, jump"),
        (("--deviate", "no-such"), "no deviation is called 'no-such'"),
        (("--context", "a/b"), "a/b"),
    ],
)
def test_a_bad_option_is_told_in_a_line(contract_file, words, expected):
    status, said = told(contract_file, "--port", "0", *words)
    assert (status, len(said.splitlines())) == (2, 1)
    assert expected in said
