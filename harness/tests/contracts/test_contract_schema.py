"""The published schema of contract files: current, valid, and of one mind with the reader."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from gpharness.contracts import contract_schema as module
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance, Seen, Server
from gpharness.contracts.contract_files import ContractFileError, read_contract, write_contract
from gpharness.contracts.contract_schema import contract_schema

PUBLISHED = Path(module.__file__).with_name("contract-schema.json")
VALIDATOR = jsonschema.Draft202012Validator(contract_schema())


def test_the_published_schema_is_current_and_valid():
    """To write it anew: python -m gpharness.contracts.contract_schema > contract-schema.json"""
    assert json.loads(PUBLISHED.read_text()) == contract_schema()
    jsonschema.Draft202012Validator.check_schema(contract_schema())


def test_a_contract_that_is_written_fits_the_schema(tmp_path):
    answer = Answer(404, {"content-type": "text/html"}, text="<html>")
    conversation = Conversation(
        "one",
        "job",
        "S/T",
        {"In": "1"},
        submission=Answer(json=None),
        trace=[Seen("esriJobSubmitted", answer, 1.5)],
        results={"Out": Answer(content=b"\0")},
        asked=[Asked("cancel", "/x", answer, after=2)],
    )
    contract = Contract(
        Provenance("recorded", of="https://gis.example.com", at="2026-11-26T20:15:00Z"),
        server=Server("11.3", info={"currentVersion": 11.3}),
        catalogue={"services": []},
        services={"S": {"tasks": ["T"]}},
        tasks={"S/T": {"name": "T"}},
        conversations=[conversation],
    )
    write_contract(contract, tmp_path / "c.yaml")
    VALIDATOR.validate(yaml.safe_load((tmp_path / "c.yaml").read_text()))
    write_contract(contract, tmp_path / "f")
    VALIDATOR.validate(yaml.safe_load((tmp_path / "f" / "contract.yaml").read_text()))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"format": 0, "provenance": {"source": "generated"}},
        {"format": 1, "provenance": {"source": "made up"}},
        {"format": 1, "provenance": {"source": "generated"}, "more": 1},
        {"format": 1, "provenance": {"source": "generated"}, "tasks": []},
        *(
            {
                "format": 1,
                "provenance": {"source": "generated"},
                "conversations": [{"name": "a", "kind": "execute", "submission": answer}],
            }
            for answer in ({"json": 1, "text": "a"}, {"content": "AAAA"}, {"body": "../x"}, {"status": "200"})
        ),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(tmp_path, data):
    assert not VALIDATOR.is_valid(data)
    (tmp_path / "c.json").write_text(json.dumps(data))
    with pytest.raises(ContractFileError):
        read_contract(tmp_path / "c.json")
