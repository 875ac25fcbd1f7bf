"""Results as `geojson` and `kmz`: the features that they hold, and no more.

Sources: ArcGIS REST, *GP result*, *GP input*, *GP job*, *Execute GP task* (that they have the formats; that
GeoJSON of features with m-values is answered by a 404). *Assumed*: which of several outputs such an answer
holds, that an output without features is answered in JSON, and the content type of GeoJSON. Features are
answered in WGS 84, as GeoJSON only where no outSR asks for another spatial reference; those that a job
published as a layer too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from gp_protocol.json_text import encode_json
from gp_protocol.values.data_types import OutputOptions
from gp_protocol.values.spatial_references import SpatialReference

from gp_mockserver.geometry.coordinate_systems import WGS84
from gp_mockserver.wire.replies import BytesReply, Refusal, Reply
from gp_mockserver.wire.requests import Form

FEATURE_FORMATS: Final = frozenset({"geojson", "kmz"})
GEOJSON_TYPE: Final = "application/geo+json;charset=UTF-8"
KMZ_TYPE: Final = "application/vnd.google-earth.kmz"

FEATURES: Final = "GPFeatureRecordSetLayer"
"""The data type that has features; lists of it end in its name."""
_EMPTY: Final[dict[str, Any]] = {"features": []}


def plain_options(form: Form, options: OutputOptions) -> OutputOptions:
    """How features are written before they become GeoJSON: as sets, without curves."""
    if form.format not in FEATURE_FORMATS:
        return options
    with_m = options.return_m and form.format == "geojson"
    return msgspec.structs.replace(
        options, return_m=with_m, return_true_curves=False, return_feature_collection=False
    )


def reference_asked(form: Form, asked: SpatialReference | None) -> SpatialReference | None:
    """The spatial reference that a format's features are in, where one is asked for; None: the format does
    not say."""
    if form.format == "geojson":
        return asked or WGS84
    return WGS84 if form.format == "kmz" else None


def feature_reply(form: Form, name: str, results: Sequence[dict[str, Any]], whole: Any) -> Reply | BytesReply:
    """The answer to who asks for features: `results` as answers have them, `whole` the JSON of them all.

    As GeoJSON the one result that is of features is answered as its FeatureCollection; several, or none,
    as the JSON, with a FeatureCollection for the value of each that is of features. KMZ has a folder for
    each; JSON is answered where there is none. Raises Refusal for GeoJSON of features with m-values.
    """
    if form.format == "kmz":
        is_there = any(each["dataType"].endswith(FEATURES) for each in results)
        return kmz_reply(name, results) if is_there else Reply(whole)
    found = [each for each in results if each["dataType"].endswith(FEATURES)]
    for each in found:
        each["value"] = _with_collections(each["value"], each["paramName"])
    answer = found[0]["value"] if len(found) == 1 else None
    if not isinstance(answer, dict) or answer.get("type") != "FeatureCollection":
        return Reply(whole)
    return Reply(answer) if form.callback else BytesReply(GEOJSON_TYPE, encode_json(answer))


def kmz_reply(name: str, results: Iterable[dict[str, Any]], description: str = "") -> BytesReply:
    """An archive of one KML document with a folder for each feature set among the results, which are in
    WGS 84. The same results make the same bytes."""
    from io import BytesIO
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    from gp_protocol.values.kml import kml_document

    document = ZipInfo("doc.kml", date_time=(1980, 1, 1, 0, 0, 0))
    document.compress_type = ZIP_DEFLATED
    document.create_system = 3
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(document, kml_document(name, _folders(results), description), compresslevel=6)
    return BytesReply(KMZ_TYPE, packed.getvalue(), f"{name}.kmz")


def _folders(results: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The feature sets among results, elements of lists each for itself."""
    from gp_protocol.values.geojson import feature_collection

    for each in results:
        if not each["dataType"].endswith(FEATURES):
            continue
        name, value = each["paramName"], each["value"]
        listed = [(name, value)]
        if isinstance(value, list):
            listed = [(f"{name} {number}", one) for number, one in enumerate(value, start=1)]
        for title, features in listed:
            if _is_set(features):
                yield title, feature_collection(features or _EMPTY)


def _with_collections(value: Any, name: str) -> Any:
    """A value with FeatureCollections for its feature sets; addresses and pictures stay what they are."""
    from gp_protocol.values.geojson import feature_collection

    if isinstance(value, list):
        return [_with_collections(each, name) for each in value]
    if not _is_set(value):
        return value
    if value and value.get("hasM"):
        raise Refusal("geojson-with-m", f"{name}: met m-values, expected none in GeoJSON; leave out returnM")
    return feature_collection(value or _EMPTY)


def _is_set(value: Any) -> bool:
    """Whether a feature parameter's value is features; `{}` is none that were made."""
    return value is None or value == {} or (isinstance(value, dict) and "features" in value)
