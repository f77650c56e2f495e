"""A company's users: what each may do, who leaves, and each one's own profile (T12, T13)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from companies import emails, profile
from companies.links import Refused
from companies.models import CompanyEventKind, Membership

OWN_PROFILE = ("first_name", "last_name", "phone", "phone_extension")


def change_permissions(
    membership: Membership, permissions: Collection[str], *, by: User, at: datetime | None = None
) -> bool:
    """Give the user exactly `permissions` (names of Membership.PERMISSIONS) and say so by email; False if it had them.

    Raises PermissionDenied, and Refused for the last administrator and for somebody who left.
    """
    with transaction.atomic():
        company = profile.lock(membership.company_id)
        profile.acting_administrator(by, company)
        current = _current(membership)
        wanted = {name: name in permissions for name in Membership.PERMISSIONS}
        changes = profile.differences(current, wanted)
        if "is_administrator" in changes and not wanted["is_administrator"]:
            _keep_an_administrator(current)
        if changes:
            Membership.objects.filter(pk=current.pk).update(**wanted)
            profile.record(company, CompanyEventKind.PERMISSIONS, by=by, about=current.user, changes=changes, at=at)
            current.refresh_from_db(fields=list(Membership.PERMISSIONS))
            emails.permissions_changed(company, current)
    return bool(changes)


def remove(membership: Membership, *, by: User, at: datetime | None = None) -> None:
    """The user acts for the company no more, and is told; the row stays for its history. Also while it is suspended.

    Raises PermissionDenied, and Refused for the last administrator and for somebody who left.
    """
    with transaction.atomic():
        company = profile.lock(membership.company_id)
        profile.acting_administrator(by, company, standings=profile.EVERY_STANDING)
        current = _current(membership)
        _keep_an_administrator(current)
        Membership.objects.filter(pk=current.pk).update(ended_at=at or Now())
        profile.record(company, CompanyEventKind.REMOVED, by=by, about=current.user, at=at)
        emails.removed(company, current.user)


def record_operators_change(before: Membership | None, after: Membership, *, by: User) -> None:
    """Write into the company's history what an operator changed of a user; `before` is None for a new one."""
    was = before or Membership(**dict.fromkeys(Membership.PERMISSIONS, False))
    changes = profile.differences(was, {name: getattr(after, name) for name in Membership.PERMISSIONS})
    if after.ended_at and not (before and before.ended_at):
        kind, changes = CompanyEventKind.REMOVED, {}
    elif before is None or before.ended_at and not after.ended_at:
        kind = CompanyEventKind.JOINED
    elif changes:
        kind = CompanyEventKind.PERMISSIONS
    else:
        return
    profile.record(after.company, kind, by=by, about=after.user, changes=changes)


def has_other_administrator(membership: Membership) -> bool:
    """Whether the company has an administrator without this user; decided again, under the lock, when it is done."""
    others = Membership.objects.administrators().filter(company=membership.company_id).exclude(pk=membership.pk)
    return others.exists()


def change_own_profile(user: User, values: Mapping[str, Any]) -> None:
    """Change name and phone; page 2 of a new agreement is filled from them (T8)."""
    User.objects.filter(pk=user.pk).update(**{name: values[name] for name in OWN_PROFILE})


def _current(membership: Membership) -> Membership:
    current = Membership.objects.filter(pk=membership.pk, ended_at=None).select_related("user").first()
    if current is None or current.company_id != membership.company_id:
        raise Refused(_("This user was removed already. Invite the person again if that was a mistake."))
    return current


def _keep_an_administrator(without: Membership) -> None:
    if without.is_administrator and not has_other_administrator(without):
        raise Refused(
            _("A company needs at least one administrator. Make somebody else an administrator first, then try again.")
        )
