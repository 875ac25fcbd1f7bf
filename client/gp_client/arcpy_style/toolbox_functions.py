"""The functions that make toolboxes known and tell of tools.

Source: ArcPy, the pages of the same names.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from gp_client.arcpy_style.dataset_paths import dataset_path
from gp_client.arcpy_style.tools import Toolbox, import_toolbox, tool_meant, tool_names


def ImportToolbox(input_file: str, module_name: str | None = None) -> Toolbox:
    """Make a service's tasks known as tools, `arcpy.Task_alias` and `arcpy.alias.Task`.

    `input_file` is `<SOAP root>;<service>`, `;<user>;<password>` or `;token=<token>;<referer>` behind it.
    The alias is the service's name unless it is given. Raises ExecuteError.
    """
    return import_toolbox(input_file, module_name)


def AddToolbox(input_file: str, module_name: str | None = None) -> Toolbox:
    """The same, by its older name."""
    return import_toolbox(input_file, module_name)


def IsSynchronous(tool_name: str) -> bool:
    """Whether a tool is done when its call returns. Raises ExecuteError where there is no such tool."""
    return tool_meant(tool_name).IsSynchronous


def GetParameterValue(tool_name: str, index: int) -> Any:
    """The default of a tool's parameter, counted from 0: an empty FeatureSet or RecordSet to load, or a
    text. Raises ExecuteError."""
    return tool_meant(tool_name).default(index)


def GetParameterCount(tool_name: str) -> int:
    """How many parameters a tool has, outputs included. Raises ExecuteError."""
    return tool_meant(tool_name).parameter_count


def ListTools(wild_card: str = "*") -> list[str]:
    """`Tool_alias` for every tool there is, or for those that fit."""
    return [name for name in tool_names() if fnmatchcase(name.lower(), wild_card.lower())]


def Usage(tool_name: str) -> str:
    """How a tool is called. Raises ExecuteError."""
    return tool_meant(tool_name).usage()


def Exists(dataset: str) -> bool:
    """Whether there is a feature class, a table or a file of that name."""
    from gp_client.arcpy_style.execute_errors import ExecuteError

    try:
        path = dataset_path(str(dataset))
    except ExecuteError:
        return False
    return path.exists()
