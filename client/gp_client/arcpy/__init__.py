"""ArcPy's way of calling geoprocessing services, over the reference client.

    import gp_client.arcpy as arcpy

and a script that uses web tools runs without ArcGIS. What is here is what such scripts need; any other name
raises AttributeError, saying what there is. Tools of imported toolboxes are found as `Tool_alias` and
`alias.Tool`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "AddError": "arcpy_style.reporting",
    "AddMessage": "arcpy_style.reporting",
    "AddToolbox": "arcpy_style.toolbox_functions",
    "AddWarning": "arcpy_style.reporting",
    "CopyFeatures_management": "arcpy.management",
    "ExecuteError": "arcpy_style.execute_errors",
    "ExecuteWarning": "arcpy_style.execute_errors",
    "Exists": "arcpy_style.toolbox_functions",
    "FeatureSet": "arcpy_style.feature_sets",
    "GetAllMessages": "arcpy_style.reporting",
    "GetArgumentCount": "arcpy_style.script_parameters",
    "GetCount_management": "arcpy.management",
    "GetMaxSeverity": "arcpy_style.reporting",
    "GetMessage": "arcpy_style.reporting",
    "GetMessageCount": "arcpy_style.reporting",
    "GetMessages": "arcpy_style.reporting",
    "GetParameter": "arcpy_style.script_parameters",
    "GetParameterAsText": "arcpy_style.script_parameters",
    "GetParameterCount": "arcpy_style.toolbox_functions",
    "GetParameterValue": "arcpy_style.toolbox_functions",
    "GetSeverity": "arcpy_style.reporting",
    "ImportToolbox": "arcpy_style.toolbox_functions",
    "IsSynchronous": "arcpy_style.toolbox_functions",
    "ListTools": "arcpy_style.toolbox_functions",
    "RecordSet": "arcpy_style.feature_sets",
    "Result": "arcpy_style.results",
    "SetParameter": "arcpy_style.script_parameters",
    "SetParameterAsText": "arcpy_style.script_parameters",
    "SpatialReference": "arcpy_style.spatial_references",
    "Usage": "arcpy_style.toolbox_functions",
    "env": "arcpy_style.environments",
    "management": "",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        return _tool_or_toolbox(name)
    if name == "management":
        return import_module("gp_client.arcpy.management")
    return getattr(import_module(f"gp_client.{home}"), name.removesuffix("_management"))


def __dir__() -> list[str]:
    from gp_client.arcpy_style.script_runs import current
    from gp_client.arcpy_style.tools import tool_names

    return sorted({*__all__, *current().toolboxes, *tool_names()})


def _tool_or_toolbox(name: str) -> Any:
    if name.startswith("__"):  # what Python and its tools look for; a tool may well begin with one _
        raise AttributeError(f"module 'arcpy' has no attribute {name!r}", name=name)
    from gp_client.arcpy_style.script_runs import current
    from gp_client.arcpy_style.tools import tool_called, tool_names

    toolbox = current().toolboxes.get(name)
    if toolbox is not None:
        return toolbox
    tool = tool_called(name)
    if tool is not None:
        return tool
    from gp_protocol.suggestions import did_you_mean

    tools = [*current().toolboxes, *tool_names()]
    hint = did_you_mean(name, [*__all__, *tools])
    raise AttributeError(
        f"arcpy.{name} is not provided by gp_client.arcpy{'; ' + hint if hint else ''}; "
        f"provided are {', '.join(__all__)}; "
        f"of imported toolboxes {', '.join(tools) or 'nothing yet (ImportToolbox)'}",
        name=name,
    )
