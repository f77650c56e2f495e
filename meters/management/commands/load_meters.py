from __future__ import annotations

from meters.loading import load_meters
from meters.management.loading import LoadCommand


class Command(LoadCommand):
    help = "Load meter numbers from a CSV of ESIID and METER_NUMBER (D2)."
    load = staticmethod(load_meters)
