"""The spatial reference of a set of features: that there is one, and that it is the one that was asked for.

Source: ArcGIS REST, *FeatureSet object*, *Submit GP job* (`context`, `env:outSR`, `env:processSR`). An input
may leave it out: it lies in that of its parameter's default, or else in an unknown one (*GP data types*).
"""

from __future__ import annotations

from typing import Any, Final

from gp_protocol.errors import ProtocolError, RemoteProtocolError, shown
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference

from gpharness.checking.looking import NOTHING, Looking, Phrase, is_whole, join
from gpharness.checking.sent_sets import is_reference_unknown

_IDS: Final = ("wkid", "latestWkid", "vcsWkid", "latestVcsWkid")
_NAME: Final = "value.spatial-reference"
_FORM: Final = 'a spatial reference such as {"wkid": 4326}'
_MOST_OWN: Final = 1000
"""Features whose own spatial references are compared with the set's."""


def check_references_of_set(look: Looking, value: dict[str, Any], features: list[Any], path: str) -> None:
    """The spatial reference of a set with geometries, and of the geometries that have their own."""
    place = join(path, "spatialReference")
    given = value.get("spatialReference")
    reference = check_reference(look, given, place) if given is not None else None
    has_own = False
    for index, feature in enumerate(features[:_MOST_OWN]):
        geometry = feature.get("geometry") if type(feature) is dict else None
        own = geometry.get("spatialReference") if type(geometry) is dict else None
        if own is None:
            continue
        has_own = True
        at = f"{path}.features[{index}].geometry.spatialReference" if path else f"features[{index}].geometry"
        found = check_reference(look, own, at)
        if found is not None and reference is not None and not _agree(found, reference):
            look.say(_NAME, at, own, f"the set's {shown(given)}")
        reference = reference or found
    asked = _asked(look)
    if given is None and not has_own:
        say = look.note if asked is None and is_reference_unknown(look) else look.say
        say(_NAME, place, NOTHING, _FORM)
        return
    if asked is not None and reference is not None and not _agree(asked, reference):
        number = asked.latest_wkid or asked.wkid
        look.say(_NAME, place, Phrase(shown(given or reference.wkid)), f"{number}, which was asked for")


def check_reference(look: Looking, value: Any, path: str) -> SpatialReference | None:
    """One spatial reference; None where it is none, which has been found."""
    if type(value) is not dict:
        look.say(_NAME, path, value, _FORM)
        return None
    for key in _IDS:
        if value.get(key) is not None and not is_whole(value[key]):
            look.say(_NAME, join(path, key), value[key], "a well-known id such as 4326")
            return None
    if not value:
        look.say(_NAME, path, value, _FORM)
        return None
    try:
        return decode_spatial_reference(value)
    except RemoteProtocolError as error:
        look.say_error(_NAME, path, error)
        return None


def _agree(one: SpatialReference, other: SpatialReference) -> bool:
    """Whether both may be the same; by id and by text are not to be compared."""
    if not ((one.wkid or one.latest_wkid) and (other.wkid or other.latest_wkid)):
        return True
    return one.agrees_with(other)


def _asked(look: Looking) -> SpatialReference | None:
    """What the request asked for: an output's reference, or else that of the processing."""
    context = _decoded(look.asked("context"))
    inner = context if isinstance(context, dict) else {}
    for given in (
        look.asked("outSR"),
        look.asked("env:outSR"),
        inner.get("outSR"),
        look.asked("env:processSR"),
        inner.get("processSR"),
    ):
        if given in (None, "", {}):
            continue
        try:
            return decode_spatial_reference(_decoded(given) if isinstance(given, str) else given)
        except ProtocolError:
            return None
    return None


def _decoded(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return decode_json(text)
    except ProtocolError:
        return None
