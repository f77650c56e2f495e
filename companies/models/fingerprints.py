"""Fingerprints of a third party's users, as keyed hashes (X1)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from companies.models.company import Company


class FingerprintKind(models.TextChoices):
    NETWORK = "network", _("Network address")
    BROWSER = "browser", _("Browser")
    MAILBOX = "mailbox", _("Email address")


class CompanyFingerprint(models.Model):
    """A network, browser or mailbox that a company's users used, as a keyed hash that can only be compared."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=FingerprintKind.choices)
    value_hash = models.CharField(max_length=64)
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "value_hash"], name="fingerprint_once_per_company")
        ]
        indexes = [models.Index(fields=["last_seen_at"], name="fingerprint_age")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.company}"
