from __future__ import annotations

from typing import Any

from gp_client.reading.json_pointers import pointer_to, stepped

from every_case import every_case


@every_case(
    ("path", "value", "pointer"),
    [
        ("", {}, ""),
        ("name", {}, "/name"),
        ("features[1].geometry.x", {"features": [{}, {"geometry": {"x": "1"}}]}, "/features/1/geometry/x"),
        ("rings[0][2][1]", {"rings": [[[], [], [0, 1]]]}, "/rings/0/2/1"),
        ("attributes.a.b[0]", {"attributes": {"a.b[0]": 1}}, "/attributes/a.b[0]"),
        ("a.b", {"a": {"b": 1}, "a.b": 2}, "/a.b"),
        ("a/b~c", {"a/b~c": 1}, "/a~1b~0c"),
        ("[3].x", [1], "/[3].x"),
        ("features[0]", {"features": None}, "/features/[0]"),
    ],
)
def test_a_path_becomes_the_pointer_to_its_place(path: str, value: Any, pointer: str) -> None:
    assert pointer_to(path, value) == pointer


def test_a_pointer_is_led_on() -> None:
    assert stepped("/results/0", "value", 3, "a/b") == "/results/0/value/3/a~1b"
