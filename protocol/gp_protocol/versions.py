"""Version profiles: which keys, resources, parameters, types and words a server of a given version knows.

`FEATURES` is the one table, `PROFILES` the servers to choose from; `profile()` also makes one for any other
version number. A number is the server's own `currentVersion`: 10.1 SP1 is 10.11, 10.6.1 is 10.61, 10.9.1 is
10.91.

Sources: the "introduced at" notes of ArcGIS REST, *Geoprocessing service* and its sub-pages (*GP task*, *GP
job*, *GP result*, *GP data types*, *Execute task*, *Submit job*, *Validate*), the 9.3 to 10.1 editions of the
same pages, and answers recorded from servers of 10.0, 10.31, 10.51, 10.91, 11.x and ArcGIS Online. What is
*assumed* says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from gp_protocol.errors import LocalProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import DateStyle
from gp_protocol.suggestions import did_you_mean

Kind = Literal[
    "resource",
    "parameter",
    "service key",
    "task key",
    "parameter key",
    "job key",
    "default key",
    "type",
    "field type",
    "filter",
    "format",
    "input form",
    "rule",
    "job status",
    "tool",
]
"""What a row of FEATURES is about. `parameter` is a request parameter, `parameter key` a key of a parameter's
descriptor, `default key` a key of a feature input's default value, `rule` a behaviour without a word of its
own.
"""


class Platform(StrEnum):
    """What kind of server a profile stands for."""

    SERVER = "server"
    ONLINE = "online"
    NOTEBOOK = "notebook"


class Feature(NamedTuple):
    """One row: what, from which version on, up to (not including) which, and on which platforms alone."""

    kind: Kind
    name: str
    since: float
    until: float | None = None
    platforms: frozenset[Platform] = frozenset(Platform)


_SYNCHRONOUS: Final = frozenset({Platform.SERVER, Platform.ONLINE})
_NOTEBOOK: Final = frozenset({Platform.NOTEBOOK})

FEATURES: Final[tuple[Feature, ...]] = (
    # Resources. A notebook server runs its tasks by submitJob alone.
    Feature("resource", "catalogue", 9.3),
    Feature("resource", "service", 9.3),
    Feature("resource", "task", 9.3),
    Feature("resource", "execute", 9.3, platforms=_SYNCHRONOUS),
    Feature("resource", "submitJob", 9.3),
    Feature("resource", "job", 9.3),
    Feature("resource", "result", 9.3),
    Feature("resource", "input", 9.3),
    Feature("resource", "info", 10.0),
    Feature("resource", "generateToken", 10.0),
    Feature("resource", "service info", 10.0),
    Feature("resource", "cancel", 10.0),
    Feature("resource", "upload", 10.0),
    Feature("resource", "register", 10.0),
    Feature("resource", "uploadPart", 10.0),
    Feature("resource", "commit", 10.0),
    Feature("resource", "delete", 10.0),
    Feature("resource", "uploads", 10.1),
    Feature("resource", "result map", 10.1),
    Feature("resource", "admin jobs", 10.61),
    Feature("resource", "task metadata", 10.91),
    Feature("resource", "results", 11.1),
    Feature("resource", "inputs", 11.1),
    Feature("resource", "json-schema", 11.1),
    Feature("resource", "webhooks", 11.1),
    Feature("resource", "validate", 12.0),
    # Request parameters. env:* are deprecated since 10.61 and still obeyed.
    Feature("parameter", "f", 9.3),
    Feature("parameter", "callback", 9.3),
    Feature("parameter", "env:outSR", 9.3),
    Feature("parameter", "env:processSR", 9.3),
    Feature("parameter", "outSR", 9.3),
    Feature("parameter", "returnType", 9.3),
    Feature("parameter", "token", 10.0),
    Feature("parameter", "returnMessages", 10.0),
    Feature("parameter", "returnZ", 10.1),
    Feature("parameter", "returnM", 10.1),
    Feature("parameter", "returnTrueCurves", 10.5),
    Feature("parameter", "returnFeatureCollection", 10.6),
    Feature("parameter", "context", 10.61),
    Feature("parameter", "esri_out_feature_service_name", 10.61),  # the version is assumed
    Feature("parameter", "returnColumnName", 11.0),
    Feature("parameter", "simplifyFeatures", 11.4),
    Feature("parameter", "esri_out_image_service", 11.4),
    # Keys of the service.
    Feature("service key", "serviceDescription", 9.3),
    Feature("service key", "tasks", 9.3),
    Feature("service key", "executionType", 9.3),
    Feature("service key", "resultMapServerName", 9.3),
    Feature("service key", "currentVersion", 10.1),
    Feature("service key", "maximumRecords", 10.1),
    Feature("service key", "capabilities", 10.1),  # the version is assumed
    Feature("service key", "cimVersion", 10.5),  # the version is assumed; only where ArcGIS Pro published
    Feature("service key", "schema", 11.1),
    # Keys of the task.
    Feature("task key", "name", 9.3),
    Feature("task key", "displayName", 9.3),
    Feature("task key", "category", 9.3),
    Feature("task key", "helpUrl", 9.3),
    Feature("task key", "parameters", 9.3),
    Feature("task key", "executionType", 9.31),
    Feature("task key", "description", 10.11),
    Feature("task key", "itemId", 10.91, platforms=_NOTEBOOK),
    # Keys of a parameter.
    Feature("parameter key", "name", 9.3),
    Feature("parameter key", "dataType", 9.3),
    Feature("parameter key", "displayName", 9.3),
    Feature("parameter key", "direction", 9.3),
    Feature("parameter key", "defaultValue", 9.3),
    Feature("parameter key", "parameterType", 9.3),
    Feature("parameter key", "category", 9.3),
    Feature("parameter key", "choiceList", 9.3),
    Feature("parameter key", "description", 10.11),
    Feature("parameter key", "filter", 10.7),
    Feature("parameter key", "dependency", 9.3),  # the version is assumed
    Feature("parameter key", "parameterInfos", 11.0),
    # Keys of a feature input's default value.
    Feature("default key", "displayFieldName", 10.1),
    Feature("default key", "features", 10.1),
    Feature("default key", "exceededTransferLimit", 10.1),
    Feature("default key", "hasZ", 10.1),
    Feature("default key", "hasM", 10.1),
    Feature("default key", "Fields", 10.0, until=10.1),
    # Keys and words of the job.
    Feature("job key", "jobId", 9.3),
    Feature("job key", "jobStatus", 9.3),
    Feature("job key", "results", 9.3),
    Feature("job key", "inputs", 9.3),
    Feature("job key", "messages", 9.3),
    Feature("job key", "progress", 10.81),
    *(Feature("job status", word, 9.3) for word in JobStatus if word is not JobStatus.EXPECTED_FAILURE),
    Feature("job status", JobStatus.EXPECTED_FAILURE, 10.91, platforms=_NOTEBOOK),
    # Data types.
    Feature("type", "GPBoolean", 9.3),
    Feature("type", "GPDouble", 9.3),
    Feature("type", "GPLong", 9.3),
    Feature("type", "GPString", 9.3),
    Feature("type", "GPDate", 9.3),
    Feature("type", "GPLinearUnit", 9.3),
    Feature("type", "GPFeatureRecordSetLayer", 9.3),
    Feature("type", "GPRecordSet", 9.3),
    Feature("type", "GPRasterData", 9.3),
    Feature("type", "GPRasterDataLayer", 9.3),
    Feature("type", "GPDataFile", 9.3),
    Feature("type", "GPMultiValue", 9.3),
    Feature("type", "Field", 10.7),
    Feature("type", "GPValueTable", 11.0),
    Feature("type", "GPComposite", 11.2),
    Feature("type", "GPArealUnit", 11.3),
    Feature("type", "GPStringHidden", 11.4),
    Feature("type", "GPSQLExpression", 11.4),
    Feature("type", "GPSpatialReference", 11.4),
    Feature("type", "GPCoordinateSystem", 11.4),
    Feature("type", "GPExtent", 11.4),
    Feature("type", "GPEnvelope", 11.4),
    Feature("type", "GPTimeUnit", 12.0),
    Feature("field type", "esriFieldTypeOID", 9.3),
    Feature("field type", "esriFieldTypeSmallInteger", 9.3),
    Feature("field type", "esriFieldTypeInteger", 9.3),
    Feature("field type", "esriFieldTypeSingle", 9.3),
    Feature("field type", "esriFieldTypeDouble", 9.3),
    Feature("field type", "esriFieldTypeString", 9.3),
    Feature("field type", "esriFieldTypeDate", 9.3),
    Feature("field type", "esriFieldTypeGeometry", 9.3),
    Feature("field type", "esriFieldTypeBlob", 9.3),
    Feature("field type", "esriFieldTypeRaster", 9.3),
    Feature("field type", "esriFieldTypeGUID", 9.3),
    Feature("field type", "esriFieldTypeGlobalID", 9.3),
    Feature("field type", "esriFieldTypeXML", 9.3),
    Feature("field type", "esriFieldTypeBigInteger", 11.2),
    Feature("field type", "esriFieldTypeDateOnly", 11.2),
    Feature("field type", "esriFieldTypeTimeOnly", 11.2),
    Feature("field type", "esriFieldTypeTimestampOffset", 11.2),
    # Filters of a parameter.
    Feature("filter", "range", 10.7),
    Feature("filter", "featureClass", 10.7),
    Feature("filter", "file", 10.7),
    Feature("filter", "field", 10.7),
    Feature("filter", "codedValue", 12.0),
    Feature("filter", "composite", 12.0),
    # Values of f.
    Feature("format", "html", 9.3),
    Feature("format", "json", 9.3),
    Feature("format", "pjson", 9.3),
    Feature("format", "kmz", 9.3),
    Feature("format", "image", 9.3),
    Feature("format", "help", 9.3),
    Feature("format", "amf", 10.0, until=10.7),
    Feature("format", "geojson", 10.5),
    Feature("format", "pbf", 10.8),
    # Input forms that came later than their type.
    Feature("input form", "layer time", 10.71),
    Feature("input form", "portalItemID", 10.8),
    Feature("input form", "image service", 10.8),
    Feature("input form", "pbf file", 11.5),
    Feature("input form", "esri_out_feature_service_name object", 11.0),
    Feature("input form", "esri_out_image_service names", 11.5),
    # Behaviour.
    Feature("rule", "choiceList on every parameter", 10.0, until=10.1),
    Feature("rule", "64-bit integers", 11.2),
    Feature("rule", "progressMessageUpdateInterval", 11.2),
    Feature("rule", "cancellationCheckInterval", 11.2),
    Feature("rule", "scheduling", 11.2),
    Feature("rule", "output feature service overwrite", 11.0),
    Feature("rule", "output image service overwrite", 11.5),
    Feature("rule", "blank GPStringHidden in inputs", 11.5),
    Feature("tool", "Get Layout Templates Info Task", 10.4),
)


def names_of(kind: Kind) -> frozenset[str]:
    """All names of that kind in any version."""
    return frozenset(row.name for row in FEATURES if row.kind == kind)


@cache
def _features(number: float, platform: Platform) -> frozenset[tuple[str, str]]:
    return frozenset(
        (row.kind, row.name)
        for row in FEATURES
        if row.since <= number and (row.until is None or number < row.until) and platform in row.platforms
    )


class ErrorWording(StrEnum):
    """Whose words an error envelope takes."""

    CURRENT = "current"
    VERSION_10_0 = "10.0"
    """`Unable to complete  operation.`, with two blanks."""
    ONLINE = "online"


class Profile(msgspec.Struct, frozen=True):
    """A server's version: what it knows (`has`) and its habits.

    `number` is what the server calls `currentVersion`. `cim_version` is the ArcGIS Pro version that a service
    published to it usually names, None where there was none. Assumed: the JSON content type by version, and
    the number that stands for ArcGIS Online. `job_id_prefix` stands before 32 lower-case hex digits; no
    reader may rely on it.
    """

    name: str
    number: float
    platform: Platform = Platform.SERVER
    json_content_type: str = "application/json;charset=UTF-8"
    error_wording: ErrorWording = ErrorWording.CURRENT
    job_id_prefix: str = "j"
    first_status: JobStatus = JobStatus.SUBMITTED
    submit_answers_all: bool = False
    """Whether submitJob answers at once with (empty) `results`, `inputs` and `messages`."""
    date_style: DateStyle = DateStyle.PRO
    cim_version: str | None = None

    @property
    def full_version(self) -> str:
        """What `info` calls `fullVersion`: 10.91 is `10.9.1`, 11.1 is `11.1.0`."""
        major, _, rest = str(self.number).partition(".")
        return ".".join((major, *rest)) if len(rest) > 1 or major in ("9", "10") else f"{major}.{rest}.0"

    def has(self, kind: Kind, name: str) -> bool:
        """Whether this version knows the thing of that kind: `has("type", "GPExtent")`.

        `GPMultiValue:GPExtent` is known where both its parts are.
        """
        if name.startswith("GPMultiValue:"):
            return self.has(kind, "GPMultiValue") and self.has(kind, name[13:])
        return (kind, name) in _features(self.number, self.platform)


_OLD_JSON: Final = "text/plain;charset=utf-8"

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        row.name: row
        for row in (
            Profile(
                "9.3",
                9.3,
                json_content_type=_OLD_JSON,
                error_wording=ErrorWording.VERSION_10_0,
                date_style=DateStyle.ARCMAP,
            ),
            Profile(
                "10.0",
                10.0,
                json_content_type=_OLD_JSON,
                error_wording=ErrorWording.VERSION_10_0,
                date_style=DateStyle.ARCMAP,
            ),
            Profile("10.1", 10.1, json_content_type=_OLD_JSON, date_style=DateStyle.ARCMAP),
            Profile("10.51", 10.51, json_content_type=_OLD_JSON, date_style=DateStyle.ARCMAP),
            Profile("10.81", 10.81, date_style=DateStyle.ARCMAP, cim_version="2.6.0"),
            Profile("10.91", 10.91, cim_version="2.9.0"),
            Profile("11.1", 11.1, cim_version="3.1.0"),
            Profile("11.3", 11.3, cim_version="3.3.0"),
            Profile("11.5", 11.5, cim_version="3.5.0"),
            Profile("12.0", 12.0, cim_version="3.6.0"),
            Profile(
                "agol-hosted",
                12.0,
                platform=Platform.ONLINE,
                json_content_type="application/json; charset=utf-8",
                error_wording=ErrorWording.ONLINE,
                job_id_prefix="",
                first_status=JobStatus.NEW,
                submit_answers_all=True,
            ),
            Profile("notebook", 12.0, platform=Platform.NOTEBOOK),
        )
    }
)
"""The profiles with a name, oldest first."""

_NUMBERED: Final = tuple(row for row in PROFILES.values() if row.platform is Platform.SERVER)


def profile(name: str | float) -> Profile:
    """The profile of that name or version number: `"10.91"`, `"10.9.1"`, `11.4`, `"agol-hosted"`.

    A number without a profile of its own keeps the number, knows what FEATURES says of it and has the habits
    of the nearest lower profile. Raises LocalProtocolError for anything else.
    """
    word = str(name).strip()
    found = PROFILES.get(word.lower())
    if found is not None:
        return found
    match = re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d))?", word)
    number = float(f"{match[1]}.{match[2] or '0'}{match[3] or ''}") if match else 0.0
    if number < _NUMBERED[0].number:
        raise LocalProtocolError(
            path="version",
            met=repr(name),
            expected=f"a version number from 9.3 on, or one of {', '.join(PROFILES)}",
            remedy=did_you_mean(word, PROFILES),
        )
    nearest = max((row for row in _NUMBERED if row.number <= number), key=lambda row: row.number)
    return nearest if nearest.number == number else msgspec.structs.replace(nearest, name=word, number=number)
