"""Having a contract's conversations again, and keeping those that still hold."""

from __future__ import annotations

import msgspec
import pytest
from gp_client.errors import InvalidInput, TransportError
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.contracts.contract import Answer, Asked, Conversation
from gpharness.recording.options import Limits, Options
from gpharness.recording.update_by_command import update_lines
from gpharness.recording.updates import effects_of, update

OUTCOMES = "Simulation/JobOutcomes/GPServer"


def changed_site(new_site, change, **settings):
    site = builtin_site(clock=JumpingClock(), **settings)
    change(site)
    return new_site(site)


def updated(site, contract, **options):
    return update(contract, site.recorder("", Options(**options)))


CASES = {
    "a job": (OUTCOMES, {"only": ["Succeeds"]}),
    "a job with warnings": (OUTCOMES, {"only": ["SucceedsWithWarnings"]}),
    "a job that fails": (OUTCOMES, {"only": ["Fails"]}),
    "a job that is cancelled": (OUTCOMES, {"only": ["NeverEnds"], "cancel": ["NeverEnds"]}),
    "features": ("WorldViewshed/GPServer", {"generate": 2}),
    "wrong requests": ("WorldViewshed/GPServer", {"generate": 1, "wrong": True}),
    "an execution": ("DataTypes/Echo/GPServer", {"generate": 1}),
    "wrong executions": ("DataTypes/Echo/GPServer", {"generate": 1, "wrong": True}),
    "every output": ("DataTypes/OutputsJob/GPServer", {"generate": 1}),
    "files": ("Files/FileTransfer/GPServer", {}),
    "a folder": ("15_Names", {"generate": 1}),
}


@pytest.mark.parametrize(("below", "options"), CASES.values(), ids=CASES)
def test_a_server_that_has_not_changed_still_holds(new_site, below, options):
    options = {"limits": Limits(max_time=5), **options}
    contract = new_site().record(below, **options).contract
    again = new_site()
    again.record(OUTCOMES, only=["StepProgress"])  # so that the next jobs have other ids
    found = updated(again, contract, limits=Limits(max_time=5))
    assert list(update_lines(found))[:-1] == []
    assert (found.changed, found.described, found.untried) == ([], [], {})
    assert found.held == len(contract.conversations)
    assert found.contract.conversations == contract.conversations
    assert found.contract.provenance == contract.provenance


def test_what_has_changed_is_told_and_replaced_and_all_else_kept(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds", "Fails", "TimesOut"]).contract
    site = changed_site(new_site, lambda site: site.task("Simulation/JobOutcomes/Succeeds").fails())
    found = updated(site, contract)
    [changed] = found.changed
    assert [each.name for each in changed.findings] == ["changed.outcome"]
    assert (changed.findings[0].expected, changed.findings[0].met) == ("esriJobSucceeded", "esriJobFailed")
    names = [each.name for each in contract.conversations]
    assert [each.name for each in found.contract.conversations] == names
    assert found.contract.conversations[0].trace[-1].status == "esriJobFailed"
    assert found.contract.conversations[1:] == contract.conversations[1:]
    assert contract.conversations[0].trace[-1].status == "esriJobSucceeded"
    assert found.held == 2


def test_another_value_is_a_change(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    site = changed_site(
        new_site,
        lambda site: site.task("Simulation/JobOutcomes/Succeeds").succeeds(outputs={"Summary": "other"}),
    )
    [changed] = updated(site, contract).changed
    assert [(each.name, each.path) for each in changed.findings] == [
        ("changed.value", "results.Summary.value"),
        ("changed.value", "asked[0].Summary.value"),
    ]


def test_a_description_that_has_changed_is_taken_over(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    older = msgspec.convert(msgspec.to_builtins(contract.tasks), dict)
    older["Simulation/JobOutcomes/Succeeds"]["parameters"][0]["dataType"] = "GPLong"
    contract.tasks = older
    found = updated(new_site(), contract)
    assert [each.name for each in found.described] == ["drift.parameter-type"]
    now = found.contract.tasks["Simulation/JobOutcomes/Succeeds"]["parameters"][0]
    assert now["dataType"] == "GPString"


def test_tasks_that_were_left_out_of_a_contract_stay_out_and_new_ones_are_told_and_join(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    described = contract.services["Simulation/JobOutcomes"]
    listed = [label for label in described["tasks"] if label != "Fails"]
    older = msgspec.structs.replace(
        contract,
        services={"Simulation/JobOutcomes": {**described, "tasks": listed}},
        tasks={name: task for name, task in contract.tasks.items() if name.endswith("/Succeeds")},
    )
    found = updated(new_site(), older)
    assert [each.name for each in found.described] == ["drift.task-added"]
    assert [name.rpartition("/")[2] for name in found.contract.tasks] == ["Succeeds", "Fails"]
    assert list(updated(new_site(), contract).contract.tasks) == list(contract.tasks)


def test_the_update_is_noted(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    site = changed_site(new_site, lambda site: site.task("Simulation/JobOutcomes/Succeeds").fails())
    provenance = updated(site, contract).contract.provenance
    assert provenance.at == contract.provenance.at
    assert provenance.notes.startswith("Updated 20")
    assert "from https://gis.example.com/arcgis by gpharness " in provenance.notes
    assert provenance.notes.endswith(": 1 conversation.")


def test_only_some_conversations_may_be_had_again(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds", "Fails"]).contract
    site = new_site()
    found = updated(site, contract, only=["Fails"])
    assert found.held == 1
    assert not [path for _, path, _ in site.asked if path.endswith("Succeeds/submitJob")]
    with pytest.raises(InvalidInput, match="--only"):
        updated(site, contract, only=["Nothing"])


def test_a_recording_is_not_updated_from_a_mock(new_site):
    site = new_site()
    site.hide_control_api()
    contract = site.record(OUTCOMES, only=["Succeeds"]).contract
    assert contract.provenance.source == "recorded"
    with pytest.raises(InvalidInput, match="a mock of this program"):
        updated(new_site(), contract)
    assert updated(new_site(), contract, source="generated").held == 1


def test_a_conversation_that_cannot_be_had_stays_as_it_is(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds", "Fails"]).contract
    site = new_site()

    def fail(request):
        if request.url.path.endswith("Succeeds/submitJob"):
            import httpx

            raise httpx.ReadError("connection reset")

    site.client.event_hooks["request"].append(fail)
    found = updated(site, contract)
    assert list(found.untried) == ["simulation-joboutcomes-succeeds-default-inputs"]
    assert found.contract.conversations == contract.conversations
    assert found.held == 1


def test_a_server_that_is_not_there_is_an_error(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    site = new_site()
    site.client.event_hooks["request"].append(_unreachable)
    with pytest.raises(TransportError):
        updated(site, contract)


def _unreachable(request):
    import httpx

    raise httpx.ConnectError("nobody listens")


def test_what_it_does_to_the_server_is_known_beforehand(new_site):
    site = new_site()
    contract = site.record(
        OUTCOMES, only=["NeverEnds"], cancel=["NeverEnds"], wrong=True, limits=Limits(max_time=5)
    ).contract
    assert effects_of(contract) == ["run", "cancel", "wrong"]
    assert effects_of(contract, ["nothing-of-it"]) == []


def test_changes_are_shown_as_a_difference(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    site = changed_site(new_site, lambda site: site.task("Simulation/JobOutcomes/Succeeds").times_out())
    assert list(update_lines(updated(site, contract))) == [
        "simulation-joboutcomes-succeeds-default-inputs (Simulation/JobOutcomes/Succeeds)",
        "  changed.outcome  trace.jobStatus",
        "    - esriJobSucceeded",
        "    + esriJobTimedOut",
        "1 of 1 conversations changed, 0 hold",
    ]


def test_a_request_for_a_description_is_held_to_its_answer(new_site):
    contract = new_site().record(OUTCOMES, only=["Succeeds"]).contract
    described = contract.tasks["Simulation/JobOutcomes/Succeeds"]
    path = f"/rest/services/{OUTCOMES}/Succeeds"
    asked = [
        Asked("task", path, Answer(json=described), parameters={"f": "json"}),
        Asked("task", f"{path}x", Answer(json={"error": {"code": 404}}), parameters={"f": "json"}),
    ]
    contract.conversations = [Conversation(name="descriptions", kind="request", asked=asked)]
    [changed] = updated(new_site(), contract).changed
    assert [each.path.partition(".answer")[0] for each in changed.findings][:1] == ["asked[1].error.code"]
    assert changed.after.asked[0] == asked[0]
    assert changed.after.asked[1].answer.json["error"]["code"] == 400
