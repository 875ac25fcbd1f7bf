"""What a result is answered as instead of its data: a published layer's address, or a picture.

Importing this costs nothing: what draws and what describes layers is imported when a service has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.references import LayerReference, Raster
from gp_protocol.values.spatial_references import SpatialReference

from gp_mockserver.layers import PARAMETER
from gp_mockserver.layers.output_services import published_urls
from gp_mockserver.running.task_outputs import projected
from gp_mockserver.wire.requests import Request


def published_layers(
    request: Request, job_id: str, given: Mapping[str, str], kept: bytes
) -> dict[str, LayerReference]:
    """The outputs that a job published as layers, by name."""
    if PARAMETER not in given:
        return {}
    urls = published_urls(request.task, job_id, given, kept, request.arrived, request.rest_root)
    return {name: LayerReference(url) for name, url in urls.items()}


def as_picture(request: Request, parameter: Parameter, value: Any, target: SpatialReference | None) -> Any:
    """A result's value, or the picture of it: of features, and of rasters that can be drawn. Raises
    Refusal."""
    if not request.service.descriptor.result_map_server_name or not isinstance(value, FeatureSet | Raster):
        return value
    from gp_mockserver.layers.layer_descriptions import LayerView
    from gp_mockserver.maps.job_maps import raster_view
    from gp_mockserver.maps.map_images import answers_pictures, job_file, map_image
    from gp_mockserver.operations.descriptions import task_url

    if not answers_pictures(request):
        return value
    job_id = request.address.job_id
    if isinstance(value, Raster):
        view = raster_view(0, "", value, target, partial(job_file, request, job_id))
        if view.file is None:
            return value
    else:
        view = LayerView(0, "", value if target is None else projected(value, target))
    return map_image(request, f"{task_url(request)}/jobs/{job_id}/results/{quote(parameter.name)}", view)
