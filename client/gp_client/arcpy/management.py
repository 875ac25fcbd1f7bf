"""`arcpy.management`: the tools of the toolbox Data Management that are provided, `CopyFeatures` and
`GetCount`.

`arcpy.CopyFeatures_management` and `arcpy.management.CopyFeatures` are the same. Source: ArcGIS Pro,
*Copy Features* and *Get Count*.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gp_protocol.values.feature_sets import RecordSet as Rows
from gp_protocol.values.references import LayerReference

from gp_client.arcpy_style.execute_errors import ExecuteError, failed
from gp_client.arcpy_style.feature_files import write_dataset
from gp_client.arcpy_style.feature_sets import value_of
from gp_client.arcpy_style.results import Done, Result
from gp_client.arcpy_style.script_messages import ERROR, message_of
from gp_client.arcpy_style.script_runs import current

__all__ = ["CopyFeatures", "GetCount"]


def CopyFeatures(
    in_features: Any,
    out_feature_class: str,
    config_keyword: None = None,
    spatial_grid_1: None = None,
    spatial_grid_2: None = None,
    spatial_grid_3: None = None,
) -> Result:
    """Write features to a file, in the format of its ending: `.geojson`, `.json` (ArcGIS's), and with the
    extra `geo` `.shp` (also where there is no ending), `.gpkg` or `.gdb` and a layer in it.

    `in_features` is a FeatureSet, a Result, a path, or anything that the client takes for features. The
    others are for geodatabases and not provided. Raises ExecuteError.
    """
    return _run("CopyFeatures", _copied, in_features, out_feature_class, config_keyword)


def GetCount(in_rows: Any) -> Result:
    """The number of features or rows, as a text: `int(arcpy.management.GetCount(path)[0])`."""
    return _run("GetCount", _counted, in_rows)


def _copied(in_features: Any, out_feature_class: Any, config_keyword: object) -> str:
    if config_keyword not in (None, "", "#"):
        raise ExecuteError("ERROR: CopyFeatures: config_keyword is not provided by gp_client.arcpy")
    if in_features is None:
        raise failed(735, "Input Features: Value is required (an output that was not made is None)")
    if not isinstance(out_feature_class, str | os.PathLike):
        raise failed(
            735, f"Output Feature Class: Value is required, met a {type(out_feature_class).__name__}"
        )
    features = value_of(in_features)
    if isinstance(features, LayerReference):
        raise ExecuteError(
            f"ERROR: Input Features: {features.url} is a layer's address: its features are not here"
        )
    if isinstance(features, Rows):
        raise failed(840, "Input Features: the value has no geometries")
    return write_dataset(features, str(out_feature_class))


def _counted(in_rows: Any) -> str:
    rows = value_of(in_rows)
    if isinstance(rows, LayerReference):
        raise ExecuteError(f"ERROR: Input Rows: the rows of {rows.url} are not here")
    return str(len(rows.features))


def _run(tool: str, function: Any, *arguments: Any) -> Result:
    run = current()
    run.begin_tool()
    try:
        output = function(*arguments)
    except ExecuteError as error:
        run.added.append(message_of(ERROR, str(error)))
        raise
    result = Result(Done(tool, arguments, [output]))
    run.last = result
    return result


if not TYPE_CHECKING:  # a type checker is to know the names that there are

    def __getattr__(name):
        raise AttributeError(
            f"arcpy.management.{name} is not provided by gp_client.arcpy; provided are {', '.join(__all__)}",
            name=name,
        )
