"""Hypothesis is optional: who has it not is told what to install."""

from __future__ import annotations

import sys

import pytest


def test_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("gpharness.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match="which is not installed: pip install hypothesis") as refused:
        import gpharness.strategies  # noqa: F401
    assert refused.value.name == "hypothesis"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import gpharness.strategies

    with pytest.raises(AttributeError, match="no attribute 'input'"):
        gpharness.strategies.input  # noqa: B018
    assert all(getattr(gpharness.strategies, name) for name in gpharness.strategies.__all__)


def test_the_names_are_listed_before_they_are_used() -> None:
    import gpharness.strategies

    assert {*gpharness.strategies.__all__, "__doc__"} <= {*dir(gpharness.strategies)}
