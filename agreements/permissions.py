"""Who may do what for a third party (T12, D1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Company, CompanyState, Membership, User, membership_of


def acting_member(user: User, permission: str) -> Membership:
    """The membership by which `user` may do `permission` (a field of Membership) now; else PermissionDenied.

    The company is read afresh: a suspension takes effect at once.
    """
    membership = membership_of(user)
    if membership is None or not getattr(membership, permission):
        raise PermissionDenied(
            _("Your company's administrator has not given you permission for this. Ask them for it.")
        )
    company = Company.objects.get(pk=membership.company_id)
    if company.standing == CompanyState.PENDING:
        raise PermissionDenied(_("Your company waits for approval. You will be able to do this once it is approved."))
    if company.standing == CompanyState.SUSPENDED:
        raise PermissionDenied(_("Your company is suspended. Contact the portal's operator."))
    return membership
