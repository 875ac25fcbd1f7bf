"""Features as KML (`f=kmz` is a zip archive of it).

Sources: OGC KML 2.2; that results, inputs and jobs have the format: ArcGIS REST, *GP result*, *GP input*,
*GP job*. *Assumed*: what stands in it, a folder for each feature parameter and a placemark for each feature.
KML knows WGS 84 alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from gp_protocol.xml_text import clean

_NAMESPACE: Final = "http://www.opengis.net/kml/2.2"


def kml_document(name: str, folders: Iterable[tuple[str, Mapping[str, Any]]], description: str = "") -> bytes:
    """A KML document in UTF-8. A folder is a name and its GeoJSON FeatureCollection, in WGS 84.

    A placemark's name is its feature's id; its properties are its ExtendedData. Where positions have a z it
    is the altitude above the sea, in meters.
    """
    root = Element("kml", xmlns=_NAMESPACE)
    document = SubElement(root, "Document")
    SubElement(document, "name").text = clean(name)
    if description:
        SubElement(document, "description").text = clean(description)
    for title, collection in folders:
        folder = SubElement(document, "Folder")
        SubElement(folder, "name").text = clean(title)
        for number, feature in enumerate(collection["features"], start=1):
            _add_placemark(folder, feature, number)
    whole: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return whole


def _add_placemark(folder: Element, feature: Mapping[str, Any], number: int) -> None:
    placemark = SubElement(folder, "Placemark")
    SubElement(placemark, "name").text = clean(str(feature.get("id", number)))
    if feature["properties"]:
        data = SubElement(placemark, "ExtendedData")
        for key, value in feature["properties"].items():
            entry = SubElement(data, "Data", name=clean(key))
            SubElement(entry, "value").text = _said(value)
    if feature["geometry"] is not None:
        _ADD[feature["geometry"]["type"]](placemark, feature["geometry"]["coordinates"])


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value))


def _add_point(parent: Element, position: list[float]) -> None:
    _add_coordinates(_with_altitude(SubElement(parent, "Point"), position), [position])


def _add_line(parent: Element, positions: list[list[float]]) -> None:
    _add_coordinates(_with_altitude(SubElement(parent, "LineString"), positions[0]), positions)


def _add_polygon(parent: Element, rings: list[list[list[float]]]) -> None:
    polygon = _with_altitude(SubElement(parent, "Polygon"), rings[0][0])
    for index, ring in enumerate(rings):
        boundary = SubElement(polygon, "innerBoundaryIs" if index else "outerBoundaryIs")
        _add_coordinates(SubElement(boundary, "LinearRing"), ring)


def _many(add: Callable[[Element, Any], None]) -> Callable[[Element, Any], None]:
    def add_many(parent: Element, parts: Iterable[Any]) -> None:
        several = SubElement(parent, "MultiGeometry")
        for part in parts:
            add(several, part)

    return add_many


_ADD: Final[Mapping[str, Callable[[Element, Any], None]]] = {
    "Point": _add_point,
    "MultiPoint": _many(_add_point),
    "LineString": _add_line,
    "MultiLineString": _many(_add_line),
    "Polygon": _add_polygon,
    "MultiPolygon": _many(_add_polygon),
}


def _with_altitude(geometry: Element, position: list[float]) -> Element:
    """Without this an altitude is taken to lie on the ground."""
    if len(position) > 2:
        SubElement(geometry, "altitudeMode").text = "absolute"
    return geometry


def _add_coordinates(geometry: Element, positions: Iterable[list[float]]) -> None:
    SubElement(geometry, "coordinates").text = " ".join(",".join(map(repr, each)) for each in positions)
