"""An administrator invites a user, who accepts by the link in the email (T12, T13)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.rate_limits import Limit, refuse_with, spend
from companies import emails, members
from companies.links import create_link, end_link, lock_open_link, open_link
from companies.models import Company, CompanyEventKind, CompanyLink, CompanyLinkEnd, CompanyLinkKind, Membership
from companies.permissions import ONLY_APPROVED, lock_as_administrator
from lib.refusals import Problem, Refused


@transaction.atomic
def invite_user(
    company: Company, email: str, permissions: Collection[str], *, by: User, at: datetime | None = None
) -> CompanyLink:
    """Email a link that makes its reader a user with `permissions`. Raises PermissionDenied, Refused."""
    # Only an approved company: an operator has checked who sends email in the portal's name.
    company = lock_as_administrator(company.pk, by, ONLY_APPROVED)
    refuse_current_user(company, email)
    invitations = company.links.open_invitations()
    if invitations.filter(email__iexact=email).exists():
        message = _("This person has already been invited. Resend that invitation, or cancel it.")
        raise Refused(Problem(message, field="email"))
    if invitations.count() >= settings.COMPANY_INVITATIONS_AT_ONCE:
        message = _("Too many invitations are waiting for an answer. Cancel the ones you no longer need.")
        raise Refused(Problem(message))
    count_invitation(company, email, at=at)
    return create_invitation(company, email=email, answers={"permissions": sorted(permissions)}, by=by, at=at)


def refuse_current_user(company: Company, email: str) -> None:
    """Raise Refused if a user of the company has this email."""
    if company.memberships.current().filter(user__email__iexact=email).exists():
        raise Refused(Problem(_("This person is already a user of your company. See Manage Users."), field="email"))


def count_invitation(company: Company, email: str, *, at: datetime | None = None) -> None:
    """Count one invitation from `company` to `email`. Raises Refused if either has reached its limit today (X2)."""
    with refuse_with(_("Too many invitations were sent today. You can send the next one after %s."), field="email"):
        by_company = Limit("invitations-of", str(company.pk), settings.COMPANY_INVITATIONS_A_DAY)
        to_address = Limit("invitation-to", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS)
        spend([by_company, to_address], at=at)


def create_invitation(company: Company, *, by: User, at: datetime | None = None, **fields: Any) -> CompanyLink:
    """Create the link and queue its email; the answers in `fields` are the permissions and, if known, the name."""
    period = settings.COMPANY_INVITATION_PERIOD
    invitation = create_link(CompanyLinkKind.INVITATION, period=period, company=company, by=by, at=at, **fields)
    company.record_event(CompanyEventKind.INVITED, by=by, at=at)
    emails.send_invitation(invitation)
    return invitation


@transaction.atomic
def resend_invitation(invitation: CompanyLink, *, by: User) -> None:
    """Email the same link again and restart its period. Raises PermissionDenied, Refused."""
    company, invitation = lock_open_link(invitation, by, ONLY_APPROVED)
    count_invitation(company, invitation.email)
    if invitation.sent_count > settings.COMPANY_INVITATION_RESENDS:
        message = _(
            "This invitation has already been sent several times. Check the address, cancel the "
            "invitation, and invite the person again."
        )
        raise Refused(Problem(message))
    invitation.sent_count += 1
    invitation.expires_at = Now() + settings.COMPANY_INVITATION_PERIOD
    invitation.save(update_fields=["sent_count", "expires_at"])
    invitation.refresh_from_db(fields=["expires_at"])
    emails.send_invitation(invitation)


@transaction.atomic
def cancel_invitation(invitation: CompanyLink, *, by: User) -> None:
    """End the invitation's link. Raises PermissionDenied, Refused."""
    company, invitation = lock_open_link(invitation, by)
    end_link(invitation, CompanyLinkEnd.CANCELED)
    company.record_event(CompanyEventKind.INVITATION_CANCELED, by=by)


@transaction.atomic
def accept_with_new_account(token: str, new_user: members.NewUser) -> None:
    """Create the invited person's account and membership. Raises LinkRefused, Refused."""
    invitation = open_link(token, CompanyLinkKind.INVITATION, lock=True)
    user = members.create_user(new_user, email=invitation.email, language=invitation.language)
    _add_member(user, invitation)


@transaction.atomic
def accept_with_account(token: str, user: User) -> None:
    """Give `user`, who has the invited email, the membership. Raises LinkRefused, Refused."""
    invitation = open_link(token, CompanyLinkKind.INVITATION, lock=True)
    if user.email.lower() != invitation.email.lower():
        message = _(
            "This invitation is for a different email address. Sign in with the account that uses that address."
        )
        raise Refused(Problem(message))
    _add_member(User.objects.select_for_update().get(pk=user.pk), invitation)


def _add_member(user: User, invitation: CompanyLink) -> None:
    company = invitation.company
    if company is None or not company.is_active:
        raise Refused(Problem(_("This company can't add users right now. Contact the person who invited you.")))
    is_member = Membership.objects.filter(user=user, ended_at=None).exists()
    if is_member or user.is_staff or user.role == Role.CUSTOMER:
        message = _("Your account already has a different role. Ask to be invited at a different email address.")
        raise Refused(Problem(message))
    permissions = {name: name in invitation.permissions for name in Membership.PERMISSIONS}
    # A removed user, of this company or another one, has a row already: it becomes current again.
    values = {"company": company, "approved_at": Now(), "ended_at": None} | permissions
    Membership.objects.update_or_create(user=user, defaults=values)
    changes = {name: [False, True] for name, is_granted in permissions.items() if is_granted}
    company.record_event(CompanyEventKind.JOINED, by=invitation.by, about=user, changes=changes)
    end_link(invitation, CompanyLinkEnd.DONE)
