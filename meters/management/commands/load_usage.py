from __future__ import annotations

from meters.imports import load_usage
from meters.imports.commands import LoadCommand


class Command(LoadCommand):
    help = "Load usage from Smart Meter Texas interval CSV (D2)."
    load = staticmethod(load_usage)
