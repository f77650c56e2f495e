"""Users, rate limits and the access log."""

from accounts.models.access_log import LookAction, StaffLook
from accounts.models.rate_limits import Attempt
from accounts.models.users import User, signed_in

__all__ = [
    "Attempt",
    "LookAction",
    "StaffLook",
    "User",
    "signed_in",
]
