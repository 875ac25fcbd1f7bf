"""`mapImage`: what a result map service makes of an output that is asked for as JSON.

Source: ArcGIS REST, *GP result* (`returnType`) and *GP data types*; members as Esri's JavaScript client reads
them. *Assumed*: that the data type stays the parameter's own, under which published .NET clients look for
it, and that `href` is an address which draws the picture when it is opened, where a server has a file in its
output directory; of a secured service the address asks for a token.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from gp_protocol.values.references import MapImage

from gp_mockserver.layers.layer_descriptions import LayerView, whole_extent
from gp_mockserver.maps.pictures import Picture, read_picture
from gp_mockserver.site_directories import scratch_path
from gp_mockserver.wire.requests import Request

_AS_PICTURES: Final = frozenset({"html", "json", "pjson"})


def answers_pictures(request: Request) -> bool:
    """Whether features are answered as pictures: the service has a result map, and neither `returnType=data`
    nor a format of features was asked for."""
    return (
        bool(request.service.descriptor.result_map_server_name)
        and request.form.format in _AS_PICTURES
        and request.parameters.get("returnType", "").strip().lower() != "data"
    )


def map_image(request: Request, address: str, view: LayerView) -> MapImage:
    """The picture of a layer that a request asks for, drawn at an address. Raises Refusal."""
    return image_at(address, read_picture(request.parameters, whole_extent([view])))


def job_file(request: Request, job_id: str, name: str) -> Path | None:
    """The file of that path in a job's folder, if it is there."""
    return request.site.directories.find_file(f"{scratch_path(request.service.name, job_id)}/{name}")


def image_at(address: str, picture: Picture, **parameters: str) -> MapImage:
    """A picture that is drawn when an address is opened with its parameters."""
    asked = {**picture.parameters(), **parameters, "f": "image"}
    return MapImage(
        f"{address}?{urlencode(asked, safe=',:', quote_via=quote)}",
        picture.width,
        picture.height,
        picture.extent,
        picture.scale,
    )
