"""What the forms of the services directory say of each data type: an example that the server reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.descriptions.filters import ListFilter
from gp_protocol.json_text import encode_json

_EXAMPLES: Final[Mapping[str, str]] = {
    "GPLong": "12",
    "GPDouble": "1.5",
    "GPString": "any text",
    "GPSQLExpression": "POP > 1000",
    "GPDate": "2024-05-17T12:00:00",
    "GPLinearUnit": '{"distance":5,"units":"esriKilometers"}',
    "GPArealUnit": '{"area":5,"units":"esriSquareKilometers"}',
    "GPTimeUnit": '{"time":3,"units":"esriTimeUnitsMonths"}',
    "GPRecordSet": '{"fields":[{"name":"A","type":"esriFieldTypeInteger"}],'
    '"features":[{"attributes":{"A":1}}]}',
    "GPRasterData": '{"url":"https://example.com/raster.tif","format":"tif"}',
    "GPRasterDataLayer": '{"url":"https://example.com/raster.tif","format":"tif"}',
    "GPDataFile": '{"url":"https://example.com/data.zip"}',
    "Field": '{"name":"POP","type":"esriFieldTypeInteger"}',
    "GPSpatialReference": '{"wkid":4326}',
    "GPCoordinateSystem": '{"wkid":4326}',
    "GPExtent": '{"xmin":7,"ymin":46,"xmax":8,"ymax":47,"spatialReference":{"wkid":4326}}',
    "GPEnvelope": '{"xmin":7,"ymin":46,"xmax":8,"ymax":47,"spatialReference":{"wkid":4326}}',
}
_GEOMETRIES: Final[Mapping[str, Any]] = {
    "esriGeometryPoint": {"x": 7.98, "y": 46.55},
    "esriGeometryMultipoint": {"points": [[7.98, 46.55], [8.01, 46.57]]},
    "esriGeometryPolyline": {"paths": [[[7.9, 46.5], [8.0, 46.6]]]},
    "esriGeometryPolygon": {"rings": [[[7.9, 46.5], [7.9, 46.6], [8.0, 46.6], [8.0, 46.5], [7.9, 46.5]]]},
}


def example_of(parameter: Parameter) -> str:
    """The text of a value that fits a parameter's type; empty where none is known."""
    kind = parameter.data_type
    if kind == "GPFeatureRecordSetLayer":
        return _features(parameter)
    if kind == "GPMultiValue:GPString":
        listed = list(parameter.choice_list or ("first", "second"))
        return encode_json(listed[:2]).decode()
    if kind.startswith("GPMultiValue:"):
        one = _EXAMPLES.get(kind.removeprefix("GPMultiValue:"), "")
        return f"[{one}]" if one[:1] == "{" or one.replace(".", "").isdigit() else ""
    if kind == "GPValueTable":
        row = [_cell(info.data_type) for info in parameter.parameter_infos or ()]
        return encode_json([row]).decode() if row else ""
    return _EXAMPLES.get(kind, "")


def _cell(kind: str) -> Any:
    return {"GPLong": 12, "GPDouble": 1.5, "GPBoolean": True}.get(kind, "text")


def _features(parameter: Parameter) -> str:
    default = parameter.default_value
    kinds = [str(default.get("geometryType"))] if isinstance(default, Mapping) else []
    if isinstance(parameter.filter, ListFilter):
        kinds += [word for word in parameter.filter.words if word in _GEOMETRIES]
    kind = next((each for each in kinds if each in _GEOMETRIES), "esriGeometryPoint")
    value = {
        "geometryType": kind,
        "spatialReference": {"wkid": 4326},
        "features": [{"geometry": _GEOMETRIES[kind]}],
    }
    return encode_json(value).decode()
