"""The feature services of a site: what a job published, and layers that the site has from the start."""

from __future__ import annotations

from typing import Any

from gp_protocol.values.feature_sets import FeatureSet, RecordSet

from gp_mockserver.geometry.coordinate_systems import WGS84, ProjectionFailed
from gp_mockserver.layers.layer_contents import contents
from gp_mockserver.layers.layer_descriptions import LayerView, feature_service, layer_resource
from gp_mockserver.layers.layer_services import Layer, LayerService
from gp_mockserver.layers.queries import Query, answer_query, found_rows
from gp_mockserver.layers.query_work import QueryRefused
from gp_mockserver.running.job_runs import in_worker, unless_large
from gp_mockserver.running.task_inputs import read_spatial_reference_parameter
from gp_mockserver.wire.feature_formats import GEOJSON_TYPE
from gp_mockserver.wire.replies import BytesReply, Refusal, Reply
from gp_mockserver.wire.requests import Request


async def service(request: Request) -> Reply:
    """ArcGIS REST, *Feature Service*."""
    found = _service(request, request.address.name)

    def described() -> dict[str, Any]:
        return feature_service(found, [_view(layer) for layer in found.layers], request.profile)

    return Reply(await unless_large(found.size, described))


async def layer(request: Request) -> Reply:
    """ArcGIS REST, *Layer (Feature Service/Layer)*."""
    found = _layer(request)

    def described() -> dict[str, Any]:
        return layer_resource(_view(found), request.profile)

    return Reply(await unless_large(len(memoryview(found.kept)), described))


async def query(request: Request) -> Reply | BytesReply:
    """ArcGIS REST, *Query (Feature Service/Layer)*."""
    found = _layer(request)
    value = await unless_large(len(memoryview(found.kept)), contents, found)
    return await query_reply(request, value)


async def query_reply(request: Request, value: FeatureSet | RecordSet) -> Reply | BytesReply:
    """The answer to a query of these features or rows. Raises Refusal."""
    flag, parameters = request.flag, request.parameters
    asked = Query(
        parameters,
        in_sr=read_spatial_reference_parameter("inSR", parameters.get("inSR")),
        out_sr=read_spatial_reference_parameter("outSR", parameters.get("outSR")),
        return_geometry=flag("returnGeometry", default=True),
        return_z=flag("returnZ"),
        return_m=flag("returnM"),
        count_only=flag("returnCountOnly"),
        ids_only=flag("returnIdsOnly"),
        extent_only=flag("returnExtentOnly"),
    )
    counts = asked.count_only or asked.ids_only or asked.extent_only
    as_collection = request.form.format == "geojson" and isinstance(value, FeatureSet) and not counts

    def answered() -> Reply | BytesReply:
        try:
            if as_collection:
                return _collection(value, asked)
            return Reply(answer_query(value, asked))
        except QueryRefused as error:
            raise Refusal("bad-value", str(error)) from None
        except ProjectionFailed as error:
            raise Refusal("bad-value", f"outSR: {error}") from None

    return await in_worker(answered) if len(value.features) > _MANY else answered()


_MANY = 500
"""Features: to look at more than these takes long enough for a thread."""


def _collection(value: FeatureSet | RecordSet, asked: Query) -> BytesReply:
    from gp_protocol.json_text import encode_json
    from gp_protocol.values.geojson import encode_feature_collection
    from gp_protocol.values.parameter_specs import OutputOptions

    asked.out_sr = asked.out_sr or WGS84
    found, _ = found_rows(value, asked)
    assert isinstance(found, FeatureSet)
    collection = encode_feature_collection(found, OutputOptions(return_z=asked.return_z))
    return BytesReply(GEOJSON_TYPE, encode_json(collection))


def _view(layer: Layer) -> LayerView:
    return LayerView(layer.id, layer.name, contents(layer), layer.is_table)


def _service(request: Request, name: str) -> LayerService:
    found = request.site.layers.find(name, request.site, request.arrived)
    if found is None:
        raise Refusal("feature-service-not-found", service=name)
    return found


def _layer(request: Request) -> Layer:
    name, _, wanted = request.address.name.rpartition("/")
    service = _service(request, name)
    for layer in service.layers:
        if str(layer.id) == wanted:
            return layer
    raise Refusal("invalid-url", f"{service.name} has no layer {wanted[:60]!r}, it has {len(service.layers)}")
