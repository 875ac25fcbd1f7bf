"""What the help page of a resource says: short texts of our own, in the terms of the ArcGIS REST reference,
whose page for the resource is named. Formats, methods and parameters follow from the tables that the server
itself goes by.

`f=help` on any address leads to such a page, recorded from servers of 10.x and 11.x; there it is a copy of
Esri's reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import ParameterType, Task
from gp_protocol.versions import FEATURES, Profile

from gp_mockserver.layers import PARAMETER
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.wire.addresses import Address


class Topic(msgspec.Struct, frozen=True):
    """A resource: the title of its page in the ArcGIS REST reference, what it is, and its parameters."""

    title: str
    text: str
    parameters: tuple[str, ...] = ()


_OUTPUT: Final = ("returnZ", "returnM", "returnFeatureCollection", "returnColumnName")
_RUN: Final = ("context", "env:outSR", "env:processSR", *_OUTPUT, "returnTrueCurves", "simplifyFeatures")
_SUBMIT: Final = (*_RUN, PARAMETER)
_RESULT: Final = ("outSR", "returnType", *_OUTPUT)

_ADMIN_JOB: Final = Topic("Job", "One job as an administrator sees it: when and by whom, and its state.")
_TOKEN: Final = Topic("Generate Token", "Makes a token out of a user name and a password.")

TOPICS: Final[Mapping[str, Topic]] = {
    "root": Topic("Catalog", "The folders and services of this server."),
    "catalogue": Topic("Catalog", "The folders and services of this server, or those of one folder."),
    "info": Topic("Server Info", "The version of the server, and whether services may ask for a token."),
    "service": Topic("GP Service", "A geoprocessing service: its tasks, how they run, what they may answer."),
    "itemInfo": Topic("Item Info", "What a portal shows of a service."),
    "metadata": Topic("Metadata", "The metadata of a service, in XML."),
    "thumbnail": Topic("Thumbnail", "The picture that stands for a service, in PNG."),
    "task": Topic("GP Task", "A task: what it does, and its parameters with their types and defaults."),
    "taskMetadata": Topic("GP Task", "The metadata of a task, in XML."),
    "execute": Topic(
        "Execute GP Task", "Runs a task of a synchronous service, and answers its results.", _RUN
    ),
    "submitJob": Topic("Submit GP Job", "Starts a job of an asynchronous service.", _SUBMIT),
    "validate": Topic("Validate GP Task", "Holds inputs to a task's parameters, and runs nothing.", _RUN),
    "job": Topic("GP Job", "A job: its state, its messages, and where its results are.", ("returnMessages",)),
    "cancel": Topic("Cancel GP Job", "Cancels a job that is waiting or executing."),
    "result": Topic("GP Result", "One output of a job that has succeeded.", _RESULT),
    "results": Topic("GP Results", "All outputs of a job that has succeeded.", _RESULT),
    "input": Topic("GP Input", "One input of a job."),
    "inputs": Topic("GP Inputs", "All inputs of a job."),
    "uploads": Topic("Uploads", "The files that were uploaded to a service."),
    "uploadsInfo": Topic("Uploads", "How large uploaded files may be, and of which types."),
    "upload": Topic("Upload", "Uploads a file, which inputs then name by its item id."),
    "register": Topic("Register", "Begins an upload in parts."),
    "item": Topic("Item", "One uploaded file."),
    "parts": Topic("Item", "The parts of a file that have been uploaded."),
    "uploadPart": Topic("Upload Part", "Uploads one part of a file."),
    "commit": Topic("Commit", "Puts the parts of a file together."),
    "download": Topic("Item", "The bytes of an uploaded file."),
    "delete": Topic("Delete", "Removes an uploaded file."),
    "resultMap": Topic("Map Service", "The results of a job as a map."),
    "resultMapLayer": Topic("Layer / Table", "One result of a job as a layer of its map."),
    "resultMapLayers": Topic("All Layers and Tables", "The results of a job as the layers of its map."),
    "resultMapLegend": Topic("Legend", "How the layers of a job's map are drawn."),
    "resultMapQuery": Topic("Query (Map Service/Layer)", "The features of a result that fit a condition."),
    "resultMapExport": Topic("Export Map", "A picture of the results of a job."),
    "featureService": Topic("Feature Service", "Layers that jobs have made."),
    "featureLayer": Topic("Layer (Feature Service)", "One layer: its geometry type, fields and extent."),
    "query": Topic("Query (Feature Service/Layer)", "The features of a layer that fit a condition."),
    "tokens": _TOKEN,
    "generateToken": _TOKEN,
    "adminJobs": Topic("Jobs", "The jobs of a service that are kept, the newest first."),
    "adminJob": _ADMIN_JOB,
    "adminCancel": Topic("Cancel Job", "Cancels a job that has not ended."),
    "adminDelete": Topic("Delete Job", "Removes a job in any state, with its results."),
}

_PARAMETERS: Final[Mapping[str, str]] = {
    "f": "the format of the answer; without it html",
    "callback": "the name of a function to wrap JSON in",
    "token": "a token, where the service asks for one",
    "context": "an object with outSR, processSR and extent: where to work, and to answer",
    "env:outSR": "the spatial reference of the results, as a wkid or an object; later versions have context",
    "env:processSR": "the spatial reference to work in; later versions have context",
    "outSR": "the spatial reference of the answer, as a wkid or an object",
    "returnType": "data, for the data of a result that is shown as a map otherwise",
    "returnMessages": "false leaves the messages out",
    "returnZ": "true answers z-values, where there are any",
    "returnM": "true answers m-values, where there are any",
    "returnTrueCurves": "true answers curves as curves, false as segments",
    "returnFeatureCollection": "true answers feature collections in the place of feature sets",
    "returnColumnName": "true answers the rows of a value table as objects",
    "simplifyFeatures": "false leaves the geometries of inputs as they are, as this server always does",
    PARAMETER: "the name of a feature service to make of the results",
}
_ON_EVERY_RESOURCE: Final = ("f", "callback", "token")
_NEEDED: Final = {
    ParameterType.REQUIRED: "required",
    ParameterType.OPTIONAL: "optional",
    ParameterType.DERIVED: "derived",
}


def operation_at(path: str) -> str:
    """The operation whose help stands for an address that leads nowhere: unknown children of a service are
    taken for tasks."""
    _, is_service, below = path.partition("/GPServer")
    if not is_service:
        return "catalogue"
    return "task" if below.strip("/") else "service"


def help_title(operation: str) -> str:
    """The heading of an operation's help page."""
    return TOPICS[operation].title if operation in TOPICS else "REST Resource"


def help_text(operation: str, profile: Profile, address: Address | None = None) -> dict[str, Any]:
    """What the help page of an operation says, in the order in which it says it; with the address's own
    task, if there is one. Of parameters it says those that do something here, and of the name of an output
    feature service where the task declares it."""
    topic = TOPICS.get(operation) or Topic(help_title(operation), "A resource of this server.")
    row = OPERATIONS.get(operation) or OPERATIONS["catalogue"]
    task = None if address is None or address.task is None else address.task.descriptor
    unknown = () if task is not None and task.parameter(PARAMETER) is not None else (PARAMETER,)
    said: dict[str, Any] = {
        "About": topic.text,
        "Methods": ", ".join(row.methods),
        "Formats": ", ".join(each for each in row.formats if profile.has("format", each)) or "one of its own",
        "Request parameters": [
            f"{name}: {_PARAMETERS[name]}"
            for name in (*_ON_EVERY_RESOURCE, *topic.parameters)
            if profile.has("parameter", name) and name not in unknown
        ],
    }
    if since := next((each.since for each in FEATURES if each[:2] == ("resource", row.resource)), None):
        said["Version introduced"] = since
    if task is not None and address is not None and not address.job_id:
        said |= task_text(task, with_outputs=operation == "task")
    return said | {"Reference": f"ArcGIS REST API, {topic.title}; this server: {profile.full_version}"}


def task_text(task: Task, *, with_outputs: bool = True) -> dict[str, Any]:
    """What a help page says of a task of its own."""
    said: dict[str, Any] = {"Task": task.label}
    if task.description:
        said["Description"] = task.description
    said["Inputs"] = {each.name: _parameter_text(each) for each in task.inputs}
    if with_outputs:
        said["Outputs"] = {each.name: _parameter_text(each) for each in task.outputs}
    return {name: value for name, value in said.items() if value}


def _parameter_text(parameter: Any) -> str:
    text = f"{parameter.data_type}, {_NEEDED[parameter.parameter_type]}"
    about = parameter.description or parameter.display_name
    return f"{text}. {about}" if about else text
