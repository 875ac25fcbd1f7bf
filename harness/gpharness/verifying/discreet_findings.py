"""Findings without secrets: what a server says in messages, errors and addresses is quoted in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from gpharness.findings.findings import Finding


def discreet(findings: Sequence[Finding], known: Iterable[str | None] = ()) -> list[Finding]:
    """The same with stand-ins for secrets. `known` are those that nothing need name: a password, a token."""
    if not findings:
        return []
    from gpharness.contracts.secrets.masking import Mask

    mask = Mask(known=[each for each in known if each])
    for each in findings:
        for text in (each.expected, each.met, each.request):
            mask.learn_text(text)
    return [
        msgspec.structs.replace(
            each,
            expected=mask.text(each.expected),
            met=mask.text(each.met),
            request=mask.text(each.request),
        )
        for each in findings
    ]
