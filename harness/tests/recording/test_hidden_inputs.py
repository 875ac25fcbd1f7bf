"""Values of hidden inputs, which only a descriptor tells to be secret."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import msgspec
from gpharness.contracts.contract import Provenance
from gpharness.probing.exchanges import Exchange
from gpharness.recording.assembling import contract_of
from gpharness.recording.masked_exchanges import masked

ROOT = "https://gis.example.com/arcgis"


def test_a_hidden_input_is_masked_wherever_its_descriptor_says_so():
    service = f"{ROOT}/rest/services/Store/GPServer"
    hidden = {"dataType": "GPStringHidden", "direction": "esriGPParameterDirectionInput"}
    task = {
        "name": "Load",
        "executionType": "esriExecutionTypeAsynchronous",
        "parameters": [{"name": "Account", **hidden}, {"name": "Pin", **hidden}],
    }
    form = {"f": "json", "Account": "blue-heron-47", "Pin": "abc", "Town": "abcd"}
    told = [{"type": "esriJobMessageTypeInformative", "description": "Load blue-heron-47 into abcd"}]
    job = {"jobId": "j1", "jobStatus": "esriJobSucceeded", "messages": told}

    def answered(below, value, at, method="GET", parameters=None):
        body = urlencode(parameters).encode() if parameters else b""
        kind = (("Content-Type", "application/x-www-form-urlencoded"),) if body else ()
        url = f"{service}{below}" if body else f"{service}{below}?f=json"
        return Exchange(
            "",
            method,
            url,
            at=at,
            status=200,
            body=json.dumps(value).encode(),
            request_headers=kind,
            request_body=body,
        )

    exchanges = [
        answered("/Load/submitJob", {**job, "jobStatus": "esriJobSubmitted"}, 1.0, "POST", form),
        answered("/Load/jobs/j1", job, 2.0),
        answered("/Load/jobs/j1/inputs/Pin", {"paramName": "Pin", "value": "abc"}, 3.0),
        answered("/Load", task, 4.0),
    ]
    contract, _ = contract_of(masked(exchanges), Provenance("recorded"))
    [run] = contract.conversations
    assert run.parameters["Town"] == "abcd"
    assert run.trace[-1].answer.json["messages"][0]["description"].endswith(" into abcd")
    text = msgspec.json.encode(contract).decode()
    assert "heron" not in text
    assert '"abc"' not in text
