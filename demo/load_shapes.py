"""The daily load shapes of homes and businesses: watts by the hour, and heating and cooling by the weather."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from demo.weather import sunshine, temperatures
from meters.usage.days import slots_on

COMFORT = (57, 75)  # degrees Fahrenheit without heating or cooling


class LoadShape(NamedTuple):
    """Watts by the hour on working days and on Saturdays and Sundays, and watts per degree of cooling and heating."""

    workday: tuple[int, ...]
    weekend: tuple[int, ...]
    cooling: int
    heating: int


def _hours(morning: str, afternoon: str) -> tuple[int, ...]:
    hours = tuple(int(word) * 10 for word in f"{morning} {afternoon}".split())
    assert len(hours) == 24
    return hours


# Tens of watts, midnight to midnight.
LOAD_SHAPES: dict[str, LoadShape] = {
    "family": LoadShape(
        _hours("32 28 26 26 27 38 78 92 60 45 42 44",
               "48 44 45 62 80 115 150 160 142 110 75 45"),
        _hours("38 32 28 27 27 30 42 62 92 105 98 96",
               "102 92 85 86 98 118 138 145 135 112 82 52"),
        118, 30,
    ),
    "couple": LoadShape(
        _hours("22 19 18 18 20 36 66 52 36 40 46 58",
               "62 46 40 38 48 70 92 86 72 58 40 28"),
        _hours("22 19 18 18 20 28 46 62 66 58 52 62",
               "66 50 44 42 52 72 90 86 72 60 42 28"),
        95, 26,
    ),
    "home_office": LoadShape(
        _hours("34 30 28 28 30 40 68 86 92 90 88 94",
               "98 88 86 84 86 104 128 126 108 84 60 42"),
        _hours("36 30 28 28 28 32 44 62 80 82 78 80",
               "84 76 72 74 84 104 122 120 104 84 62 44"),
        112, 28,
    ),
    "all_electric": LoadShape(
        _hours("36 32 30 30 36 88 150 120 66 52 50 52",
               "56 50 52 66 92 138 172 165 140 118 82 50"),
        _hours("40 34 31 30 32 46 82 122 140 112 98 98",
               "104 94 88 90 106 134 160 156 138 116 86 56"),
        124, 150,
    ),
    "night_shift": LoadShape(
        _hours("30 26 24 24 24 28 66 98 82 48 36 30",
               "28 28 30 46 84 112 118 92 60 48 40 34"),
        _hours("60 50 40 32 30 30 34 40 48 60 72 82",
               "88 80 76 78 88 108 124 128 122 110 94 76"),
        100, 60,
    ),
    "office": LoadShape(
        _hours("150 145 145 145 150 180 320 620 900 1000 1020 1000",
               "960 1000 1010 980 900 680 420 300 240 200 170 155"),
        _hours("145 142 142 142 142 145 150 170 200 220 225 225",
               "220 215 210 200 185 170 160 155 150 148 146 145"),
        310, 90,
    ),
    "shop": LoadShape(
        _hours("120 118 118 118 120 130 160 240 420 640 700 710",
               "715 715 710 710 720 735 740 720 560 300 160 125"),
        _hours("120 118 118 118 120 126 150 220 400 660 730 745",
               "750 750 745 740 740 735 720 640 420 220 140 122"),
        240, 70,
    ),
    "restaurant": LoadShape(
        _hours("260 220 210 205 205 215 260 360 520 820 1250 1500",
               "1480 1200 980 960 1180 1520 1680 1620 1380 980 560 340"),
        _hours("300 240 215 208 206 212 250 340 540 880 1340 1600",
               "1620 1460 1240 1180 1350 1680 1820 1760 1540 1160 720 420"),
        260, 80,
    ),
    "bakery": LoadShape(
        _hours("260 420 900 1450 1720 1760 1640 1400 1180 1020 900 820",
               "720 600 460 340 260 220 200 195 190 190 195 210"),
        _hours("300 520 1050 1580 1800 1840 1760 1560 1320 1120 960 840",
               "700 520 360 260 220 205 198 192 190 190 192 205"),
        190, 20,
    ),
    "church": LoadShape(
        _hours("55 55 55 55 55 58 66 90 140 160 160 155",
               "150 150 145 130 120 140 260 280 210 110 65 56"),
        _hours("55 55 55 55 55 60 95 260 720 940 960 820",
               "520 240 150 130 140 260 380 320 180 90 62 56"),
        280, 130,
    ),
}  # fmt: skip


def fit_to_slots(ordinary: list[int], slots: int) -> list[int]:
    """Fit 96 values to a day of 92 slots (without two o'clock), 96 or 100 (with one o'clock twice)."""
    if slots == 92:
        return ordinary[:8] + ordinary[12:]
    if slots == 100:
        return ordinary[:8] + ordinary[4:]
    return ordinary


@lru_cache(maxsize=1024)
def typical_day(kind: str, utility: str, day: date) -> list[int]:
    """Return the watt-hours in each quarter hour of `day` at an average home or business, at the TDSP `utility`."""
    shape = LOAD_SHAPES[kind]
    hours = shape.weekend if day.weekday() >= 5 else shape.workday
    watts_by_quarter = [
        now + (then - now) * quarter // 4
        for now, then in zip(hours, hours[1:] + hours[:1], strict=True)
        for quarter in range(4)
    ]
    cold, hot = COMFORT
    ordinary = []
    for watts, degrees in zip(watts_by_quarter, temperatures(utility, day), strict=True):
        weather = shape.cooling * max(degrees - hot, 0) + shape.heating * max(cold - degrees, 0)
        ordinary.append(int(watts + weather) >> 2)
    return fit_to_slots(ordinary, slots_on(day))


@lru_cache(maxsize=1024)
def solar_day(utility: str, day: date) -> list[int]:
    """Return the watt-hours in each quarter hour of `day` from one kilowatt of panels."""
    return fit_to_slots([int(share * 250) for share in sunshine(utility, day)], slots_on(day))
