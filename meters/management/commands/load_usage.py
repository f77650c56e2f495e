from __future__ import annotations

from meters.imports import import_usage
from meters.imports.commands import ImportCommand


class Command(ImportCommand):
    help = "Load usage from Smart Meter Texas interval CSV (D2)."
    import_file = staticmethod(import_usage)
