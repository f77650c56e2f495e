from __future__ import annotations

from meters.imports import load_meters
from meters.imports.commands import LoadCommand


class Command(LoadCommand):
    help = "Load meter numbers from a CSV of ESIID and METER_NUMBER (D2)."
    load = staticmethod(load_meters)
