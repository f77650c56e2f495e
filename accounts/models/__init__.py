"""Users, rate limits and the access log."""

from accounts.models.access_log import AccessAction, AccessLogEntry
from accounts.models.rate_limits import Attempt
from accounts.models.users import User, signed_in

__all__ = [
    "AccessAction",
    "AccessLogEntry",
    "Attempt",
    "User",
    "signed_in",
]
