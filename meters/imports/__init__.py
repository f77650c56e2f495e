"""Loading a TDSP's files (D2): premises, meter numbers, usage.

Each loader takes a path and streams: a bad row is told with file, line and reason while the good rows go in, a re-load
changes nothing, and a load that was stopped can be begun again.
"""

from meters.imports.meter_numbers import import_meters
from meters.imports.premises import import_premises
from meters.imports.results import FileError, ImportResult, Reason, Rejection
from meters.imports.usage import import_usage

__all__ = ["FileError", "ImportResult", "Reason", "Rejection", "import_meters", "import_premises", "import_usage"]
