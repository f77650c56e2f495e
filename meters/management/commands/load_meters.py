from __future__ import annotations

from meters.imports import import_meters
from meters.imports.commands import ImportCommand


class Command(ImportCommand):
    help = "Load meter numbers from a CSV of ESIID and METER_NUMBER (D2)."
    import_file = staticmethod(import_meters)
