"""Features for other programs: as GeoJSON, and as a geopandas table.

Sources: RFC 7946; the GeoJSON specification of 2008 for the member `crs`, which programs still understand and
which is here only where coordinates are not WGS 84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gp_client.errors import InvalidInput, NotSupported

if TYPE_CHECKING:
    from gp_protocol.values.feature_sets import FeatureSet, RecordSet
    from gp_protocol.values.spatial_references import SpatialReference

_GEOGRAPHIC = 4326
_LARGEST_EPSG = 32767
"""Ids above are Esri's own."""
_WHOLE = (
    "esriFieldTypeSmallInteger",
    "esriFieldTypeInteger",
    "esriFieldTypeOID",
    "esriFieldTypeBigInteger",
)


def to_geojson(value: FeatureSet) -> dict[str, Any]:
    """A feature set as a GeoJSON FeatureCollection, in its own spatial reference.

    Where that is not WGS 84 (4326) the member `crs` says which it is, `null` for an unknown one: the
    coordinates are not projected. Curves become straight segments, m-values are left out, an empty geometry
    is null, a feature's `id` is its object id. Raises InvalidInput for what is no feature set.
    """
    from gp_protocol.values.feature_sets import FeatureSet
    from gp_protocol.values.geojson import feature_collection

    if not isinstance(value, FeatureSet):
        raise InvalidInput(parameter="value", met=f"a {type(value).__name__}", expected="a FeatureSet")
    features = [
        {"attributes": feature.get("attributes") or {}, "geometry": geometry}
        for feature, geometry in zip(value.features, _geometries(value), strict=True)
    ]
    fields = [{"name": field.name, "type": field.type} for field in value.fields]
    collection = feature_collection(
        {
            "fields": fields,
            "features": features,
            "exceededTransferLimit": value.exceeded_transfer_limit,
        }
    )
    name = crs_name(value.spatial_reference)
    if name == f"EPSG:{_GEOGRAPHIC}":
        return collection
    crs = {"type": "name", "properties": {"name": name}} if name is not None else None
    return {"type": "FeatureCollection", "crs": crs, **collection}


def to_geopandas(value: FeatureSet | RecordSet) -> Any:
    """A feature set as a GeoDataFrame with its crs; a record set as a DataFrame of pandas.

    Columns are in the order of the fields, then attributes without a field. Whole numbers stay whole beside
    nulls (`Int64`), dates are UTC times. The geometry column is `geometry`, or `SHAPE` where an attribute
    has that name. A date that pandas cannot hold leaves its column as delivered. Raises NotSupported where
    geopandas is not installed: it comes with the extra `geo`.
    """
    try:
        import geopandas
        import pandas
    except ImportError as error:
        raise NotSupported(
            f'{error.name or "geopandas"} is not installed; pip install "gpharness[geo]" brings it',
            feature="geopandas",
        ) from None
    from gp_protocol.values.feature_sets import FeatureSet, RecordSet

    if not isinstance(value, FeatureSet | RecordSet):
        met = f"a {type(value).__name__}"
        raise InvalidInput(parameter="value", met=met, expected="a FeatureSet or a RecordSet")
    names = dict.fromkeys(field.name for field in value.fields)
    for feature in value.features:
        names.update(dict.fromkeys(feature.get("attributes") or {}))
    types = {field.name: field.type for field in value.fields}
    rows = [feature.get("attributes") or {} for feature in value.features]
    columns = {name: _column(pandas, [row.get(name) for row in rows], types.get(name)) for name in names}
    table = pandas.DataFrame(columns, index=range(len(rows)))
    if isinstance(value, RecordSet):
        return table
    from shapely.geometry import shape

    geometries = [
        None if feature["geometry"] is None else shape(feature["geometry"])
        for feature in to_geojson(value)["features"]
    ]
    column = "SHAPE" if "geometry" in names else "geometry"
    table[column] = geopandas.GeoSeries(geometries, index=table.index)
    return geopandas.GeoDataFrame(table, geometry=column, crs=_known_crs(value.spatial_reference))


def crs_name(reference: SpatialReference | None) -> str | None:
    """What other programs call a spatial reference: `EPSG:3857`, `ESRI:102719`, a WKT; None: unknown."""
    if reference is None:
        return None
    wkid = reference.latest_wkid or reference.wkid
    if wkid in (102100, 102113, 900913):
        wkid = 3857
    if wkid:
        return f"{'EPSG' if wkid <= _LARGEST_EPSG else 'ESRI'}:{wkid}"
    return reference.wkt or reference.wkt2 or reference.name


def _known_crs(reference: SpatialReference | None) -> Any:
    """The crs as pyproj reads it, else None: an unknown one is better than a wrong one."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    name = crs_name(reference)
    try:
        return None if name is None else CRS.from_user_input(name)
    except CRSError:
        return None


def _geometries(value: FeatureSet) -> list[Any]:
    """The geometries, straight and without m."""
    from gp_protocol.errors import ProtocolError
    from gp_protocol.values.geometries import write_geometry

    written = []
    for number, feature in enumerate(value.features):
        try:
            written.append(
                write_geometry(
                    feature.get("geometry"),
                    value.geometry_type,
                    has_z=value.has_z,
                    has_m=value.has_m,
                    with_z=value.has_z,
                    with_m=False,
                    true_curves=False,
                )
            )
        except ProtocolError as error:
            raise InvalidInput(
                parameter="value",
                path=f"features[{number}].geometry" + (f".{error.path}" if error.path else ""),
                met=error.met,
                expected=error.expected,
                remedy=error.remedy,
            ) from None
    return written


def _column(pandas: Any, values: list[Any], kind: str | None) -> Any:
    if kind in _WHOLE and all(each is None or type(each) is int for each in values):
        try:
            return pandas.array(values, dtype="Int64")
        except (OverflowError, TypeError, ValueError):
            return pandas.Series(values, dtype="object")
    if kind == "esriFieldTypeDate" and all(each is None or type(each) is int for each in values):
        try:
            return pandas.to_datetime(pandas.array(values, dtype="Int64"), unit="ms", utc=True)
        except (OverflowError, TypeError, ValueError):
            return pandas.Series(values, dtype="object")
    return pandas.Series(values, dtype=None if values else "object")
