"""The emails of customer registration and of claims: one function and two templates each (C3, X7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.emails import send_account_email
from accounts.models import User
from companies.trust.email_identity import normalize_mailbox
from customers.models import ClaimDispute, Customer, EsiidClaim, Registration
from meters.identifiers import mask_esiid
from notifications.actions import AccountLink, OutgoingEmail, queue_email

STAFF_LANGUAGE = "en"


def send_confirmation_link(registration: Registration) -> None:
    """Queue REGISTRATION to the customer, with the only copy of the confirmation link."""
    send_account_email(
        "REGISTRATION",
        to=registration.email,
        language=registration.language,
        subject=_("Confirm your registration with Smart Meter Texas"),
        context={"registration": registration, "days": settings.REGISTRATION_PERIOD.days},
        link=AccountLink(registration.link_nonce),
    )


def send_account_exists(owner: User) -> None:
    """Queue REGISTRATION_TAKEN to a user who tried to register again: what to do instead."""
    subject, context = _("You already have an account with Smart Meter Texas"), {"owner": owner}
    send_account_email("REGISTRATION_TAKEN", to=owner.email, language=owner.language, subject=subject, context=context)


def send_claim_notices(claim: EsiidClaim, addresses: Iterable[tuple[str, str]]) -> None:
    """Queue CLAIM_NOTICE to every address known for the premise, with the link that disputes the claim.

    `addresses` are pairs of an address and its language. A mailbox is told once, the claimant's own never.
    """
    assert claim.link_nonce is not None
    told = {normalize_mailbox(claim.customer.user.email)}
    subject = format_lazy(_("Someone added the ESIID {esiid} to an account"), esiid=claim.premise)
    context = {"claim": claim, "days": settings.CLAIM_NOTICE_PERIOD.days}
    for address, language in addresses:
        if (mailbox := normalize_mailbox(address)) not in told:
            told.add(mailbox)
            link = AccountLink(claim.link_nonce)
            send_account_email(
                "CLAIM_NOTICE", to=address, language=language, subject=subject, context=context, link=link
            )


def send_claim_to_tdsp(claim: EsiidClaim, dispute: ClaimDispute | None = None) -> None:
    """Queue CLAIM to the staff of the premise's TDSP, or to the operators if it has none: a claim, or its dispute."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    readers = staff.filter(tdsp=claim.premise.tdsp_id) or staff.filter(tdsp=None)
    is_waiting = EsiidClaim.objects.awaiting_decision().filter(pk=claim.pk).exists()
    subject = _("Review needed: ESIID claim") if is_waiting else _("A customer added an ESIID to an account")
    _send_to_staff(readers, subject, claim=claim, dispute=dispute, is_waiting=is_waiting)


def send_overdue_claim(claim: EsiidClaim) -> None:
    """Queue CLAIM to the operators: the TDSP has not decided about the claim in time."""
    operators = User.objects.filter(is_staff=True, is_active=True, tdsp=None).order_by("pk")
    subject = _("Review overdue: ESIID claim")
    _send_to_staff(operators, subject, claim=claim, is_waiting=True, is_overdue=True)


def send_claim_disputed(dispute: ClaimDispute) -> None:
    """Queue CLAIM_DISPUTED to the customer whose claim is disputed, and to the customer who disputes it."""
    subject = format_lazy(_("The ESIID {esiid} is disputed"), esiid=dispute.claim.premise)
    for customer in filter(None, (dispute.claim.customer, dispute.customer)):
        is_holder = customer == dispute.claim.customer
        _send_to_customer("CLAIM_DISPUTED", customer, subject, claim=dispute.claim, is_holder=is_holder)


def send_claim_decided(claim: EsiidClaim, dispute: ClaimDispute | None) -> None:
    """Queue CLAIM_DECIDED to the claim's customer and to the customer who disputed it, with the utility's reason."""
    subject = format_lazy(_("The decision about the ESIID {esiid}"), esiid=claim.premise)
    is_confirmed = claim.until is None
    _send_to_customer("CLAIM_DECIDED", claim.customer, subject, claim=claim, has_esiid=is_confirmed)
    if dispute and dispute.customer:
        _send_to_customer("CLAIM_DECIDED", dispute.customer, subject, claim=claim, has_esiid=not is_confirmed)


def queue_failed_claims(tdsp_id: int, esiids: Iterable[str], *, day: date) -> None:
    """Queue FAILED_CLAIMS to the TDSP's staff, or to the operators: the tries for these ESIIDs are used up (X2).

    Once a day and reader.
    """
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    context = {"esiids": [mask_esiid(esiid) for esiid in esiids], "days": settings.FAILED_CLAIM_PERIOD.days}
    for user in staff.filter(tdsp=tdsp_id) or staff.filter(tdsp=None):
        queue_email(
            OutgoingEmail(
                kind="FAILED_CLAIMS",
                template="FAILED_CLAIMS_tdsp",
                key=f"FAILED_CLAIMS:{tdsp_id}:{day}:{user.pk}",
                to=user.email,
                language=STAFF_LANGUAGE,
                subject=_("Entries for an ESIID don't match our records"),
                context=context,
            )
        )


def _send_to_customer(kind: str, customer: Customer, subject: Any, **context: Any) -> None:
    user = customer.user
    send_account_email(kind, to=user.email, language=user.language, subject=subject, context=context)


def _send_to_staff(readers: Iterable[User], subject: Any, **context: Any) -> None:
    for user in readers:
        send_account_email(
            "CLAIM", to=user.email, language=STAFF_LANGUAGE, subject=subject, context=context, template="CLAIM_tdsp"
        )
