"""A server that has fallen silent: that is one finding, however many requests it left without an answer."""

from __future__ import annotations

from collections.abc import Sequence

from gpharness.findings.findings import Finding

_IN_VAIN = "no complete answer within"


def with_one_silence(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of a server that does not answer any more, with only the first of those that say so."""
    kept: list[Finding] = []
    is_told = False
    for each in findings:
        is_silence = each.name == "transport.cut" and _IN_VAIN in each.met
        if not (is_silence and is_told):
            kept.append(each)
        is_told = is_told or is_silence
    return kept
