"""Registered customers, their claims of ESIIDs, and registrations."""

from customers.models.claim import (
    METER_NAME_LENGTH,
    ClaimDecision,
    ClaimDispute,
    ClaimSignal,
    ClaimState,
    EsiidClaim,
    EsiidClaimQuerySet,
    first_day_of_service,
)
from customers.models.customer import CUSTOMER_FIELDS, USER_FIELDS, Customer, CustomerKind, customer_of
from customers.models.registration import FailedClaim, Registration

__all__ = [
    "CUSTOMER_FIELDS",
    "METER_NAME_LENGTH",
    "USER_FIELDS",
    "ClaimDecision",
    "ClaimDispute",
    "ClaimSignal",
    "ClaimState",
    "Customer",
    "CustomerKind",
    "EsiidClaim",
    "EsiidClaimQuerySet",
    "FailedClaim",
    "Registration",
    "customer_of",
    "first_day_of_service",
]
