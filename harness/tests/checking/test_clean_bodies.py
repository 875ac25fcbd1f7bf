"""What a mock of every version answers is found to be in order, whoever looks at it and whatever he knows."""

from __future__ import annotations

import pytest
from asked_bodies import Asker
from gp_protocol.versions import PROFILES


@pytest.mark.parametrize("version", PROFILES)
def test_every_answer_of_a_clean_site_passes(version: str) -> None:
    kinds = set()
    with Asker(version) as asker:
        for body in asker.everything():
            kinds.add(body.kind)
            looks = [body.checked(), body.checked(version)]
            if "returnMessages" not in body.asked:  # nobody can guess why there are no messages
                looks.append(body.guessed())
            for checked in looks:
                failing = [each for each in checked.findings if each.severity != "note"]
                assert not failing, (body.kind, body.path, failing, body.content[:300])
                assert checked.kind != "auto", (body.path, body.content[:300])
    assert kinds
