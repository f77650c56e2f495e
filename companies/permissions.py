"""Who may administer a third party, and what a company may do in its standing (T12, T13, D1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from companies.models import Company, CompanyStanding, Membership

Standings = frozenset[CompanyStanding]

ANY_STANDING = frozenset(CompanyStanding)
NOT_SUSPENDED = frozenset({CompanyStanding.PENDING, CompanyStanding.APPROVED})
ONLY_APPROVED = frozenset({CompanyStanding.APPROVED})


def standing_refusal(company: Company, standings: Standings = ONLY_APPROVED) -> str:
    """Return why `company` may not do what needs one of `standings`; empty if it may."""
    if company.standing in standings:
        return ""
    if company.standing == CompanyStanding.SUSPENDED:
        return _("Your company is suspended. Contact the operator of this portal.")
    return _("Your company is waiting for approval. You can do this after it's approved.")


def require_administrator(user: User, company: Company, standings: Standings = NOT_SUSPENDED) -> None:
    """Raise PermissionDenied unless `user` administers `company` now and it is in one of `standings` (T12)."""
    if not Membership.objects.administrators().filter(user=user, company=company).exists():
        raise PermissionDenied(_("Only an administrator of your company can do this."))
    if refusal := standing_refusal(company, standings):
        raise PermissionDenied(refusal)


def lock_company(company_id: int) -> Company:
    """Lock the company's row, so that one transaction at a time changes the company or its users.

    Comes before every other lock. Read what the change depends on after it.
    """
    return Company.every.select_for_update(no_key=True).get(pk=company_id)


def lock_standing(company_id: int) -> Company:
    """Lock the company's standing against a change until the transaction ends; others can share this lock (L9).

    Comes before every other lock, like `lock_company`.
    """
    table = connection.ops.quote_name(Company._meta.db_table)
    return Company.every.raw(f"SELECT * FROM {table} WHERE id = %s FOR SHARE", [company_id])[0]


def lock_as_administrator(company_id: int, user: User, standings: Standings = NOT_SUSPENDED) -> Company:
    """Lock the company and check under the lock that `user` administers it. Raises PermissionDenied."""
    company = lock_company(company_id)
    require_administrator(user, company, standings)
    return company
