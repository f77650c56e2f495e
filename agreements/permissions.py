"""What a user may do for a third party (T12, D1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User
from companies.models import Company, Membership, membership_of
from companies.permissions import standing_refusal

# To correct an address takes the permission to resend. But the request goes to a new person, as a new one (T15, C8).
MAY_CORRECT = "may_correct_address"
PERMISSIONS = {MAY_CORRECT: "may_resend_or_withdraw"}


def why_not(user: User, permission: str) -> str:
    """Return why `user` may not do what `permission` allows; empty if allowed.

    `permission` is a field of Membership or MAY_CORRECT.
    """
    membership = membership_of(user)
    if membership is None or not getattr(membership, PERMISSIONS.get(permission, permission)):
        return _("You don't have permission for this. Ask your company's administrator.")
    sends_request = permission in ("may_initiate", MAY_CORRECT)
    if sends_request and membership.company.is_active and membership.company.requests_paused_at:
        return _(
            "Your company's new requests are paused because customers told us that they don't know your company. "
            "The operator of this portal will look into it. Everything else works as before."
        )
    return standing_refusal(membership.company)


def acting_member(user: User, permission: str) -> Membership:
    """Return the membership by which `user` acts, its company read again: a suspension takes effect at once.

    Raises PermissionDenied if `permission` does not allow it.
    """
    if membership := membership_of(user):
        membership.company = Company.every.get(pk=membership.company_id)
    if (refusal := why_not(user, permission)) or membership is None:
        raise PermissionDenied(refusal)
    return membership
