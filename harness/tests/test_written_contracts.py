"""Contracts as commands write them."""

from __future__ import annotations

import pytest
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance
from gpharness.contracts.contract_files import read_contract
from gpharness.contracts.errors import SecretLeft
from gpharness.written_contracts import NotWritten, write


def asked(name, text):
    answer = Answer(json={"message": text})
    return Conversation(name, "request", asked=[Asked("job", "rest/services/A/GPServer/B/jobs/j1", answer)])


def contract(*conversations):
    return Contract(Provenance("generated", of="http://127.0.0.1/arcgis"), conversations=conversations)


LEAK = asked("leaking", "https://gis.example.com/x?token=Zk3v9QpLr7TtYw2Xb5Nc8MdF1GhJ4KsA6")


def test_a_conversation_that_would_hold_a_secret_is_left_out_and_named(tmp_path):
    path = tmp_path / "a.yaml"
    with pytest.raises(NotWritten, match=r"was written without leaking: .*conversations\[1\]"):
        write(contract(asked("fine", "Submitted."), LEAK), path)
    assert [each.name for each in read_contract(path).conversations] == ["fine"]
    assert "Zk3v9QpLr7" not in path.read_text(encoding="utf-8")


def test_nothing_is_written_where_nothing_is_without_secrets(tmp_path):
    with pytest.raises(SecretLeft):
        write(contract(LEAK), tmp_path / "a.yaml")
    assert list(tmp_path.iterdir()) == []
