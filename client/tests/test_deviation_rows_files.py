"""What servers do to uploads and to files that tasks make, and the ways of families of servers, by name, and
what the client makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from conversation import (
    JOB,
    JOB_ID,
    ROOT,
    TASK,
    converse,
    good,
    job,
    page,
    parameter,
    refused,
    service,
    task,
    value,
)
from gp_client import GPClient, ItemReference, SharedClock
from gp_client.wire.http_messages import Response
from scripted import answer, cut

from every_case import every_case

ITEM = {"itemID": "i51b1f2d0-7a4c-4c0e-8a5b-5d0f3f1c2b3a", "itemName": "a.zip", "committed": True}
TAKING = answer(service(capabilities="Uploads", maxUploadFileSize=100))
DONE = answer({"success": True, "item": ITEM})


def uploaded(client: GPClient) -> Any:
    return client.service("Tools").upload(b"PK 1234567890", name="a.zip")


def in_parts(client: GPClient) -> Any:
    return client.service("Tools").upload(b"PK 1234567890", name="a.zip", part_size=5)


def of_a_whole(given: Any) -> dict[str, Any]:
    return {"service": TAKING, "uploads/upload": given}


UPLOADS: dict[str, tuple[dict[str, Any], str]] = {
    "upload": (of_a_whole(DONE), "ok"),
    "upload-type-refused": (of_a_whole(refused(400, "The file type is not allowed.")), "server"),
    "upload-success-false": (of_a_whole(answer({"success": False, "error": "No."})), "server"),
    "uploads-not-offered": (
        {"service": answer(service(capabilities="")), "uploads/upload": refused(400, "Invalid URL")},
        "server",
    ),
    "upload-refused-while-sending": (of_a_whole(page("Too Large", status=413)), "http"),
    "upload-unread": (of_a_whole(cut()), "transport"),
    "upload-item-id-missing": (of_a_whole(answer({"success": True, "item": {"itemName": "a"}})), "protocol"),
    "upload-item-missing": (of_a_whole(answer({"success": True})), "protocol"),
    "upload-not-committed": (
        of_a_whole(answer({"success": True, "item": {**ITEM, "committed": False}})),
        "protocol",
    ),
    "upload-in-textarea": (
        of_a_whole(
            answer(
                f"<html><body><textarea>{DONE.content.decode()}</textarea></body></html>",
                content_type="text/html",
            )
        ),
        "ok",
    ),
}


@every_case(("script", "word"), UPLOADS.values(), ids=UPLOADS)
def test_the_outcome_of_an_upload_is(script: dict[str, Any], word: str) -> None:
    outcome = converse(script, call=uploaded, acted_on=0, elsewhere=refused(400, "Invalid URL"))
    assert outcome.word == word, outcome.raised
    if word == "ok":
        assert outcome.value == ItemReference(ITEM["itemID"])
    assert outcome.server.count("uploads/upload") <= 1


def test_a_part_that_was_lost_is_the_server_s_error() -> None:
    item = ITEM["itemID"]
    outcome = converse(
        {
            "service": TAKING,
            "uploads/register": answer({"success": True, "item": {**ITEM, "committed": False}}),
            f"uploads/{item}/uploadPart": answer({"success": True}),
            f"uploads/{item}/commit": refused(400, "Part 2 is missing."),
            f"uploads/{item}/delete": answer({"success": True}),
        },
        call=in_parts,
        acted_on=0,
    )
    assert outcome.word == "server"


def test_an_item_that_has_expired_is_the_server_s_error() -> None:
    inputs = [parameter("Note", "GPDataFile"), parameter("Out")]
    outcome = converse(
        {"task": answer(task(parameters=inputs)), "submit": refused(400, "Item not found.")},
        call=lambda client: client.task("Tools/tool").run(Note=ItemReference("gone")),
        acted_on=0,
    )
    assert outcome.word == "server"


ZIP = b"PK\x03\x04 a zip file"
FILE = "rest/directories/arcgisjobs/tools_gpserver/out.zip"
A_ZIP = answer(ZIP, content_type="application/x-zip-compressed")
FILES: dict[str, tuple[str, Response, str]] = {
    "file": (f"{ROOT}/{FILE}", A_ZIP, "ok"),
    "file-url-404": (f"{ROOT}/{FILE}", page("Not Found", status=404), "http"),
    "file-url-internal-host": (f"http://GISSRV01:6080/arcgis/{FILE}", A_ZIP, "http"),
    "file-is-login-page": (
        f"{ROOT}/{FILE}",
        page("Sign In", '<form><input type="password" name="password"></form>'),
        "http",
    ),
    "file-url-dot-slash": (f"{ROOT}/rest/directories/./arcgisjobs/out.zip", A_ZIP, "ok"),
    "file-url-relative": (FILE, A_ZIP, "ok"),
}


@pytest.mark.parametrize(("url", "given", "word"), FILES.values(), ids=FILES)
def test_the_outcome_of_a_file_is(url: str, given: Response, word: str, tmp_path: Path) -> None:
    def fetched(client: GPClient) -> Any:
        return client.download(client.task("Tools/tool").run().value, tmp_path)

    outcome = converse(
        {
            "task": answer(task("GPDataFile")),
            "result": answer(value({"url": url}, "GPDataFile")),
            "out.zip": given,
        },
        call=fetched,
    )
    assert outcome.word == word, outcome.raised
    if word == "ok":
        assert outcome.value.read_bytes() == ZIP
    assert [path.name for path in tmp_path.iterdir()] == (["out.zip"] if word == "ok" else [])


COLUMNS = [
    {"name": "a", "displayName": "a", "dataType": "GPString"},
    {"name": "b", "displayName": "b", "dataType": "GPLong"},
]
TABLES: dict[str, tuple[Any, str]] = {
    "value-table": ([["x", 1], ["y", 2]], "ok"),
    "value-table-ragged": ([["x", 1], ["y"]], "protocol"),
    "value-table-as-objects": ([{"a": "x", "b": 1}], "protocol"),
}


@pytest.mark.parametrize(("given", "word"), TABLES.values(), ids=TABLES)
def test_the_outcome_of_a_table_is(given: Any, word: str) -> None:
    described = task(parameters=[parameter("Out", "GPValueTable", parameterInfos=COLUMNS)])
    outcome = converse(
        {"task": answer(described), "result": answer(value(given, "GPValueTable"))},
        call=lambda client: client.task("Tools/tool").run(),
    )
    assert outcome.word == word, outcome.raised


def test_a_composite_that_names_itself_is_a_violation() -> None:
    described = task(parameters=[parameter("Out", "GPComposite", parameterInfos=COLUMNS)])
    outcome = converse(
        {"task": answer(described), "result": answer(value(5, "GPComposite"))},
        call=lambda client: client.task("Tools/tool").run(),
    )
    assert outcome.word == "protocol"


# Families of servers


def without(tree: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: each for key, each in tree.items() if key not in keys}


HOSTED = "e30a1b2c3d4e5f60718293a4b5c6d7e8"


def seen_as(status: str, **more: Any) -> Response:
    return answer(job(status, jobId=HOSTED, **more))


FAMILIES: dict[str, dict[str, Any]] = {
    "profile-9.3": {
        "info": page(status=404),
        "service": answer(without(service(), "currentVersion", "maximumRecords")),
        "task": answer(without(task(), "executionType", "description")),
        "job": [answer(job("Executing", inputs=...)), answer(job(inputs=...))],
    },
    "profile-agol-hosted": {
        "submit": answer({"jobId": HOSTED, "jobStatus": "esriJobNew"}),
        f"jobs/{HOSTED}": [
            seen_as("New"),
            seen_as("Waiting"),
            seen_as("Executing", progress={"type": "default", "message": "working"}),
            seen_as("Succeeded"),
        ],
    },
    "profile-notebook": {
        "task": answer(task(parameters=[parameter("Note"), parameter("Out")])),
        "execute": refused(400, "Invalid URL"),
    },
}


@pytest.mark.parametrize("script", FAMILIES.values(), ids=FAMILIES)
def test_a_family_of_servers_is_served(script: dict[str, Any]) -> None:
    outcome = converse(script)
    assert outcome.word == "ok", outcome.raised
    assert outcome.value["Out"] == "done"


def test_a_clock_that_goes_wrong_at_the_server_changes_nothing() -> None:
    def dated(given: Response) -> Response:
        return answer(given.content, date="Wed, 25 Nov 1998 10:00:00 GMT")

    script = {
        kind: [dated(each) for each in (given if isinstance(given, list) else [given])]  # type: ignore[arg-type]
        for kind, given in good().items()
    }
    assert converse(script).word == "ok"


def test_a_run_is_posted_however_short_and_a_long_read_is_posted_as_well() -> None:
    outcome = converse({}, longest_get=60)
    methods = {
        path.rpartition("/")[2]: each.method
        for path, each in zip(outcome.server.paths(), outcome.server.asked, strict=True)
    }
    assert methods["submitJob"] == "POST"
    assert methods["Out"] == "POST"
    assert converse({}).server.asked[-1].method == "GET"


def test_a_cookie_that_the_submission_sets_is_brought_along() -> None:
    """Behind a balancer another machine knows nothing of the job."""
    answers = {
        f"/{path.partition('arcgis/')[2]}": each
        for path, each in (
            (TASK, answer(task())),
            (f"{TASK}/submitJob", answer(job("Submitted"))),
            (JOB, answer(job())),
            (f"{JOB}/results/Out", answer(value())),
        )
    }

    def answering(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/arcgis")
        if JOB_ID in path and "machine=2" not in request.headers.get("cookie", ""):
            return httpx.Response(200, content=refused(400, "Job does not exist.").content)
        headers = {"set-cookie": "machine=2; Path=/"} if path.endswith("submitJob") else {}
        return httpx.Response(200, headers=headers, content=answers[path].content)

    with httpx.Client(transport=httpx.MockTransport(answering)) as http:
        client = GPClient(ROOT, http=http, clock=SharedClock(), seed=1)
        assert client.task(TASK).run().value == "done"
