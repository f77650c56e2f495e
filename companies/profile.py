"""A company's profile: what its administrators change, and what they ask the operators to change (T13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rate_limits import Limit, refuse_with, spend
from companies import emails
from companies.models import Company, CompanyEventKind, compare_fields
from companies.permissions import lock_as_administrator
from lib.refusals import Problem, Refused

# What an operator checks and approves. Only an operator changes it, so that it stays what was approved.
REVIEWED = ("legal_name", "duns")
EDITABLE = ("street", "city", "state", "zip_code", "phone", "email", "privacy_policy_url")
PROFILE = REVIEWED + EDITABLE


@transaction.atomic
def change_profile(company: Company, values: Mapping[str, Any], *, by: User) -> bool:
    """Change the fields in EDITABLE to `values`, ignoring others; False if unchanged. Raises PermissionDenied."""
    company = lock_as_administrator(company.pk, by)
    changes = compare_fields(company, {field: values[field] for field in EDITABLE if field in values})
    if changes:
        Company.objects.filter(pk=company.pk).update(**{field: values[field] for field in changes})
        company.record_event(CompanyEventKind.PROFILE, by=by, changes=changes)
    return bool(changes)


@transaction.atomic
def request_rename(company: Company, *, legal_name: str, duns: str, reason: str, by: User) -> None:
    """Ask the operators by email for another legal name or DUNS. Raises PermissionDenied, Refused."""
    company = lock_as_administrator(company.pk, by)
    changes = compare_fields(company, {"legal_name": legal_name, "duns": duns})
    if not changes:
        raise Refused(Problem(_("Enter a legal name or DUNS number that is different from the current one.")))
    with refuse_with(_("You've asked several times today. You can ask again after %s.")):
        spend([Limit("rename", str(company.pk), settings.COMPANY_EMAILS_PER_ADDRESS)])
    company.record_event(CompanyEventKind.CHANGE_ASKED, by=by, changes=changes)
    emails.send_rename_request(company, by=by, changes=changes, reason=reason)


def record_profile_change(company: Company, changes: Mapping[str, list[Any]], *, by: User) -> None:
    """Write an operator's change into the history, and email the administrators a new legal name or DUNS."""
    if changes:
        company.record_event(CompanyEventKind.PROFILE, by=by, changes=changes)
    if reviewed := {field: both for field, both in changes.items() if field in REVIEWED}:
        emails.send_company_renamed(company, changes=reviewed)
