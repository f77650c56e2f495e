from __future__ import annotations

from meters.imports import import_premises
from meters.imports.commands import ImportCommand


class Command(ImportCommand):
    help = "Load premises from ERCOT's TDSP ESIID extract (D2)."
    import_file = staticmethod(import_premises)
