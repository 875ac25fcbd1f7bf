"""What can be seen from a point of a landscape that is made up, the same one for a seed.

The landscape is a sum of waves whose lengths go with the distance asked for, so that a view of 250 meters is
as broken as one of 50 kilometers, and a step aside sees nearly the same hills.
"""

from __future__ import annotations

import math
from functools import lru_cache
from random import Random

_RAYS = 72
_STEPS = 30
_EYE = 0.012
_EARTH_RADIUS = 6_371_008.8

Outline = tuple[tuple[float, ...], tuple[float, ...]]


@lru_cache(maxsize=1024)
def viewshed_outline(seed: int, longitude: float, latitude: float, distance: float) -> Outline:
    """The outline of what is seen: longitudes and latitudes of WGS 84, clockwise, its last vertex the first
    again.

    Every ray from the point to the outline lies within it, and is shorter than `distance`, in meters.
    """
    from pyproj import Geod

    longitude = math.remainder(longitude, 360)
    reaches = _reaches(seed, longitude, latitude, distance)
    azimuths = [360 * ray / _RAYS for ray in range(_RAYS)]
    longitudes, latitudes, _ = Geod(ellps="WGS84").fwd(
        [longitude] * _RAYS, [latitude] * _RAYS, azimuths, [reach * distance for reach in reaches]
    )
    return (*longitudes, longitudes[0]), (*latitudes, latitudes[0])


def _reaches(seed: int, longitude: float, latitude: float, distance: float) -> list[float]:
    """How far each ray goes before the first hidden ground, as a share of the distance."""
    east = math.radians(longitude) * math.cos(math.radians(latitude)) * _EARTH_RADIUS / distance
    north = math.radians(latitude) * _EARTH_RADIUS / distance
    waves = [
        (east_pull, north_pull, phase + east_pull * east + north_pull * north, height)
        for east_pull, north_pull, phase, height in _waves(seed)
    ]

    def ground(x: float, y: float) -> float:
        return sum(height * math.sin(a * x + b * y + phase) for a, b, phase, height in waves)

    eye = ground(0, 0) + _EYE
    reaches = []
    for ray in range(_RAYS):
        dx, dy = math.sin(math.tau * ray / _RAYS), math.cos(math.tau * ray / _RAYS)
        steepest = -math.inf
        step = 1
        while step < _STEPS:
            away = step / _STEPS
            slope = (ground(dx * away, dy * away) - eye) / away
            if slope < steepest:
                break
            steepest = slope
            step += 1
        reaches.append(0.98 * step / _STEPS)
    return reaches


@lru_cache(maxsize=16)
def _waves(seed: int) -> tuple[tuple[float, float, float, float], ...]:
    """Waves of the ground: pulls to east and north, phase, height; lengths and heights in distances."""
    random = Random(f"landscape {seed}")
    waves = []
    for _ in range(6):
        length, direction = random.uniform(0.3, 2.0), random.uniform(0, math.tau)
        pull = math.tau / length
        height = 0.012 * length * random.uniform(0.5, 1.0)
        waves.append(
            (pull * math.sin(direction), pull * math.cos(direction), random.uniform(0, math.tau), height)
        )
    return tuple(waves)
