from __future__ import annotations

from meters.loading import load_usage
from meters.management.loading import LoadCommand


class Command(LoadCommand):
    help = "Load usage from Smart Meter Texas interval CSV (D2)."
    load = staticmethod(load_usage)
