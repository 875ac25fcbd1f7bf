"""The resources that describe layers: a feature service, a map service, and a layer or table of either.

Sources: ArcGIS REST, *Feature Service*, *Layer (Feature Service/Layer)*, *Map Service* and *Layer/Table*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import Extent, encode_extent, encode_spatial_reference
from gp_protocol.versions import Profile

from gp_mockserver.geometry.coordinate_systems import (
    WGS84,
    ProjectionFailed,
    is_geographic,
    reported_if_known,
)
from gp_mockserver.layers.extents import extent_of
from gp_mockserver.layers.layer_contents import object_id_field
from gp_mockserver.layers.layer_services import LayerService
from gp_mockserver.layers.symbols import drawing_info

MOST_RECORDS: Final = 2000
"""How many features one answer to a query holds at most, as hosted services have it."""

_SPAN = 0.01
"""Degrees: how wide the view of a single point is; in other units it is a thousand meters."""
_WHOLE_WORLD = Extent(-180, -90, 180, 90, spatial_reference=WGS84)
_DEFAULT_LENGTH = 255


class LayerView(msgspec.Struct, frozen=True):
    """A layer or table as it is described: `value` is None where there is nothing to be seen of it."""

    id: int
    name: str
    value: FeatureSet | RecordSet | None
    is_table: bool = False
    is_raster: bool = False
    file: Path | None = None
    """The picture file of a raster."""
    box: Extent | None = None
    """The ground that a raster covers, where that is known."""

    @property
    def type(self) -> str:
        return "Table" if self.is_table else "Raster Layer" if self.is_raster else "Feature Layer"

    @property
    def features(self) -> FeatureSet | None:
        return self.value if isinstance(self.value, FeatureSet) else None


def feature_service(service: LayerService, views: Sequence[LayerView], profile: Profile) -> dict[str, Any]:
    """A feature service of layers that can be queried and not edited."""
    whole = whole_extent(views)
    return {
        "currentVersion": profile.number,
        "serviceDescription": service.description,
        "hasVersionedData": False,
        "maxRecordCount": MOST_RECORDS,
        "supportedQueryFormats": _query_formats(profile),
        "capabilities": "Query",
        "description": service.description,
        "copyrightText": "",
        "serviceItemId": service.item_id,
        "allowGeometryUpdates": False,
        "supportsDisconnectedEditing": False,
        "syncEnabled": False,
        **_place(whole),
        "units": units(whole),
        "layers": [_listed(view) for view in views if not view.is_table],
        "tables": [_listed(view) for view in views if view.is_table],
    }


def map_service(
    name: str, views: Sequence[LayerView], profile: Profile, formats: str, most_pixels: int
) -> dict[str, Any]:
    """A result map service: it draws, and its layers can be queried; `formats` are those of pictures."""
    whole = whole_extent(views)
    return {
        "currentVersion": profile.number,
        "serviceDescription": "",
        "mapName": "Layers",
        "description": "",
        "copyrightText": "",
        "supportsDynamicLayers": False,
        "layers": [_listed(view) for view in views if not view.is_table],
        "tables": [_listed(view) for view in views if view.is_table],
        **_place(whole),
        "singleFusedMapCache": False,
        "minScale": 0,
        "maxScale": 0,
        "units": units(whole),
        "supportedImageFormatTypes": formats,
        "documentInfo": {"Title": name, "Author": "", "Comments": "", "Subject": "", "Keywords": ""},
        "capabilities": "Map,Query,Data",
        "supportedQueryFormats": _query_formats(profile),
        "exportTilesAllowed": False,
        "maxRecordCount": MOST_RECORDS,
        "maxImageHeight": most_pixels,
        "maxImageWidth": most_pixels,
        "supportedExtensions": "",
    }


def layer_resource(view: LayerView, profile: Profile, capabilities: str = "Query") -> dict[str, Any]:
    """A layer or table, with its fields and what a query of it may ask."""
    value, features = view.value, view.features
    fields = value.fields if value is not None else ()
    identifier = object_id_field(fields)
    described: dict[str, Any] = {
        "currentVersion": profile.number,
        "id": view.id,
        "name": view.name,
        "type": view.type,
        "description": "",
        "copyrightText": "",
        "parentLayer": None,
        "subLayers": [],
        "defaultVisibility": not view.is_table,
        "hasAttachments": False,
        "htmlPopupType": "esriServerHTMLPopupTypeAsHTMLText",
        "displayField": _display_field(value, fields),
        "typeIdField": None,
        "relationships": [],
        "canModifyLayer": False,
        "capabilities": capabilities,
        "maxRecordCount": MOST_RECORDS,
        "supportedQueryFormats": _query_formats(profile),
        "supportsStatistics": False,
        "supportsAdvancedQueries": True,
        "supportsCoordinatesQuantization": False,
        "useStandardizedQueries": True,
        "advancedQueryCapabilities": _ADVANCED_QUERIES,
        "objectIdField": identifier,
        "globalIdField": "",
        "types": [],
        "templates": [],
        "fields": [_field(field) for field in fields],
    }
    if features is not None:
        whole = whole_extent([view])
        described |= {
            "geometryType": features.geometry_type,
            "hasZ": features.has_z,
            "hasM": features.has_m,
            "minScale": 0,
            "maxScale": 0,
            "extent": encode_extent(whole, reference_key="spatialReference"),
            "drawingInfo": drawing_info(features.geometry_type, view.id),
        }
    return described


def whole_extent(views: Sequence[LayerView]) -> Extent:
    """The box around the features of all layers, in the first one's spatial reference that is known; never
    without a size, and the world where there are no features."""
    from gp_mockserver.geometry.spatial import project_extent

    whole: Extent | None = None
    for view in views:
        box = extent_of(view.features) if view.features is not None else view.box
        if box is None:
            continue
        if whole is None:
            whole = box
            continue
        if whole.spatial_reference is not None:
            try:
                box = project_extent(box, whole.spatial_reference)
            except ProjectionFailed:
                continue
        whole = Extent(
            min(whole.xmin, box.xmin),
            min(whole.ymin, box.ymin),
            max(whole.xmax, box.xmax),
            max(whole.ymax, box.ymax),
            spatial_reference=whole.spatial_reference,
        )
    if whole is None:
        return _WHOLE_WORLD
    if whole.spatial_reference is not None:
        whole = msgspec.structs.replace(whole, spatial_reference=reported_if_known(whole.spatial_reference))
    return with_size(whole)


def with_size(box: Extent) -> Extent:
    """The box, made wider and higher where it is a point or a line."""
    reference = box.spatial_reference
    span = _SPAN if reference is None or is_geographic(reference) else _SPAN * 100_000
    width, height = box.xmax - box.xmin, box.ymax - box.ymin
    span = max(span if not (width or height) else max(width, height) / 10, math.ulp(abs(box.xmax)) * 1000)
    more_x, more_y = (0 if width else span / 2), (0 if height else span / 2)
    if not (more_x or more_y):
        return box
    return msgspec.structs.replace(
        box, xmin=box.xmin - more_x, xmax=box.xmax + more_x, ymin=box.ymin - more_y, ymax=box.ymax + more_y
    )


def units(whole: Extent) -> str:
    """The units of a map: degrees or meters; feet are called meters here (*assumed* not to matter)."""
    reference = whole.spatial_reference
    if reference is None:
        return "esriUnknownUnits"
    return "esriDecimalDegrees" if is_geographic(reference) else "esriMeters"


def _place(whole: Extent) -> dict[str, Any]:
    reference = whole.spatial_reference
    box = encode_extent(whole, reference_key="spatialReference")
    return {
        "spatialReference": encode_spatial_reference(reference) if reference is not None else None,
        "initialExtent": box,
        "fullExtent": box,
    }


def _listed(view: LayerView) -> dict[str, Any]:
    """A layer's entry in its service."""
    entry: dict[str, Any] = {
        "id": view.id,
        "name": view.name,
        "parentLayerId": -1,
        "defaultVisibility": not view.is_table,
        "subLayerIds": None,
        "minScale": 0,
        "maxScale": 0,
        "type": view.type,
    }
    if view.features is not None:
        entry["geometryType"] = view.features.geometry_type
    return entry


def _field(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "type": field.type, "alias": field.alias}
    if field.length is not None or field.type == "esriFieldTypeString":
        described["length"] = _DEFAULT_LENGTH if field.length is None else field.length
    nullable = field.type != "esriFieldTypeOID"
    return {**described, "domain": None, "editable": False, "nullable": nullable, "defaultValue": None}


def _display_field(value: FeatureSet | RecordSet | None, fields: Sequence[Field]) -> str:
    if value is not None and value.display_field_name:
        return value.display_field_name
    texts = [field.name for field in fields if field.type == "esriFieldTypeString"]
    return (texts or [field.name for field in fields] or [""])[0]


def _query_formats(profile: Profile) -> str:
    return "JSON, geoJSON" if profile.has("format", "geojson") else "JSON"


_ADVANCED_QUERIES: Final = {
    "useStandardizedQueries": True,
    "supportsStatistics": False,
    "supportsOrderBy": True,
    "supportsDistinct": False,
    "supportsPagination": True,
    "supportsTrueCurve": False,
    "supportsReturningQueryExtent": True,
    "supportsQueryWithDistance": False,
    "supportsSqlExpression": False,
}
