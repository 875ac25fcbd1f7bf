"""Contracts in files: reading and writing them."""

from __future__ import annotations

from gpharness.contracts.answers import answer_bytes, answer_of, answer_value, answers_of
from gpharness.contracts.contract_reading import read_contract
from gpharness.contracts.contract_writing import write_contract
from gpharness.contracts.errors import ContractError, ContractFileError, NewerFormat, SecretLeft

__all__ = [
    "ContractError",
    "ContractFileError",
    "NewerFormat",
    "SecretLeft",
    "answer_bytes",
    "answer_of",
    "answer_value",
    "answers_of",
    "read_contract",
    "write_contract",
]
