"""The demo's published notices: an operator's and two of TDSPs (T2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.neighborhood import CENTERPOINT, ONCOR, Utility
from demo.people import OPERATOR, STAFF, People
from meters.models import Tdsp
from notices.models import Audience, Notice

NOTICES: tuple[tuple[Utility | None, Audience, int, str, str, str, str], ...] = (
    (
        None, Audience.BOTH, 6,
        "Maintenance on Sunday morning", "The portal will be unavailable on Sunday from 2 to 4 AM Central Time.",
        "Mantenimiento el domingo", "El portal no estará disponible el domingo de 2 a 4 a. m., hora del centro.",
    ),
    (
        CENTERPOINT, Audience.CUSTOMERS, 9,
        "Readings after the storm", "Some meters in Baytown sent estimated readings last week.",
        "Lecturas después de la tormenta", "Algunos medidores de Baytown enviaron lecturas estimadas la semana pasada.",
    ),
    (
        ONCOR, Audience.THIRD_PARTIES, 20,
        "New meters in Round Rock",
        "We are replacing meters in Round Rock. Ask your customers for the new meter number.",
        "", "",
    ),
)  # fmt: skip


def publish_notices(people: People, now: datetime) -> None:
    for utility, audience, days, title, text, title_es, text_es in NOTICES:
        Notice.objects.create(
            tdsp=Tdsp.objects.get(duns=utility.duns) if utility else None,
            audience=audience,
            title=title,
            text=text,
            title_es=title_es,
            text_es=text_es,
            published_from=now - timedelta(days=days),
            made_by=people.users[STAFF[utility].username if utility else OPERATOR],
        )
