"""A query of a layer: which of its features, which of their attributes, in which form.

Source: ArcGIS REST, *Query (Feature Service/Layer)*. Known are `where`, `objectIds`, `geometry` with
`geometryType` and `inSR` (those that intersect it), `outFields`, `returnGeometry`, `returnZ`, `returnM`,
`outSR`, `orderByFields`, `resultOffset`, `resultRecordCount`, `returnCountOnly`, `returnIdsOnly` and
`returnExtentOnly`. Statistics, distinct values and other spatial relations are refused; whatever else a
client sends is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.feature_sets import FeatureSet, RecordSet, encode_feature_set, encode_record_set
from gp_protocol.values.fields import Field
from gp_protocol.values.parameter_specs import OutputOptions
from gp_protocol.values.spatial_references import Extent, SpatialReference, decode_extent, encode_extent

from gp_mockserver.geometry.coordinate_systems import reported_if_known
from gp_mockserver.layers.extents import extent_of
from gp_mockserver.layers.layer_contents import object_id_field
from gp_mockserver.layers.layer_descriptions import MOST_RECORDS
from gp_mockserver.layers.query_work import QueryRefused, check_work
from gp_mockserver.layers.where_clauses import parse_where
from gp_mockserver.tools.tool_calls import ToolFailed

Feature = dict[str, Any]
Rows = FeatureSet | RecordSet
Keep = Callable[[Feature], bool]

MOST_IDS: Final = 10_000
"""Object ids in one query."""
_LOOKS_OF_A_SORT: Final = 5
"""At each row, by one field."""
_UNKNOWN: Final = ("outStatistics", "groupByFieldsForStatistics", "having", "returnDistinctValues")
_INTERSECTS: Final = ("", "esrispatialrelintersects", "esrispatialrelenvelopeintersects")


class Query(msgspec.Struct):
    """What is asked for; flags and spatial references are read already, the rest is as it was sent."""

    parameters: Mapping[str, str]
    in_sr: SpatialReference | None = None
    out_sr: SpatialReference | None = None
    return_geometry: bool = True
    return_z: bool = False
    return_m: bool = False
    count_only: bool = False
    ids_only: bool = False
    extent_only: bool = False

    def text(self, name: str) -> str:
        return self.parameters.get(name, "").strip()


def answer_query(value: Rows, query: Query) -> dict[str, Any]:
    """The JSON of a query's answer. Raises QueryRefused."""
    identifier = object_id_field(value.fields)
    found, whole = found_rows(value, query)
    ids = [feature["attributes"][identifier] for feature in found.features]
    if query.count_only and not query.extent_only:
        return {"count": whole}
    if query.ids_only:
        return {"objectIdFieldName": identifier, "objectIds": ids}
    if query.extent_only:
        box = extent_of(found) if isinstance(found, FeatureSet) else None
        extent = None if box is None else encode_extent(box, reference_key="spatialReference")
        return {"count": whole, "extent": extent} if query.count_only else {"extent": extent}
    options = OutputOptions(return_z=query.return_z, return_m=query.return_m)
    if isinstance(found, FeatureSet):
        encoded = encode_feature_set(found, options)
    else:
        encoded = encode_record_set(found, options)
    for key in ("displayFieldName", "fieldAliases", "exceededTransferLimit"):
        encoded.pop(key, None)
    if isinstance(found, FeatureSet) and not query.return_geometry:
        encoded["features"] = [{"attributes": each["attributes"]} for each in encoded["features"]]
    answer = {
        "objectIdFieldName": identifier,
        "uniqueIdField": {"name": identifier, "isSystemMaintained": True},
        "globalIdFieldName": "",
        **encoded,
    }
    if found.exceeded_transfer_limit:
        answer["exceededTransferLimit"] = True
    return answer


def found_rows(value: Rows, query: Query) -> tuple[Rows, int]:
    """The rows that an answer holds, and how many fit the query altogether.

    Only asked-for fields are left, and features lie where `outSR` says; counts, ids and extents are of all
    rows that fit. Raises QueryRefused.
    """
    for name in _UNKNOWN:
        if query.text(name).lower() not in ("", "false", "none", "null", "[]"):
            raise QueryRefused(
                f"{name}: met {query.text(name)[:60]}, expected none: this server cannot do it"
            )
    rows = value.features
    for keep in _conditions(value, query):
        rows = [feature for feature in rows if keep(feature)]
    rows = _ordered(rows, query.text("orderByFields"), value.fields)
    whole = len(rows)
    exceeded = False
    if not (query.count_only or query.ids_only or query.extent_only):
        first = _number(query, "resultOffset", 0)
        count = min(_number(query, "resultRecordCount", MOST_RECORDS) or MOST_RECORDS, MOST_RECORDS)
        rows, exceeded = rows[first : first + count], first + count < whole
        value = _with_fields(value, rows, query.text("outFields"))
    else:
        value = msgspec.structs.replace(value, features=rows)
    value = msgspec.structs.replace(value, exceeded_transfer_limit=exceeded)
    if isinstance(value, FeatureSet) and query.out_sr is not None:
        from gp_mockserver.geometry.spatial import project

        value = project(value, query.out_sr)
    elif isinstance(value, FeatureSet) and value.spatial_reference is not None:
        value = msgspec.structs.replace(value, spatial_reference=reported_if_known(value.spatial_reference))
    return value, whole


def _conditions(value: Rows, query: Query) -> list[Keep]:
    conditions: list[Keep] = []
    if where := query.text("where"):
        fits = parse_where(where, value.fields, len(value.features))
        conditions.append(lambda feature: fits(feature["attributes"]) is True)
    if listed := query.text("objectIds"):
        ids, identifier = _object_ids(listed), object_id_field(value.fields)
        conditions.append(lambda feature: feature["attributes"][identifier] in ids)
    if geometry := query.text("geometry"):
        if not isinstance(value, FeatureSet):
            raise QueryRefused("geometry: met a geometry, expected none: a table has no geometries")
        conditions.append(_intersecting(geometry, value, query))
    return conditions


def _object_ids(text: str) -> set[int]:
    count = text.count(",") + 1
    if count > MOST_IDS:
        raise QueryRefused(f"objectIds: met {count} ids, expected {MOST_IDS} at most")
    words = text.split(",")
    try:
        return {int(word) for word in words if word.strip()}
    except ValueError:
        raise QueryRefused(f"objectIds: met {text[:60]!r}, expected numbers such as 1,2,3") from None


def _intersecting(text: str, value: FeatureSet, query: Query) -> Keep:
    relation = query.text("spatialRel")
    if relation.lower() not in _INTERSECTS:
        raise QueryRefused(f"spatialRel: met {relation[:60]}, expected esriSpatialRelIntersects")
    if query.text("distance") not in ("", "0"):
        raise QueryRefused("distance: met a distance, expected none: this server cannot do it")
    shape = _shape(text, query.text("geometryType") or "esriGeometryEnvelope", query.in_sr)
    from gp_mockserver.geometry.spatial import extent_intersects, project, project_extent

    target = value.spatial_reference
    if isinstance(shape, Extent):
        box = shape if target is None else project_extent(shape, target)
        return lambda feature: extent_intersects(feature, box)
    moved = shape if target is None else project(shape, target)
    import shapely

    from gp_mockserver.geometry.shapes import parts_of

    around = extent_of(moved)
    try:
        wanted = shapely.union_all(parts_of(moved.features[0]["geometry"]))
    except ToolFailed as error:
        raise QueryRefused(f"geometry: {error}") from None
    shapely.prepare(wanted)
    if around is None:
        return lambda feature: False
    return lambda feature: (
        extent_intersects(feature, around)
        and any(wanted.intersects(part) for part in parts_of(feature["geometry"]))
    )


def _shape(text: str, kind: str, in_sr: SpatialReference | None) -> Extent | FeatureSet:
    """An envelope as an extent, any other geometry as a set of one feature. Boxes and points may be numbers
    joined by commas."""
    from gp_protocol.values.feature_sets import decode_feature_set

    try:
        if text.startswith("{"):
            json = decode_json(text)
        else:
            names = ("xmin", "ymin", "xmax", "ymax") if kind == "esriGeometryEnvelope" else ("x", "y")
            json = dict(zip(names, map(float, text.split(",")), strict=True))
        if kind == "esriGeometryEnvelope":
            box = decode_extent(json)
            return box if box.spatial_reference else msgspec.structs.replace(box, spatial_reference=in_sr)
        features = decode_feature_set({"geometryType": kind, "features": [{"geometry": json}]})
        if features.features[0]["geometry"] is None:
            raise ValueError
        if features.spatial_reference is None:
            features = msgspec.structs.replace(features, spatial_reference=in_sr)
        return features
    except RemoteProtocolError as error:
        raise QueryRefused(error.at("geometry").detail) from None
    except ValueError:
        raise QueryRefused(f"geometry: met {text[:80]!r}, expected a geometry of type {kind}") from None


def _ordered(rows: list[Feature], text: str, fields: Sequence[Field]) -> list[Feature]:
    """The rows in the order asked for; of a field that is named twice the first counts."""
    orders: dict[str, bool] = {}
    for part in _named(text, fields, "orderByFields"):
        match part.split():
            case [name] | [name, "asc" | "ASC"]:
                down = False
            case [name, "desc" | "DESC"]:
                down = True
            case words:
                raise QueryRefused(
                    f"orderByFields: met {' '.join(words)[:60]!r}, expected FIELD ASC or FIELD DESC"
                )
        orders.setdefault(_field_named(name, fields, "orderByFields"), down)
    check_work("orderByFields", "looks", len(orders) * _LOOKS_OF_A_SORT, len(rows))
    for own, down in reversed(orders.items()):
        missing = [row for row in rows if row["attributes"].get(own) is None]
        there = [row for row in rows if row["attributes"].get(own) is not None]
        try:
            there.sort(key=lambda row: row["attributes"][own], reverse=down)
        except TypeError:
            there.sort(key=lambda row: str(row["attributes"][own]), reverse=down)
        rows = there + missing if down else missing + there
    return rows


def _named(text: str, fields: Sequence[Field], parameter: str) -> list[str]:
    """What stands between the commas; there may be as many names as the layer has fields, and a comma at the
    end."""
    count = text.count(",") + 1
    if count > len(fields) + text.endswith(","):
        raise QueryRefused(
            f"{parameter}: met {count} names, expected {len(fields)} at most: the layer has no more fields"
        )
    return [part.strip() for part in text.split(",") if part.strip()]


def _with_fields(value: Rows, rows: list[Feature], text: str) -> Rows:
    """The rows with the fields asked for: all by `*`, the object id alone where none are named."""
    if text == "*":
        return msgspec.structs.replace(value, features=rows)
    named = _named(text, value.fields, "outFields")
    names = {_field_named(name, value.fields, "outFields") for name in named}
    names.add(object_id_field(value.fields))
    fields = tuple(field for field in value.fields if field.name in names)
    kept = [
        {**row, "attributes": {field.name: row["attributes"].get(field.name) for field in fields}}
        for row in rows
    ]
    return msgspec.structs.replace(value, fields=fields, features=kept)


def _field_named(name: str, fields: Sequence[Field], parameter: str) -> str:
    known = {field.name.lower(): field.name for field in fields}
    if name.lower() not in known:
        hint = did_you_mean(name, list(known.values()))
        raise QueryRefused(f"{parameter}: met {name[:60]!r}, which is no field; {hint}".rstrip("; "))
    return known[name.lower()]


def _number(query: Query, name: str, default: int) -> int:
    text = query.text(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise QueryRefused(f"{name}: met {text[:40]!r}, expected a whole number, 0 or more")
    return int(text)
