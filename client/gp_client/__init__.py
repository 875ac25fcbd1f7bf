"""The reference client of ArcGIS Server's geoprocessing services.

    from gp_client import GPClient

    with GPClient("http://127.0.0.1:8585/arcgis") as client:
        result = client.task("WorldViewshed/viewshed").run(
            Input_Observation_Point={"type": "Point", "coordinates": [-118.8, 37.5]},
            Viewshed_Distance="8.5 Miles",
        )
        print(result.value)

Inputs are checked against the task's descriptor before anything is sent. Whatever a server does, what comes
back is a right answer or one of the errors in `gp_client.errors`.
"""

from __future__ import annotations

from gp_protocol.descriptions.descriptors import Parameter, ParameterType
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message, MessageType, Progress
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from gp_client.clients import (
    AsyncGPClient,
    AsyncJob,
    AsyncService,
    AsyncTask,
    GPClient,
    Job,
    Service,
    Task,
)
from gp_client.clocks import Clock, SharedClock, SystemClock
from gp_client.describing import ServerInfo, ServiceEntry
from gp_client.descriptors import ServiceDescription, TaskDescription
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    HTTPError,
    InvalidInput,
    JobAddress,
    JobCancelled,
    JobDeleted,
    JobError,
    JobFailed,
    JobTimedOut,
    JobVanished,
    NotSupported,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
    UnexpectedPage,
)
from gp_client.jobs import JobState
from gp_client.options import RunOptions
from gp_client.outputs.geodata import to_geojson, to_geopandas
from gp_client.outputs.outputs import Output, OutputWarning
from gp_client.results import Result
from gp_client.sessions import Polling, Retries, Settings
from gp_client.steps import Event, MessageCame, ProgressMade, Retrying, StatusChanged, Transferred
from gp_client.wire.http_messages import AsyncTransport, Request, Response, Transport

__all__ = [
    "ArealUnit",
    "AsyncGPClient",
    "AsyncJob",
    "AsyncService",
    "AsyncTask",
    "AsyncTransport",
    "AuthError",
    "Clock",
    "CompositeValue",
    "DataFile",
    "DeadlineExceeded",
    "Event",
    "Extent",
    "FeatureSet",
    "Field",
    "GPClient",
    "GPError",
    "HTTPError",
    "InvalidInput",
    "ItemReference",
    "Job",
    "JobAddress",
    "JobCancelled",
    "JobDeleted",
    "JobError",
    "JobFailed",
    "JobState",
    "JobStatus",
    "JobTimedOut",
    "JobVanished",
    "LayerReference",
    "LinearUnit",
    "MapImage",
    "Message",
    "MessageCame",
    "MessageType",
    "NotSupported",
    "Output",
    "OutputWarning",
    "Parameter",
    "ParameterType",
    "Polling",
    "Progress",
    "ProgressMade",
    "ProtocolViolation",
    "Raster",
    "RecordSet",
    "Request",
    "Response",
    "Result",
    "Retries",
    "Retrying",
    "RunOptions",
    "ServerError",
    "ServerInfo",
    "Service",
    "ServiceDescription",
    "ServiceEntry",
    "Settings",
    "SharedClock",
    "SpatialReference",
    "StatusChanged",
    "SubmissionUnknown",
    "SystemClock",
    "Task",
    "TaskDescription",
    "TimeUnit",
    "Transferred",
    "Transport",
    "TransportError",
    "UnexpectedPage",
    "to_geojson",
    "to_geopandas",
]
