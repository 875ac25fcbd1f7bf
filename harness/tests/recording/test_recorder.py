"""What a recording holds, and how it treats the server."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random

import httpx
import msgspec
import pytest
from gp_client.clocks import SharedClock
from gp_client.errors import AuthError, InvalidInput, TransportError
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gpharness.contracts.answers import answer_bytes
from gpharness.recording.options import Credentials, Limits, Options
from gpharness.recording.recorder import record

SERVICES = "https://gis.example.com/arcgis/rest/services"
VIEWSHED = "WorldViewshed/GPServer/viewshed"
OUTCOMES = "Simulation/JobOutcomes/GPServer"
POINT = '{"type": "Point", "coordinates": [-118.8, 37.5]}'


def named(recording, name):
    [found] = [each for each in recording.contract.conversations if each.name == name]
    return found


def test_a_job_is_recorded_from_submission_to_results(site):
    recording = site.record(VIEWSHED, given=[f"Input_Observation_Point={POINT}", "Viewshed_Distance=5 Miles"])
    [run] = recording.contract.conversations
    assert (run.name, run.kind, run.task) == (
        "worldviewshed-viewshed-given-inputs",
        "job",
        "WorldViewshed/viewshed",
    )
    assert json.loads(run.inputs["Viewshed_Distance"]) == {"distance": 5.0, "units": "esriMiles"}
    assert run.submission.json["jobStatus"] == "esriJobSubmitted"
    assert run.trace[-1].status == "esriJobSucceeded"
    assert list(run.results) == ["Viewshed_Result"]
    assert [each.operation for each in run.asked] == ["results"]
    assert (recording.failures, recording.left_over) == ([], [])


def test_what_the_server_says_of_itself_is_recorded(site):
    contract = site.record("", generate=1, only=["WorldViewshed/viewshed"]).contract
    assert contract.server.info["currentVersion"] == 12.0
    assert contract.server.version == "12.0"
    assert "WorldViewshed" in [each["name"] for each in contract.catalogue["services"]]
    assert contract.services["WorldViewshed"]["tasks"] == ["viewshed"]
    assert contract.tasks["Elevation/ESRI_Elevation_World/Viewshed"]["name"] == "Viewshed"


def test_a_synchronous_task_is_executed(site):
    recording = site.record("DataTypes/Echo/GPServer")
    [run] = recording.contract.conversations
    assert (run.kind, run.inputs) == ("execute", {})
    assert len(run.submission.json["results"]) > 5


def test_a_trace_has_the_times_at_which_states_were_first_seen(new_site):
    clock = ManualClock()
    site = new_site(builtin_site(clock=clock), clock.advance)
    [run] = site.record(
        f"{OUTCOMES}/WaitsInQueue", limits=Limits(rate=20, interval=0.5)
    ).contract.conversations
    seen = [(each.status, each.after) for each in run.trace]
    assert [status for status, _ in seen][-1] == "esriJobSucceeded"
    assert seen[0][1] == pytest.approx(0.05)
    assert "esriJobWaiting" in [status for status, _ in seen]
    assert 3 < seen[-1][1] < 6
    assert sum(each.polls for each in run.trace) > 8


def test_tasks_without_defaults_are_left_out_with_the_reason(site):
    recorder = site.recorder("WorldViewshed/GPServer")
    plan = recorder.plan()
    assert plan.runs == []
    assert plan.left_out["WorldViewshed/viewshed"].startswith("needs Input_Observation_Point (GPFeature")


def test_a_service_that_cannot_be_read_is_left_out_of_several(site):
    plan = site.recorder("").plan()
    assert "Token Required" in plan.left_out["Secured/WorldViewshed"]
    assert "DataTypes/Echo/Echo" in [run.task for run in plan.runs]


def test_a_service_that_is_asked_for_alone_and_cannot_be_read_is_an_error(site):
    with pytest.raises(AuthError):
        site.recorder("Secured/WorldViewshed/GPServer").plan()


def test_generated_inputs_are_the_same_for_a_seed(new_site):
    def runs(seed):
        recording = new_site().record(VIEWSHED, generate=3, seed=seed)
        return [each.inputs for each in recording.contract.conversations]

    assert runs(4) == runs(4)
    assert runs(4) != runs(5)
    assert len(runs(4)) == 3


def test_sets_of_inputs_go_to_the_tasks_that_they_name(site):
    recording = site.record(
        "Simulation",
        sets={"Succeeds": [{"Note": "a"}, {"Note": "b"}], "JobOutcomes/Fails": [{"Note": "c"}]},
    )
    runs = [(each.task, each.inputs) for each in recording.contract.conversations if each.kind == "job"]
    assert runs == [
        ("Simulation/JobOutcomes/Succeeds", {"Note": "a"}),
        ("Simulation/JobOutcomes/Succeeds", {"Note": "b"}),
        ("Simulation/JobOutcomes/Fails", {"Note": "c"}),
    ]


def test_a_failed_job_is_a_recording_like_any_other(site):
    recording = site.record(f"{OUTCOMES}/Fails")
    [run] = recording.contract.conversations
    assert run.trace[-1].status == "esriJobFailed"
    assert run.trace[-1].answer.json["messages"][-1]["description"] == "Failed."
    assert recording.failures == []


def test_a_job_is_cancelled_where_that_is_asked_for(site):
    recording = site.record(f"{OUTCOMES}/NeverEnds", cancel=["NeverEnds"], limits=Limits(max_time=5))
    run = named(recording, "simulation-joboutcomes-neverends-cancelled")
    assert [each.operation for each in run.asked] == ["cancel"]
    assert run.asked[0].path.endswith("/NeverEnds/jobs/{job}/cancel")
    assert run.trace[-1].status == "esriJobCancelled"


def test_a_job_that_takes_too_long_is_cancelled_and_its_trace_kept(site):
    recording = site.record(f"{OUTCOMES}/NeverEnds", limits=Limits(max_time=30))
    [run] = recording.contract.conversations
    assert run.trace[-1].status == "esriJobExecuting"
    assert [each.operation for each in run.asked] == ["cancel"]
    [failure] = recording.failures
    assert "not done within 30 seconds" in failure


def test_files_are_fetched_up_to_the_limit(site):
    contract = site.record("Files/FileTransfer/GPServer").contract
    [run] = contract.conversations
    [file] = [each for each in run.asked if each.operation == "file"]
    assert file.path.endswith("{job}/scratch/output.zip")
    assert answer_bytes(contract, file.answer).startswith(b"PK")


def test_a_file_on_a_host_that_is_not_trusted_is_told_with_how_to_have_it(site):
    site.site.public_url = "https://machine7.example.com:6443"
    recording = site.record("Files/FileTransfer/GPServer")
    [run] = recording.contract.conversations
    assert [each.operation for each in run.asked if each.operation == "file"] == []
    [failure] = recording.failures
    assert failure.endswith(
        "without the files that are at machine7.example.com:6443; "
        "--trust machine7.example.com:6443 fetches them"
    )


def test_a_larger_file_is_left_out_with_a_word(site, tmp_path):
    (tmp_path / "data.bin").write_bytes(Random(1).randbytes(60_000))
    recording = site.record(
        "Files/FileTransfer/GPServer/ZipFile",
        given=[f"Input_File=@{tmp_path}/data.bin"],
        limits=Limits(max_bytes=50_000),
    )
    [run] = recording.contract.conversations
    assert [each.operation for each in run.asked] == ["upload", "results"]
    [failure] = recording.failures
    assert "without what is larger than --max-bytes: output.zip" in failure


def test_a_file_that_is_given_is_uploaded_first(site, tmp_path):
    (tmp_path / "data.txt").write_text("some data")
    recording = site.record("Files/FileTransfer/GPServer/ZipFile", given=[f"Input_File=@{tmp_path}/data.txt"])
    [run] = [each for each in recording.contract.conversations if each.kind == "job"]
    item = json.loads(run.inputs["Input_File"])["itemID"]
    assert run.asked[0].operation == "upload"
    assert run.asked[0].answer.json["item"]["itemID"] == item


def test_wrong_requests_are_sent_when_they_are_asked_for(site):
    recording = site.record(VIEWSHED, generate=1, wrong=True)
    wrong = {each.name: each for each in recording.contract.conversations if "generated" not in each.name}
    codes = {
        name: [asked.answer.json["error"]["code"] for asked in each.asked] for name, each in wrong.items()
    }
    assert codes == {
        "worldviewshed-unknown-task": [400],
        "worldviewshed-viewshed-execute-instead-of-submitjob": [500],
        "worldviewshed-viewshed-input-observation-point-missing": [400],
        "worldviewshed-viewshed-input-observation-point-of-a-wrong-type": [400],
        "worldviewshed-viewshed-unknown-job": [400],
        "worldviewshed-viewshed-result-before-the-end": [400, 400],
    }
    assert recording.failures == []


def test_a_value_outside_the_choice_list_is_among_the_wrong_requests(site):
    recording = site.record("15_Names/OddNames/GPServer", generate=1, wrong=True)
    run = named(recording, "15-names-oddnames-extract-data-task-layers-outside-its-choice-list")
    assert "no such choice" in json.dumps([run.inputs, [each.parameters for each in run.asked]])


def test_nothing_wrong_is_sent_unasked(site):
    recorder = site.recorder(VIEWSHED, Options(generate=1))
    assert recorder.plan().wrong == []


def test_requests_keep_to_the_rate(site):
    site.record(VIEWSHED, generate=2, limits=Limits(rate=4))
    times = [at for _, path, at in site.asked if "__admin" not in path]
    assert min(b - a for a, b in pairwise(times)) >= 0.25 - 1e-9


def test_one_job_is_run_at_a_time(site):
    site.record(f"{OUTCOMES}", limits=Limits(max_time=10))
    submitted = [n for n, (_, path, _) in enumerate(site.asked) if path.endswith("submitJob")]
    for number, after in pairwise(submitted):
        between = [path for _, path, _ in site.asked[number:after] if "/jobs/" in path]
        assert len({path.split("/jobs/")[1].split("/")[0] for path in between}) == 1


def test_nothing_more_is_asked_once_all_bytes_are_used_up(site):
    recorder = site.recorder(OUTCOMES, Options(limits=Limits(max_total=20_000)))
    plan = recorder.plan()
    recorder.carry_out(plan)
    recording = recorder.recording()
    assert 0 < len(recording.contract.conversations) < len(plan.runs)
    assert "conversations are left out: --max-total is reached" in recording.failures[-1]
    assert recorder.transport.received < 30_000


def test_a_recording_of_our_own_mock_is_called_generated(site):
    assert site.record(f"{OUTCOMES}/Succeeds").contract.provenance.source == "generated"
    assert site.record(f"{OUTCOMES}/Succeeds", source="recorded").contract.provenance.source == "recorded"


def test_another_server_is_recorded(site):
    site.hide_control_api()
    provenance = site.record(f"{OUTCOMES}/Succeeds").contract.provenance
    assert (provenance.source, provenance.of, provenance.by_way_of) == (
        "recorded",
        "https://gis.example.com/arcgis",
        "record",
    )
    assert provenance.by.startswith("gpharness ")
    assert len(provenance.at) == len("2026-11-26T20:15:00Z")


def test_a_mock_whose_control_api_is_closed_is_known_too(site):
    site.hide_control_api(401, {"error": {"message": "the control API asks for its token"}})
    assert site.record(f"{OUTCOMES}/Succeeds").contract.provenance.source == "generated"


def test_a_server_that_is_not_there_is_an_error(site):
    with pytest.raises(TransportError):
        record("http://127.0.0.1:1/arcgis", Options(limits=Limits(timeout=2)), clock=site.clock)


def test_signing_in_leaves_no_secret(site):
    recorder = site.recorder(
        "Secured/WorldViewshed/GPServer",
        Options(generate=1),
        Credentials(user="tester", password="tester-password"),
    )
    recorder.carry_out(recorder.plan())
    contract = recorder.recording().contract
    refused, run = contract.conversations
    assert (refused.name, refused.asked[0].answer.json["error"]["code"]) == (
        "secured-worldviewshed-without-a-token",
        499,
    )
    assert run.trace[-1].status == "esriJobSucceeded"
    text = msgspec.json.encode(contract).decode()
    assert "tester-password" not in text
    for exchange in recorder.prober.exchanges:
        if exchange.operation == "token":
            assert json.loads(exchange.body)["token"] not in text


def test_what_is_complete_stays_when_it_is_interrupted(site):
    recorder = site.recorder(f"{OUTCOMES}", Options(only=["Succeeds", "Fails", "StepProgress"]))
    plan = recorder.plan()
    assert len(plan.runs) == 3

    def interrupt(request):
        if request.url.path.endswith("Fails/submitJob"):
            raise KeyboardInterrupt

    site.client.event_hooks["request"].append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        recorder.carry_out(plan)
    names = [each.name for each in recorder.recording().contract.conversations]
    assert names == ["simulation-joboutcomes-succeeds-default-inputs"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"only": ["Suceeds"]}, "--only: met Suceeds"),
        ({"cancel": ["Nothing"]}, "--cancel: met Nothing"),
        ({"given": ["Note=x"]}, "give the address of the task"),
        ({"sets": {"": [{"Note": "x"}]}}, "give the address of the task"),
        ({"sets": {"Other": [{"Note": "x"}]}}, "--inputs: met Other"),
        ({"sets": {"Succeeds": [{"Nota": "x"}]}}, "Nota: met no input"),
    ],
)
def test_words_that_fit_nothing_are_refused(site, options, says):
    with pytest.raises(InvalidInput) as refused:
        site.recorder(OUTCOMES, Options(**options)).plan()
    assert says in str(refused.value)


def test_a_synchronous_task_cannot_be_cancelled(site):
    with pytest.raises(InvalidInput, match="synchronous"):
        site.recorder("DataTypes/Echo/GPServer", Options(cancel=["Echo"])).plan()


def test_planning_runs_nothing(site):
    site.recorder("", Options(generate=2, wrong=True)).plan()
    assert not [path for _, path, _ in site.asked if path.endswith(("submitJob", "execute"))]


def test_limits_are_above_zero():
    with pytest.raises(InvalidInput, match="--max-time"):
        Limits(max_time=0)


def test_recording_by_one_call_is_the_same(site):
    recording = record(f"{SERVICES}/{OUTCOMES}/Succeeds", http=site.client, clock=site.clock)
    assert [each.name for each in recording.contract.conversations] == [
        "simulation-joboutcomes-succeeds-default-inputs"
    ]


def test_a_result_that_is_a_picture_is_asked_for_as_features_too(site):
    [run] = site.record("Publishing/ViewshedLayers/GPServer", generate=1).contract.conversations
    assert "mapImage" in run.results["Viewshed_Result"].json["value"]
    [features] = [each for each in run.asked if each.operation == "result"]
    assert features.parameters["returnType"] == "data"
    assert features.answer.json["value"]["features"]


def test_half_a_conversation_is_left_out_and_the_next_one_had(site):
    recorder = site.recorder(OUTCOMES, Options(only=["Succeeds", "Fails"]))
    plan = recorder.plan()

    def cut(request):
        if "/Succeeds/jobs/" in request.url.path:
            raise httpx.ReadError("connection reset")

    site.client.event_hooks["request"].append(cut)
    recorder.carry_out(plan)
    recording = recorder.recording()
    assert [each.task for each in recording.contract.conversations] == ["Simulation/JobOutcomes/Fails"]
    [failure] = recording.failures
    assert failure.startswith("simulation-joboutcomes-succeeds-default-inputs: ReadError")
    assert failure.endswith("; it is left out")


def test_a_task_that_does_not_say_how_it_runs_is_executed_where_it_cannot_be_submitted():
    old = {"tasks": ["T"]}
    task = {"name": "T", "parameters": [OUTPUT]}
    refused = {"error": {"code": 500, "message": "Error performing submitJob operation", "details": []}}
    result = {"results": [{"paramName": "Out", "dataType": "GPString", "value": "x"}], "messages": []}
    answers = {"S/GPServer": old, "T": task, "submitJob": refused, "execute": result}

    def answer(request):
        path = request.url.path
        return httpx.Response(200, json=next((v for k, v in answers.items() if path.endswith(k)), {}))

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        url = "https://gis.example.com/arcgis/rest/services/S/GPServer"
        recording = record(url, http=client, clock=SharedClock())
    kinds = [each.kind for each in recording.contract.conversations]
    assert "execute" in kinds
    assert recording.failures == []


OUTPUT = {
    "name": "Out",
    "dataType": "GPString",
    "direction": "esriGPParameterDirectionOutput",
    "parameterType": "esriGPParameterTypeDerived",
}
