"""Who uses the portal: third-party companies and their users, customers and the ESIIDs they hold, TDSP staff."""

from accounts.models.admissions import Admission, AdmissionEnd, AdmissionKind
from accounts.models.companies import Company, CompanyEvent, CompanyEventKind, CompanyState, Membership, membership_of
from accounts.models.customers import Customer, CustomerKind, Holding, Registration, customer_of
from accounts.models.people import User, signed_in
from accounts.models.traces import Attempt, LookAction, StaffLook

__all__ = [
    "Admission",
    "AdmissionEnd",
    "AdmissionKind",
    "Attempt",
    "Company",
    "CompanyEvent",
    "CompanyEventKind",
    "CompanyState",
    "Customer",
    "CustomerKind",
    "Holding",
    "LookAction",
    "Membership",
    "Registration",
    "StaffLook",
    "User",
    "customer_of",
    "membership_of",
    "signed_in",
]
