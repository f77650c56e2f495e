"""The demo's bulk file: Bluebonnet's requests to three new customers, and two rows that were refused (T14)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from agreements.bulk.actions import BulkDefaults, read_bulk, send_bulk
from agreements.bulk.files import FIELDS, table_of_rows
from agreements.bulk.sending import send_next_request
from agreements.models import BulkInvitation, ReportLength, ReportType
from demo.neighborhood import DemoPremise
from demo.people import BLUEBONNET, People, person_of
from demo.stories import Ago
from meters.identifiers import normalize_esiid

FILE_NAME = "spring-campaign.csv"
SENT = Ago(2, time(10, 40))
ASKED = ("alvarado", "nakamura", "freeman")


def send_bulk_file(people: People, places: dict[str, DemoPremise], now: datetime) -> int:
    """Read and send the file as of two days ago; return how many agreements it made."""
    assert BLUEBONNET.initiator
    profile, at = BLUEBONNET.initiator, SENT.resolve(now)
    user = people.users[profile.username]
    rows = [bulk_row(key, places[key]) for key in (*ASKED, "hartman", "church")]
    rows[3]["METER_NUMBER"] = rows[0]["METER_NUMBER"]  # matches no record of that ESIID
    rows[4]["EMAIL"] = ""
    defaults = BulkDefaults(ReportType.INTERVAL, ReportLength.ONE_YEAR)
    bulk = read_bulk(table_of_rows(rows), defaults, by=user, file_name=FILE_NAME, at=at)
    BulkInvitation.objects.filter(pk=bulk.pk).update(created_at=at - timedelta(minutes=4))
    contact = {
        "contact_name": f"{profile.first_name} {profile.last_name}",
        "contact_phone": profile.phone,
        "contact_email": profile.email,
    }
    send_bulk(bulk, contact, by=user, at=at)
    while send_next_request(bulk.pk, at=at + timedelta(seconds=3)):
        pass
    return bulk.counts()["created"]


def bulk_row(key: str, place: DemoPremise) -> dict[str, str]:
    """Return the row of a premise's customer as a spreadsheet has it."""
    kind, person = person_of(key, place)
    known = {name: str(getattr(person, field)) for name, field in FIELDS.items() if hasattr(person, field)}
    esiid = normalize_esiid(place.esiid) or ""
    return known | {
        "ESIID": esiid,
        "METER_NUMBER": place.meter,
        "REGISTERED": "no",
        "CUSTOMER_TYPE": str(kind.value),
        "EXTERNAL_ID": f"lead-{esiid[-4:]}",
    }
