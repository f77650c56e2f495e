"""Import a TDSP's files (D2): premises, meter numbers, usage.

Each importer streams: invalid rows are rejected with file, line and reason while the good rows are stored, importing a
file again changes nothing, and an interrupted import can be started again.
"""

from meters.imports.meter_numbers import import_meters
from meters.imports.premises import import_premises
from meters.imports.results import FileError, ImportResult, Reason, RejectedRow
from meters.imports.usage import import_usage

__all__ = ["FileError", "ImportResult", "Reason", "RejectedRow", "import_meters", "import_premises", "import_usage"]
