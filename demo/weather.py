"""Texas weather, near enough to drive the demo's usage. The same day has the same weather every time."""

from __future__ import annotations

import math
import random
from datetime import date
from functools import cache, lru_cache

# TDSP's slug -> mean of the year and half the difference of its seasons, degrees Fahrenheit.
_CLIMATE = {"oncor": (66, 20), "centerpoint": (70, 16), "aep-central": (74, 14), "aep-north": (64, 20)}
_HOTTEST_DAY = 207  # of the year
_HALF_A_DAY = 10  # degrees between the day's mean and its hottest quarter hour
_MEMORY = (1.0, 0.75, 0.5, 0.3)  # how much of yesterday's weather stays today


@lru_cache(maxsize=1024)
def temperatures(place: str, day: date) -> list[float]:
    """Degrees Fahrenheit in each of a plain day's 96 quarter hours; a front comes and stays for days."""
    mean, swing = _CLIMATE[place]
    season = mean + swing * math.cos(2 * math.pi * (day.timetuple().tm_yday - _HOTTEST_DAY) / 365.25)
    front = sum(part * _luck(place, day.toordinal() - ago) for ago, part in enumerate(_MEMORY))
    return [season + 5 * front - _HALF_A_DAY * math.cos(2 * math.pi * (slot - 16) / 96) for slot in range(96)]


def sunshine(place: str, day: date) -> list[float]:
    """The part of a solar panel's power that each of a plain day's 96 quarter hours gives, 0 to 1, clock time."""
    season = math.cos(2 * math.pi * (day.timetuple().tm_yday - 172) / 365.25)
    hours = 12.1 + 1.9 * season
    noon = 13.4 if 70 < day.timetuple().tm_yday < 308 else 12.4  # the clock's noon is not the sun's
    clouds = min(1.0, 0.82 + 0.25 * _luck(f"{place} clouds", day.toordinal()))
    height = 0.74 + 0.14 * season
    sun = []
    for slot in range(96):
        angle = math.pi * ((slot / 4 - noon) / hours + 0.5)
        sun.append(max(0.0, height * max(clouds, 0.15) * math.sin(angle)) if 0 < angle < math.pi else 0.0)
    return sun


@cache
def _luck(what: str, number: int) -> float:
    return random.Random(f"{what}:{number}").gauss(0, 1)
