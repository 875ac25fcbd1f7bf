"""Templates of outputs: what they make, what they may not do, and what is said of mistakes in them."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.bounded_templates import bounded_environment
from gp_mockserver.tools.output_templates import TemplateFailed, compile_template

from every_case import every_case

POINTS = {"features": [{"attributes": {"NAME": "A<b>"}, "geometry": {"x": 1, "y": 2}}]}


def render(source: Any, **inputs: Any) -> Any:
    template = compile_template(source, list(inputs))
    return template.render({"inputs": inputs, "seed": 7, "job_id": "j1", **inputs})


@every_case(
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


@every_case(
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


@every_case(
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


HUGE = 900_000_000
_OPERANDS = {
    "attr": "'x'",
    "format": HUGE,
    "groupby": "'x'",
    "join": "'a' * 16000000",
    "map": f"'center', {HUGE}",
    "replace": "'a', 'b' * 16777210",
    "truncate": f"{HUGE}, True, '…', {HUGE}",
    "wordwrap": f"1, True, 'b' * 16000000, {HUGE}",
}


@every_case("name", sorted(bounded_environment().filters))
def test_no_filter_makes_much_of_a_huge_number(name: str) -> None:
    operand = _OPERANDS.get(name, HUGE)
    for value in ("'aaaa.aaaa\\n' * 50", "['aa', 'bb']", "'%*d'"):
        for given in ("", f"({operand})", f"({HUGE}, {HUGE})", f"(width={HUGE})", f"(indent={HUGE})"):
            try:
                made = render(f"{{{{ ({value}) | {name}{given} }}}}")
            except (TemplateFailed, SiteFileError):
                continue
            assert len(json.dumps(made)) < 10_000


@every_case(
    "source",
    [
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%.999999999f' % 1.5 }}",
        "{{ ('%(a)s' * 1000) % {'a': 'x' * 1000000} }}",
        "{{ 'a'.center(900000000) }}",
        "{{ ('a' | safe).center(900000000) }}",
        "{{ 'a'.ljust(900000000) }}",
        "{{ 'a'.rjust(900000000) }}",
        "{{ '1'.zfill(900000000) }}",
        "{{ '\t'.expandtabs(900000000) }}",
        "{{ ('a' * 10000).replace('a', 'b' * 10000) }}",
        "{{ ('a' * 1000000).join(['b'] * 1000) }}",
        "{{ 'a'.translate({97: 'b' * 10}) * 9000000 }}",
        "{{ '{:900000000}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=900000000) }}",
        "{{ '{a:>900000000}'.format_map({'a': 1}) }}",
        "{{ (1).to_bytes(900000000) }}",
        "{{ ['a' * 16000000] * 1000 }}",
        "x{{ ['a' * 16000000] * 1000 }}",
        "{{ (['a' * 16000000] * 1000) | join }}",
        "{{ (['a' * 16000000] * 1000) | tojson }}",
        "{{ [[1] * 2000000] * 2000000 }}",
        "{{ ([[1] * 100000] * 1000) | sum(start=[]) }}",
        "{{ ('a' * 16000000) ~ ('a' * 16000000) }}",
        "{{ ('a' * 16000000) + ('a' * 16000000) }}",
        "{% set n = namespace(x='a' * 1000) %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='a' * 1000) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x='a' * 1000) %}"
        "{% for i in range(40) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
        "{% set n = namespace(x=3) %}{% for i in range(40) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "{{ 9 ** 999 ** 999 }}",
        ["{{ 'a' * 16000000 }}"] * 5,
        {"a": "{{ 'a' * 16000000 }}", "b": "{{ 'a' * 16000000 }}"},
    ],
)
def test_what_grows_by_other_ways_is_bounded_too(source: Any) -> None:
    template = compile_template(source, [])
    tracemalloc.start()
    try:
        with pytest.raises(TemplateFailed, match=r"more than|sum adds"):
            template.render({})
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


@every_case(
    ("source", "value"),
    [
        ("{{ 'a' ~ 1 ~ None }}", "a1None"),
        ("x{{ 1 ~ 2 }}", "x12"),
        ("{{ '%05.1f %s' % (1.25, 'km') }}", "001.2 km"),
        ("{{ '%s km' | format(5) }}", "5 km"),
        ("{{ '{:>4}|{a}'.format(1, a=2) }}", "   1|2"),
        ("{{ '{a[b]}'.format_map({'a': {'b': 5}}) }}", "5"),
        ("{{ 'a,b'.split(',') | join('; ') }}", "a; b"),
        ("{{ ', '.join(['a', 'b']) }}", "a, b"),
        ("{{ 'a' | center(5) }}", "  a  "),
        ("{{ {'b': 1, 'a': [2]} | tojson(indent=1) }}", '{\n "b": 1,\n "a": [\n  2\n ]\n}'),
        ("{{ [1, 2] | sum }}", 3),
        ("{{ [{'a': 1}, {'a': 2}] | sum('a') }}", 3),
        ("{{ [3, 1] | sort | map('string') | list }}", ["1", "3"]),
        ("{{ 7 % 4 + 2 ** 3 * 2 }}", 19),
        ("{{ 'hello world' | replace('o', '0') | title }}", "Hell0 W0rld"),
    ],
)
def test_what_is_small_is_made_as_ever(source: str, value: Any) -> None:
    assert render(source) == value
