"""Inputs by what they mean: `5 Miles` is `{"distance": 5, "units": "esriMiles"}`, and what is left out is its
default. Two texts that mean the same have the same canonical form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from gp_mockserver.running.task_inputs import default_value, read_input
from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.errors import ProtocolError, RemoteProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.dates import to_milliseconds
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference
from gp_protocol.versions import Profile

from gpharness.contracts.contract import Varies

_WEB_MERCATOR: Final = {102100: 3857, 102113: 3857, 900913: 3857}
_FLAGS: Final = ("returnZ", "returnM", "returnTrueCurves", "returnFeatureCollection", "returnColumnName")
_REFERENCES: Final = ("env:outSR", "env:processSR")
OPTIONS: Final = frozenset({*_FLAGS, *_REFERENCES, "context", "outSR"})
"""The parameters of a run, and of a result, that change what is answered."""
_ITEM: Final = re.compile(r'("itemID"\s*:\s*)"[^"]*"')


class Canonical:
    """Makes canonical forms as a contract's `varies` allows it: a JSON text, empty for what is not given."""

    def __init__(self, varies: Varies, profile: Profile) -> None:
        self._varies = varies
        self._profile = profile
        relative = varies.floats.relative
        self._digits = min(max(round(-math.log10(relative)), 3), 15) if relative > 0 else 17

    def input(self, parameter: Parameter, text: str) -> str:
        """The form of an input's text; a text that its type cannot read is compared as it is."""
        try:
            value, _ = read_input(parameter, text, self._profile)
        except RemoteProtocolError:
            return self.text(text)
        if value is None or value == [] or (isinstance(value, FeatureSet | RecordSet) and not value.features):
            value = default_value(parameter)
        if isinstance(value, str):
            return self.text(value)
        return "" if value is None or value == [] else self._written(value)

    def text(self, text: str) -> str:
        """The form of a text of which no type is known: JSON by its value, anything else as it stands."""
        text = text.strip()
        if not text or text in ("null", "{}", "[]"):
            return ""
        if self._varies.ids:
            text = _ITEM.sub(r'\1"*"', text)
        if text[:1] in "{[":
            try:
                return self._written(decode_json(text))
            except RemoteProtocolError:
                return text
        return text

    def options(self, given: Mapping[str, str]) -> dict[str, str]:
        """What a request asks of its answer, by name; what is not asked for, and false, is left out."""
        asked: dict[str, Any] = {
            name: given[name] for name in (*_REFERENCES, "outSR") if given.get(name, "").strip()
        }
        context = _object(given.get("context", ""))
        for name, ours in (("outSR", "env:outSR"), ("processSR", "env:processSR")):
            if context.get(name):
                asked[ours] = context[name]
        found = {name: self._reference(value) for name, value in asked.items()}
        if context.get("extent"):
            found["context.extent"] = self._written(context["extent"])
        for name in _FLAGS:
            if given.get(name, "").strip().lower() == "true":
                found[name] = "true"
        return {name: text for name, text in found.items() if text}

    def _reference(self, raw: Any) -> str:
        try:
            is_object = isinstance(raw, str) and raw.lstrip().startswith("{")
            reference = decode_spatial_reference(decode_json(raw) if is_object else raw)
        except ProtocolError:
            return str(raw).strip()
        return "" if reference is None else self._written(reference)

    def _written(self, value: Any) -> str:
        return msgspec.json.encode(self._plain(value), order="sorted").decode()

    def _plain(self, value: Any) -> Any:
        match value:
            case bool() | str() | None:
                return value
            case int() | float():
                return self._number(value)
            case datetime():
                return {"ms": to_milliseconds(value)}
            case FeatureSet() | RecordSet():
                return self._features(value)
            case SpatialReference():
                return _system(value)
            case LayerReference(url=url, filter=where, time=time):
                return {"url": url, "filter": where or "", "time": time or ""}
            case ItemReference() | DataFile(item_id=str()) | Raster(item_id=str()) if self._varies.ids:
                return {"itemID": "*"}
            case msgspec.Struct():
                members = msgspec.structs.asdict(value).items()
                return {name: self._plain(each) for name, each in members if each is not None}
            case Mapping():
                return {str(name): self._plain(each) for name, each in value.items() if each is not None}
            case list() | tuple():
                return [self._plain(each) for each in value]
        return str(value)

    def _number(self, number: float) -> float | str:
        if not math.isfinite(number):
            return str(number)
        if number == int(number) and abs(number) < 1e15:
            return int(number)
        return float(f"{number:.{self._digits}g}")

    def _features(self, value: FeatureSet | RecordSet) -> dict[str, Any]:
        features = [self._plain(_feature(each)) for each in value.features]
        if self._varies.feature_order:
            features.sort(key=lambda each: msgspec.json.encode(each, order="sorted"))
        reference = value.spatial_reference if isinstance(value, FeatureSet) else None
        system = None if reference is None else _system(reference)
        return {"features": features, "spatialReference": system}


def _feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    geometry = feature.get("geometry")
    if isinstance(geometry, Mapping):
        geometry = {name: each for name, each in geometry.items() if name != "spatialReference"}
    return {"attributes": feature.get("attributes") or None, "geometry": geometry or None}


def _system(reference: SpatialReference) -> Any:
    number = reference.latest_wkid or reference.wkid
    if number:
        return _WEB_MERCATOR.get(number, number)
    return {name: text for name, text in msgspec.structs.asdict(reference).items() if text}


def _object(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = decode_json(text)
    except RemoteProtocolError:
        return {}
    return value if isinstance(value, dict) else {}
