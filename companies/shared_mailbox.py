"""A company's shared mailbox: an address that gets the emails about its agreements beside its users (T17).

It is confirmed by a link sent to it, and gets nothing before. Until then the present one stays.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rate_limits import Limit, refuse_with, spend
from companies import emails
from companies.links import LinkProblem, LinkRefused, create_link, end_link, open_link
from companies.models import Company, CompanyEventKind, CompanyLinkEnd, CompanyLinkKind, Membership
from companies.permissions import ANY_STANDING, ONLY_APPROVED, lock_as_administrator, lock_company
from lib.refusals import Problem, Refused
from notifications.actions import withhold_emails_to


@transaction.atomic
def request_mailbox(company: Company, email: str, *, by: User) -> None:
    """Email `email` a link that makes it the company's shared mailbox. Raises PermissionDenied, Refused.

    Only an approved company: an operator has checked who sends email in the portal's name.
    """
    company = lock_as_administrator(company.pk, by, ONLY_APPROVED)
    if email.lower() == company.shared_mailbox.lower():
        raise Refused(Problem(_("This is already your company's shared mailbox."), field="email"))
    with refuse_with(_("We've sent several of these links today. We can send the next one after %s."), field="email"):
        of_company = Limit("mailbox-of", str(company.pk), settings.COMPANY_MAILBOX_LINKS)
        spend([of_company, Limit("company-link-email", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS)])
    for waiting in company.links.open_mailboxes():
        end_link(waiting, CompanyLinkEnd.REPLACED)
    period = settings.COMPANY_CONFIRMATION_PERIOD
    link = create_link(CompanyLinkKind.MAILBOX, period=period, company=company, email=email, by=by)
    emails.send_mailbox_link(link)


@transaction.atomic
def confirm_mailbox(token: str) -> Company:
    """Make the address behind the link the shared mailbox. Raises LinkRefused.

    The link ends with the rights of the administrator who asked: a removed one must not add an address.
    """
    company_id = open_link(token, CompanyLinkKind.MAILBOX).company_id
    assert company_id
    company = lock_company(company_id)
    link = open_link(token, CompanyLinkKind.MAILBOX, lock=True)
    if link.by is None or not Membership.objects.administrators().filter(user=link.by, company=company).exists():
        raise LinkRefused(LinkProblem.CANCELED)
    _change(company, link.email, by=link.by)
    end_link(link, CompanyLinkEnd.DONE)
    return company


@transaction.atomic
def remove_mailbox(company: Company, *, by: User) -> bool:
    """Remove the shared mailbox, also one that waits for its confirmation; False if there was only that one.

    Raises PermissionDenied.
    """
    company = lock_as_administrator(company.pk, by, ANY_STANDING)
    for waiting in company.links.open_mailboxes():
        end_link(waiting, CompanyLinkEnd.CANCELED)
    if not company.shared_mailbox:
        return False
    _change(company, "", by=by)
    return True


def _change(company: Company, email: str, *, by: User) -> None:
    """Replace the mailbox of a locked company, withhold what waits for the old one, and email the administrators."""
    before, company.shared_mailbox = company.shared_mailbox, email
    company.save(update_fields=["shared_mailbox"])
    company.record_event(CompanyEventKind.MAILBOX, by=by, changes={"shared_mailbox": [before, email]})
    if before:
        withhold_emails_to(before, company.pk, at=timezone.now())
    emails.send_mailbox_changed(company, before=before, by=by)
