"""The marker `gp_site(contract=…)`: a test's own site that replays."""

from __future__ import annotations

import pytest
from gp_mockserver.errors import SiteError
from gpharness.contracts.contract_files import write_contract
from gpharness.testing.site_settings import SettingsError, SiteSettings, make_site, settings_of


def test_a_tests_site_replays_the_contract_beside_the_test(recorded, tmp_path):
    write_contract(recorded, tmp_path / "viewshed.yaml")
    settings = settings_of([((), {"contract": "viewshed.yaml", "fallback": True})], SiteSettings())
    site = make_site(settings, "a-test-1", tmp_path, needs_manual_clock=True)
    assert (site.context, site.clock.jumps, site.stand_in.fallback) == ("a-test-1", False, True)
    assert site.find_task("WorldViewshed/viewshed").descriptor.inputs
    site.close()


def test_what_is_no_contract_is_told_as_a_mistake_in_the_site(tmp_path):
    (tmp_path / "no.yaml").write_text("a: b\n")
    settings = settings_of([((), {"contract": "no.yaml"})], SiteSettings())
    with pytest.raises(SiteError, match=r"no\.yaml"):
        make_site(settings, "a-test", tmp_path, needs_manual_clock=False)


def test_a_site_is_of_a_site_file_or_of_a_contract():
    with pytest.raises(SettingsError, match="met a site file and a contract"):
        settings_of([(("site.yaml",), {"contract": "c.yaml"})], SiteSettings())
    with pytest.raises(SettingsError, match="contract: met 5, expected the path of a contract"):
        settings_of([((), {"contract": 5})], SiteSettings())
