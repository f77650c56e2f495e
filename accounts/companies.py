"""A company: its profile, its history, and who may change it (T12, T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.admissions import Refused
from accounts.models import Company, CompanyEvent, CompanyEventKind, CompanyState, Membership, User

PROFILE = (
    "legal_name", "duns", "street", "city", "state", "zip_code", "phone", "email", "privacy_policy_url",
)  # fmt: skip
# What the operator looked at before it approved: only the operator changes it afterwards.
REVIEWED = ("legal_name", "duns")


def lock(company_id: int) -> Company:
    """The company's row, for one change of it or its users at a time; read after it what the change depends on."""
    return Company.objects.select_for_update(no_key=True).get(pk=company_id)


def acting_administrator(user: User, company: Company, *, also_suspended: bool = False) -> Membership:
    """The membership by which `user` administers `company` now, read afresh; else PermissionDenied (T12)."""
    membership = Membership.objects.administrators().filter(user=user, company=company).first()
    if membership is None:
        raise PermissionDenied(_("Only an administrator of your company can do this. Ask one of them."))
    if company.standing == CompanyState.SUSPENDED and not also_suspended:
        raise PermissionDenied(_("Your company is suspended. Contact the portal's operator."))
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
    """Change the profile; the names of the fields that changed come back (T13).

    The legal name and DUNS stand still once the company was approved. Raises PermissionDenied, Refused.
    """
    with transaction.atomic():
        company = lock(company.pk)
        acting_administrator(by, company)
        changes = differences(company, {name: values[name] for name in PROFILE if name in values})
        if company.standing != CompanyState.PENDING and any(name in changes for name in REVIEWED):
            raise Refused(
                _("After the approval the legal name and DUNS stand still. Ask the portal's operator to change them.")
            )
        try:
            with transaction.atomic():
                Company.objects.filter(pk=company.pk).update(**{name: values[name] for name in changes})
        except IntegrityError as error:
            raise Refused(
                _("This DUNS cannot be used. Check it. If it is your company's, ask the portal's operator."),
                field="duns",
            ) from error
        if changes:
            record(company, CompanyEventKind.PROFILE, by=by, changes=changes, at=at)
    return list(changes)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value or "")
