"""Contracts in files: written and read again, alone or as a folder, with their bodies beside them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
import yaml
from gpharness.contracts.contract import (
    Answer,
    Asked,
    Contract,
    Conversation,
    Provenance,
    Seen,
    Server,
    Varies,
)
from gpharness.contracts.contract_files import (
    ContractError,
    ContractFileError,
    NewerFormat,
    SecretLeft,
    answer_bytes,
    answer_of,
    answer_value,
    answers_of,
    read_contract,
    write_contract,
)
from gpharness.contracts.secrets import scan
from gpharness.probing.exchanges import Exchange
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

JOB = "j0123456789abcdef0123456789abcdef"
TEXTS = st.text(max_size=10)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
ANSWERS = st.one_of(
    st.builds(Answer, status=st.integers(200, 599), json=JSON),
    st.builds(Answer, headers=st.just({"content-type": "text/html"}), text=TEXTS),
    st.builds(Answer),
)
_CONVERSATION = {
    "name": TEXTS,
    "inputs": st.dictionaries(TEXTS, TEXTS, max_size=3),
    "asked": st.lists(
        st.builds(Asked, operation=TEXTS, path=TEXTS, answer=ANSWERS, after=st.none() | st.floats(0, 9)),
        max_size=2,
    ),
}
CONVERSATIONS = st.one_of(
    st.builds(
        Conversation,
        kind=st.just("job"),
        submission=ANSWERS,
        trace=st.lists(
            st.builds(Seen, status=TEXTS, answer=ANSWERS, after=st.floats(0, 1e6), polls=st.integers(1, 99)),
            max_size=2,
        ).map(lambda trace: sorted(trace, key=lambda seen: seen.after)),
        results=st.dictionaries(TEXTS, ANSWERS, max_size=2),
        **_CONVERSATION,
    ),
    st.builds(
        Conversation,
        kind=st.sampled_from(["job", "execute", "request"]),
        submission=st.none() | ANSWERS,
        **_CONVERSATION,
    ),
)
CONTRACTS = st.builds(
    Contract,
    provenance=st.builds(
        Provenance,
        source=st.sampled_from(["recorded", "reconstructed"]),
        of=TEXTS.map("a page {}".format),
        at=st.just("2026-11-26T20:15:00Z"),
        notes=TEXTS,
    ),
    server=st.builds(
        Server,
        version=st.sampled_from(["", "10.0", "11.31", "agol-hosted"]),
        info=st.none() | st.dictionaries(TEXTS, JSON, max_size=2),
    ),
    varies=st.builds(Varies, ids=st.booleans(), values=st.lists(TEXTS, max_size=2)),
    catalogue=st.none() | st.dictionaries(TEXTS, JSON, min_size=1, max_size=2),
    tasks=st.dictionaries(TEXTS, st.dictionaries(TEXTS, JSON, max_size=2), max_size=2),
    conversations=st.lists(CONVERSATIONS, max_size=3, unique_by=lambda each: each.name),
)


def small(*conversations: Conversation) -> Contract:
    return Contract(Provenance("generated", of="a test"), conversations=list(conversations))


def execute(name: str, answer: Answer) -> Conversation:
    return Conversation(name, "execute", "Service/Task", submission=answer)


def as_read(contract: Contract) -> Contract:
    return msgspec.structs.replace(contract, conversations=list(contract.conversations), bodies={})


@pytest.mark.parametrize("name", ["contract.yaml", "contract.json", "folder"])
@given(contract=CONTRACTS)
@settings(max_examples=40)
def test_what_is_written_is_read_as_it_was(tmp_path_factory, name, contract):
    path = tmp_path_factory.mktemp("contract") / name
    assume(not scan(contract))  # Hypothesis draws words of our sources, and names of secrets among them
    write_contract(contract, path)
    assert repr(as_read(read_contract(path))) == repr(as_read(contract))


def test_a_file_is_the_same_however_often_it_is_written(tmp_path):
    contract = small(execute("one", Answer(json={"z": 1, "a": [1.5, {"b": "yes"}]})))
    write_contract(contract, tmp_path / "one.yaml")
    write_contract(read_contract(tmp_path / "one.yaml"), tmp_path / "two.yaml")
    assert (tmp_path / "one.yaml").read_bytes() == (tmp_path / "two.yaml").read_bytes()


BODIES = {
    "binary": (Answer(content=b"PK\x03\x04\0\xff", headers={"content-type": "application/zip"}), "zip"),
    "large json": (Answer(json={"value": ["line"] * 3000}), "json"),
    "large text": (Answer(text="<html>" + "x" * 9000, headers={"content-type": "text/html"}), "html"),
    "deep json": (Answer(json=json.loads("[" * 100 + "]" * 100)), "json"),
}


@pytest.mark.parametrize("form", ["contract.yaml", "folder"])
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_do_not_fit_stand_beside_the_contract_by_their_hash(tmp_path, name, form):
    answer, ending = BODIES[name]
    contract = small(execute("one", answer))
    write_contract(contract, tmp_path / form)
    read = read_contract(tmp_path / form)
    found = read.conversations[0].submission
    assert found is not None
    body = answer_bytes(contract, answer)
    assert found.body == f"bodies/{sha256(body).hexdigest()}.{ending}"
    assert (found.json, found.text, found.content) == (UNSET, UNSET, UNSET)
    assert answer_bytes(read, found) == body
    assert answer_value(read, found) == answer_value(contract, answer)
    home = tmp_path if form.endswith("yaml") else tmp_path / form
    assert [str(each.relative_to(home)) for each in home.glob("bodies/*")] == [found.body]


def test_a_body_that_was_read_is_written_along_elsewhere(tmp_path):
    write_contract(small(execute("one", Answer(content=b"\0\1"))), tmp_path / "a" / "contract.yaml")
    write_contract(read_contract(tmp_path / "a" / "contract.yaml"), tmp_path / "b")
    read = read_contract(tmp_path / "b")
    assert answer_bytes(read, read.conversations[0].submission or Answer()) == b"\0\1"


def test_a_body_that_was_changed_is_refused(tmp_path):
    write_contract(small(execute("one", Answer(content=b"\0\1"))), tmp_path / "c.yaml")
    (file,) = (tmp_path / "bodies").iterdir()
    file.write_bytes(b"\0\2")
    read = read_contract(tmp_path / "c.yaml")
    with pytest.raises(ContractFileError, match="SHA-256"):
        answer_bytes(read, read.conversations[0].submission or Answer())


def test_a_body_that_is_missing_is_told_when_the_contract_is_read(tmp_path):
    write_contract(small(execute("one", Answer(content=b"\0\1"))), tmp_path / "c.yaml")
    next((tmp_path / "bodies").iterdir()).unlink()
    with pytest.raises(ContractFileError, match=r"conversations\[0\]\.submission\.body.*copy bodies/"):
        read_contract(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "../secret.json",
        "/etc/passwd",
        "bodies/../../x.json",
        "C:\\x.json",
        "bodies\\..\\x",
        "//host/share",
        "x.json",
        f"bodies/{'0' * 64}.json/../../x",
        f"bodies/{'0' * 63}.json",
        f"bodies/{'0' * 64}.json\n",
    ],
)
def test_a_body_may_not_lead_out_of_the_folder(tmp_path, name):
    file = tmp_path / "c.json"
    data = {"format": 1, "provenance": {"source": "generated"}}
    data["conversations"] = [{"name": "one", "kind": "execute", "submission": {"body": name}}]
    file.write_text(json.dumps(data))
    with pytest.raises(ContractFileError, match=r"submission\.body.*expected bodies/<sha256"):
        read_contract(file)


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path, linked):
    outside = tmp_path / "outside"
    outside.mkdir()
    name = f"{sha256(b'x').hexdigest()}.txt"
    (outside / name).write_bytes(b"x")
    home = tmp_path / "home"
    write_contract(small(execute("one", Answer(text="y"))), home / "c.yaml")
    if linked == "folder":
        (home / "bodies").symlink_to(outside)
    else:
        (home / "bodies").mkdir()
        (home / "bodies" / name).symlink_to(outside / name)
    with pytest.raises(ContractFileError, match="link"):
        read_contract(home / "c.yaml").bodies[f"bodies/{name}"]


WRONG = {
    "nothing": ("", "met null, expected a contract"),
    "a list": ("[]", "expected a contract"),
    "no format": ("provenance: {source: generated}", "met no format"),
    "a near format": ("formt: 1", 'is it "formt"'),
    "no provenance": ("format: 1", "met no provenance"),
    "a wrong source": ("format: 1\nprovenance: {source: recordet}", 'did you mean "recorded"'),
    "an unknown key": (
        "format: 1\nprovenance: {source: generated}\nvarys: {}",
        'varys: .*did you mean "varies"',
    ),
    "an unknown key inside": (
        "format: 1\nprovenance: {source: generated}\nvaries: {flots: {}}",
        'varies.flots: met an unknown key.*did you mean "floats"',
    ),
    "a wrong kind": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: jobs}]",
        r'conversations\[0\]\.kind: met "jobs".*did you mean "job"',
    ),
    "two bodies": (
        "format: 1\nprovenance: {source: generated}\n"
        "conversations: [{name: a, kind: execute, submission: {json: 1, text: a}}]",
        r"conversations\[0\]\.submission: met json and text",
    ),
    "bytes": (
        "format: 1\nprovenance: {source: generated}\n"
        "conversations: [{name: a, kind: execute, submission: {content: AAAA}}]",
        r"submission\.content",
    ),
    "a name twice": (
        "format: 1\nprovenance: {source: generated}\n"
        "conversations: [{name: a, kind: execute}, {name: a, kind: execute}]",
        r'conversations\[1\]\.name: met "a", the name of conversations\[0\]',
    ),
    "a server of no version": (
        "format: 1\nprovenance: {source: generated}\nserver: {version: banana}",
        r'server\.version: met "banana", expected a version number.*; leave it out',
    ),
    **{
        f"the server's address {url}": (
            f"format: 1\nprovenance: {{source: generated}}\nserver: {{url: {url!r}}}",
            r"server\.url: met .*, expected an address of http or https with a host.*; leave it out",
        )
        for url in (
            "gis.example.com/arcgis",
            "ftp://gis.example.com",
            "https:///arcgis",
            "http://[",
            "file:///a",
        )
    },
    "a method of no protocol": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: job, method: PSOT}]",
        r'conversations\[0\]\.method: met "PSOT", expected a method of HTTP; did you mean "POST"',
    ),
    "another request's method": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: request, "
        "asked: [{operation: job, path: rest, method: FETCH, answer: {}}]}]",
        r'conversations\[0\]\.asked\[0\]\.method: met "FETCH".*; the protocol has GET and POST',
    ),
    "an end that its answer contradicts": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: job, job_id: j1, "
        "trace: [{status: esriJobSucceeded, answer: {json: {jobId: j1, jobStatus: esriJobFailed}}}]}]",
        r'trace\[0\]\.status: met "esriJobSucceeded", expected "esriJobFailed", the jobStatus of its answer; '
        "write the same in both",
    ),
    "a trace of no job": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: job, "
        "trace: [{status: esriJobSucceeded, answer: {}}]}]",
        r"\[0\]\.trace: met a trace without submission and job_id, expected one of.*; add what submitJob",
    ),
    "a trace of a run that has no job": (
        "format: 1\nprovenance: {source: generated}\nconversations: [{name: a, kind: execute, "
        "submission: {}, trace: [{status: esriJobSucceeded, answer: {}}]}]",
        r'\[0\]\.trace: met a trace in a conversation of kind "execute", expected kind: job; .* submission',
    ),
    "a result of no run": (
        "format: 1\nprovenance: {source: generated}\n"
        "conversations: [{name: a, kind: request, results: {Out: {json: {}}}}]",
        r'\[0\]\.results: met results by name in a conversation of kind "request".*; .* asked',
    ),
    "a key twice": ("format: 1\nformat: 1", "line 2, column 1: met the key .format. twice"),
    "broken text": ("format: [1", "line "),
    "a tag": ("format: !!python/object:os.system 1", "tag"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_file_is_told_with_its_place(tmp_path, name):
    text, told = WRONG[name]
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ContractFileError, match=told) as error:
        read_contract(file)
    assert str(error.value).startswith(f"{file}: ")


def test_what_replay_can_serve_is_read_however_little_is_written(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "format: 1\nprovenance: {source: generated}\nserver: {version: 10.9.1, url: 'HTTP://gis:6080/arcgis/'}\n"
        "conversations:\n"
        "- {name: a, kind: job}\n"
        "- {name: b, kind: job, method: get, job_id: j1, results: {Out: {json: {}}},\n"
        "   trace: [{status: gone, answer: {json: {error: {code: 400}}}}]}\n"
        "- {name: c, kind: request, method: '',\n"
        "   asked: [{operation: job, path: x, method: HEAD, answer: {}}]}\n"
    )
    assert [each.name for each in read_contract(file).conversations] == ["a", "b", "c"]


def test_a_conversation_of_a_folder_hangs_together_too(tmp_path):
    write_contract(small(Conversation("a", "job", trace=[Seen("esriJobNew", Answer())])), tmp_path / "c")
    with pytest.raises(ContractFileError, match=r"0001-a\.yaml: trace: met a trace without submission"):
        list(read_contract(tmp_path / "c").conversations)


@pytest.mark.parametrize("text", ["format: 2", "format: 2\nprovenance: {new: 1}\nconversations: none"])
def test_a_newer_format_is_refused_as_such(tmp_path, text):
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(NewerFormat, match=r"format: met 2, expected 1 or an older one; .*newer gpharness"):
        read_contract(file)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ContractFileError, match="No such file"):
        read_contract(tmp_path / "none.yaml")
    with pytest.raises(ContractFileError, match=r"without contract\.yaml"):
        read_contract(tmp_path)


def test_conversations_of_a_folder_are_read_when_they_are_asked_for(tmp_path):
    write_contract(small(*(execute(f"Run {n}", Answer(json={"n": n})) for n in range(12))), tmp_path / "c")
    names = sorted(each.name for each in (tmp_path / "c" / "conversations").iterdir())
    assert names[::5] == ["0001-run-0.yaml", "0006-run-5.yaml", "0011-run-10.yaml"]
    (tmp_path / "c" / "conversations" / names[3]).write_text("name: [")
    contract = read_contract(tmp_path / "c")
    assert len(contract.conversations) == 12
    assert contract.conversations[11].name == contract.conversations[-1].name == "Run 11"
    assert [each.name for each in contract.conversations[:2]] == ["Run 0", "Run 1"]
    with pytest.raises(ContractFileError, match=r"0004-run-3\.yaml: line "):
        list(contract.conversations)


def test_a_conversation_of_a_folder_may_be_json(tmp_path):
    write_contract(small(), tmp_path / "c")
    file = tmp_path / "c" / "conversations" / "7-x.json"
    file.write_text('{"name": "seven", "kind": "request"}')
    assert [each.name for each in read_contract(tmp_path / "c").conversations] == ["seven"]


def test_a_folder_is_written_anew_as_a_whole_and_keeps_what_is_not_its_own(tmp_path):
    path = tmp_path / "c"
    write_contract(small(execute("old", Answer(content=b"\0old")), execute("kept", Answer())), path)
    (path / "NOTES.md").write_text("mine")
    contract = read_contract(path)
    write_contract(msgspec.structs.replace(contract, conversations=contract.conversations[1:]), path)
    assert [each.name for each in read_contract(path).conversations] == ["kept"]
    assert sorted(each.name for each in path.iterdir()) == ["NOTES.md", "contract.yaml", "conversations"]
    assert [each.name for each in tmp_path.iterdir()] == ["c"]


def test_a_folder_with_other_things_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ContractFileError, match="other things"):
        write_contract(small(), tmp_path)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("form", ["c.yaml", "c.json", "c"])
@pytest.mark.parametrize("fault", ["a secret", "a number", "two names"])
def test_where_writing_fails_nothing_changes(tmp_path, form, fault):
    write_contract(small(execute("kept", Answer(content=b"\0"))), tmp_path / form)
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    wrong = {
        "a secret": [execute("a", Answer(json={"token": "Ab3dEf6hIj9lMn2pQr5t"}))],
        "a number": [execute("a", Answer(json={"x": float("nan")}))],
        "two names": [execute("a", Answer()), execute("a", Answer())],
    }[fault]
    with pytest.raises(ContractError):
        write_contract(small(*wrong), tmp_path / form)
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == before


def test_a_secret_is_told_by_its_place_and_never_itself(tmp_path):
    secret = "Ab3dEf6hIj9lMn2pQr5t"
    contract = small(execute("a", Answer(json={"messages": [{"description": f"token={secret} expired"}]})))
    with pytest.raises(SecretLeft) as error:
        write_contract(contract, tmp_path / "c.yaml")
    assert "conversations[0].submission.json.messages[0].description" in str(error.value)
    assert secret not in f"{error.value!r} {error.value}"
    assert list(tmp_path.iterdir()) == []


def exchange(body: bytes, *headers: tuple[str, str], status: int | None = 200) -> Exchange:
    return Exchange("execute", "POST", "https://gis.example.com", status=status, headers=headers, body=body)


KEPT = {
    "json": (
        b'{"a": 1e5, "b": 12345678901234567890}',
        Answer(json={"a": 100000.0, "b": 12345678901234567890}),
    ),
    "a list": (b" [1]", Answer(json=[1])),
    "a key twice": (b'{"a":1,"a":2}', Answer(text='{"a":1,"a":2}')),
    "a key twice inside": (b'[{"b":{"a":1,"a":2}}]', Answer(text='[{"b":{"a":1,"a":2}}]')),
    "no number": (b'{"a":NaN}', Answer(text='{"a":NaN}')),
    "a number beyond a double": (b'{"a":1e400}', Answer(text='{"a":1e400}')),
    "half of a pair": (b'{"a":"\\ud800"}', Answer(text='{"a":"\\ud800"}')),
    "a mark before it": (b'\xef\xbb\xbf{"a":1}', Answer(text='\ufeff{"a":1}')),
    "a text of json": (b'"a"', Answer(text='"a"')),
    "cut off": (b'{"a":', Answer(text='{"a":')),
    "html": (b"<html>", Answer(text="<html>")),
    "no utf-8": (b"\xe9t\xe9", Answer(content=b"\xe9t\xe9")),
    "a zero": (b"a\0b", Answer(content=b"a\0b")),
    "nothing": (b"", Answer()),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_body_is_kept_as_what_it_is(name):
    body, answer = KEPT[name]
    assert answer_of(exchange(body)) == answer
    if answer.json is UNSET:
        assert answer_bytes(small(), answer) == body


def test_headers_that_say_something_are_kept():
    answer = answer_of(
        exchange(
            b"{}",
            ("Content-Type", "application/json;charset=UTF-8"),
            ("Content-Length", "2"),
            ("Date", "Mon"),
            ("WWW-Authenticate", "Negotiate"),
            ("WWW-Authenticate", "NTLM"),
            ("Set-Cookie", "a=b"),
        )
    )
    assert answer == Answer(json={}, headers={"www-authenticate": "Negotiate, NTLM"})
    plain = answer_of(exchange(b"{}", ("content-type", "text/plain;charset=utf-8"), status=404))
    assert plain == Answer(404, {"content-type": "text/plain;charset=utf-8"}, json={})


def test_what_did_not_come_whole_is_no_answer():
    with pytest.raises(ValueError, match="cut"):
        answer_of(Exchange("job", "GET", "https://gis.example.com", status=200, fault="cut"))
    with pytest.raises(ValueError, match="no status"):
        answer_of(exchange(b"", status=None))


def test_values_of_bodies_are_read_leniently():
    contract = small()
    assert answer_value(contract, Answer(text='\ufeff{"a":1,"a":2}')) == {"a": 2}
    assert answer_value(contract, Answer(content=b"PK\0")) is UNSET
    assert answer_value(contract, Answer(json=None)) is None


def test_every_answer_of_a_conversation_is_found():
    answers = [Answer(status=200 + n) for n in range(4)]
    conversation = Conversation(
        "a",
        "job",
        submission=answers[0],
        trace=[Seen("esriJobSubmitted", answers[1])],
        results={"Out": answers[2]},
        asked=[Asked("cancel", "/x", answers[3])],
    )
    places = ["submission", "trace[0].answer", "results.Out", "asked[0].answer"]
    assert list(answers_of(conversation)) == list(zip(places, answers, strict=True))


def test_a_file_is_written_for_people_who_read_it(tmp_path: Path):
    job = Answer(json={"jobId": JOB, "jobStatus": "esriJobSubmitted"})
    conversation = Conversation("one", "job", "S/T", {"In": '{"x": 1}'}, job_id=JOB, submission=job)
    write_contract(small(conversation), tmp_path / "c.yaml")
    text = (tmp_path / "c.yaml").read_text()
    assert text.startswith("format: 1\nprovenance:\n  source: generated\n")
    assert f"    inputs:\n      In: '{{\"x\": 1}}'\n    job_id: {JOB}\n    submission:\n      json:\n" in text
    assert yaml.safe_load(text)["conversations"][0]["job_id"] == JOB


@pytest.mark.parametrize(
    ("provenance", "path"),
    [
        ({"source": "recorded", "at": "2026-11-26T20:15:00Z"}, "provenance.of"),
        ({"source": "recorded", "of": "https://gis.example.com/arcgis"}, "provenance.at"),
        ({"source": "reconstructed"}, "provenance.of"),
        ({"source": "generated", "at": "yesterday"}, "provenance.at"),
    ],
)
def test_a_contract_says_where_and_when_what_it_calls_itself_is_from(tmp_path, provenance, path):
    file = tmp_path / "contract.json"
    file.write_text(json.dumps({"format": 1, "provenance": provenance}), encoding="utf-8")
    with pytest.raises(ContractFileError, match=path):
        read_contract(file)


def test_time_does_not_go_back_in_a_trace(tmp_path):
    seen = [Seen("esriJobExecuting", Answer(json={}), after) for after in (2.0, 1.0)]
    file = tmp_path / "contract.json"
    write_contract(small(Conversation("run", "job", "Service/Task", trace=seen)), file)
    with pytest.raises(ContractFileError, match=r"trace\[1\]\.after.* 2 or more"):
        read_contract(file)
