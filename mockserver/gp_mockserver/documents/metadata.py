"""Metadata of services and tasks, as XML in the shape of ArcGIS metadata, and a service's item information.

Sources: ArcGIS REST, *GP task* (a task's `metadata`: XML alone, from 10.9.1), *Info*; the ArcGIS metadata
format of ArcGIS Pro for the elements. *Assumed*: which of its many elements a server fills.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gp_protocol.descriptions.descriptors import Direction, Parameter, ParameterType, Service, Task
from gp_protocol.xml_text import clean

XML_TYPE: Final = "text/xml;charset=utf-8"

_WORLD: Final = [[-180.0, -90.0], [180.0, 90.0]]
_KEYWORDS: Final = ("ArcGIS", "ArcGIS Server", "Data", "Geoprocessing Service", "Service")
_TYPES: Final = {
    ParameterType.REQUIRED: "Required",
    ParameterType.OPTIONAL: "Optional",
    ParameterType.DERIVED: "Derived",
}


def item_info(service: Service) -> dict[str, Any]:
    """ArcGIS REST, *Item info*: what a portal shows of a service. `extent` is in WGS 84."""
    name = service.name.rpartition("/")[2]
    return {
        "culture": "en-US",
        "name": name,
        "guid": "",
        "catalogPath": "",
        "snippet": service.description,
        "description": service.description,
        "summary": service.description,
        "title": name,
        "tags": ["geoprocessing"],
        "type": "Geoprocessing Service",
        "typeKeywords": list(_KEYWORDS),
        "thumbnail": "thumbnail/thumbnail.png",
        "url": "",
        "extent": _WORLD,
        "minScale": 0,
        "maxScale": 0,
        "spatialReference": "",
        "accessInformation": "",
        "licenseInformation": "",
    }


def service_metadata(service: Service) -> bytes:
    """The XML of a service."""
    root = Element("metadata", {"xml:lang": "en"})
    _add_identity(root, service.name.rpartition("/")[2], service.description)
    return _written(root)


def task_metadata(service: Service, task: Task) -> bytes:
    """The XML of a task: what it does, and its parameters with type, direction and explanation."""
    root = Element("metadata", {"xml:lang": "en"})
    alias = "".join(each for each in service.name.rpartition("/")[2] if each.isalnum())
    tool = SubElement(
        root,
        "tool",
        name=clean(task.name),
        displayname=clean(task.label),
        toolboxalias=clean(alias),
    )
    SubElement(tool, "arcToolboxHelpPath")
    SubElement(tool, "summary").text = clean(task.description)
    SubElement(tool, "usage")
    parameters = SubElement(tool, "parameters")
    for parameter in task.parameters:
        _add_parameter(parameters, parameter)
    _add_identity(root, task.label, task.description)
    return _written(root)


def _add_parameter(parent: Element, parameter: Parameter) -> None:
    element = SubElement(
        parent,
        "param",
        name=clean(parameter.name),
        displayname=clean(parameter.display_name or parameter.name),
        type=_TYPES[parameter.parameter_type],
        direction="Input" if parameter.direction is Direction.INPUT else "Output",
        datatype=clean(parameter.data_type),
        expression=clean(_expression(parameter)),
    )
    SubElement(element, "dialogReference").text = clean(parameter.description)
    SubElement(element, "pythonReference").text = clean(parameter.description)


def _expression(parameter: Parameter) -> str:
    """A parameter in a tool's syntax: braces around what may be left out."""
    named = f"{parameter.name};{parameter.name}..." if _is_list(parameter) else parameter.name
    return named if parameter.parameter_type is ParameterType.REQUIRED else f"{{{named}}}"


def _is_list(parameter: Parameter) -> bool:
    return parameter.data_type.startswith("GPMultiValue")


def _add_identity(root: Element, title: str, description: str) -> None:
    identity = SubElement(root, "dataIdInfo")
    SubElement(SubElement(identity, "idCitation"), "resTitle").text = clean(title)
    SubElement(identity, "idAbs").text = clean(description)
    SubElement(identity, "idPurp").text = clean(description)
    SubElement(SubElement(identity, "searchKeys"), "keyword").text = "geoprocessing"


def _written(root: Element) -> bytes:
    indent(root)
    whole: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return whole
