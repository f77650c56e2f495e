from __future__ import annotations

from meters.imports import load_premises
from meters.imports.commands import LoadCommand


class Command(LoadCommand):
    help = "Load premises from ERCOT's TDSP ESIID extract (D2)."
    load = staticmethod(load_premises)
