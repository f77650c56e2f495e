"""Who may do what for a third party (T12, D1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User
from companies.models import Company, Membership, membership_of
from companies.permissions import standing_refusal


def acting_member(user: User, permission: str) -> Membership:
    """The membership by which `user` may do `permission` (a field of Membership) now; else PermissionDenied.

    The company is read afresh: a suspension takes effect at once.
    """
    membership = membership_of(user)
    if refusal := _refusal_of_member(membership, permission):
        raise PermissionDenied(refusal)
    assert membership is not None
    if refusal := standing_refusal(Company.objects.get(pk=membership.company_id)):
        raise PermissionDenied(refusal)
    return membership


def why_not(user: User, permission: str) -> str:
    """Why `user` may not do what `permission` allows; empty if allowed. For pages, which load user and company anyway:
    what acts asks `acting_member`."""
    membership = membership_of(user)
    if refusal := _refusal_of_member(membership, permission):
        return refusal
    assert membership is not None
    return standing_refusal(membership.company)


def _refusal_of_member(membership: Membership | None, permission: str) -> str:
    if membership is None or not getattr(membership, permission):
        return _("Your company's administrator has not given you permission for this. Ask them for it.")
    return ""
