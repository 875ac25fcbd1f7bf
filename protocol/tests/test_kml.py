"""Features as KML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from gp_protocol.values.kml import kml_document

from every_case import every_case

KML = {"kml": "http://www.opengis.net/kml/2.2"}
RING = [[0, 0], [1, 0], [1, 1], [0, 0]]


def placemarks(*geometries: Any, **properties: Any) -> list[ElementTree.Element]:
    features = [
        {"type": "Feature", "id": 7, "geometry": geometry, "properties": properties}
        for geometry in geometries
    ]
    document = ElementTree.fromstring(kml_document("Doc", [("Folder", {"features": features})]))
    return document.findall("kml:Document/kml:Folder/kml:Placemark", KML)


@every_case(
    ("geometry", "path", "coordinates"),
    [
        ({"type": "Point", "coordinates": [1, 2.5]}, "Point/coordinates", ["1,2.5"]),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "LineString/coordinates", ["1,2 3,4"]),
        (
            {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
            "MultiGeometry/Point/coordinates",
            ["1,2", "3,4"],
        ),
        (
            {"type": "Polygon", "coordinates": [RING, RING]},
            "Polygon/innerBoundaryIs/LinearRing/coordinates",
            ["0,0 1,0 1,1 0,0"],
        ),
        (
            {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
            "MultiGeometry/Polygon/outerBoundaryIs/LinearRing/coordinates",
            ["0,0 1,0 1,1 0,0"] * 2,
        ),
    ],
)
def test_a_geometry_in_kml(geometry: Any, path: str, coordinates: list[str]) -> None:
    (placemark,) = placemarks(geometry)
    found = placemark.findall("/".join(f"kml:{name}" for name in path.split("/")), KML)
    assert [each.text for each in found] == coordinates


def test_z_is_an_altitude() -> None:
    flat, high = placemarks(
        {"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [1, 2, 3]}
    )
    assert flat.find("kml:Point/kml:altitudeMode", KML) is None
    assert high.findtext("kml:Point/kml:altitudeMode", namespaces=KML) == "absolute"
    assert high.findtext("kml:Point/kml:coordinates", namespaces=KML) == "1,2,3"


def test_attributes_are_data_whatever_they_hold() -> None:
    hostile = "</value>\0\x0b\ud800]]>&<b>"
    (placemark,) = placemarks(None, **{hostile: hostile, "null": None, "yes": True})
    data = {
        each.get("name"): each.findtext("kml:value", namespaces=KML)
        for each in placemark.findall("kml:ExtendedData/kml:Data", KML)
    }
    cleaned = "</value>���]]>&<b>"
    assert data == {cleaned: cleaned, "null": "", "yes": "true"}
    assert placemark.findtext("kml:name", namespaces=KML) == "7"
