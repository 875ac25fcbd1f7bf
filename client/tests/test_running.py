"""Whole runs against answers written by hand, on a clock that moves only when the client waits."""

from __future__ import annotations

import inspect
import itertools
import pickle
from typing import Any
from unittest.mock import create_autospec

import anyio
import httpx
import pytest
from gp_client import (
    AsyncGPClient,
    AsyncTask,
    DeadlineExceeded,
    GPClient,
    InvalidInput,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    JobVanished,
    MessageCame,
    ProtocolViolation,
    ServerError,
    SharedClock,
    StatusChanged,
    SubmissionUnknown,
    Task,
    TransportError,
)
from scripted import Scripted, answer, cut, error

from every_case import every_case

ROOT = "http://gis.example.com/arcgis"
ID = "j0123456789abcdef0123456789abcdef"


def parameter(name: str, kind: str = "GPLong", direction: str = "Output", need: str = "Derived") -> Any:
    return {
        "name": name,
        "dataType": kind,
        "displayName": name,
        "description": "",
        "direction": f"esriGPParameterDirection{direction}",
        "defaultValue": None,
        "parameterType": f"esriGPParameterType{need}",
        "category": "",
    }


def task(*parameters: Any, execution: str | None = "Asynchronous", **members: Any) -> Any:
    described = {
        "name": "Count",
        "displayName": "Count",
        "category": "",
        "helpUrl": "",
        "parameters": list(
            parameters or [parameter("In", direction="Input", need="Optional"), parameter("Out")]
        ),
        **members,
    }
    if execution:
        described["executionType"] = f"esriExecutionType{execution}"
    return answer(described)


def job(status: str = "Succeeded", *messages: str, results: Any = ..., **members: Any) -> Any:
    body = {
        "jobId": ID,
        "jobStatus": f"esriJob{status}",
        "messages": [{"type": "esriJobMessageTypeInformative", "description": text} for text in messages],
        **members,
    }
    if results is ...:
        results = {"Out": {"paramUrl": "results/Out"}} if status == "Succeeded" else None
    if results is not None:
        body["results"] = results
    return answer(body)


def value(name: str = "Out", data: Any = 5, kind: str = "GPLong") -> Any:
    return {"paramName": name, "dataType": kind, "value": data}


def script(*jobs: Any, **more: Any) -> Scripted:
    return Scripted(
        {
            "GPServer/Count": task(),
            "Count/submitJob": answer({"jobId": ID, "jobStatus": "esriJobSubmitted"}),
            f"jobs/{ID}": list(jobs or [job("Executing"), job()]),
            "results/Out": answer(value()),
            f"{ID}/cancel": answer({"jobId": ID, "jobStatus": "esriJobCancelling"}),
            **more,
        }
    )


def client(server: Scripted, **settings: Any) -> GPClient:
    return GPClient(ROOT, http=server, clock=SharedClock(), seed=1, **settings)


def count(server: Scripted, **settings: Any) -> Any:
    return client(server, **settings).task("Folder/Service/Count")


def test_a_job_is_submitted_once_polled_and_its_result_fetched():
    server = script(job("Waiting"), job("Executing"), job())
    result = count(server).run(In=3)
    assert result.value == result["Out"] == result[0] == 5
    assert result.job.url.endswith(f"/Count/jobs/{ID}")
    assert [path.rpartition("/GPServer/")[2] for path in server.paths()] == [
        "Count",
        "Count/submitJob",
        *[f"Count/jobs/{ID}"] * 3,
        f"Count/jobs/{ID}/results/Out",
    ]
    assert server.parameters(1) == {"In": "3", "f": "json"}


def test_polls_grow_further_apart_up_to_the_bound():
    server = script(*[job("Executing")] * 12, job())
    clock = SharedClock()
    moments: list[float] = []
    send = server.send
    server.send = lambda request: (moments.append(clock.now()), send(request))[1]  # type: ignore[method-assign]
    GPClient(ROOT, http=server, clock=clock, seed=1).task("S/Count").run()
    polls = moments[2:15]
    gaps = [later - sooner for sooner, later in itertools.pairwise(polls)]
    assert gaps[0] < 1 < gaps[5] < gaps[-1]
    assert max(gaps) <= 11


def test_events_tell_each_change_once_and_leaving_them_leaves_the_job_alone():
    server = script(
        job("Waiting", "a"), job("Waiting", "a"), job("Executing", "a", "b"), job("Succeeded", "a", "b", "c")
    )
    running = count(server).submit()
    told = list(running.events())
    assert [event.status for event in told if isinstance(event, StatusChanged)] == [
        "esriJobWaiting",
        "esriJobExecuting",
        "esriJobSucceeded",
    ]
    assert [event.message.description for event in told if isinstance(event, MessageCame)] == ["a", "b", "c"]
    server = script(job("Executing"))
    for _ in count(server).submit().events():
        break
    assert not any(path.endswith("cancel") for path in server.paths())


@pytest.mark.parametrize(
    ("status", "kind"), [("Failed", JobFailed), ("TimedOut", JobTimedOut), ("Cancelled", JobCancelled)]
)
def test_an_end_that_is_no_success_is_an_error_of_its_own_with_all_messages(status, kind):
    server = script(
        job("Executing", "a"), job(status, "a", "b", results={"Out": {"paramUrl": "results/Out"}})
    )
    with pytest.raises(kind) as raised:
        count(server).run()
    assert raised.value.status == f"esriJob{status}"
    assert [message.description for message in raised.value.messages] == ["a", "b"]
    assert raised.value.job.id == ID
    assert server.paths()[-1].endswith(ID)
    assert pickle.loads(pickle.dumps(raised.value)).messages == raised.value.messages
    assert raised.value.report()["kind"] == "job"


def test_a_job_over_its_deadline_is_cancelled_and_can_be_come_back_to():
    server = script(job("Executing", "a"))
    with pytest.raises(DeadlineExceeded) as raised:
        count(server).with_options(deadline=60).run()
    assert raised.value.cancelled
    assert raised.value.status == "esriJobExecuting"
    assert raised.value.messages[0].description == "a"
    assert server.paths()[-1].endswith("/cancel")
    back = client(script()).job(raised.value.job.url)
    assert back.result().value == 5


def test_a_job_is_left_running_where_that_is_asked():
    server = script(job("Executing"))
    with pytest.raises(DeadlineExceeded) as raised:
        count(server, leave_running=True, deadline=60).run()
    assert not raised.value.cancelled
    assert not any(path.endswith("/cancel") for path in server.paths())


def test_ctrl_c_cancels_the_job_and_names_it():
    def interrupted(request: Any) -> Any:
        raise KeyboardInterrupt

    server = script(job("Executing"), interrupted)
    with pytest.raises(KeyboardInterrupt) as raised:
        count(server).run()
    assert server.paths()[-1].endswith("/cancel")
    assert ID in raised.value.__notes__[0]
    assert raised.value.job.id == ID  # type: ignore[attr-defined]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_task_cancels_its_job(backend):
    server = script(job("Executing"))

    class Transport:
        polls = 0

        async def send(self, request: Any) -> Any:
            if request.url.endswith(f"jobs/{ID}?f=json"):
                self.polls += 1
                if self.polls == 3:
                    scope.cancel()
                    await anyio.sleep_forever()
            return server.send(request)

        async def close(self) -> None:
            pass

    async def main() -> None:
        nonlocal scope
        with anyio.CancelScope() as scope:
            remote = AsyncGPClient(ROOT, http=Transport(), clock=SharedClock(), seed=1)
            await remote.task("Folder/Service/Count").run()
        assert scope.cancelled_caught

    scope: Any = None
    anyio.run(main, backend=backend)
    assert server.paths()[-1].endswith("/cancel")


def test_a_status_that_nobody_knows_may_pass_by_but_not_stay():
    assert count(script(job("Paused"), job("Paused"), job("Executing"), job())).run().value == 5
    with pytest.raises(ProtocolViolation, match="/jobStatus"):
        count(script(job("Executing"), job("PartialSucceeded"))).run()


def test_a_job_that_is_not_visible_yet_is_waited_for_and_one_that_vanished_is_not():
    missing = error(400, "Invalid URL")
    assert count(script(missing, missing, job())).run().value == 5
    with pytest.raises(ServerError) as raised:
        count(script(missing)).run()
    assert not isinstance(raised.value, JobVanished)
    with pytest.raises(JobVanished) as vanished:
        count(script(job("Executing"), missing)).run()
    assert vanished.value.job.id == ID


def test_results_that_come_late_are_waited_for_and_those_that_never_come_are_a_violation():
    late = job("Succeeded", results=None)
    assert count(script(late, late, late, job())).run().value == 5
    for never in (late, job(results={})):
        with pytest.raises(ProtocolViolation, match="/results"):
            count(script(never)).run()


def test_only_an_optional_output_may_be_missing():
    described = task(parameter("Out"), parameter("Extra", need="Optional"))
    result = count(script(job(), **{"GPServer/Count": described})).run()
    assert result.values == {"Out": 5, "Extra": None}
    assert not result.outputs["Extra"].is_made
    described = task(parameter("Out"), parameter("Extra", need="Required"))
    with pytest.raises(ProtocolViolation, match="Extra"):
        count(script(job(), **{"GPServer/Count": described})).run()


def test_a_result_that_is_asked_for_too_early_is_asked_for_again():
    early = error(400)
    assert count(script(**{"results/Out": [early, early, answer(value())]})).run().value == 5
    with pytest.raises(ServerError):
        count(script(**{"results/Out": early})).run()


def test_a_task_without_outputs_needs_no_results():
    described = task(parameter("In", direction="Input", need="Optional"))
    result = count(script(job(results=None), **{"GPServer/Count": described})).run()
    assert dict(result.outputs) == {}
    with pytest.raises(ValueError, match="0 outputs"):
        _ = result.value


def test_a_job_id_that_is_given_out_twice_is_a_violation():
    remote = count(script())
    remote.submit()
    with pytest.raises(ProtocolViolation, match="second job"):
        remote.submit()


@pytest.mark.parametrize("failure", [cut(), error(500, "Wait time of the request has expired")])
def test_a_submission_whose_fate_is_unknown_is_never_repeated(failure):
    server = script(**{"Count/submitJob": failure})
    with pytest.raises((SubmissionUnknown, ServerError)):
        count(server).run()
    assert sum(path.endswith("submitJob") for path in server.paths()) == 1


def test_polls_are_repeated_and_at_last_the_error_names_the_job():
    assert count(script(job("Executing"), cut(), job())).run().value == 5
    with pytest.raises(TransportError) as raised:
        count(script(job("Executing"), cut())).run()
    assert raised.value.job.id == ID


def sync_script(results: Any, **described: Any) -> Scripted:
    return Scripted(
        {
            "GPServer/Count": task(execution="Synchronous", **described),
            "Count/execute": answer({"results": results, "messages": []}),
        }
    )


def test_a_synchronous_task_is_executed():
    server = sync_script([value("out"), value("More", "x")])
    result = count(server).run(In=1)
    assert result.values == {"Out": 5}
    assert result.job is None


@every_case("results", [None, {}, "x", {"Out": value()}, [7], [{}], []])
def test_execute_answers_a_list_of_results_and_nothing_else(results):
    with pytest.raises(ProtocolViolation) as raised:
        count(sync_script(results)).run()
    assert raised.value.pointer.startswith("/results")


def test_where_nobody_says_how_a_task_runs_it_is_submitted_and_then_executed():
    undecided = task(execution=None)
    service = answer({"serviceDescription": "", "tasks": ["Count"], "resultMapServerName": ""})
    server = Scripted(
        {
            "GPServer/Count": undecided,
            "Service/GPServer": service,
            "Count/submitJob": error(500, "Error performing submitJob operation"),
            "Count/execute": answer({"results": [value()], "messages": []}),
        }
    )
    assert count(server).run().value == 5


def test_options_go_along_in_the_form_of_the_servers_version():
    service = answer(
        {"currentVersion": 11.3, "tasks": ["Count"], "executionType": "esriExecutionTypeAsynchronous"}
    )
    server = script(**{"Service/GPServer": service})
    count(server).with_options(out_sr=3857, return_z=True).run()
    submitted = next(number for number, path in enumerate(server.paths()) if path.endswith("submitJob"))
    assert server.parameters(submitted)["context"] == '{"outSR":{"wkid":3857}}'
    assert server.parameters(-1)["returnZ"] == "true"


def with_inputs(*inputs: Any, version: float = 11.3) -> Scripted:
    described = [{**parameter(name, kind, "Input", "Optional"), **more} for name, kind, more in inputs]
    service = answer(
        {"currentVersion": version, "tasks": ["Count"], "executionType": "esriExecutionTypeAsynchronous"}
    )
    return script(
        **{"Service/GPServer": service, "GPServer/Count": task(*described, parameter("Out"))},
    )


def submitted(server: Scripted) -> Any:
    number = next(number for number, path in enumerate(server.paths()) if path.endswith("submitJob"))
    return server.parameters(number)


@every_case(
    ("given", "default", "sent"),
    [
        (
            '{ "extent": {"xmin": 1}, "id": 36893488147419103232 }',
            None,
            '{ "extent": {"xmin": 1}, "id": 36893488147419103232,"outSR":{"wkid":3857}}',
        ),
        ({"extent": {"xmin": 1}}, None, '{"extent":{"xmin":1},"outSR":{"wkid":3857}}'),
        ("{}", None, '{"outSR":{"wkid":3857}}'),
        (None, None, '{"outSR":{"wkid":3857}}'),
        (None, "", '{"outSR":{"wkid":3857}}'),
        (None, '{"overwrite": true}', '{"overwrite": true,"outSR":{"wkid":3857}}'),
    ],
)
def test_options_go_into_an_input_that_is_called_context(given, default, sent):
    server = with_inputs(("context", "GPString", {"defaultValue": default}))
    count(server).with_options(out_sr=3857).run(context=given)
    assert submitted(server)["context"] == sent


@every_case(
    ("options", "inputs", "words"),
    [
        ({"out_sr": 3857}, {"context": '{"outSr": {"wkid": 4326}}'}, "context.outSR: met a member"),
        ({"out_sr": 3857}, {"context": "everything"}, 'context: met "everything", expected a JSON object'),
        ({"out_sr": 3857}, {"context": "[]"}, "expected a JSON object, into which outSR"),
        ({"env": {"context": "{}"}}, {}, "env.context: met the name of an input"),
        ({"env": {"Level": "3"}}, {"Level": 2}, "env.Level: met the name of an input"),
        ({"env": {"Level": "3"}}, {}, "give it among the inputs"),
        ({"return_z": True}, {"returnZ": False}, "returnZ: met an option"),
        ({"return_z": False}, {}, "leave the option out and give the input"),
    ],
)
def test_no_option_takes_the_place_of_an_input(options, inputs, words):
    server = with_inputs(("context", "GPString", {}), ("Level", "GPLong", {}), ("returnZ", "GPBoolean", {}))
    with pytest.raises(InvalidInput) as caught:
        count(server).with_options(**options).run(inputs)
    assert words in str(caught.value)
    assert [path for path in server.paths() if "Job" in path] == []


def test_the_text_of_a_result_that_is_no_json_is_in_the_error():
    text = "{'paramName': 'Out', 'value': {'done': True}}"
    server = script(**{"results/Out": answer(text)})
    with pytest.raises(ProtocolViolation) as caught:
        count(server).run()
    assert caught.value.body == text


def test_wrong_words_are_refused_before_anything_is_asked():
    server = script()
    remote = client(server)
    for wrong in (
        lambda: remote.task("Count"),
        lambda: remote.service("http://other.example.com/arcgis/rest/services/S/GPServer"),
        lambda: remote.job(f"{ROOT}/rest/services/S/GPServer/Count"),
        lambda: remote.task("S/Count").with_options(outSR=1),
        lambda: GPClient(ROOT, http=server, timeuot=1),
    ):
        with pytest.raises(ValueError, match="expected"):
            wrong()
    with pytest.raises(ValueError, match="Inn"):
        remote.task("S/Count").run(Inn=1)
    assert [path for path in server.paths() if "Job" in path] == []


def test_a_job_to_come_back_to_that_is_not_there_is_said_to_be_gone_at_once():
    server = script(error(400, "Invalid URL"))
    gone = client(server).job(f"{ROOT}/rest/services/S/GPServer/Count/jobs/{ID}")
    with pytest.raises(JobVanished):
        gone.wait()
    assert len(server.asked) == 1


def test_a_listener_hears_events_that_are_iterated_over_and_what_it_raises_leaves_no_job_behind():
    heard: list[Any] = []
    told = list(
        client(script(job("Executing"), job()), on_event=heard.append).task("S/Count").submit().events()
    )
    assert heard == told

    def fails(event: Any) -> None:
        raise ZeroDivisionError

    server = script(job("Executing"))
    with pytest.raises(ZeroDivisionError) as raised:
        client(server, on_event=fails).task("S/Count").run()
    assert server.paths()[-1].endswith("/cancel")
    assert ID in raised.value.__notes__[0]


def test_whether_a_job_goes_on_is_said_for_a_client_a_task_or_a_call():
    def cancelled(wait: Any) -> bool:
        with pytest.raises(DeadlineExceeded) as raised:
            wait()
        return raised.value.cancelled

    submitted = count(script(job("Executing"))).submit()
    assert cancelled(lambda: submitted.wait(60))
    assert not cancelled(lambda: submitted.wait(60, leave_running=True))
    assert not cancelled(lambda: submitted.result(60, leave_running=True))
    remote = count(script(job("Executing"))).with_options(leave_running=True, deadline=60)
    assert not cancelled(remote.run)


@every_case(
    "wrong",
    [
        lambda: GPClient(ROOT, timeout="5"),
        lambda: GPClient(ROOT, retries=3),
        lambda: GPClient(ROOT, polling={"first": 1}),
        lambda: GPClient(ROOT, trusted_hosts="portal.example.com"),
        lambda: GPClient(ROOT, deadline=-1),
        lambda: GPClient(ROOT, http=httpx.AsyncClient()),
        lambda: AsyncGPClient(ROOT, http=httpx.Client()),
        lambda: GPClient(ROOT, http=object()),
        lambda: count(script()).with_options(deadline="5"),
        lambda: count(script()).run([1, 2]),
        lambda: client(script()).task(None),
        lambda: count(script()).submit().wait("soon"),
    ],
)
def test_arguments_of_the_wrong_type_are_told_at_once(wrong):
    with pytest.raises(InvalidInput, match="expected"):
        wrong()


def test_methods_are_what_they_seem_to_those_who_look():
    run = inspect.signature(count(script()).run)
    assert list(run.parameters) == ["inputs", "named"]
    assert run.return_annotation == "Result"
    assert inspect.iscoroutinefunction(AsyncTask.run)
    assert not inspect.iscoroutinefunction(Task.run)
    assert create_autospec(GPClient, instance=True).info() is not None
    assert "Count" in repr(count(script()))


def test_of_two_outputs_that_differ_in_case_alone_each_gets_its_own_value():
    described = task(parameter("Out"), parameter("OUT"), execution="Synchronous")
    both = [value("Out", 1), value("OUT", 2)]
    script_of = {"GPServer/Count": described, "Count/execute": answer({"results": both, "messages": []})}
    assert count(Scripted(script_of)).run().values == {"Out": 1, "OUT": 2}
    with pytest.raises(ProtocolViolation, match="2 times"):
        count(sync_script([value(), value()])).run()


def test_violations_within_a_result_and_interruptions_while_it_is_fetched_name_the_job():
    with pytest.raises(ProtocolViolation) as raised:
        count(script(**{"results/Out": answer(value(data="1,5"))})).run()
    assert raised.value.job.id == ID

    def interrupted(request: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as left:
        count(script(**{"results/Out": interrupted})).run()
    assert ID in left.value.__notes__[0]


def test_results_that_never_come_are_a_violation_under_a_short_deadline_too():
    with pytest.raises(ProtocolViolation, match="/results"):
        count(script(job(results=None))).with_options(deadline=3).run()


def test_an_undecided_task_is_executed_only_where_the_submission_was_the_wrong_verb():
    undecided = task(execution=None)
    service = answer({"serviceDescription": "", "tasks": ["Count"], "resultMapServerName": ""})
    server = Scripted(
        {
            "GPServer/Count": undecided,
            "Service/GPServer": service,
            "Count/submitJob": error(500, "Unable to complete operation."),
        }
    )
    with pytest.raises(ServerError):
        count(server).run()
    assert server.paths()[-1].endswith("submitJob")


def test_an_output_is_asked_for_by_a_name_that_the_task_has():
    server = script()
    with pytest.raises(InvalidInput, match="Out"):
        count(server).submit().output("../../../admin")
    assert count(script()).submit().output("out").value == 5


def test_what_a_server_echoes_of_the_token_is_in_no_error():
    server = script(
        job("Executing", "see http://x/?token=SECRETTOKEN123"), answer({"jobId": "SECRETTOKEN123"})
    )
    with pytest.raises(ProtocolViolation) as raised:
        client(server, token="SECRETTOKEN123").task("S/Count").run()
    assert "SECRETTOKEN" not in f"{raised.value} {raised.value.report()}"


def test_the_cancels_of_jobs_that_are_left_behind_wait_for_no_turn():
    server = script(job("Executing"))
    remote = client(server, requests_per_second=0.01)
    with pytest.raises(DeadlineExceeded) as raised:
        remote.task("S/Count").with_options(deadline=3000).run()
    assert raised.value.cancelled
    assert server.paths()[-1].endswith("/cancel")


def test_messages_that_stay_while_others_go_are_told_once():
    looks = job("Executing", "a", "b", "c"), job("Executing", "b", "c", "d"), job("Succeeded", "c", "d", "e")
    told = [each for each in count(script(*looks)).submit().events() if isinstance(each, MessageCame)]
    assert [each.message.description for each in told] == ["a", "b", "c", "d", "e"]


def test_a_job_that_seems_to_go_on_while_its_results_are_late_has_still_succeeded():
    late = job("Succeeded", results=None)
    assert count(script(late, job("Executing"), late, job())).run().value == 5
