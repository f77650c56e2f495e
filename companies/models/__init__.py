"""Third parties, their users and the ways to become one."""

from companies.models.company import (
    Company,
    CompanyEvent,
    CompanyEventKind,
    CompanyStanding,
    Membership,
    MembershipQuerySet,
    compare_fields,
    membership_of,
)
from companies.models.fingerprints import CompanyFingerprint, FingerprintKind
from companies.models.links import CompanyLink, CompanyLinkEnd, CompanyLinkKind, CompanyLinkQuerySet

__all__ = [
    "CompanyLink",
    "CompanyLinkEnd",
    "CompanyLinkKind",
    "CompanyLinkQuerySet",
    "Company",
    "CompanyEvent",
    "CompanyEventKind",
    "CompanyStanding",
    "CompanyFingerprint",
    "Membership",
    "MembershipQuerySet",
    "FingerprintKind",
    "compare_fields",
    "membership_of",
]
