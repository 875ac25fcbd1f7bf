"""A request answered as another version of ArcGIS would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gp_protocol.versions import profile

from gp_mockserver.served_services import answering_as as _answering_as

if TYPE_CHECKING:
    from gp_mockserver.sites import Site


@contextmanager
def answering_as(version: str) -> Iterator[None]:
    """Answer as this version, in the request at hand alone, for as long as the block lasts."""
    before = _answering_as.set(profile(version))
    try:
        yield
    finally:
        _answering_as.reset(before)


def differs(version: str, site: Site, service: str) -> bool:
    """Whether a version is another than the one that answers for a service, or for the site."""
    served = site.services.get(service)
    return profile(version) != (site if served is None else served).own_profile
