"""Mailboxes to which a company may send nothing more, because their customers don't know it (C8)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from companies.models import Company
from companies.trust.email_identity import normalize_mailbox
from lib.central_time import utc_or_now
from lib.keyed_hashes import keyed_hashes

PURPOSE = "agreements.contact_stop"


def mailbox_hashes(address: str) -> tuple[str, ...]:
    """Return the keyed hash of the mailbox of `address`, however spelled, under the current key and older ones."""
    return keyed_hashes(PURPOSE, normalize_mailbox(address))


class ContactStopQuerySet(models.QuerySet["ContactStop"]):
    def of_mailbox(self, company_id: int, address: str) -> ContactStopQuerySet:
        return self.filter(company=company_id, mailbox_hash__in=mailbox_hashes(address))

    def counted(self, company: Company, *, at: datetime) -> ContactStopQuerySet:
        """Return the answers that count toward a pause of the company's new requests."""
        since = at - settings.UNKNOWN_COMPANY_PERIOD
        return self.filter(company=company, counts=True, at__gt=max(since, company.requests_resumed_at or since))


class ContactStop(models.Model):
    """One mailbox of one company, as a keyed hash; kept without end, also when the agreement is deleted (C8, X6).

    `counts` is False for an answer that no person can have given: it stops emails, but pauses no company (X1).
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="contact_stops")
    mailbox_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    counts = models.BooleanField()

    objects = ContactStopQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "mailbox_hash"], name="contact_stop_once")]
        indexes = [models.Index(fields=["company", "at"], name="contact_stop_counted", condition=Q(counts=True))]

    def __str__(self) -> str:
        return f"{self.company} {self.at}"


def unknown_company_rule() -> dict[str, int]:
    """Return the numbers of the sentences about the pause of new requests."""
    return {
        "unknown_limit": settings.UNKNOWN_COMPANY_LIMIT,
        "unknown_days": settings.UNKNOWN_COMPANY_PERIOD.days,
    }


def unknown_company_state(company: Company) -> dict[str, int]:
    """Return the rule, and how many customers said so in its time."""
    count = ContactStop.objects.counted(company, at=utc_or_now(None)).count()
    return unknown_company_rule() | {"unknown_count": count}


def stops_contact(company_id: int, address: str) -> bool:
    """Return whether the company may send nothing to the mailbox of `address`."""
    return ContactStop.objects.of_mailbox(company_id, address).exists()
