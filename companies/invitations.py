"""Ways into a company that is there: an administrator invites, or somebody asks and an administrator approves (T13)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from accounts.rate_limits import Limit
from companies import emails, links, profile
from companies.links import Newcomer, Refused
from companies.models import (
    Company,
    CompanyEventKind,
    CompanyLink,
    CompanyLinkEnd,
    CompanyLinkKind,
    CompanyState,
    Membership,
)

# --- An administrator invites -------------------------------------------------------------------------------------


def invite(
    company: Company, email: str, permissions: Collection[str], *, by: User, at: datetime | None = None
) -> CompanyLink:
    """Email a link by which its reader becomes a user with `permissions`. Raises PermissionDenied, Refused.

    Only an approved company invites: nobody gets our email for somebody whom no operator has looked at.
    """
    with transaction.atomic():
        company = profile.lock(company.pk)
        profile.acting_administrator(by, company, standings=profile.ONLY_APPROVED)
        _refuse_users(company, email)
        if company.links.invited().filter(email__iexact=email).exists():
            raise Refused(_("This person is invited already. Send that invitation again, or cancel it."), field="email")
        if company.links.invited().count() >= settings.COMPANY_INVITATIONS_AT_ONCE:
            raise Refused(_("Too many invitations wait for an answer. Cancel those that are not needed any more."))
        links.limit_invitations(company, email, at=at)
        return _invite(company, email, permissions, by=by, at=at)


def _refuse_users(company: Company, email: str) -> None:
    if Membership.objects.current().filter(company=company, user__email__iexact=email).exists():
        raise Refused(_("This person is a user of your company already. See Manage Users."), field="email")


def _invite(
    company: Company,
    email: str,
    permissions: Collection[str],
    *,
    by: User,
    language: str = "en",
    name: dict[str, Any] | None = None,
    at: datetime | None,
) -> CompanyLink:
    admission = links.create_link(
        CompanyLinkKind.INVITATION,
        company=company,
        email=email,
        language=language,
        period=settings.COMPANY_INVITATION_PERIOD,
        answers={"permissions": sorted(permissions)} | (name or {}),
        by=by,
        at=at,
    )
    profile.record(company, CompanyEventKind.INVITED, by=by, at=at)
    emails.invited(admission)
    return admission


def send_again(admission: CompanyLink, *, by: User, at: datetime | None = None) -> None:
    """The same link once more, good for the whole period again. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        company, admission = _locked(admission, by, standings=profile.ONLY_APPROVED)
        links.limit_invitations(company, admission.email, at=at)
        if admission.sent > settings.COMPANY_INVITATION_RESENDS:
            raise Refused(
                _("This invitation was sent several times. Check the address, cancel it, and invite the person again.")
            )
        admission.sent += 1
        admission.expires_at = (at or Now()) + settings.COMPANY_INVITATION_PERIOD
        admission.save(update_fields=["sent", "expires_at"])
        admission.refresh_from_db(fields=["expires_at"])
        emails.invited(admission)


def cancel(admission: CompanyLink, *, by: User, at: datetime | None = None) -> None:
    """The invitation's link ends. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        company, admission = _locked(admission, by)
        links.end_link(admission, CompanyLinkEnd.CANCELED, at=at)
        profile.record(company, CompanyEventKind.INVITATION_CANCELED, by=by, at=at)


def accept(token: str, newcomer: Newcomer, *, at: datetime | None = None) -> User:
    """The invited person gets an account and the permissions chosen. Raises LinkRefused, Refused."""
    with transaction.atomic():
        admission = links.open_link(token, CompanyLinkKind.INVITATION, at=at, lock=True)
        user = links.open_account(newcomer, email=admission.email, language=admission.language)
        _admit(user, admission, at)
    return user


def accept_as(token: str, user: User, *, at: datetime | None = None) -> None:
    """The same for somebody who has an account with the invited email. Raises LinkRefused, Refused."""
    with transaction.atomic():
        admission = links.open_link(token, CompanyLinkKind.INVITATION, at=at, lock=True)
        if user.email.lower() != admission.email.lower():
            raise Refused(_("This invitation is for another email. Sign in with the account of that email."))
        _admit(User.objects.select_for_update().get(pk=user.pk), admission, at)


def _admit(user: User, admission: CompanyLink, at: datetime | None) -> None:
    company = admission.company
    if company is None or company.standing != CompanyState.APPROVED:
        raise Refused(_("This company cannot take new users now. Ask the person who invited you."))
    current = Membership.objects.filter(user=user, ended_at=None).exists()
    if user.is_staff or hasattr(user, "customer") or current:
        raise Refused(
            _("Your account has another role already, and an account has only one. Ask to be invited by another email.")
        )
    granted = {name: name in admission.permissions for name in Membership.PERMISSIONS}
    # Whoever was removed, from this company or another one, keeps the one row and comes back with it.
    values = {"company": company, "approved_at": at or Now(), "ended_at": None} | granted
    Membership.objects.update_or_create(user=user, defaults=values)
    changes = {name: [False, True] for name, given in granted.items() if given}
    profile.record(company, CompanyEventKind.JOINED, by=admission.by, about=user, changes=changes, at=at)
    links.end_link(admission, CompanyLinkEnd.DONE, at=at)


# --- Somebody asks to join ----------------------------------------------------------------------------------------


def ask(
    company_words: str,
    *,
    first_name: str,
    last_name: str,
    email: str,
    language: str,
    network_address: str,
    at: datetime | None = None,
) -> None:
    """Email a link that confirms the asker's address; the same whether the company is here or not. Raises Refused."""
    links.count_form(network_address, at=at)
    with transaction.atomic():
        links.limit_emails(email, at=at)
        admission = links.create_link(
            CompanyLinkKind.REQUEST,
            company=_named(company_words),
            email=email,
            language=language,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            answers={"first_name": first_name, "last_name": last_name},
            at=at,
        )
        emails.confirm_request(admission)


def _named(words: str) -> Company | None:
    """The one company with this DUNS or exact legal name; of two with one name neither.

    Only approved ones: whoever registers another company's name gets no names and addresses of its people.
    """
    digits = words.replace("-", "").replace(" ", "")
    named = Company.objects.filter(Q(duns=digits) | Q(legal_name__iexact=" ".join(words.split())))
    found = list(named.filter(standing=CompanyState.APPROVED)[:2])
    return found[0] if len(found) == 1 else None


def confirm_request(token: str, *, at: datetime | None = None) -> None:
    """The address is the asker's: from now on the company's administrators see the request. Raises LinkRefused."""
    with transaction.atomic():
        if company_id := links.open_link(token, CompanyLinkKind.REQUEST, at=at).company_id:
            profile.lock(company_id)  # of two requests of one person confirmed at once, one is the newer
        admission = links.open_link(token, CompanyLinkKind.REQUEST, at=at, lock=True)
        admission.confirmed_at = at or Now()
        admission.expires_at = (at or Now()) + settings.COMPANY_REQUEST_PERIOD
        admission.save(update_fields=["confirmed_at", "expires_at"])
        if admission.company is None:
            return
        same = admission.company.links.awaiting_approval(at=at).filter(email__iexact=admission.email)
        for older in same.exclude(pk=admission.pk):
            links.end_link(older, CompanyLinkEnd.REPLACED, at=at)
        _tell_administrators(admission, admission.company, at)


def _tell_administrators(admission: CompanyLink, company: Company, at: datetime | None) -> None:
    """By email, unless a flood of requests has used up the day's; Pending Approvals shows every request."""
    limits = [Limit("join-requests", str(company.pk), settings.COMPANY_REQUEST_EMAILS)]
    if rate_limits.used_up(limits, at=at):
        return
    rate_limits.note(limits, at=at)
    for administrator in company.memberships.administrators().select_related("user"):
        emails.asked_to_join(admission, administrator.user)


def approve(admission: CompanyLink, permissions: Collection[str], *, by: User, at: datetime | None = None) -> None:
    """The asker gets an invitation with `permissions`. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        company, admission = _locked(admission, by, standings=profile.ONLY_APPROVED)
        _refuse_users(company, admission.email)
        name = {part: admission.answers.get(part, "") for part in ("first_name", "last_name")} | {"asked": True}
        links.end_link(admission, CompanyLinkEnd.APPROVED, at=at)
        for older in company.links.invited().filter(email__iexact=admission.email):
            links.end_link(older, CompanyLinkEnd.REPLACED, at=at)
        _invite(company, admission.email, permissions, by=by, language=admission.language, name=name, at=at)


def decline(admission: CompanyLink, *, by: User, at: datetime | None = None) -> None:
    """The asker is told. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        company, admission = _locked(admission, by)
        emails.declined(admission)
        links.end_link(admission, CompanyLinkEnd.DECLINED, at=at)
        profile.record(company, CompanyEventKind.DECLINED, by=by, at=at)


def _locked(
    admission: CompanyLink, by: User, *, standings: frozenset[CompanyState] = profile.NOT_SUSPENDED
) -> tuple[Company, CompanyLink]:
    # The company first, everywhere, so that two never wait for each other.
    company = profile.lock(admission.company_id) if admission.company_id else None
    found = CompanyLink.objects.select_for_update().filter(pk=admission.pk, ended_at=None).first()
    if found is None or company is None:
        raise Refused(_("This was answered or canceled already. The page shows how it stands now."))
    profile.acting_administrator(by, company, standings=standings)
    found.company = company
    return company, found
