"""A person asks to join a company, and its administrators approve or decline (T13)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from accounts.rate_limits import Limit, LimitReached, spend
from companies import emails
from companies.invitations import create_invitation, refuse_current_user
from companies.links import count_public_email, count_public_form, create_link, end_link, lock_open_link, open_link
from companies.models import Company, CompanyEventKind, CompanyLink, CompanyLinkEnd, CompanyLinkKind, CompanyStanding
from companies.permissions import ONLY_APPROVED, lock_company


def request_to_join(
    company_name: str, *, first_name: str, last_name: str, email: str, language: str, network: str
) -> None:
    """Email a link that confirms the person's address, whether the company is registered or not. Raises Refused.

    `company_name` is a DUNS or an exact legal name. If two companies have the name, neither is asked. Nor is one that
    is not approved: a stranger who registers another company's name gets no names and addresses of its people.
    """
    count_public_form(network)
    with transaction.atomic():
        count_public_email(email)
        duns = company_name.replace("-", "").replace(" ", "")
        is_named = Q(duns=duns) | Q(legal_name__iexact=" ".join(company_name.split()))
        companies = Company.objects.filter(is_named, standing=CompanyStanding.APPROVED)[:2]
        join_request = create_link(
            CompanyLinkKind.JOIN_REQUEST,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            company=companies[0] if len(companies) == 1 else None,
            email=email,
            language=language,
            answers={"first_name": first_name, "last_name": last_name},
        )
        emails.send_join_request_link(join_request)


@transaction.atomic
def confirm_join_request(token: str, *, at: datetime | None = None) -> None:
    """Show the request to the company's administrators and email them. Raises LinkRefused."""
    if company_id := open_link(token, CompanyLinkKind.JOIN_REQUEST, at=at).company_id:
        lock_company(company_id)  # if one person confirms two requests at once, one of them is the newer
    join_request = open_link(token, CompanyLinkKind.JOIN_REQUEST, at=at, lock=True)
    join_request.confirmed_at = at or Now()
    join_request.expires_at = (at or Now()) + settings.COMPANY_REQUEST_PERIOD
    join_request.save(update_fields=["confirmed_at", "expires_at"])
    if join_request.company is None:
        return
    same_person = join_request.company.links.open_join_requests(at=at).filter(email__iexact=join_request.email)
    for older in same_person.exclude(pk=join_request.pk):
        end_link(older, CompanyLinkEnd.REPLACED, at=at)
    with suppress(LimitReached):  # the emails have a daily limit; Pending Approvals lists every request
        spend([Limit("join-requests", str(company_id), settings.COMPANY_REQUEST_EMAILS)], at=at)
        emails.send_join_request(join_request)


@transaction.atomic
def approve_join_request(join_request: CompanyLink, permissions: Collection[str], *, by: User) -> None:
    """Send the person an invitation with `permissions`. Raises PermissionDenied, Refused."""
    company, join_request = lock_open_link(join_request, by, ONLY_APPROVED)
    email, language = join_request.email, join_request.language
    refuse_current_user(company, email)
    end_link(join_request, CompanyLinkEnd.APPROVED)
    for older in company.links.open_invitations().filter(email__iexact=email):
        end_link(older, CompanyLinkEnd.REPLACED)
    answers = join_request.answers | {"permissions": sorted(permissions)}
    create_invitation(company, email=email, language=language, answers=answers, by=by)


@transaction.atomic
def decline_join_request(join_request: CompanyLink, *, by: User) -> None:
    """End the request and email the person. Raises PermissionDenied, Refused."""
    company, join_request = lock_open_link(join_request, by)
    emails.send_join_request_declined(join_request)
    end_link(join_request, CompanyLinkEnd.DECLINED)
    company.record_event(CompanyEventKind.DECLINED, by=by)
