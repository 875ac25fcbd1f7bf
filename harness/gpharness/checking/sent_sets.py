"""The feature sets that a request sent. What is odd in them may come back, and then is not the server's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from gp_protocol.errors import ProtocolError
from gp_protocol.lenient_json import decode_json

from gpharness.checking.looking import Looking

_FEATURES: Final = re.compile("features", re.IGNORECASE)


def sent_sets(look: Looking) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each feature set among the request's parameters, alone or in a list, and the parameter's name in small
    letters."""
    for name, text in look.asked_with(_FEATURES):
        try:
            sent = decode_json(text)
        except ProtocolError:
            continue
        for each in sent if type(sent) is list else [sent]:
            if type(each) is dict and type(each.get("features")) is list:
                yield name, each


def is_reference_unknown(look: Looking) -> bool:
    """Whether features were sent that do not say where they lie, nor does their parameter's default."""
    inputs = {each.name.lower(): each.default_value for each in look.task.inputs} if look.task else {}
    return any(
        name in inputs and _geometries(sent) and not _has_reference(sent) and not _has_reference(inputs[name])
        for name, sent in sent_sets(look)
    )


def _geometries(value: dict[str, Any]) -> list[dict[str, Any]]:
    found = [each.get("geometry") for each in value.get("features") or () if type(each) is dict]
    return [each for each in found if type(each) is dict]


def _has_reference(value: Any) -> bool:
    """Whether a set, or a geometry in it, says in which spatial reference it is."""
    return type(value) is dict and any(each.get("spatialReference") for each in (value, *_geometries(value)))
