"""What stands in a layer: its features or rows, decoded, each with an object id of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import msgspec
from gp_protocol.values.data_types import data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field

from gp_mockserver.layers.layer_services import Layer, LayerService
from gp_mockserver.layers.query_work import QueryRefused
from gp_mockserver.layers.where_clauses import parse_where

if TYPE_CHECKING:
    from gp_mockserver.sites import Site

S = TypeVar("S", bound=FeatureSet | RecordSet)

_SMALL = 2_000_000
"""Bytes: smaller layers stay decoded while they are asked for."""
_OBJECT_ID = "esriFieldTypeOID"


def contents(layer: Layer) -> FeatureSet | RecordSet:
    """The features of a layer or the rows of a table."""
    return _remembered(layer) if len(memoryview(layer.kept)) < _SMALL else _decoded(layer)


def _decoded(layer: Layer) -> FeatureSet | RecordSet:
    kind = data_type("GPRecordSet" if layer.is_table else "GPFeatureRecordSetLayer")
    value: FeatureSet | RecordSet = kind.decode_output(msgspec.json.decode(layer.kept))
    return with_object_ids(value)


_remembered = lru_cache(maxsize=16)(_decoded)


def with_object_ids(value: S) -> S:
    """The same set; where its rows have no ids, or not each one its own, they are numbered from 1."""
    name = object_id_field(value.fields)
    if name:
        ids = [feature["attributes"].get(name) for feature in value.features]
        if len({each for each in ids if type(each) is int}) == len(ids):
            return value
    fields = value.fields
    if not name:
        taken = {field.name.lower() for field in fields}
        names = ["OBJECTID", *(f"OBJECTID_{number}" for number in range(1, len(taken) + 1))]
        name = next(each for each in names if each.lower() not in taken)
        fields = (Field(name, _OBJECT_ID, name), *fields)
    features = [
        {**feature, "attributes": {**feature["attributes"], name: number}}
        for number, feature in enumerate(value.features, start=1)
    ]
    return msgspec.structs.replace(value, fields=fields, features=features)


def object_id_field(fields: Sequence[Field]) -> str:
    """The name of the field of object ids; empty where there is none."""
    return next((field.name for field in fields if field.type == _OBJECT_ID), "")


def find_layer(site: Site, path: str, now: float) -> tuple[LayerService, Layer] | None:
    """The layer at a path below `services`, such as `Hosted/Noise/FeatureServer/0`, or None."""
    name, word, rest = path.strip("/").partition("/FeatureServer/")
    service = site.layers.find(name, site, now) if word else None
    if service is None or not (rest.isascii() and rest.isdigit()):
        return None
    layer = next((each for each in service.layers if str(each.id) == rest), None)
    return None if layer is None else (service, layer)


def features_of(
    site: Site, path: str, where: str = "", *, now: float | None = None
) -> FeatureSet | RecordSet:
    """What an input `{"url", "filter"}` that points at a layer of this site means: all rows that the where
    clause lets through, with all their fields, in the layer's own spatial reference.

    `path` is that of `find_layer`, `now` an instant of the site's clock. Raises QueryRefused for a layer that
    there is not, and for a clause that cannot be read.
    """
    found = find_layer(site, path, site.clock.now() if now is None else now)
    if found is None:
        raise QueryRefused(f"met {path[:120]!r}, expected a layer of this site: Folder/Name/FeatureServer/0")
    value = contents(found[1])
    fits = parse_where(where, value.fields, len(value.features))
    rows = [row for row in value.features if fits(row["attributes"])]
    return msgspec.structs.replace(value, features=rows)
