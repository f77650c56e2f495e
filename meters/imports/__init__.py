"""Loading a TDSP's files (D2): premises, meter numbers, usage.

Each loader takes a path and streams: a bad row is told with file, line and reason while the good rows go in, a re-load
changes nothing, and a load that was stopped can be begun again.
"""

from meters.imports.meter_numbers import load_meters
from meters.imports.premises import load_premises
from meters.imports.results import LoadError, LoadResult, Reason, Rejection
from meters.imports.usage import load_usage

__all__ = ["LoadError", "LoadResult", "Reason", "Rejection", "load_meters", "load_premises", "load_usage"]
