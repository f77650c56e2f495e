"""A company's users: permissions, removal and each user's own profile (T12, T13)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from companies import emails
from companies.models import CompanyEventKind, Membership, compare_fields
from companies.permissions import ANY_STANDING, lock_as_administrator
from lib.refusals import Problem, Refused

OWN_PROFILE = ("first_name", "last_name", "phone", "phone_extension")


def change_permissions(
    membership: Membership, permissions: Collection[str], *, by: User, at: datetime | None = None
) -> bool:
    """Give the user exactly `permissions` (names of Membership.PERMISSIONS) and email the user; False if unchanged.

    Raises PermissionDenied, and Refused for the last administrator and for a user who was removed.
    """
    with transaction.atomic():
        company = lock_as_administrator(membership.company_id, by)
        current = _require_current(membership)
        values = {name: name in permissions for name in Membership.PERMISSIONS}
        changes = compare_fields(current, values)
        if not values["is_administrator"]:
            _require_other_administrator(current)
        if changes:
            Membership.objects.filter(pk=current.pk).update(**values)
            company.record_event(CompanyEventKind.PERMISSIONS, by=by, about=current.user, changes=changes, at=at)
            current.refresh_from_db(fields=list(Membership.PERMISSIONS))
            emails.send_permissions_changed(company, current)
    return bool(changes)


def remove_member(membership: Membership, *, by: User, at: datetime | None = None) -> None:
    """End the membership and email the user, also while the company is suspended. The row stays for the history.

    Raises PermissionDenied, and Refused for the last administrator and for a user who was removed already.
    """
    with transaction.atomic():
        company = lock_as_administrator(membership.company_id, by, ANY_STANDING)
        current = _require_current(membership)
        _require_other_administrator(current)
        Membership.objects.filter(pk=current.pk).update(ended_at=at or Now())
        company.record_event(CompanyEventKind.REMOVED, by=by, about=current.user, at=at)
        emails.send_member_removed(company, current.user)


def record_member_change(before: Membership | None, after: Membership, *, by: User) -> None:
    """Write an operator's change of a user into the company's history; `before` is None for a new user."""
    changes = compare_fields(
        before or Membership(**dict.fromkeys(Membership.PERMISSIONS, False)),
        {name: getattr(after, name) for name in Membership.PERMISSIONS},
    )
    if after.ended_at and not (before and before.ended_at):
        kind, changes = CompanyEventKind.REMOVED, {}
    elif before is None or before.ended_at and not after.ended_at:
        kind = CompanyEventKind.JOINED
    elif changes:
        kind = CompanyEventKind.PERMISSIONS
    else:
        return
    after.company.record_event(kind, by=by, about=after.user, changes=changes)


def has_other_administrator(membership: Membership) -> bool:
    """Whether the company has another administrator than this user. Call it under the company's lock."""
    others = Membership.objects.administrators().filter(company=membership.company_id).exclude(pk=membership.pk)
    return others.exists()


def change_own_profile(user: User, values: Mapping[str, Any]) -> None:
    """Change name and phone, which fill in page 2 of a new agreement (T8)."""
    User.objects.filter(pk=user.pk).update(**{field: values[field] for field in OWN_PROFILE})


def _require_current(membership: Membership) -> Membership:
    current = Membership.objects.filter(pk=membership.pk, company=membership.company_id, ended_at=None)
    if (locked := current.select_related("user").first()) is None:
        message = _("This user has already been removed. If that was a mistake, invite the person again.")
        raise Refused(Problem(message))
    return locked


def _require_other_administrator(membership: Membership) -> None:
    if membership.is_administrator and not has_other_administrator(membership):
        message = _(
            "A company must have at least one administrator. Make someone else an administrator first, then try again."
        )
        raise Refused(Problem(message))
