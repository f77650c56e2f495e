"""Third parties, their users and the ways to become one."""

from companies.models.company import (
    Company,
    CompanyEvent,
    CompanyEventKind,
    CompanyState,
    Membership,
    MembershipQuerySet,
    membership_of,
)
from companies.models.fingerprints import CompanyTrace, TraceKind
from companies.models.links import Admission, AdmissionEnd, AdmissionKind, AdmissionQuerySet

__all__ = [
    "Admission",
    "AdmissionEnd",
    "AdmissionKind",
    "AdmissionQuerySet",
    "Company",
    "CompanyEvent",
    "CompanyEventKind",
    "CompanyState",
    "CompanyTrace",
    "Membership",
    "MembershipQuerySet",
    "TraceKind",
    "membership_of",
]
