"""Layers that a site has from the start, in a feature service of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from gp_protocol.json_text import encode_json
from gp_protocol.values.data_types import data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.parameter_specs import OutputOptions

from gp_mockserver.errors import SiteError
from gp_mockserver.layers.layer_services import Layer, LayerService, item_id_of

if TYPE_CHECKING:
    from gp_mockserver.sites import Site

_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)


def add_layers(
    site: Site, name: str, layers: Mapping[str, FeatureSet | RecordSet], description: str = ""
) -> LayerService:
    """Serve features and tables as `…/rest/services/<name>/FeatureServer/0`, `/1` and so on.

    `name` may carry a folder. Raises SiteError for a name that no address can have, and ProtocolError for
    features that cannot be written.
    """
    if name.count("/") > 1 or not all(name.split("/")):
        raise SiteError(f"layers {name!r}: expected a name such as Places or Folder/Places")
    kept = tuple(_layer(number, label, value) for number, (label, value) in enumerate(layers.items()))
    service = LayerService(name, kept, item_id_of(site.seed, name), description)
    site.layers.add(service)
    return service


def _layer(number: int, label: str, value: FeatureSet | RecordSet) -> Layer:
    is_table = isinstance(value, RecordSet)
    kind = data_type("GPRecordSet" if is_table else "GPFeatureRecordSetLayer")
    return Layer(number, label, msgspec.Raw(encode_json(kind.encode_output(value, _EVERYTHING))), is_table)
