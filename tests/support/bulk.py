"""Files of bulk invitations, as companies' programs and spreadsheets write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from agreements.bulk.actions import BulkDefaults, read_bulk, send_bulk
from agreements.bulk.files import read_table
from agreements.models import BulkInvitation
from meters.models import Meter
from tests.factories import MeterFactory

HEADER = (
    "ESIID", "METER_NUMBER", "REGISTERED", "CUSTOMER_TYPE", "EMAIL", "FIRST_NAME", "LAST_NAME", "STREET", "CITY",
    "STATE", "ZIP", "LANGUAGE", "EXTERNAL_ID",
)  # fmt: skip
CONTACT = {
    "contact_name": "James Wilson",
    "contact_phone": "512-555-0101",
    "contact_email": "james@green-energy.example",
}
DEFAULTS = BulkDefaults("interval", "3m")


def bulk_row(meter: Meter | None = None, number: int = 0, **changes: str) -> dict[str, str]:
    """The row of an unregistered customer; without a meter, of one that is nowhere on record."""
    row = {
        "ESIID": meter.premise.esiid if meter else f"1044372{9_000_000_000 + number}",
        "METER_NUMBER": meter.number if meter else "104999999",
        "REGISTERED": "no",
        "CUSTOMER_TYPE": "residential",
        "EMAIL": f"customer{number}@example.net",
        "FIRST_NAME": "Rosa",
        "LAST_NAME": "Delgado",
        "STREET": f"{number + 1} Boxwood Drive",
        "CITY": "Baytown",
        "STATE": "TX",
        "ZIP": "77520",
        "LANGUAGE": "es",
        "EXTERNAL_ID": f"deal-{number}",
    }
    return row | changes


def good_rows(count: int) -> list[dict[str, str]]:
    """Rows of as many customers with a meter each."""
    return [bulk_row(MeterFactory(), number) for number in range(count)]


def bulk_csv(rows: Sequence[dict[str, str]], **options: Any) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(dict.fromkeys([*HEADER, *(name for row in rows for name in row)])), **options)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def upload(user: User, rows: Sequence[dict[str, str]], **details: Any) -> BulkInvitation:
    return read_bulk(read_table(bulk_csv(rows)), DEFAULTS, by=user, **details)


def upload_and_send(user: User, rows: Sequence[dict[str, str]], **details: Any) -> BulkInvitation:
    bulk = upload(user, rows, **details)
    send_bulk(bulk, CONTACT, by=user, **details)
    bulk.refresh_from_db()
    return bulk


def outcomes(bulk: BulkInvitation) -> list[tuple[str, str]]:
    """State and code of each row, in the order of the file."""
    return list(bulk.rows.order_by("number").values_list("state", "code"))
