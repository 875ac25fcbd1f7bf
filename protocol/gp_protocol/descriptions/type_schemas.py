"""The JSON schema of the data types, which a service's `schema` points to from 11.1 on.

Sources: ArcGIS REST, *GP service* (that it is of draft 7 and tells all data types), *GP data types* (the
forms), *GP result*, *Execute GP task* (what the values stand in); a recorded copy for the names of the shared
definitions. A definition holds for a type's values in both directions: what clients may send as JSON, and
what servers answer, an output that was not made included. What servers take beyond the documented forms, such
as single quotes, no schema can say. *Assumed*: that the schema as a whole is that of an answer with values, a
result or input, a list of them, or what execute answers; a recorded copy has definitions alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from gp_protocol.messages import MessageType
from gp_protocol.values.fields import FIELD_TYPES
from gp_protocol.values.geometries import GEOMETRY_TYPES
from gp_protocol.values.literals import long_limits
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS
from gp_protocol.versions import Profile, names_of

Schema = dict[str, Any]

_STRING: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "number"}
_INTEGER: Final[Schema] = {"type": "integer"}
_BOOLEAN: Final[Schema] = {"type": "boolean"}
_NULL: Final[Schema] = {"type": "null"}
_SOME_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_URL: Final = _SOME_TEXT
_ORDINATE: Final[Schema] = {
    "anyOf": [{"type": ["number", "null"]}, {"type": "string", "pattern": "^[Nn]a[Nn]$"}]
}
_DATE_TEXT: Final = (
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.:][0-9]{1,3})?$"
)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _any_of(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _array(items: Schema, *, least: int = 0, most: int | None = None) -> Schema:
    bounds = {"minItems": least} if least else {}
    return {"type": "array", "items": items, **bounds, **({} if most is None else {"maxItems": most})}


def _object(required: Iterable[str] = (), **properties: Schema) -> Schema:
    needed = list(required)
    return {"type": "object", **({"required": needed} if needed else {}), "properties": properties}


def _one_needed(schema: Schema, *names: str) -> Schema:
    return {**schema, "anyOf": [{"required": [name]} for name in names]}


def _quantity(key: str, units: tuple[str, ...], *, as_text: bool) -> Schema:
    forms = [_object((key,), **{key: _NUMBER}, units={"enum": list(units)}), _NULL]
    return _any_of(*forms, *([_STRING] if as_text else []))


def _box(*, reference: bool) -> Schema:
    ordinates = ("xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax")
    extra = {"spatial_reference": _ref("ISpatialReference")} if reference else {}
    return _any_of(_object(ordinates[:4], **dict.fromkeys(ordinates, _NUMBER), **extra), _NULL)


def _shared() -> dict[str, Schema]:
    """What the types are made of."""
    vertex = _array(_ORDINATE, least=2, most=4)
    curved = _array(_any_of(vertex, {"type": "object", "minProperties": 1, "maxProperties": 1}))
    flags = {"hasZ": _BOOLEAN, "hasM": _BOOLEAN, "spatialReference": _ref("ISpatialReference")}
    set_keys = {
        "displayFieldName": _STRING,
        "fieldAliases": {"type": "object"},
        "fields": _array(_ref("IField")),
        "exceededTransferLimit": _BOOLEAN,
    }
    ids = ("wkid", "latestWkid", "vcsWkid", "latestVcsWkid")
    texts = ("wkt", "wkt2", "name", "vcsName", "projectionFile", "projectionFileItemID")
    return {
        "Nothing": {"description": "What was not made.", "type": "object", "maxProperties": 0},
        "ISpatialReference": _one_needed(
            _object(**dict.fromkeys(ids, _INTEGER), **dict.fromkeys(texts, _STRING)),
            *ids[:2],
            *(name for name in texts if name != "vcsName"),
        ),
        "IField": _object(
            ("name", "type"),
            name=_STRING,
            type={"enum": list(FIELD_TYPES)},
            alias=_STRING,
            length={"type": "integer", "minimum": 0},
            editable=_BOOLEAN,
            nullable=_BOOLEAN,
        ),
        "IPoint": _object(("x",), x=_ORDINATE, y=_ORDINATE, z=_ORDINATE, m=_ORDINATE, **flags),
        "IMultipoint": _object(("points",), points=_array(vertex), **flags),
        "IPolyline": _one_needed(
            _object(paths=_array(_array(vertex)), curvePaths=_array(curved), **flags), "paths", "curvePaths"
        ),
        "IPolygon": _one_needed(
            _object(rings=_array(_array(vertex)), curveRings=_array(curved), **flags), "rings", "curveRings"
        ),
        "IEnvelope": _object(
            ("xmin", "ymin", "xmax", "ymax"),
            **dict.fromkeys(("xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax"), _ORDINATE),
            **flags,
        ),
        "IMultiPatch": {
            "description": "A multipatch; its form is not told.",
            "type": "object",
            "not": _any_of(
                *(
                    {"required": [key]}
                    for key in ("x", "points", "paths", "curvePaths", "rings", "curveRings")
                ),
                {"required": ["xmin"]},
            ),
        },
        "IGeometry": _any_of(
            *map(_ref, ("IPoint", "IMultipoint", "IPolyline", "IPolygon", "IEnvelope", "IMultiPatch"))
        ),
        "IFeature": _object(
            attributes={"type": ["object", "null"]}, geometry=_any_of(_ref("IGeometry"), _NULL)
        ),
        "IFeatureSet": _object(
            ("features",),
            geometryType={"enum": list(GEOMETRY_TYPES)},
            features=_array(_ref("IFeature")),
            **flags,
            **set_keys,
        ),
        "IRecordSet": _object(
            ("features",), features=_array(_object(attributes={"type": ["object", "null"]})), **set_keys
        ),
        "FeatureCollection": _one_needed(
            _object(
                layerDefinition={"type": "object"},
                featureSet=_ref("IFeatureSet"),
                layers=_array(_object(layerDefinition={"type": "object"}, featureSet=_ref("IFeatureSet"))),
            ),
            "featureSet",
            "layers",
        ),
        "LayerUrlFilter": _object(
            ("url",), url=_URL, filter=_STRING, time={"type": ["integer", "string"]}, token=_STRING
        ),
        "ItemId": _object(("itemID",), itemID=_URL),
        "MapImage": _object(
            ("mapImage",),
            mapImage=_object(("href",), href=_URL, width=_INTEGER, height=_INTEGER, scale=_NUMBER),
        ),
    }


def _types() -> dict[str, Schema]:
    """Each data type by its name, in any version."""
    predefined = {"description": "The name of a layer out of the choice list.", **_STRING}
    raster = _any_of(
        _object(("url",), url=_URL, format=_STRING, type=_STRING),
        *map(_ref, ("ItemId", "MapImage", "Nothing")),
        predefined,
    )
    reference = _any_of(_ref("ISpatialReference"), _NULL)
    text = {
        "description": "A text; one that reads as JSON leaves as that.",
        "type": ["string", "array", "object"],
    }
    layers = ("LayerUrlFilter", "ItemId", "Nothing")
    return {
        "GPBoolean": {"type": ["boolean", "null"]},
        "GPDouble": {"type": ["number", "null"]},
        "GPString": text,
        "GPStringHidden": _STRING,
        "GPSQLExpression": _STRING,
        "GPDate": _any_of(
            {"description": "Milliseconds since 1970, UTC.", **_INTEGER},
            {"description": "yyyy-MM-ddTHH:mm:ss, or with .SSS; UTC.", "pattern": _DATE_TEXT, **_STRING},
            _object(("date", "format"), date=_SOME_TEXT, format=_SOME_TEXT),
            _NULL,
        ),
        "GPLinearUnit": _quantity("distance", LINEAR_UNITS, as_text=False),
        "GPArealUnit": _quantity("area", AREAL_UNITS, as_text=True),
        "GPTimeUnit": _quantity("time", TIME_UNITS, as_text=True),
        "GPFeatureRecordSetLayer": _any_of(
            *map(_ref, ("IFeatureSet", "FeatureCollection", "MapImage", *layers)), predefined
        ),
        "GPRecordSet": _any_of(*map(_ref, ("IRecordSet", *layers)), predefined),
        "GPRasterData": raster,
        "GPRasterDataLayer": raster,
        "GPDataFile": _any_of(
            _object(("url",), url=_URL), _ref("ItemId"), _object(("portalItemID",), portalItemID=_URL), _NULL
        ),
        "Field": _any_of(_ref("IField"), _NULL),
        "GPValueTable": _array(_any_of({"type": "array"}, {"type": "object"})),
        "GPSpatialReference": reference,
        "GPCoordinateSystem": reference,
        "GPExtent": _box(reference=True),
        "GPEnvelope": _box(reference=False),
    }


def _answers(types: Iterable[str]) -> dict[str, Schema]:
    """What values stand in; the value of a type that nobody knows may be anything."""
    held = [
        {
            "if": {"properties": {"dataType": {"const": name}}, "required": ["dataType"]},
            "then": {"properties": {"value": _ref(name)}},
        }
        for name in types
    ]
    value = {"description": "As its dataType says."}
    result = _object(("paramName", "dataType", "value"), paramName=_STRING, dataType=_STRING, value=value)
    return {
        "IResult": {**result, "allOf": held},
        "IMessage": _object(
            ("type", "description"), type={"enum": [str(each) for each in MessageType]}, description=_STRING
        ),
        "IExecuteAnswer": _object(
            ("results", "messages"), results=_array(_ref("IResult")), messages=_array(_ref("IMessage"))
        ),
    }


def type_schema(profile: Profile) -> Schema:
    """The schema, of draft 7: `definitions` for each data type that the version knows, `GPMultiValue:T` too,
    for what they share, and for what they stand in; the whole holds for a result or input, a list of them,
    and an answer of execute."""
    known = frozenset(name for name in names_of("type") if profile.has("type", name))
    return _schema(known, *long_limits(profile.number))


@cache
def _schema(known: frozenset[str], lowest: int, highest: int) -> Schema:
    types = {"GPLong": {"type": ["integer", "null"], "minimum": lowest, "maximum": highest}, **_types()}
    definitions = {name: schema for name, schema in types.items() if name in known}
    if "GPComposite" in known:
        named = _object(("dataType", "value"), dataType={"enum": list(definitions)})
        definitions["GPComposite"] = _any_of(named, *map(_ref, definitions))
    single = [name for name in definitions if name != "GPValueTable"]
    definitions |= {f"GPMultiValue:{name}": _array(_any_of(_ref(name), _NULL)) for name in single}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of geoprocessing parameters",
        "description": "A result or an input, a list of them, or what execute answers; a value alone is held "
        "to the definition of its data type.",
        "anyOf": [_ref("IResult"), _array(_ref("IResult")), _ref("IExecuteAnswer")],
        "definitions": {**_shared(), **definitions, **_answers(definitions)},
    }
