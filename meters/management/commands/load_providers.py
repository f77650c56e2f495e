from __future__ import annotations

from meters.imports.commands import ImportCommand
from meters.imports.providers import import_providers


class Command(ImportCommand):
    help = "Load the names of electricity providers from a CSV of CERTIFICATE_NUMBER and NAME (D2, X7)."
    import_file = staticmethod(import_providers)
