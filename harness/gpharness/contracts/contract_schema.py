"""The JSON Schema of contract files; `contract-schema.json` in this package holds it.

To write it anew: `python -m gpharness.contracts.contract_schema > contract-schema.json`
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from gpharness.contracts.contract import Conversation
from gpharness.contracts.contract_forms import SIDE_FILE, ContractForm


def contract_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a contract's file, and of `contract.yaml` in a folder; a conversation's
    own file is `#/$defs/Conversation`."""
    (root, _), parts = msgspec.json.schema_components(
        [ContractForm, Conversation], ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
    answer = parts["Answer"]
    del answer["properties"]["content"]
    answer["properties"]["body"]["pattern"] = "^" + SIDE_FILE.pattern.replace(r"\Z", "$")
    bodies = ("json", "text", "body")
    answer["oneOf"] = [
        *({"required": [name]} for name in bodies),
        {"not": {"anyOf": [{"required": [name]} for name in bodies]}},
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:gpharness:contract",
        "title": "gpharness contract",
        **root,
        "$defs": parts,
    }


if __name__ == "__main__":
    print(json.dumps(contract_schema(), indent=2))
