"""A company: its profile, its history, and who may change it (T12, T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from accounts.rate_limits import Limit
from companies import emails
from companies.links import Refused
from companies.models import Company, CompanyEvent, CompanyEventKind, CompanyState, Membership
from lib.central_time import format_central

PROFILE = (
    "legal_name", "duns", "street", "city", "state", "zip_code", "phone", "email", "privacy_policy_url",
)  # fmt: skip
# What the operator looks at and approves: nobody else changes it, so that what was approved is what stands there.
REVIEWED = ("legal_name", "duns")
EDITABLE = tuple(name for name in PROFILE if name not in REVIEWED)

EVERY_STANDING = frozenset(CompanyState)
NOT_SUSPENDED = frozenset({CompanyState.PENDING, CompanyState.APPROVED})
ONLY_APPROVED = frozenset({CompanyState.APPROVED})


def lock(company_id: int) -> Company:
    """The company's row, for one change of it or its users at a time; read after it what the change depends on."""
    return Company.objects.select_for_update(no_key=True).get(pk=company_id)


def acting_administrator(
    user: User, company: Company, *, standings: frozenset[CompanyState] = NOT_SUSPENDED
) -> Membership:
    """The membership by which `user` administers `company` now, read afresh; else PermissionDenied (T12).

    `company` is read afresh by whoever calls, and is in one of `standings`.
    """
    membership = Membership.objects.administrators().filter(user=user, company=company).first()
    if membership is None:
        raise PermissionDenied(_("Only an administrator of your company can do this. Ask one of them."))
    if company.standing not in standings:
        raise PermissionDenied(
            _("Your company is suspended. Contact the portal's operator.")
            if company.standing == CompanyState.SUSPENDED
            else _("Your company waits for approval. You will be able to do this once it is approved.")
        )
    return membership


def record(
    company: Company,
    kind: CompanyEventKind,
    *,
    by: User | None,
    about: User | None = None,
    changes: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write into the company's history; `changes` maps a field to what it was and what it is."""
    CompanyEvent.objects.create(
        company=company, kind=kind, by=by, about=about, changes=dict(changes or {}), at=at or Now()
    )


def differences(row: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Of `values` those that differ from the row's: field -> [before, after], as JSON can keep them."""
    return {
        name: [_plain(getattr(row, name)), _plain(value)]
        for name, value in values.items()
        if _plain(getattr(row, name)) != _plain(value)
    }


def change_profile(company: Company, values: Mapping[str, Any], *, by: User, at: datetime | None = None) -> list[str]:
    """Change what an administrator may change; the names of the fields that changed come back (T13).

    Values for the legal name and DUNS are not looked at. Raises PermissionDenied.
    """
    with transaction.atomic():
        company = lock(company.pk)
        acting_administrator(by, company)
        changes = differences(company, {name: values[name] for name in EDITABLE if name in values})
        if changes:
            Company.objects.filter(pk=company.pk).update(**{name: values[name] for name in changes})
            record(company, CompanyEventKind.PROFILE, by=by, changes=changes, at=at)
    return list(changes)


def record_operators_change(company: Company, changes: Mapping[str, list[Any]], *, by: User) -> None:
    """Write an operator's change of the profile into the history; a new legal name or DUNS is told by email, too."""
    if not changes:
        return
    record(company, CompanyEventKind.PROFILE, by=by, changes=changes)
    if reviewed := {name: both for name, both in changes.items() if name in REVIEWED}:
        for administrator in company.memberships.administrators().select_related("user"):
            emails.renamed(company, administrator.user, changes=reviewed)


def ask_to_rename(
    company: Company, *, legal_name: str, duns: str, reason: str, by: User, at: datetime | None = None
) -> None:
    """Ask the operators by email to change the legal name or DUNS (T13); nothing changes before one of them does it.

    Raises PermissionDenied; Refused when nothing would change, or enough was asked today.
    """
    with transaction.atomic():
        company = lock(company.pk)
        acting_administrator(by, company)
        changes = differences(company, {"legal_name": legal_name, "duns": duns})
        if not changes:
            raise Refused(_("This is the name and the DUNS that your company has. Enter what it should be."))
        limits = [Limit("rename", str(company.pk), settings.COMPANY_EMAILS_PER_ADDRESS)]
        if free_at := rate_limits.used_up(limits, at=at):
            raise Refused(
                _("You have asked several times today. You can ask again after %s.") % format_central(free_at)
            )
        rate_limits.note(limits, at=at)
        record(company, CompanyEventKind.CHANGE_ASKED, by=by, changes=changes, at=at)
        for operator in operators():
            emails.rename_asked(company, operator, by=by, changes=changes, reason=reason)


def operators() -> QuerySet[User]:
    """Those who run the portal and can be reached."""
    return User.objects.filter(is_active=True, is_staff=True, tdsp=None).exclude(email="")


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value or "")
