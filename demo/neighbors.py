"""Bluebonnet's requests of the last year to ordinary neighbors, so that a list has tabs and pages to try (T1, T3)."""

from __future__ import annotations

from agreements.models import ReportLength, ReportType
from agreements.request import Person
from customers.models import CustomerKind

_NAMES = (
    "Alma Reyna", "Curtis Boyd", "Denise Fontenot", "Efraín Salas", "Gloria Hinojosa", "Harold Stubbs", "Irene Kuhn",
    "Jamal Pierce", "Karen Schulz", "Luis Ybarra", "Mei Zhao", "Norma Treviño", "Otis Grady", "Paula Krenek",
    "Quentin Ross", "Rebecca Moreno", "Stanley Dvorak", "Teresa Luna", "Ursula Beck", "Vernon Tate", "Willa Greer",
    "Xavier Pena", "Yvonne Marek", "Zane Hollis", "Adela Quiroz",
)  # fmt: skip
KEYS = tuple(f"neighbor {place}" for place in range(1, len(_NAMES) + 1))
# When each was asked, and what became of it.
ASKED_DAYS_AGO = (
    341, 318, 296, 270, 251, 233, 210, 188, 171, 149, 131, 112, 96, 83, 74, 66, 58, 54, 47, 44, 36, 33, 26, 19, 62,
)  # fmt: skip
OUTCOMES = ("downloaded", "rejected", "downloaded", "expired", "accepted", "downloaded", "withdrawn")
REPORTS = (
    (ReportType.DAILY, ReportLength.ONE_MONTH),
    (ReportType.INTERVAL, ReportLength.ONE_MONTH),
    (ReportType.DAILY, ReportLength.THREE_MONTHS),
)


def _email(name: str, place: int) -> str:
    first, last = name.lower().translate(str.maketrans("áéíñóú", "aeinou")).split()
    return f"{first}.{last}@example.{('com', 'net', 'org')[place % 3]}"


PEOPLE: dict[str, tuple[CustomerKind, Person]] = {
    key: (CustomerKind.RESIDENTIAL, Person(_email(name, place), name.split()[0], "", name.split()[1]))
    for place, (key, name) in enumerate(zip(KEYS, _NAMES, strict=True))
}
