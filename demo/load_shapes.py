"""How a kind of home or business uses electricity through a day: habits by the hour, heating and cooling by weather."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from demo.weather import sunshine, temperatures
from meters.usage.days import slots_on

COMFORT = (57, 75)  # degrees between which nobody heats or cools


class Kind(NamedTuple):
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
KINDS: dict[str, Kind] = {
    "family": Kind(
        _hours("32 28 26 26 27 38 78 92 60 45 42 44",
               "48 44 45 62 80 115 150 160 142 110 75 45"),
        _hours("38 32 28 27 27 30 42 62 92 105 98 96",
               "102 92 85 86 98 118 138 145 135 112 82 52"),
        118, 30,
    ),
    "couple": Kind(
        _hours("22 19 18 18 20 36 66 52 36 40 46 58",
               "62 46 40 38 48 70 92 86 72 58 40 28"),
        _hours("22 19 18 18 20 28 46 62 66 58 52 62",
               "66 50 44 42 52 72 90 86 72 60 42 28"),
        95, 26,
    ),
    "home_office": Kind(
        _hours("34 30 28 28 30 40 68 86 92 90 88 94",
               "98 88 86 84 86 104 128 126 108 84 60 42"),
        _hours("36 30 28 28 28 32 44 62 80 82 78 80",
               "84 76 72 74 84 104 122 120 104 84 62 44"),
        112, 28,
    ),
    "all_electric": Kind(
        _hours("36 32 30 30 36 88 150 120 66 52 50 52",
               "56 50 52 66 92 138 172 165 140 118 82 50"),
        _hours("40 34 31 30 32 46 82 122 140 112 98 98",
               "104 94 88 90 106 134 160 156 138 116 86 56"),
        124, 150,
    ),
    "night_shift": Kind(
        _hours("30 26 24 24 24 28 66 98 82 48 36 30",
               "28 28 30 46 84 112 118 92 60 48 40 34"),
        _hours("60 50 40 32 30 30 34 40 48 60 72 82",
               "88 80 76 78 88 108 124 128 122 110 94 76"),
        100, 60,
    ),
    "office": Kind(
        _hours("150 145 145 145 150 180 320 620 900 1000 1020 1000",
               "960 1000 1010 980 900 680 420 300 240 200 170 155"),
        _hours("145 142 142 142 142 145 150 170 200 220 225 225",
               "220 215 210 200 185 170 160 155 150 148 146 145"),
        310, 90,
    ),
    "shop": Kind(
        _hours("120 118 118 118 120 130 160 240 420 640 700 710",
               "715 715 710 710 720 735 740 720 560 300 160 125"),
        _hours("120 118 118 118 120 126 150 220 400 660 730 745",
               "750 750 745 740 740 735 720 640 420 220 140 122"),
        240, 70,
    ),
    "restaurant": Kind(
        _hours("260 220 210 205 205 215 260 360 520 820 1250 1500",
               "1480 1200 980 960 1180 1520 1680 1620 1380 980 560 340"),
        _hours("300 240 215 208 206 212 250 340 540 880 1340 1600",
               "1620 1460 1240 1180 1350 1680 1820 1760 1540 1160 720 420"),
        260, 80,
    ),
    "bakery": Kind(
        _hours("260 420 900 1450 1720 1760 1640 1400 1180 1020 900 820",
               "720 600 460 340 260 220 200 195 190 190 195 210"),
        _hours("300 520 1050 1580 1800 1840 1760 1560 1320 1120 960 840",
               "700 520 360 260 220 205 198 192 190 190 192 205"),
        190, 20,
    ),
    "church": Kind(
        _hours("55 55 55 55 55 58 66 90 140 160 160 155",
               "150 150 145 130 120 140 260 280 210 110 65 56"),
        _hours("55 55 55 55 55 60 95 260 720 940 960 820",
               "520 240 150 130 140 260 380 320 180 90 62 56"),
        280, 130,
    ),
}  # fmt: skip


def on_the_clock(plain: list[int], slots: int) -> list[int]:
    """A plain day's 96 values on a day of 92 (two o'clock is left out), 96 or 100 (one o'clock comes twice) slots."""
    if slots == 92:
        return plain[:8] + plain[12:]
    if slots == 100:
        return plain[:8] + plain[4:]
    return plain


@lru_cache(maxsize=1024)
def usual_day(kind: str, place: str, day: date) -> list[int]:
    """Watt-hours in each quarter hour of `day` at an average home or business of `kind` in the TDSP `place`."""
    cooling, heating = KINDS[kind].cooling, KINDS[kind].heating
    cool, warm = COMFORT
    plain = [
        int(
            watts + cooling * (degrees - warm)
            if degrees > warm
            else watts + heating * (cool - degrees)
            if degrees < cool
            else watts
        )
        >> 2
        for watts, degrees in zip(_habits(kind, day.weekday() >= 5), temperatures(place, day), strict=True)
    ]
    return on_the_clock(plain, slots_on(day))


@cache
def _habits(kind: str, is_weekend: bool) -> list[int]:
    """Watts in each of a plain day's 96 quarter hours, whatever the weather."""
    hours = KINDS[kind].weekend if is_weekend else KINDS[kind].workday
    following = hours[1:] + hours[:1]
    return [
        now + (then - now) * quarter // 4 for now, then in zip(hours, following, strict=True) for quarter in range(4)
    ]


@lru_cache(maxsize=1024)
def solar_day(place: str, day: date) -> list[int]:
    """Watt-hours in each quarter hour of `day` from one kilowatt of panels."""
    return on_the_clock([int(part * 250) for part in sunshine(place, day)], slots_on(day))
