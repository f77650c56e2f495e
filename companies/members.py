"""A company's users: their accounts, permissions, removal and own profiles (T12, T13)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import create_confirmed_user
from accounts.models import User
from companies import emails
from companies.models import CompanyEventKind, Membership, compare_fields
from companies.permissions import ANY_STANDING, lock_as_administrator
from lib.refusals import Problem, Refused
from notifications.actions import withhold_emails_to

OWN_PROFILE = ("first_name", "last_name", "phone", "phone_extension")


@dataclass(frozen=True)
class NewUser:
    """What a new user chose; `password` is hashed already, so that a waiting row can store it."""

    first_name: str
    last_name: str
    username: str
    password: str = field(repr=False)
    phone: str = ""
    phone_extension: str = ""


def username_taken() -> Refused:
    return Refused(Problem(_("This User ID is already taken. Enter a different one."), field="username"))


def create_user(new_user: NewUser, *, email: str, language: str) -> User:
    """Create a user with a confirmed email. Raises Refused if the user ID or the email is taken."""
    try:
        return create_confirmed_user(**vars(new_user), email=email, language=language)
    except IntegrityError as error:
        if User.objects.filter(username__iexact=new_user.username).exists():
            raise username_taken() from error
        message = _(
            "This email address already has an account. Sign in with it, or ask for a link to a different address."
        )
        raise Refused(Problem(message)) from error


@transaction.atomic
def change_permissions(membership: Membership, permissions: Collection[str], *, by: User) -> bool:
    """Give the user exactly `permissions` and email the user; False if unchanged. Raises PermissionDenied, Refused."""
    company = lock_as_administrator(membership.company_id, by)
    current = _require_current(membership)
    values = {name: name in permissions for name in Membership.PERMISSIONS}
    if not values["is_administrator"]:
        _require_other_administrator(current)
    if changes := compare_fields(current, values):
        Membership.objects.filter(pk=current.pk).update(**values)
        company.record_event(CompanyEventKind.PERMISSIONS, by=by, about=current.user, changes=changes)
        current.refresh_from_db(fields=Membership.PERMISSIONS)
        emails.send_permissions_changed(company, current)
    return bool(changes)


@transaction.atomic
def remove_member(membership: Membership, *, by: User) -> None:
    """End the membership, also in a suspended company, and email the user. Raises PermissionDenied, Refused."""
    company = lock_as_administrator(membership.company_id, by, ANY_STANDING)
    current = _require_current(membership)
    _require_other_administrator(current)
    Membership.objects.filter(pk=current.pk).update(ended_at=Now())
    company.record_event(CompanyEventKind.REMOVED, by=by, about=current.user)
    withhold_emails_to(current.user.email, company.pk, at=timezone.now())
    emails.send_member_removed(company, current.user)


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


def has_other_administrator(membership: Membership) -> bool:
    """Whether the company has another administrator than this user. Call it under the company's lock."""
    others = Membership.objects.administrators().filter(company=membership.company_id).exclude(pk=membership.pk)
    return others.exists()


def record_member_change(before: Membership | None, after: Membership, *, by: User) -> None:
    """Write an operator's change of a user into the company's history; `before` is None for a new user."""
    changes = compare_fields(
        before or Membership(**dict.fromkeys(Membership.PERMISSIONS, False)),
        {name: getattr(after, name) for name in Membership.PERMISSIONS},
    )
    if after.ended_at and not (before and before.ended_at):
        after.company.record_event(CompanyEventKind.REMOVED, by=by, about=after.user)
        withhold_emails_to(after.user.email, after.company_id, at=timezone.now())
    elif before is None or before.ended_at and not after.ended_at:
        after.company.record_event(CompanyEventKind.JOINED, by=by, about=after.user, changes=changes)
    elif changes:
        after.company.record_event(CompanyEventKind.PERMISSIONS, by=by, about=after.user, changes=changes)


def change_own_profile(user: User, values: Mapping[str, Any]) -> None:
    """Change name and phone, which fill in page 2 of a new agreement (T8)."""
    User.objects.filter(pk=user.pk).update(**{field: values[field] for field in OWN_PROFILE})
