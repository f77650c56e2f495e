"""What a user may do for a third party (T12, D1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User
from companies.models import Company, Membership, membership_of
from companies.permissions import standing_refusal


def why_not(user: User, permission: str) -> str:
    """Return why `user` may not do what `permission`, a field of Membership, allows; empty if allowed."""
    membership = membership_of(user)
    if membership is None or not getattr(membership, permission):
        return _("You don't have permission for this. Ask your company's administrator.")
    if permission == "may_initiate" and membership.company.is_active and membership.company.requests_paused_at:
        return _(
            "New requests of your company are paused because customers told us that they don't know your company. "
            "The operator of this portal will look at it. Everything else works as before."
        )
    return standing_refusal(membership.company)


def acting_member(user: User, permission: str) -> Membership:
    """Return the membership by which `user` acts, its company read again: a suspension takes effect at once.

    Raises PermissionDenied if `permission` does not allow it.
    """
    if membership := membership_of(user):
        membership.company = Company.objects.get(pk=membership.company_id)
    if (refusal := why_not(user, permission)) or membership is None:
        raise PermissionDenied(refusal)
    return membership
