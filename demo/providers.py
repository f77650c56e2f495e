"""Electricity providers of the demo: names that Texans know, with invented certificate numbers."""

from __future__ import annotations

from meters.models import ElectricityProvider

NAMES = (
    "4Change Energy", "Ambit Energy", "Amigo Energy", "Bounce Energy", "Champion Energy Services, LLC",
    "Chariot Energy", "Cirro Energy", "Constellation", "Direct Energy, LP", "Discount Power", "Express Energy",
    "Frontier Utilities", "Gexa Energy, LP", "Green Mountain Energy Company", "Just Energy", "Pulse Power",
    "Reliant Energy Retail Services, LLC", "Rhythm", "TriEagle Energy, LP", "TXU Energy Retail Company LLC",
)  # fmt: skip
OF_RESIDENTS = NAMES[-1]  # and of every neighbor, but for those whose provider is not known


def certificate_number(name: str) -> str:
    return str(90_001 + NAMES.index(name))


def create_providers() -> None:
    ElectricityProvider.objects.bulk_create(
        ElectricityProvider(certificate_number=certificate_number(name), name=name) for name in NAMES
    )
