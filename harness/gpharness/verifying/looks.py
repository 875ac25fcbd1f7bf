"""An exchange with what was found in it, and findings on their way into a report."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET

from gpharness.findings.finding_names import finding
from gpharness.findings.findings import Finding
from gpharness.probing.exchanges import Exchange
from gpharness.verifying.curl_commands import curl_of

JSON_FORMATS: Final = frozenset({"json", "pjson"})


class Look(msgspec.Struct):
    """`kind` is what the body was taken for, `error` for an error envelope; `value` its JSON, UNSET without.
    `conversation` is the contract's that it is from."""

    exchange: Exchange
    kind: str = ""
    value: Any = UNSET
    findings: list[Finding] = []
    conversation: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it is an answer of the operation that says what it may say."""
        return not self.findings and self.kind not in ("", "error") and self.value is not UNSET

    @property
    def is_error(self) -> bool:
        """Whether it is the protocol's word for a failure."""
        return self.kind == "error"

    def find(self, name: str, expected: str = "", met: str = "", path: str = "") -> None:
        """Note a finding here."""
        self.findings.append(finding(name, expected=expected, met=met, path=path))

    def without(self, *names: str) -> None:
        """Take back what was found by these names."""
        self.findings = [each for each in self.findings if each.name not in names]

    def placed(self, found: Finding) -> Finding:
        """The finding with where it was found."""
        exchange = self.exchange
        return msgspec.structs.replace(
            found,
            operation=exchange.operation or found.operation or "other",
            task=exchange.task or exchange.service,
            conversation=self.conversation,
            request=curl_of(exchange, found.name),
        )


def wants_json(exchange: Exchange) -> bool:
    """Whether the protocol owes JSON: `f=json` was asked for, or the operation has no other form."""
    if exchange.operation == "upload" and exchange.method == "POST":
        return True
    return exchange.parameters.get("f", "").lower() in JSON_FORMATS
