"""Templates of outputs: what they make, what they may not do, and what is said of mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.output_templates import TemplateFailed, compile_template

POINTS = {"features": [{"attributes": {"NAME": "A<b>"}, "geometry": {"x": 1, "y": 2}}]}


def render(source: Any, **inputs: Any) -> Any:
    template = compile_template(source, list(inputs))
    return template.render({"inputs": inputs, "seed": 7, "job_id": "j1", **inputs})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("{{ Points.features | length }}", 1),
        (" {{ Points.features[0].geometry.x / 2 }} ", 0.5),
        ("{{ Points }}", POINTS),
        ("{{ Points.features | map(attribute='geometry.y') }}", [2]),
        ("{{ {'a': {'b': Points.features | length}} }}", {"a": {"b": 1}}),
        ("{{ Points.features | length }} point", "1 point"),
        ("{% for f in Points.features %}{{ f.attributes.NAME }};{% endfor %}", "A<b>;"),
        (
            "{{ Points.features[0] | tojson }} ",
            '{"attributes": {"NAME": "A<b>"}, "geometry": {"x": 1, "y": 2}}',
        ),
        ("{{ seed }}", 7),
        ("job {{ job_id }}", "job j1"),
        ("{{ inputs['Points'].features | length }}", 1),
        ({"n": ["{{ seed }}", "s{{ seed }}", 5, None]}, {"n": [7, "s7", 5, None]}),
    ],
)
def test_a_text_of_one_expression_keeps_its_type_and_any_other_is_a_text(source: Any, value: Any) -> None:
    assert render(source, Points=POINTS) == value


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            "{{ Ponits }}",
            'template: met the variable "Ponits", expected an input of the task, or inputs, seed or '
            'job_id: one of Points, inputs, seed, job_id; did you mean "Points"?',
        ),
        ({"a": ["{{ seed }}", "{{ nope }}"]}, 'template.a[1]: met the variable "nope"'),
        ("{{ Points", 'template: met "{{ Points" (line 1: unexpected end of template'),
        (
            "{% for x in Points %}",
            'template: met "{% for x in Points %}" (line 1: Unexpected end of template',
        ),
        (
            "{{ Points | geojson }}",
            "template: met \"{{ Points | geojson }}\" (line 1: No filter named 'geojson'",
        ),
        ("{{ lipsum(5) }}", 'template: met the variable "lipsum"'),
    ],
)
def test_a_mistake_that_can_be_seen_is_an_error_when_the_site_is_loaded(source: Any, error: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        compile_template(source, ["Points"])
    assert str(raised.value).startswith(error)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{ Points.featurs | length }}", "'dict object' has no attribute 'featurs'"),
        ("{{ Points.featurs }}", "'dict object' has no attribute 'featurs'"),
        ("{{ 1 / 0 }} ", "division by zero"),
        ("{{ 'a' * 10**9 }}", "more than 16777216 characters"),
        ("{{ [0] * 10**9 }}", "more than 16777216 characters or items"),
        ("{{ 10 ** 10000 }}", "exponent"),
        ("{% for i in range(10**9) %}x{% endfor %}", "Range too big"),
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "more than 250000 turns",
        ),
        ("{% for i in range(2000) %}{{ 'a' * 10000 }}{% endfor %}", "more than 16777216 characters"),
        ("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "calls itself without an end"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ Points.features.append(1) }}", "unsafe"),
        ("{{ Points.update({'a': 1}) }}", "unsafe"),
    ],
)
def test_a_mistake_costs_the_job_and_not_the_server(source: str, error: str) -> None:
    with pytest.raises(TemplateFailed, match=error.replace("*", r"\*")):
        render(source, Points=POINTS)


def test_a_template_says_which_inputs_it_reads() -> None:
    assert compile_template(["{{ a }}{{ seed }}", {"x": "{{ b }}"}], ["a", "b", "c"]).names == {
        "a",
        "b",
        "seed",
    }
