"""The result map of a job: its service, its layers, pictures of them, and a result as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import msgspec
from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.values.references import encode_map_image

from gp_mockserver.layers.layer_descriptions import LayerView, layer_resource, map_service, whole_extent
from gp_mockserver.layers.symbols import drawing_info
from gp_mockserver.maps.job_maps import draw_views, job_views, map_outputs, painted, shown_views
from gp_mockserver.maps.map_images import image_at, job_file
from gp_mockserver.maps.pictures import FORMATS_SAID, MOST_PIXELS, Picture, read_picture
from gp_mockserver.operations.feature_layers import query_reply
from gp_mockserver.operations.jobs import own_job, succeeded
from gp_mockserver.running.job_runs import unless_large
from gp_mockserver.running.task_inputs import (
    features_given,
    read_environment,
    read_spatial_reference_parameter,
)
from gp_mockserver.wire.replies import BytesReply, Refusal, Reply, unknown_job
from gp_mockserver.wire.requests import Request

_CAPABILITIES: Final = "Map,Query,Data"


async def result_map(request: Request) -> Reply:
    """ArcGIS REST, *Map service*, of one job. *Assumed*: that the service itself, without a job, can be seen,
    and that it has no layers."""
    views = await _views(request) if request.address.job_id else []
    described = map_service(_name(request), views, request.profile, FORMATS_SAID, MOST_PIXELS)
    return Reply(described)


async def layer(request: Request) -> Reply:
    """ArcGIS REST, *Layer/Table* of a map service."""
    view = _view(request, await _views(request))
    return Reply(layer_resource(view, request.profile, _CAPABILITIES))


async def layers(request: Request) -> Reply:
    """ArcGIS REST, *All layers and tables*: each as its own resource says."""
    described = [layer_resource(view, request.profile, _CAPABILITIES) for view in await _views(request)]
    tables = [each for each in described if each["type"] == "Table"]
    return Reply({"layers": [each for each in described if each["type"] != "Table"], "tables": tables})


async def legend(request: Request) -> Reply:
    """ArcGIS REST, *Legend*: a small picture of each layer's symbol, as PNG in base 64."""
    views = [view for view in await _views(request) if view.features is not None]
    return Reply({"layers": [await painted(_legend, view) for view in views]})


async def query(request: Request) -> Reply | BytesReply:
    """ArcGIS REST, *Query (Map Service/Layer)*."""
    view = _view(request, await _views(request))
    if view.value is None:
        raise Refusal("bad-value", f"layer {view.id}, {view.name!r}, holds neither features nor records")
    return await query_reply(request, view.value)


async def export(request: Request) -> Reply | BytesReply:
    """ArcGIS REST, *Export Map*: a picture of the layers, or with `f=json` where it is, and what it shows."""
    views = await _views(request)
    picture = read_picture(request.parameters, whole_extent(views))
    if request.form.format == "image":
        return await _picture(request, views, picture)
    address = f"{request.rest_root}/services/{quote(_name(request))}/MapServer/jobs/{request.address.job_id}"
    shown_views(views, request.parameters)
    kept = {name: request.parameters[name] for name in ("layers", "layerDefs") if name in request.parameters}
    return Reply(encode_map_image(image_at(f"{address}/export", picture, **kept)))


async def result_picture(request: Request, parameter: Parameter) -> BytesReply:
    """ArcGIS REST, *GP result*, `f=image`: one output, drawn by the result map service.

    *Assumed*: that without such a service, and for outputs that are no features, the format is not there.
    """
    outputs = map_outputs(request.task.descriptor)
    if not request.service.descriptor.result_map_server_name or parameter not in outputs:
        why = f"{request.service.name} has no result map service that draws {parameter.name}"
        raise Refusal("unsupported-format", f"f: met 'image', expected another format: {why}")
    views = [view for view in await _views(request) if view.id == outputs.index(parameter)]
    return await _picture(request, views, read_picture(request.parameters, whole_extent(views)))


async def _picture(request: Request, views: list[LayerView], picture: Picture) -> BytesReply:
    parameters = dict(request.parameters)
    if request.address.operation == "result":
        parameters.pop("layers", None)

    def drawn() -> bytes:
        return draw_views(shown_views(views, parameters), picture)

    return BytesReply(picture.content_type, await painted(drawn))


async def _views(request: Request) -> list[LayerView]:
    """The layers of the job in the address. Raises Refusal where it has not succeeded."""
    site = request.site
    if request.address.task is None:
        raise Refusal("unknown-job", unknown_job(request.address.job_id))
    task = request.task
    record = own_job(request, site.store.get(request.address.job_id, request.arrived))
    record = await succeeded(request, record)
    given: Mapping[str, str] = msgspec.json.decode(record.submission.parameters)
    environment = read_environment(given, request.profile)
    asked = read_spatial_reference_parameter("outSR", request.parameters.get("outSR"))
    if request.address.operation == "resultMapQuery":
        asked = None
    kept = record.outputs or b"{}"

    find_file = partial(job_file, request, record.job_id)

    def views() -> list[LayerView]:
        target = asked or environment.output_reference(
            features_given(task.descriptor, given, request.profile)
        )
        return job_views(task.descriptor, kept, target, find_file)

    return await unless_large(len(kept) + len(record.submission.parameters), views)


def _view(request: Request, views: list[LayerView]) -> LayerView:
    for view in views:
        if str(view.id) == request.address.name:
            return view
    raise Refusal("invalid-url", f"the map has no layer {request.address.name[:60]!r}, it has {len(views)}")


def _name(request: Request) -> str:
    return request.service.descriptor.result_map_server_name


def _legend(view: LayerView) -> dict[str, Any]:
    from base64 import b64encode

    from gp_mockserver.maps.drawing import draw_swatch

    features = view.features
    assert features is not None
    symbol = drawing_info(features.geometry_type, view.id)["renderer"]["symbol"]
    swatch = {
        "label": "",
        "url": f"{view.id}",
        "imageData": b64encode(draw_swatch(symbol)).decode(),
        "contentType": "image/png",
        "height": 20,
        "width": 20,
    }
    return {
        "layerId": view.id,
        "layerName": view.name,
        "layerType": view.type,
        "minScale": 0,
        "maxScale": 0,
        "legend": [swatch],
    }
