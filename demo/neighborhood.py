"""The demo's four TDSPs, premises and meters, as data without a database."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from typing import Any

SEED = 20120925


@dataclass(frozen=True)
class Utility:
    """A TDSP; `towns` are (city, county, ZIP code), `share` is its percentage of the demo's premises."""

    slug: str
    name: str
    duns: str
    phone: str
    website: str
    esiid_prefix: str
    esiid_length: int
    share: int
    towns: tuple[tuple[str, str, str], ...]


ONCOR = Utility(
    "oncor",
    "Oncor Electric Delivery",
    "1039940674000",
    "888-313-4747",
    "https://www.oncor.com",
    "1044372",
    17,
    40,
    (
        ("SUNNYVALE", "DALLAS", "75182"),
        ("DALLAS", "DALLAS", "75214"),
        ("PLANO", "COLLIN", "75023"),
        ("ARLINGTON", "TARRANT", "76010"),
        ("WACO", "MCLENNAN", "76710"),
        ("ROUND ROCK", "WILLIAMSON", "78664"),
        ("MIDLAND", "MIDLAND", "79701"),
    ),
)
CENTERPOINT = Utility(
    "centerpoint",
    "CenterPoint Energy Houston Electric",
    "957877905",
    "713-207-2222",
    "https://www.centerpointenergy.com",
    "1008901",
    22,
    30,
    (
        ("HOUSTON", "HARRIS", "77008"),
        ("BAYTOWN", "HARRIS", "77520"),
        ("PASADENA", "HARRIS", "77502"),
        ("SUGAR LAND", "FORT BEND", "77478"),
        ("KATY", "HARRIS", "77449"),
    ),
)
AEP_CENTRAL = Utility(
    "aep-central",
    "AEP Texas Central",
    "007924772",
    "877-373-4858",
    "https://www.aeptexas.com",
    "1003278",
    17,
    18,
    (
        ("CORPUS CHRISTI", "NUECES", "78412"),
        ("MCALLEN", "HIDALGO", "78501"),
        ("LAREDO", "WEBB", "78041"),
        ("VICTORIA", "VICTORIA", "77901"),
    ),
)
AEP_NORTH = Utility(
    "aep-north",
    "AEP Texas North",
    "007923311",
    "877-373-4858",
    "https://www.aeptexas.com",
    "1020404",
    17,
    12,
    (("ABILENE", "TAYLOR", "79605"), ("SAN ANGELO", "TOM GREEN", "76904"), ("VERNON", "WILBARGER", "76384")),
)
UTILITIES = (ONCOR, CENTERPOINT, AEP_CENTRAL, AEP_NORTH)


class UsageQuirk(Enum):
    """Something unusual about a premise's usage."""

    ORDINARY = auto()
    NO_USAGE = auto()
    THREE_DAY_GAP = auto()
    ESTIMATED_WEEK = auto()
    GAP_AND_ESTIMATES = auto()


@dataclass(frozen=True)
class DemoPremise:
    """A premise with its meter. `kind` is a key of LOAD_SHAPES, `scale` its size relative to that shape.

    People and stories refer to it by `key`; an ordinary neighbor has none.
    """

    key: str
    utility: Utility
    esiid: str
    meter: str
    address: str
    city: str
    county: str
    zip_code: str
    kind: str = "family"
    scale: float = 1.0
    solar_kw: float = 0.0
    address_overflow: str = ""
    service_since: date | None = None
    meter_since: date | None = None
    former_meter: str = ""
    quirk: UsageQuirk = UsageQuirk.ORDINARY

    @property
    def is_business(self) -> bool:
        return self.kind in BUSINESSES


HOMES = ("family", "family", "couple", "home_office", "all_electric", "night_shift")
BUSINESSES = ("office", "shop", "restaurant", "bakery", "church")

_STREETS = (
    "BOXWOOD DR", "N OLIVE ST", "PECAN GROVE LN", "LIVE OAK BLVD", "MOCKINGBIRD LN", "BLUEBONNET TRL", "MESQUITE RD",
    "W 5TH ST", "MAGNOLIA AVE", "COTTONWOOD CT", "SAM HOUSTON PKWY", "RANCH ROAD 620", "CYPRESS CREEK DR",
    "LONE STAR CIR", "CRAPE MYRTLE WAY", "S CONGRESS AVE", "JUNIPER ST", "PALO DURO DR", "GALVESTON ST", "RIO GRANDE",
)  # fmt: skip


def neighborhood(premises: int, today: date) -> list[DemoPremise]:
    """Return the same places every time: those the stories need, then neighbors until there are `premises`."""
    dice = random.Random(SEED)
    places = []
    for number, options in enumerate(_NAMED):
        details = {"town": 0, "service_days": 0, "meter_days": 0} | options
        town, service_days, meter_days = (details.pop(name) for name in ("town", "service_days", "meter_days"))
        city, county, zip_code = details["utility"].towns[town]
        places.append(
            DemoPremise(
                esiid=_esiid(details["utility"], number),
                meter=_meter(details["utility"], number),
                city=city,
                county=county,
                zip_code=zip_code,
                service_since=today - timedelta(days=service_days) if service_days else None,
                meter_since=today - timedelta(days=meter_days) if meter_days else None,
                former_meter=str(98_000_000 + number * 101) if meter_days else "",
                **details,
            )
        )
    homes = 0
    for number in range(len(places), premises):
        utility = dice.choices(UTILITIES, [utility.share for utility in UTILITIES])[0]
        city, county, zip_code = dice.choice(utility.towns)
        is_home = dice.random() < 0.85
        homes += is_home
        places.append(
            DemoPremise(
                key=f"neighbor {homes}" if is_home else "",
                utility=utility,
                esiid=_esiid(utility, number),
                meter=_meter(utility, number),
                address=f"{dice.randrange(100, 9900)} {dice.choice(_STREETS)}",
                city=city,
                county=county,
                zip_code=zip_code,
                kind=dice.choice(HOMES if is_home else BUSINESSES),
                scale=round(dice.uniform(0.6, 1.5) if is_home else dice.uniform(0.5, 2.5), 2),
                solar_kw=round(dice.uniform(4, 10), 1) if is_home and dice.random() < 0.11 else 0.0,
                address_overflow=f"APT {dice.randrange(1, 40)}" if is_home and dice.random() < 0.15 else "",
            )
        )
    return places


def _esiid(utility: Utility, number: int) -> str:
    # Pages show an ESIID's last seven digits (E1), so they differ everywhere.
    body = 2_400_000 + number * 1_387
    return utility.esiid_prefix + str(body).zfill(utility.esiid_length - len(utility.esiid_prefix))


def _meter(utility: Utility, number: int) -> str:
    digits = 104_051_000 + number * 7_919
    return f"{digits}LG" if utility is ONCOR and number % 4 == 3 else str(digits)


_NAMED: tuple[dict[str, Any], ...] = (
    # Without requests, to be tried.
    {"key": "delgado house", "utility": ONCOR, "address": "400 N OLIVE ST", "kind": "all_electric", "solar_kw": 7.2},
    {"key": "delgado casita", "utility": ONCOR, "address": "400 N OLIVE ST", "address_overflow": "UNIT B",
     "scale": 0.5},
    {"key": "empty lot", "utility": CENTERPOINT, "address": "206 BOXWOOD DR", "town": 1, "quirk": UsageQuirk.NO_USAGE},
    # Of registered customers.
    {"key": "whitfield", "utility": CENTERPOINT, "address": "1817 HARVARD ST", "kind": "home_office", "solar_kw": 5.6},
    {"key": "garza", "utility": AEP_CENTRAL, "address": "912 N 23RD ST", "town": 1, "kind": "family"},
    {"key": "bakery", "utility": ONCOR, "address": "218 E MAIN ST", "town": 5, "kind": "bakery"},
    {"key": "bakery cafe", "utility": ONCOR, "address": "218 E MAIN ST", "address_overflow": "STE 2", "town": 5,
     "kind": "restaurant", "quirk": UsageQuirk.GAP_AND_ESTIMATES},
    {"key": "bakery store", "utility": ONCOR, "address": "4400 GATTIS SCHOOL RD", "town": 5, "kind": "shop",
     "scale": 0.7},
    # Of customers without an account.
    {"key": "okafor", "utility": CENTERPOINT, "address": "5210 BELLAIRE BLVD", "kind": "family", "scale": 1.2},
    {"key": "lindqvist", "utility": ONCOR, "address": "7305 LAKEWOOD BLVD", "town": 1, "kind": "couple"},
    {"key": "gap", "utility": AEP_NORTH, "address": "3318 BUFFALO GAP RD", "kind": "all_electric",
     "quirk": UsageQuirk.THREE_DAY_GAP},
    {"key": "vacant cottage", "utility": AEP_CENTRAL, "address": "15 GULF BREEZE LN", "quirk": UsageQuirk.NO_USAGE},
    {"key": "church", "utility": AEP_NORTH, "address": "600 BUTTERNUT ST", "kind": "church"},
    {"key": "pham", "utility": CENTERPOINT, "address": "14411 KEENAN CIR", "town": 3, "kind": "family"},
    {"key": "mistyped", "utility": ONCOR, "address": "2209 SPRING CREEK PKWY", "town": 2, "kind": "couple"},
    {"key": "new tenant", "utility": ONCOR, "address": "1122 AVENUE D", "town": 3, "kind": "night_shift",
     "service_days": 92},
    {"key": "castillo", "utility": AEP_CENTRAL, "address": "4020 OCEAN DR", "kind": "all_electric", "solar_kw": 8.4},
    {"key": "estimated week", "utility": CENTERPOINT, "address": "9600 LONG POINT RD", "kind": "shop",
     "quirk": UsageQuirk.ESTIMATED_WEEK},
    {"key": "exchanged meter", "utility": AEP_NORTH, "address": "2518 SHERWOOD WAY", "town": 1, "kind": "office",
     "meter_days": 150},
    {"key": "barbecue", "utility": ONCOR, "address": "101 FRANKLIN AVE", "town": 4, "kind": "restaurant"},
    {"key": "hartman", "utility": ONCOR, "address": "3 STARDUST CT", "town": 6, "kind": "couple", "scale": 0.8},
    {"key": "refused", "utility": CENTERPOINT, "address": "2207 AVENUE L", "town": 2, "kind": "family"},
    {"key": "bounced", "utility": AEP_NORTH, "address": "440 PINE ST", "kind": "couple"},
    {"key": "failed", "utility": AEP_CENTRAL, "address": "77 SHORELINE BLVD", "kind": "family"},
    # Of a registered customer, and too new for readings.
    {"key": "bakery kiosk", "utility": ONCOR, "address": "705 S AUSTIN AVE", "town": 5, "kind": "shop",
     "quirk": UsageQuirk.NO_USAGE},
    # Asked with a bulk file.
    {"key": "alvarado", "utility": ONCOR, "address": "8814 SAN BENITO WAY", "town": 1, "kind": "family"},
    {"key": "nakamura", "utility": CENTERPOINT, "address": "4019 MEYERWOOD DR", "kind": "home_office"},
    {"key": "freeman", "utility": ONCOR, "address": "515 W PARK BLVD", "town": 2, "kind": "all_electric"},
)  # fmt: skip
