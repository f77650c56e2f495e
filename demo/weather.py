"""Plausible Texas weather for the demo's usage. A day has the same weather in every run."""

from __future__ import annotations

import math
import random
from datetime import date
from functools import cache, lru_cache

# TDSP's slug -> yearly mean and seasonal amplitude, degrees Fahrenheit.
_CLIMATE = {"oncor": (66, 20), "centerpoint": (70, 16), "aep-central": (74, 14), "aep-north": (64, 20)}
_HOTTEST_DAY = 207  # of the year
_DAILY_AMPLITUDE = 10  # degrees
_MEMORY = (1.0, 0.75, 0.5, 0.3)  # the weight of today's and the past days' deviations


@lru_cache(maxsize=1024)
def temperatures(utility: str, day: date) -> list[float]:
    """Return degrees Fahrenheit in each of 96 quarter hours; fronts last for days."""
    mean, swing = _CLIMATE[utility]
    season = mean + swing * math.cos(2 * math.pi * (day.timetuple().tm_yday - _HOTTEST_DAY) / 365.25)
    front = sum(weight * _deviation(utility, day.toordinal() - ago) for ago, weight in enumerate(_MEMORY))
    return [season + 5 * front - _DAILY_AMPLITUDE * math.cos(2 * math.pi * (slot - 16) / 96) for slot in range(96)]


def sunshine(utility: str, day: date) -> list[float]:
    """Return the share of a solar panel's power, 0 to 1, in each of 96 quarter hours of clock time."""
    season = math.cos(2 * math.pi * (day.timetuple().tm_yday - 172) / 365.25)
    hours = 12.1 + 1.9 * season
    noon = (
        13.4 if 70 < day.timetuple().tm_yday < 308 else 12.4
    )  # solar noon on the clock, with daylight saving time or not
    clouds = min(1.0, 0.82 + 0.25 * _deviation(f"{utility} clouds", day.toordinal()))
    height = 0.74 + 0.14 * season
    sun = []
    for slot in range(96):
        angle = math.pi * ((slot / 4 - noon) / hours + 0.5)
        sun.append(max(0.0, height * max(clouds, 0.15) * math.sin(angle)) if 0 < angle < math.pi else 0.0)
    return sun


@cache
def _deviation(name: str, day: int) -> float:
    return random.Random(f"{name}:{day}").gauss(0, 1)
