"""That a service wants a token is part of a recording, though no token is."""

from __future__ import annotations

from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.contracts.contract import Provenance
from gpharness.probing.exchanges import Exchange
from gpharness.recording.assembling import contract_of
from gpharness.recording.options import Credentials, Options
from gpharness.replaying.sites import site_of
from gpharness.verifying.verify import TOKEN_WANTED, verify

ROOT = "https://gis.example.com/arcgis"


def test_a_recording_keeps_that_a_token_is_needed_and_its_replay_asks_for_one(site, new_site):
    signed_in = {"user": "tester", "password": "tester-password"}
    below = "Secured/WorldViewshed/GPServer"
    recorder = site.recorder(below, Options(generate=1), Credentials(**signed_in))
    recorder.carry_out(recorder.plan())
    contract = recorder.recording().contract
    replayed = new_site(site_of(contract, clock=JumpingClock()))
    open_, asked = f"{ROOT}/rest/info?f=json", f"{ROOT}/rest/services/{below}?f=json"
    assert replayed.client.get(open_).json()["authInfo"]["isTokenBasedSecurity"]
    assert replayed.client.get(asked).json() == contract.conversations[0].asked[0].answer.json
    assert replayed.client.get(f"{asked}&token=any-of-them").json()["tasks"] == ["viewshed"]
    for each in (site, replayed):
        options = {"http": each.client, "clock": each.clock, "rate": None, "seed": 1}
        signed = verify(contract, ROOT, **signed_in, **options)
        assert (signed.findings, [case.skipped for case in signed.cases]) == ([], ["", ""])
        unsigned = verify(contract, ROOT, **options)
        assert (unsigned.findings, [case.skipped for case in unsigned.cases]) == ([], ["", TOKEN_WANTED])


def test_a_server_that_takes_anybody_now_is_found(site):
    open_now = contract_of(
        [
            Exchange("task", "GET", f"{ROOT}/rest/services/WorldViewshed/GPServer/viewshed?f=json"),
            Exchange(
                "service",
                "GET",
                f"{ROOT}/rest/services/WorldViewshed/GPServer?f=json",
                parameters={"f": "json"},
                status=200,
                body=b'{"error":{"code":499,"message":"Token Required","details":[]}}',
            ),
        ],
        Provenance("generated"),
        ROOT,
    )[0]
    section = verify(open_now, ROOT, http=site.client, clock=site.clock, rate=None, seed=1)
    [found] = section.findings
    assert (found.name, found.operation, "Token Required" in found.expected) == (
        "changed.outcome",
        "service",
        True,
    )
