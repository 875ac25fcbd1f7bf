"""The values of features, records and rasters: sets, and references to what stands elsewhere.

Source: ArcGIS REST, *GP data types*. A text out of the parameter's choice list names a predefined layer.
"""

from __future__ import annotations

from typing import Any

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, some_of
from gp_protocol.values.crossings import DataType, Form, of_kind
from gp_protocol.values.feature_sets import (
    FeatureSet,
    RecordSet,
    decode_feature_set,
    decode_record_set,
    encode_feature_set,
    encode_record_set,
)
from gp_protocol.values.parameter_specs import OutputOptions, ParameterSpec
from gp_protocol.values.plain_points import read_plain_points
from gp_protocol.values.references import (
    ItemReference,
    LayerReference,
    MapImage,
    Raster,
    decode_item,
    decode_layer_reference,
    decode_map_image,
    decode_raster,
    encode_layer_reference,
    encode_map_image,
    encode_raster,
    output_url,
)


def _reference(raw: Any) -> LayerReference | ItemReference | None:
    """The reference that an object is, if it is one."""
    if isinstance(raw, dict):
        if raw.get("url") is not None:
            return decode_layer_reference(raw)
        if raw.get("itemID") is not None:
            return decode_item(raw)
    return None


def _is_predefined(value: Any, spec: ParameterSpec) -> bool:
    return isinstance(value, str) and value in (spec.choice_list or ())


def _predefined(raw: Any, spec: ParameterSpec) -> str | None:
    """The layer that a text names where there is a choice list. Raises `RemoteProtocolError`."""
    choices = spec.choice_list
    if not isinstance(raw, str) or not choices:
        return None
    if raw not in choices:
        raise RemoteProtocolError(
            met=shown(raw), expected=some_of(choices), remedy=did_you_mean(raw, map(str, choices))
        )
    return raw


def _read_features(raw: Any, spec: ParameterSpec) -> Any:
    return _predefined(raw, spec) or _reference(raw) or decode_feature_set(raw, spec.default_value)


def _read_features_output(json: Any, spec: ParameterSpec) -> Any:
    if isinstance(json, dict) and "mapImage" in json:
        return decode_map_image(json["mapImage"])
    return _reference(json) or decode_feature_set(json, tolerant=True)


def _read_records(raw: Any, spec: ParameterSpec) -> Any:
    return _predefined(raw, spec) or _reference(raw) or decode_record_set(raw, spec.default_value)


def _read_records_output(json: Any, spec: ParameterSpec) -> Any:
    return _reference(json) or decode_record_set(json, tolerant=True)


_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)


def _write_set_input(value: Any, spec: ParameterSpec) -> Any:
    if _is_predefined(value, spec):
        return value
    if isinstance(value, LayerReference):
        return encode_layer_reference(value)
    if isinstance(value, ItemReference):
        return {"itemID": value.item_id}
    if isinstance(value, RecordSet):
        encoded = encode_record_set(value, _EVERYTHING)
    else:
        encoded = encode_feature_set(of_kind(value, FeatureSet), _EVERYTHING)
    del encoded["exceededTransferLimit"]
    return encoded


def _write_features(value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    if isinstance(value, MapImage):
        return {"mapImage": encode_map_image(value)}
    if isinstance(value, LayerReference):
        return {"url": value.url}
    return encode_feature_set(of_kind(value, FeatureSet), options)


def _write_records(value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    if isinstance(value, LayerReference):
        return {"url": value.url}
    return encode_record_set(of_kind(value, RecordSet), options)


def _read_raster(raw: Any, spec: ParameterSpec) -> Any:
    return _predefined(raw, spec) or decode_raster(raw)


def _read_raster_output(json: Any, spec: ParameterSpec) -> Any:
    if isinstance(json, dict) and "mapImage" in json:
        return decode_map_image(json["mapImage"])
    return decode_raster(json)


def _write_raster_input(value: Any, spec: ParameterSpec) -> Any:
    return value if _is_predefined(value, spec) else encode_raster(of_kind(value, Raster))


def _write_raster(value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    if isinstance(value, MapImage):
        return {"mapImage": encode_map_image(value)}
    return output_url(encode_raster(of_kind(value, Raster)))


def _raster_type(name: str) -> DataType:
    return DataType(
        name, 9.3, {}, Form.JSON, _read_raster, _write_raster, _write_raster_input, _read_raster_output
    )


LAYER_TYPES = (
    DataType(
        "GPFeatureRecordSetLayer",
        9.3,
        {},
        Form.JSON,
        _read_features,
        _write_features,
        _write_set_input,
        _read_features_output,
        lambda text, spec: read_plain_points(text, spec.default_value),
    ),
    DataType(
        "GPRecordSet",
        9.3,
        {},
        Form.JSON,
        _read_records,
        _write_records,
        _write_set_input,
        _read_records_output,
    ),
    _raster_type("GPRasterDataLayer"),
    _raster_type("GPRasterData"),
)
