"""Load the demo into an empty database in one transaction."""

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
from demo import bulk_files, claims, companies, data_files, notices, programs, stories
from demo.neighborhood import UTILITIES, DemoPremise, neighborhood
from demo.people import BLUEBONNET, People
from demo.providers import OF_RESIDENTS, certificate_number, create_providers
from demo.usage import add_usage, copy_usage
from lib.central_time import central_day, utc_or_now
from meters.models import Meter, Premise, Tdsp, UsageDay
from reports import actions as reports

PREMISES = 320
WITHOUT_PROVIDER = {"pham", "hartman"}  # so that a claim waits for the TDSP
DAYS = 430
_LOCK = 0x534D5444  # "SMTD": two loads at once make one demo


class LoadOutcome(Enum):
    LOADED = auto()
    ALREADY_LOADED = auto()  # only usage of the days since then was added
    OTHER_DATA = auto()  # the database is in use: nothing was done


@dataclass(frozen=True)
class LoadedDemo:
    """The outcome, and how many rows were made."""

    outcome: LoadOutcome
    premises: int = 0
    usage_rows: int = 0
    agreements: int = 0


def is_loaded() -> bool:
    return Company.objects.filter(duns=BLUEBONNET.duns).exists()


def has_other_data() -> bool:
    return any(model.objects.exists() for model in (Premise, Company, Customer, User, Agreement))


def load_demo(
    *, premises: int = PREMISES, days: int = DAYS, force: bool = False, at: datetime | None = None
) -> LoadedDemo:
    """Load the demo as of `at` (default: now), with usage of the `days` before, unless it or other data exists.

    There are at least the premises that the stories need. `force` adds the demo to other data. An interrupted load
    leaves nothing behind. An existing demo only gets usage of the days that have passed since.
    """
    if is_loaded():
        return LoadedDemo(LoadOutcome.ALREADY_LOADED, usage_rows=add_recent_usage(premises, days, utc_or_now(at)))
    if has_other_data() and not force:
        return LoadedDemo(LoadOutcome.OTHER_DATA)
    reports.generate_due_reports()  # with --force: existing ones, because the stories date their reports back
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if is_loaded():
            return LoadedDemo(LoadOutcome.ALREADY_LOADED)
        now = utc_or_now(at)
        today = central_day(now)
        places = neighborhood(premises, today)
        rows = copy_usage(create_premises(places), today - timedelta(days=days), today - timedelta(days=1))
        named = {place.key: place for place in places if place.key}
        people = People(now)
        people.create_all({key: Premise.objects.get(esiid=place.esiid) for key, place in named.items()})
        create_providers()
        companies.write_histories(people, now)
        agreement_count = len(stories.play_stories(people, named, now))
        agreement_count += bulk_files.send_bulk_file(people, named, now)
        claims.play_claims(people, named, now)
        stories.start_request(people, named, now)
        notices.publish_notices(people, now)
        data_files.load_files(people, named, now)
        companies.choose_emails(people, now)
        programs.add_programs(people, now)
    return LoadedDemo(LoadOutcome.LOADED, len(places), rows, agreement_count)


def add_recent_usage(premises: int, days: int, now: datetime) -> int:
    """Add usage up to yesterday to an older demo; return the rows added."""
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


def create_premises(places: list[DemoPremise]) -> dict[int, DemoPremise]:
    """Create the TDSPs, premises and meters; return the places by premise id."""
    tdsps = {
        utility: Tdsp.objects.get_or_create(
            duns=utility.duns,
            defaults={"name": utility.name, "contact_phone": utility.phone, "website": utility.website},
        )[0]
        for utility in UTILITIES
    }
    kinds = {True: "Small Non-Residential", False: "Residential"}
    premises = Premise.objects.bulk_create(
        Premise(
            esiid=place.esiid,
            tdsp=tdsps[place.utility],
            address=place.address,
            address_overflow=place.address_overflow,
            city=place.city,
            zip_code=place.zip_code,
            county=place.county,
            premise_type=kinds[place.is_business],
            polr_customer_class=kinds[place.is_business],
            power_region="ERCOT",
            metered="Y",
            settlement_ams_indicator="Y",
            tdsp_ams_indicator="AMSR",
            switch_hold_indicator="N",
            service_since=place.service_since,
            provider_number="" if place.key in WITHOUT_PROVIDER else certificate_number(OF_RESIDENTS),
        )
        for place in places
    )
    by_id = {premise.pk: place for premise, place in zip(premises, places, strict=True)}
    meters = []
    for premise_id, place in by_id.items():
        meters.append(Meter(premise_id=premise_id, number=place.meter, installed_on=place.meter_since))
        if place.former_meter:
            meters.append(Meter(premise_id=premise_id, number=place.former_meter, removed_on=place.meter_since))
    Meter.objects.bulk_create(meters)
    return by_id
