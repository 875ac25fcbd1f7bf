"""`gpharness record`: its statuses, what it says and where, what it asks and what it writes."""

from __future__ import annotations

import errno
import io
import json
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from gp_client.errors import TransportError
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.contracts.contract_files import read_contract
from gpharness.record_commands import record
from gpharness.recording import confirming
from gpharness.recording.by_command import closing
from gpharness.recording.running import run_task
from gpharness.recording.targets import Target

OUTCOMES = "Simulation/JobOutcomes/GPServer"


class Said:
    """How the command ended, and what it said."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, no_waits):
    """Runs `gpharness record <words>` in an empty folder, with variables."""
    monkeypatch.chdir(tmp_path)

    def run_it(*words, stdin=None, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        with pytest.raises(SystemExit) as ended:
            record.main([*map(str, words)], prog_name="gpharness record")
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return run_it


@pytest.fixture
def far_away(monkeypatch):
    """The server of this machine counts as another one."""
    monkeypatch.setattr(Target, "is_loopback", property(lambda target: False))


@pytest.fixture
def answers(monkeypatch):
    """A terminal in which somebody answers; the questions that were asked."""
    asked = []

    def make(*given):
        left = list(given)

        def ask(question):
            asked.append(question)
            return left.pop(0)

        monkeypatch.setattr(confirming, "is_terminal", lambda: True)
        monkeypatch.setattr(confirming, "ask", ask)
        for module in ("update_by_command",):
            monkeypatch.setattr(f"gpharness.recording.{module}.is_terminal", lambda: True)
            monkeypatch.setattr(f"gpharness.recording.{module}.ask", ask)
        return asked

    return make


def test_a_task_is_recorded_into_a_file_called_as_the_host(run, services, tmp_path):
    said = run(f"{services}/{OUTCOMES}/Succeeds", "Note=hello")
    assert said.status == 0
    port = services.split(":")[2].split("/")[0]
    file = tmp_path / f"127.0.0.1-{port}-arcgis.contract.yaml"
    assert said.out == (
        f"wrote {file.name}: 1 task, 1 conversation (1 job), generated from http://127.0.0.1:{port}/arcgis\n"
    )
    contract = read_contract(file)
    assert contract.conversations[0].inputs == {"Note": "hello"}
    assert yaml.safe_load(file.read_text())["provenance"]["by_way_of"] == "record"


def test_what_is_going_to_be_done_is_said_first(run, services):
    said = run(f"{services}/{OUTCOMES}", "--only", "Succeeds", "--wrong", "-o", "a.yaml")
    assert "run Simulation/JobOutcomes/Succeeds: default inputs" in said.err
    assert "ask wrongly: simulation-joboutcomes-succeeds-unknown-job" in said.err
    assert "at most 2 requests a second, 600 s for a job, 10 MiB of an answer, 100 MiB in all" in said.err


def test_quiet_says_only_what_was_written(run, services):
    said = run(f"{services}/{OUTCOMES}/Succeeds", "-q", "-o", "a.json")
    assert (said.err, said.out.count("\n")) == ("", 1)
    assert json.loads(Path("a.json").read_text())["format"] == 1


def test_a_dry_run_runs_and_writes_nothing(run, services, tmp_path):
    said = run(f"{services}/{OUTCOMES}", "--dry-run")
    assert (said.status, said.out) == (0, "")
    assert "run Simulation/JobOutcomes/Fails: default inputs" in said.err
    assert list(tmp_path.iterdir()) == []


def test_tasks_that_need_inputs_are_named(run, services):
    said = run(f"{services}/WorldViewshed/GPServer", "-o", "a.yaml")
    assert said.status == 0
    assert "left out WorldViewshed/viewshed: needs Input_Observation_Point" in said.err
    assert "nothing is run" in said.err
    assert "1 task, 0 conversations" in said.out


def test_a_task_that_was_asked_for_and_needs_inputs_is_refused(run, services, tmp_path):
    said = run(f"{services}/WorldViewshed/GPServer/viewshed")
    assert said.status == 2
    assert said.err.startswith("gpharness record: inputs: met none, expected some: the task needs Input_Obs")
    assert "--generate N" in said.err
    assert list(tmp_path.iterdir()) == []


def test_generated_inputs_need_nothing_more(run, services):
    said = run(f"{services}/WorldViewshed/GPServer", "--generate", "2", "--seed", "3", "-o", "folder")
    assert said.status == 0
    assert [each.name for each in read_contract("folder").conversations] == [
        "worldviewshed-viewshed-generated-inputs-1-of-seed-3",
        "worldviewshed-viewshed-generated-inputs-2-of-seed-3",
    ]


def test_a_file_of_inputs_is_read(run, services, tmp_path):
    (tmp_path / "inputs.yaml").write_text("Succeeds:\n  - {Note: a}\n  - {Note: b}\n")
    said = run(f"{services}/{OUTCOMES}", "--inputs", "inputs.yaml", "-o", "a.yaml")
    assert said.status == 0
    assert [each.inputs for each in read_contract("a.yaml").conversations] == [{"Note": "a"}, {"Note": "b"}]


def test_what_is_there_is_not_written_over(run, services, tmp_path):
    (tmp_path / "a.yaml").write_text("mine")
    said = run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml")
    assert (said.status, said.out) == (2, "")
    assert "a.yaml is there already" in said.err
    assert "--force" in said.err
    assert (tmp_path / "a.yaml").read_text() == "mine"
    assert run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml", "--force").status == 0
    assert read_contract("a.yaml").conversations


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([], 2, "what is recorded?"),
        (["http://127.0.0.1:1/arcgis"], 3, "gpharness record: "),
        (["ftp://x"], 2, "URL: met"),
        (["{services}/Nothing/GPServer"], 2, "not found"),
        (["{services}/WorldViewshed/MapServer"], 2, "MapServer"),
        (["{services}/Nowhere"], 2, "gpharness record: "),
        (["{services}/Simulation", "Note=x"], 2, "inputs for 7 tasks"),
        (["{services}/{outcomes}/Succeeds", "Nota=x"], 2, "Nota: met no input"),
        (["{services}/{outcomes}/Succeeds", "Note=x", "--inputs", "sets.yaml"], 2, "one of them"),
        (["{services}/{outcomes}", "--only", "Sucseeds"], 2, "did you mean"),
        (["{services}/{outcomes}", "--rate", "0"], 2, "--rate"),
        (["{services}/{outcomes}/Succeeds", "-o", "no/such/a.yaml"], 2, "folder does not exist"),
        (["{services}/{outcomes}/Succeeds", "--password-stdin"], 2, "--password-stdin"),
        (["{services}/Secured/WorldViewshed/GPServer", "--generate", "1"], 2, "Token Required"),
        (["--update", "sets.yaml"], 2, "sets.yaml"),
    ],
)
def test_what_cannot_be_done_ends_in_one_line_with_its_status(run, services, tmp_path, words, status, says):
    (tmp_path / "sets.yaml").write_text("- {Note: x}\n")
    said = run(*[each.format(services=services, outcomes=OUTCOMES) for each in words])
    assert said.status == status
    assert says in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert [each.name for each in tmp_path.iterdir()] == ["sets.yaml"]


def test_a_place_that_cannot_be_written_is_refused_before_anything_runs(run, services, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.TemporaryFile", _full)
    said = run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml")
    assert said.status == 2
    assert said.err.splitlines() == [
        "gpharness record: a.yaml cannot be written: No space left on device; "
        "expected a folder that can be written to"
    ]


def test_what_no_longer_fits_where_it_was_to_go_is_kept_elsewhere(run, services, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(elsewhere))
    monkeypatch.setattr("tempfile.mkstemp", _only_below(elsewhere, tempfile.mkstemp))
    said = run(f"{services}/{OUTCOMES}/Succeeds", "--rate", "1e6", "-o", "a.yaml")
    assert said.status == 2
    kept = elsewhere / "a.yaml"
    assert f"No space left on device; it is in {kept} instead" in said.err
    assert len(read_contract(kept).conversations) == 1


def _full(**_):
    raise OSError(errno.ENOSPC, "No space left on device")


def _only_below(folder, mkstemp):
    def make(prefix, dir):
        return mkstemp(prefix=prefix, dir=dir) if dir == folder else _full()

    return make


def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do(capsys):
    def act():
        raise TransportError(
            "ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed", url="https://a.example"
        )

    assert closing(act) == 3
    assert "set SSL_CERT_FILE" in capsys.readouterr().err


def test_a_job_that_takes_too_long_ends_with_status_1_and_is_kept(run, services):
    said = run(f"{services}/{OUTCOMES}/NeverEnds", "--max-time", "0.2", "--rate", "1e6", "-o", "a.yaml")
    assert said.status == 1
    assert "its trace ends there" in said.err
    assert read_contract("a.yaml").conversations[0].trace[-1].status == "esriJobExecuting"


def test_without_a_terminal_nothing_runs_elsewhere_without_yes(run, services, far_away, tmp_path):
    said = run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml")
    assert said.status == 2
    assert "no terminal in which to ask whether to run tasks on 127.0.0.1" in said.err
    assert "give --yes" in said.err
    assert list(tmp_path.iterdir()) == []
    assert run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml", "--yes").status == 0


def test_in_a_terminal_it_is_asked_for(run, services, far_away, answers, tmp_path):
    asked = answers(False, True)
    said = run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml")
    assert said.status == 1
    assert "nothing was run" in said.err
    assert list(tmp_path.iterdir()) == []
    assert run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml").status == 0
    host = services.split("/")[2]
    assert asked == [f"Run tasks on {host}?"] * 2


def test_on_this_machine_only_uploads_and_cancels_are_asked_for(run, services, answers, tmp_path):
    (tmp_path / "d.txt").write_text("x")
    asked = answers(True, True)
    host = services.split("/")[2]
    assert run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml").status == 0
    assert asked == []
    url = f"{services}/{OUTCOMES}/NeverEnds"
    run(url, "--cancel", "NeverEnds", "--max-time", "0.2", "--rate", "1e6", "-o", "b.yaml")
    run(f"{services}/Files/FileTransfer/GPServer/ZipFile", "Input_File=@d.txt", "-o", "c.yaml")
    assert asked == [f"Cancel jobs on {host}?", f"Upload files to {host}?"]


def test_a_password_comes_from_stdin_or_the_environment(run, services):
    url = f"{services}/Secured/WorldViewshed/GPServer"
    words = (url, "--user", "tester", "--generate", "1")
    assert run(*words, "--password-stdin", "-o", "a.yaml", stdin="tester-password\n").status == 0
    assert run(*words, "-o", "b.yaml", GPHARNESS_PASSWORD="tester-password").status == 0
    for file in ("a.yaml", "b.yaml"):
        assert "tester-password" not in Path(file).read_text()
        assert read_contract(file).conversations[1].trace[-1].status == "esriJobSucceeded"


def test_a_wrong_password_is_told_without_it(run, services):
    url = f"{services}/Secured/WorldViewshed/GPServer"
    said = run(url, "--user", "tester", "--password-stdin", "--generate", "1", stdin="guess-word-7\n")
    assert said.status == 2
    assert "guess-word-7" not in said.err


def test_users_and_paths_are_masked_on_request(run, services):
    url = f"{services}/{OUTCOMES}/Succeeds"
    assert run(url, "Note=at /arcgis/server/x", "--mask-paths", "--mask-users", "-o", "a.yaml").status == 0


def test_an_update_of_what_still_holds_writes_nothing(run, services, tmp_path):
    run(f"{services}/{OUTCOMES}", "--only", "Succeeds", "--only", "Fails", "-o", "a.yaml")
    before = (tmp_path / "a.yaml").read_bytes()
    said = run("--update", "a.yaml")
    assert (said.status, said.out) == (0, "0 of 2 conversations changed, 2 hold\n")
    assert (tmp_path / "a.yaml").read_bytes() == before


@pytest.fixture
def other_server():
    """A server on which one task fails now."""
    site = builtin_site(clock=JumpingClock())
    site.task("Simulation/JobOutcomes/Succeeds").fails()
    with serve(site) as server:
        yield f"{server.url}/rest/services"


def test_an_update_shows_the_difference_and_writes_it_after_a_yes(
    run, services, other_server, answers, tmp_path
):
    run(f"{services}/{OUTCOMES}", "--only", "Succeeds", "--only", "Fails", "-o", "a.yaml")
    before = (tmp_path / "a.yaml").read_bytes()
    asked = answers(False, True)
    said = run("--update", "a.yaml", other_server)
    assert said.status == 1
    assert said.out.splitlines()[1:4] == [
        "  changed.outcome  trace.jobStatus",
        "    - esriJobSucceeded",
        "    + esriJobFailed",
    ]
    assert (tmp_path / "a.yaml").read_bytes() == before
    assert run("--update", "a.yaml", other_server).status == 0
    assert asked == ["Write this to a.yaml?"] * 2
    contract = read_contract("a.yaml")
    assert [each.trace[-1].status for each in contract.conversations] == ["esriJobFailed", "esriJobFailed"]
    assert "Updated" in contract.provenance.notes


def test_an_update_without_a_terminal_writes_only_with_yes(run, services, other_server, tmp_path):
    run(f"{services}/{OUTCOMES}/Succeeds", "-o", "folder")
    said = run("--update", "folder", other_server)
    assert said.status == 1
    assert "nobody can be asked: give --yes" in said.err
    said = run("--update", "folder", other_server, "--yes")
    assert (said.status, said.out.splitlines()[-1]) == (0, "wrote folder")
    assert read_contract("folder").conversations[0].trace[-1].status == "esriJobFailed"


def test_an_update_takes_no_words_of_a_recording(run, services):
    run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml")
    said = run("--update", "a.yaml", "--wrong", "--generate", "2")
    assert said.status == 2
    assert "--generate, --wrong beside it" in said.err


def test_a_proxy_runs_no_task(run, services):
    said = run("--proxy", services, "--generate", "2")
    assert said.status == 2
    assert "--proxy runs no task: leave out --generate" in said.err


def test_the_proxy_gets_the_server_and_the_words(run, services, monkeypatch):
    got = []
    monkeypatch.setattr(
        "gpharness.recording.proxying.by_command.record_by_proxy", lambda wishes: got.append(wishes) or 0
    )
    assert run("--proxy", "https://gis.example.com/server", "--port", "0", "--mask-users").status == 0
    [wishes] = got
    assert (wishes.upstream, str(wishes.output), wishes.mask_users) == (
        "https://gis.example.com/server",
        "gis.example.com-server.contract.yaml",
        True,
    )


def test_progress_is_told_in_a_terminal_alone(run, services, monkeypatch):
    assert "1/1 simulation" not in run(f"{services}/{OUTCOMES}/Succeeds", "-o", "a.yaml").err
    monkeypatch.setattr("gpharness.recording.by_command._is_terminal", lambda: True)
    err = run(f"{services}/{OUTCOMES}/Succeeds", "-o", "b.yaml").err
    assert "  1/1 simulation-joboutcomes-succeeds-default-inputs\n" in err


@pytest.fixture
def at_the_second_run(monkeypatch):
    """Raises something as the second task is run."""

    def raise_it(error):
        runs = []

        def run(*words):
            runs.append(words)
            if len(runs) > 1:
                raise error
            return run_task(*words)

        monkeypatch.setattr("gpharness.recording.recorder.run_task", run)

    return raise_it


def test_ctrl_c_keeps_what_is_complete(run, services, at_the_second_run):
    at_the_second_run(KeyboardInterrupt())
    said = run(f"{services}/{OUTCOMES}", "--only", "Succeeds", "--only", "Fails", "-o", "a.yaml")
    assert said.status == 130
    assert "what is complete is kept: wrote a.yaml: 7 tasks, 1 conversation" in said.err
    assert "gpharness record: interrupted" in said.err
    assert [each.task for each in read_contract("a.yaml").conversations] == [
        "Simulation/JobOutcomes/Succeeds"
    ]


def test_what_is_complete_is_kept_when_the_server_has_gone(run, services, monkeypatch):
    monkeypatch.setattr("gpharness.recording.recorder.Recorder.carry_out", _gone)
    said = run(f"{services}/{OUTCOMES}", "--only", "Succeeds", "-o", "a.yaml")
    assert said.status == 3
    assert "what is complete is kept" in said.err
    assert read_contract("a.yaml").tasks


def _gone(recorder, plan):
    raise TransportError("ConnectError: nobody listens", url="http://127.0.0.1:1")


def test_secrets_that_stand_in_inputs_and_answers_are_not_written(run, services):
    secret = "qL9-vR2xTz7KpWm4Yc8sNd3JhFb6GtUa"
    said = run(
        f"{services}/{OUTCOMES}/Succeeds", f"Note=see https://x.example.com/a?token={secret}", "-o", "a.yaml"
    )
    assert said.status == 0
    text = Path("a.yaml").read_text()
    assert secret not in text
    assert "https://x.example.com/a?token=" in text


def test_user_names_are_masked_on_request(run, services):
    url = f"{services}/Secured/WorldViewshed/GPServer"
    words = (url, "--user", "tester", "--generate", "1", "--mask-users", "-o", "a.yaml")
    assert run(*words, GPHARNESS_PASSWORD="tester-password").status == 0
    assert "tester" not in Path("a.yaml").read_text()
