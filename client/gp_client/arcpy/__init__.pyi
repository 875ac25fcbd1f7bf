from typing import Any

from gp_client.arcpy import management as management
from gp_client.arcpy_style.environments import env as env
from gp_client.arcpy_style.execute_errors import ExecuteError as ExecuteError
from gp_client.arcpy_style.execute_errors import ExecuteWarning as ExecuteWarning
from gp_client.arcpy_style.feature_sets import FeatureSet as FeatureSet
from gp_client.arcpy_style.feature_sets import RecordSet as RecordSet
from gp_client.arcpy_style.reporting import AddError as AddError
from gp_client.arcpy_style.reporting import AddMessage as AddMessage
from gp_client.arcpy_style.reporting import AddWarning as AddWarning
from gp_client.arcpy_style.reporting import GetAllMessages as GetAllMessages
from gp_client.arcpy_style.reporting import GetMaxSeverity as GetMaxSeverity
from gp_client.arcpy_style.reporting import GetMessage as GetMessage
from gp_client.arcpy_style.reporting import GetMessageCount as GetMessageCount
from gp_client.arcpy_style.reporting import GetMessages as GetMessages
from gp_client.arcpy_style.reporting import GetSeverity as GetSeverity
from gp_client.arcpy_style.results import Result as Result
from gp_client.arcpy_style.script_parameters import GetArgumentCount as GetArgumentCount
from gp_client.arcpy_style.script_parameters import GetParameter as GetParameter
from gp_client.arcpy_style.script_parameters import GetParameterAsText as GetParameterAsText
from gp_client.arcpy_style.script_parameters import SetParameter as SetParameter
from gp_client.arcpy_style.script_parameters import SetParameterAsText as SetParameterAsText
from gp_client.arcpy_style.spatial_references import SpatialReference as SpatialReference
from gp_client.arcpy_style.toolbox_functions import AddToolbox as AddToolbox
from gp_client.arcpy_style.toolbox_functions import Exists as Exists
from gp_client.arcpy_style.toolbox_functions import GetParameterCount as GetParameterCount
from gp_client.arcpy_style.toolbox_functions import GetParameterValue as GetParameterValue
from gp_client.arcpy_style.toolbox_functions import ImportToolbox as ImportToolbox
from gp_client.arcpy_style.toolbox_functions import IsSynchronous as IsSynchronous
from gp_client.arcpy_style.toolbox_functions import ListTools as ListTools
from gp_client.arcpy_style.toolbox_functions import Usage as Usage

__all__: list[str]

CopyFeatures_management = management.CopyFeatures
GetCount_management = management.GetCount

def __getattr__(name: str) -> Any:
    """`Tool_alias` and `alias` of imported toolboxes."""
