"""The demo's user IDs and some meters to try, as a short text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from demo.loader import is_loaded
from demo.neighborhood import DemoPremise, neighborhood
from demo.people import (
    BAKERY,
    BLUEBONNET,
    DALE,
    GRACE,
    LINH,
    LONE_STAR,
    MARIA,
    OPERATOR,
    PASSWORD,
    PERMIAN,
    STAFF,
    VIVIAN,
)
from demo.providers import OF_RESIDENTS
from lib.central_time import CENTRAL


def format_logins() -> str:
    """Return the user IDs and examples of the demo, about twenty lines of at most 100 characters."""
    if not is_loaded():
        return "The demo is not in this database. To load it: manage.py load_demo"
    return "\n".join([f"Demo sign-ins, all with the password: {PASSWORD}", *_table(_logins()), "", *_examples()])


def _logins() -> Iterator[tuple[str, str, str]]:
    yield (
        BLUEBONNET.administrator.username,
        f"{BLUEBONNET.legal_name}",
        "create, download; users, API, a bulk file",
    )
    assert BLUEBONNET.viewer and BLUEBONNET.initiator and PERMIAN.viewer
    yield BLUEBONNET.viewer.username, "    can only view", "the same pages without the buttons"
    yield BLUEBONNET.initiator.username, "    can create, not download", ""
    yield PERMIAN.administrator.username, PERMIAN.legal_name, "a company without a privacy policy"
    yield PERMIAN.viewer.username, "    can only view", ""
    yield LONE_STAR.administrator.username, LONE_STAR.legal_name, "a company waiting for approval"
    yield GRACE.profile.username, "Grace Whitfield, customer", "solar usage, and who downloaded her report"
    yield MARIA.profile.username, "María Elena Garza, customer", "an open request, in Spanish"
    yield BAKERY.profile.username, f"{BAKERY.company_name}, customer", "open requests, four meters: gaps, no data"
    yield LINH.profile.username, "Linh Pham, customer", "a new meter waiting for CenterPoint"
    yield DALE.profile.username, "Dale Pruitt, customer", "a disputed meter"
    yield VIVIAN.profile.username, f"{VIVIAN.company_name}, customer", "disputes Dale's meter"
    for utility, profile in STAFF.items():
        yield (
            profile.username,
            f"{utility.name.split(' E')[0]}'s staff",
            "/admin/: its own premises, requests and files",
        )
    yield OPERATOR, "operator of the portal", "/admin/: everything"


def _examples() -> Iterator[str]:
    places = {place.key: place for place in neighborhood(0, datetime.now(CENTRAL).date())}
    yield f"Meters to try (ESIID, meter number), with the provider {OF_RESIDENTS}:"
    yield from _table(
        [
            ("not registered, any name and email", *_pair(places["delgado house"]), "with solar"),
            ("the same household", *_pair(places["delgado casita"]), ""),
            ("not registered, no data recorded", *_pair(places["empty lot"]), ""),
            (f"registered, {GRACE.profile.email}", *_pair(places["whitfield"]), ""),
        ]
    )


def _pair(place: DemoPremise) -> tuple[str, str]:
    return place.esiid, place.meter


def _table(rows: Sequence[tuple[str, ...]] | Iterator[tuple[str, ...]]) -> list[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
