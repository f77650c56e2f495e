"""Bring the demo into an empty database: all of it in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import connection, transaction
from django.db.models import Count

from accounts.models import User
from agreements.models import Agreement
from companies.models import Company
from customers.models import Customer
from demo import companies, stories
from demo.neighborhood import UTILITIES, Place, neighborhood
from demo.people import BLUEBONNET, People
from demo.usage import add_usage, copy_usage
from lib.central_time import central_day, utc_or_now
from meters.models import Meter, Premise, Tdsp, UsageDay
from reports import actions as reports

PREMISES = 320
DAYS = 430
_LOCK = 0x534D5444  # "SMTD": two loads at once make one demo


class Outcome(Enum):
    LOADED = auto()
    WAS_THERE = auto()  # at most the days since then got their usage
    OTHER_DATA = auto()  # a database in use: nothing was done


@dataclass(frozen=True)
class Loaded:
    """What became of a load, and how many it made."""

    outcome: Outcome
    premises: int = 0
    usage_rows: int = 0
    agreements: int = 0


def is_there() -> bool:
    return Company.objects.filter(duns=BLUEBONNET.duns).exists()


def has_other_data() -> bool:
    return any(model.objects.exists() for model in (Premise, Company, Customer, User, Agreement))


def load(*, premises: int = PREMISES, days: int = DAYS, force: bool = False, at: datetime | None = None) -> Loaded:
    """Make the demo as of `at` (default: now), with usage of the `days` before, unless it or other data is there.

    `premises` counts at least those that the stories need. `force` adds the demo to other data. A load that is stopped
    leaves nothing behind. A demo that is there gets usage for the days that have passed since, and nothing else.
    """
    if is_there():
        return Loaded(Outcome.WAS_THERE, usage_rows=_catch_up(premises, days, utc_or_now(at)))
    if has_other_data() and not force:
        return Loaded(Outcome.OTHER_DATA)
    reports.generate_due_reports()  # other people's, with --force: the stories make reports with dates of the past
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        return Loaded(Outcome.WAS_THERE) if is_there() else _load(premises, days, utc_or_now(at))


def _catch_up(premises: int, days: int, now: datetime) -> int:
    """Usage up to yesterday for a demo of an earlier day: a report of yesterday's usage should have some."""
    today = central_day(now)
    places = {place.esiid: place for place in neighborhood(premises, today)}
    ids = dict(Premise.objects.filter(esiid__in=places).values_list("pk", "esiid"))
    usage = UsageDay.objects.filter(premise_id__in=ids, day__gte=today - timedelta(days=days))
    latest = usage.values("day").annotate(rows=Count("day")).filter(rows__gt=len(ids) // 2).order_by("-day").first()
    first_day = latest["day"] + timedelta(days=1) if latest else today - timedelta(days=days)
    yesterday = today - timedelta(days=1)
    if first_day > yesterday:
        return 0
    return add_usage({premise_id: places[esiid] for premise_id, esiid in ids.items()}, first_day, yesterday)


def _load(premises: int, days: int, now: datetime) -> Loaded:
    today = central_day(now)
    places = neighborhood(premises, today)
    by_id = _build(places)
    rows = copy_usage(by_id, today - timedelta(days=days), today - timedelta(days=1))
    people = People(now)
    people.settle({place.key: Premise.objects.get(esiid=place.esiid) for place in places if place.key})
    companies.live(people, now)
    agreements = stories.live(people, {place.key: place for place in places if place.key}, now)
    return Loaded(Outcome.LOADED, len(places), rows, len(agreements))


def _build(places: list[Place]) -> dict[int, Place]:
    """The TDSPs, premises and meters in the database; premise id -> place."""
    tdsps = {
        utility: Tdsp.objects.get_or_create(
            duns=utility.duns,
            defaults={"name": utility.name, "contact_phone": utility.phone, "website": utility.website},
        )[0]
        for utility in UTILITIES
    }
    made = Premise.objects.bulk_create([_premise(place, tdsps[place.utility]) for place in places])
    by_id = {premise.pk: place for premise, place in zip(made, places, strict=True)}
    meters = []
    for premise_id, place in by_id.items():
        meters.append(Meter(premise_id=premise_id, number=place.meter, installed_on=place.meter_since))
        if place.former_meter:
            meters.append(Meter(premise_id=premise_id, number=place.former_meter, removed_on=place.meter_since))
    Meter.objects.bulk_create(meters)
    return by_id


def _premise(place: Place, tdsp: Tdsp) -> Premise:
    kind = "Small Non-Residential" if place.is_business else "Residential"
    return Premise(
        esiid=place.esiid,
        tdsp=tdsp,
        address=place.address,
        address_overflow=place.address_overflow,
        city=place.city,
        zip_code=place.zip_code,
        county=place.county,
        premise_type=kind,
        polr_customer_class=kind,
        power_region="ERCOT",
        metered="Y",
        settlement_ams_indicator="Y",
        tdsp_ams_indicator="AMSR",
        switch_hold_indicator="N",
        service_since=place.service_since,
    )
