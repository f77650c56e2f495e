"""Users, rate limits and the access log."""

from accounts.models.access_log import AccessAction, AccessLogEntry
from accounts.models.rate_limits import RateLimitHit
from accounts.models.users import Role, User, signed_in

__all__ = [
    "AccessAction",
    "AccessLogEntry",
    "RateLimitHit",
    "Role",
    "User",
    "signed_in",
]
